//! An exponential moving average of the weights.

use super::Hook;
use crate::{ConfigError, Network, NetworkError, Position, TrainError};
use nn_tensor::{Element, Linear, Tensor};

/// Steps between two moves of the average: each of them reads all weights, and weights of
/// neighbouring steps hardly differ.
const STEPS_BETWEEN_MOVES: usize = 8;

/// Keeps an exponential moving average of all numbers of the network, running statistics included,
/// which becomes the result of the training.
///
/// Every 8 steps and after the last of an epoch, a ← βᵏ a + (1 - βᵏ) w, k being the steps since the
/// last time; the first time, a ← w. That is the `AveragedModel` of PyTorch with the average of
/// `get_ema_avg_fn(βᵏ)`, updated after these steps.
#[derive(Debug)]
pub struct MovingAverage<T: Tensor> {
    /// β, the share of the average that stays in each step.
    decay: f64,
    warms_up: bool,
    average: Option<Network<T>>,
}

impl<T: Tensor> MovingAverage<T> {
    /// Creates an average with β = `decay`, from 0 to below 1.
    #[must_use]
    pub fn new(decay: f64) -> Self {
        Self { decay, warms_up: false, average: None }
    }

    /// The same with β at most (1 + n) / (10 + n) after n steps, so that the first weights do not count
    /// for long: that of `ExponentialMovingAverage(num_updates)` in TensorFlow.
    #[must_use]
    pub fn with_warm_up(self) -> Self {
        Self { warms_up: true, ..self }
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

    fn after_step(&mut self, network: &mut Network<T>, at: Position) -> Result<(), TrainError> {
        if at.batch.is_multiple_of(STEPS_BETWEEN_MOVES) {
            self.take_in(network, STEPS_BETWEEN_MOVES, at);
        }
        Ok(())
    }

    fn after_epoch(&mut self, network: &mut Network<T>, at: Position) -> Result<(), TrainError> {
        let steps = at.batch % STEPS_BETWEEN_MOVES;
        if steps > 0 {
            self.take_in(network, steps, at);
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

impl<T: Tensor> MovingAverage<T> {
    /// Takes in the network after `steps` more steps.
    fn take_in(&mut self, now: &Network<T>, steps: usize, at: Position) {
        let Some(average) = &mut self.average else { return };
        if at.step > steps as u64 {
            let early = (1.0 + at.step as f64) / (10.0 + at.step as f64);
            let decay = if self.warms_up { self.decay.min(early) } else { self.decay };
            let share = T::Elem::from_f64(1.0 - decay.powf(steps as f64));
            for_each_pair(average, now, |average, now| average.move_towards(now, share));
        } else {
            for_each_pair(average, now, T::copy_from);
        }
    }
}

/// Calls `act` with each tensor of `average` and the same of `now`.
fn for_each_pair<T: Tensor>(average: &mut Network<T>, now: &Network<T>, act: impl Fn(&mut T, &T)) {
    let act_on_both = |average: &mut Linear<T>, now: &Linear<T>| {
        act(&mut average.weight, &now.weight);
        act(&mut average.bias, &now.bias);
    };
    for (average, now) in average.layers_mut().iter_mut().zip(now.layers()) {
        act_on_both(average, now);
    }
    for (average, now) in average.norms_mut().iter_mut().zip(now.norms()) {
        act_on_both(&mut average.affine, &now.affine);
        act(&mut average.mean, &now.mean);
        act(&mut average.variance, &now.variance);
    }
}
