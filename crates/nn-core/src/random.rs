//! Random streams: one seed a run, one stream a purpose.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A stream of random numbers that depends on its seed and purpose alone.
pub(crate) struct Stream(Xoshiro256PlusPlus);

/// What a stream is for, so that two purposes never share their numbers.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Initial weights of layer n.
    Weights(u64),
    /// Initial biases of layer n.
    Biases(u64),
    /// Dropout in one step.
    Dropout,
}

impl Stream {
    pub(crate) fn new(seed: u64, purpose: Purpose) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(mix(seed, purpose)))
    }

    /// Uniform on [0, 1), in steps of 2⁻⁵³.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Standard normal, by Box and Muller's transformation.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (2.0 * std::f64::consts::PI * self.uniform()).cos()
    }
}

/// Returns the keys of the dropout masks of so many layers in step `step`: see [`nn_tensor::keeps`].
pub(crate) fn dropout_keys(seed: u64, step: u64, layers: usize) -> impl Iterator<Item = u64> {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(mix(seed, Purpose::Dropout) ^ (step << 8));
    (0..layers).map(move |_| stream.next_u64())
}

/// Spreads seed and purpose over 64 bits, with two odd constants.
fn mix(seed: u64, purpose: Purpose) -> u64 {
    let purpose = match purpose {
        Purpose::Weights(layer) => 1 + (layer << 8),
        Purpose::Dropout => 2,
        Purpose::Biases(layer) => 3 + (layer << 8),
    };
    seed.wrapping_mul(0xd134_2543_de82_ef95) ^ purpose.wrapping_mul(0xaf25_1af3_b0f0_25b5)
}
