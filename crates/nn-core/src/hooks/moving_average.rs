//! An exponential moving average of the weights.

use super::Hook;
use crate::{ConfigError, Network, NetworkError, TrainError};
use nn_tensor::{Element, Linear, Tensor};

/// Steps between two moves of the average: each of them reads all weights, and weights of
/// neighbouring steps hardly differ.
const STEPS_BETWEEN_MOVES: u64 = 8;

/// The average begins as one over this many moves and grows to its full length, so that the first
/// weights do not count for long.
const EARLY_MOVES: f64 = 10.0;

/// Keeps an exponential moving average of all numbers of the network, running statistics included,
/// which becomes the result of the training.
#[derive(Debug)]
pub struct MovingAverage<T: Tensor> {
    /// Share of the average that stays in each step.
    decay: f64,
    average: Option<Network<T>>,
}

impl<T: Tensor> MovingAverage<T> {
    /// Creates an average of which the share `decay`, from 0 to below 1, stays in each step.
    #[must_use]
    pub fn new(decay: f64) -> Self {
        Self { decay, average: None }
    }
}

impl<T: Tensor> Hook<T> for MovingAverage<T> {
    fn name(&self) -> &'static str {
        "moving-average"
    }

    fn begin(&mut self, network: &mut Network<T>) -> Result<(), NetworkError> {
        let in_range = (0.0..1.0).contains(&self.decay);
        ConfigError::check("average", self.decay, in_range, "from 0 to below 1")?;
        self.average = Some(network.duplicate()?);
        Ok(())
    }

    fn after_step(&mut self, network: &mut Network<T>, step: u64) -> Result<(), TrainError> {
        if let Some(average) = &mut self.average
            && step.is_multiple_of(STEPS_BETWEEN_MOVES)
        {
            let full = 1.0 - self.decay.powf(STEPS_BETWEEN_MOVES as f64);
            let moves = (step / STEPS_BETWEEN_MOVES - 1) as f64;
            let early = EARLY_MOVES / (EARLY_MOVES + moves);
            move_towards(average, network, T::Elem::from_f64(full.max(early)));
        }
        Ok(())
    }

    fn result(&self) -> Option<&Network<T>> {
        self.average.as_ref()
    }

    fn result_mut(&mut self) -> Option<&mut Network<T>> {
        self.average.as_mut()
    }
}

fn move_towards<T: Tensor>(average: &mut Network<T>, network: &Network<T>, share: T::Elem) {
    let move_pair = |average: &mut Linear<T>, now: &Linear<T>| {
        average.weight.move_towards(&now.weight, share);
        average.bias.move_towards(&now.bias, share);
    };
    for (average, now) in average.layers_mut().iter_mut().zip(network.layers()) {
        move_pair(average, now);
    }
    for (average, now) in average.norms_mut().iter_mut().zip(network.norms()) {
        move_pair(&mut average.affine, &now.affine);
        average.mean.move_towards(&now.mean, share);
        average.variance.move_towards(&now.variance, share);
    }
}
