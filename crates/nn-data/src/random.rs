//! The random streams of this crate. Their values are pinned by golden files: they never change.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// What a stream is for. Streams of different purposes are independent for the same seed.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// The order of the samples in an epoch; the index is the epoch.
    EpochOrder = 1,
    /// The choice of validation samples; the index is the class.
    Split = 2,
    /// The choice of a smaller stratified set; the index is the class.
    Sample = 3,
    // 4 is taken: random augmentation of nn-images.
}

/// A generator that depends on all of `purpose`, `seed` and `index`.
///
/// xoshiro256++, its 256 bits of state filled by SplitMix64 from the three numbers mixed into one.
pub(crate) fn generator(purpose: Purpose, seed: u64, index: u64) -> Xoshiro256PlusPlus {
    let mixed = split_mix(split_mix(split_mix(purpose as u64) ^ seed) ^ index);
    Xoshiro256PlusPlus::seed_from_u64(mixed)
}

/// The output of SplitMix64 for state `x`: a bijection in which every input bit moves every output bit.
fn split_mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number below `bound` (which is not 0), each equally likely: Lemire's multiply-high with rejection.
fn below(generator: &mut Xoshiro256PlusPlus, bound: u64) -> u64 {
    let rejected = bound.wrapping_neg() % bound; // 2^64 mod bound: so many draws would be one too many
    loop {
        let product = u128::from(generator.next_u64()) * u128::from(bound);
        if product as u64 >= rejected {
            return (product >> 64) as u64;
        }
    }
}

/// Fisher-Yates: every order equally likely.
pub(crate) fn shuffle(generator: &mut Xoshiro256PlusPlus, items: &mut [u32]) {
    for last in (1..items.len()).rev() {
        let chosen = below(generator, last as u64 + 1) as usize;
        items.swap(last, chosen);
    }
}
