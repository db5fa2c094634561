//! Looking on while a training runs.

use crate::{EpochRecord, Trainer};
use nn_tensor::Tensor;

/// What the training should do after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop here, between two steps; a checkpoint taken now resumes exactly.
    Stop,
}

/// A step is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepEvent {
    /// Its epoch, counted from 1.
    pub epoch: usize,
    /// Its place in the epoch, counted from 1.
    pub batch: usize,
    /// Steps in an epoch.
    pub batches: usize,
    /// Its place in the training, counted from 1.
    pub step: u64,
    /// λ of the step.
    pub learning_rate: f64,
}

/// An onlooker, which may ask to stop. It is given the trainer, to take a checkpoint, to evaluate
/// the network, or to look at its weights.
pub trait Observer<T: Tensor>: Send {
    /// After each step.
    fn on_step(&mut self, _event: &StepEvent, _trainer: &Trainer<T>) -> Control {
        Control::Continue
    }

    /// After each epoch and its validation.
    fn on_epoch(&mut self, _record: &EpochRecord, _trainer: &Trainer<T>) -> Control {
        Control::Continue
    }
}

/// Nobody looks on.
impl<T: Tensor> Observer<T> for () {}

/// Replaces each machine's gradient by the mean over machines, for data-parallel training.
pub trait GradientExchange<T: Tensor>: Send {
    /// Called once a step, after backpropagation and before clipping and the update; of a network of several
    /// [branches](crate::Branch) once for each, in their order.
    ///
    /// # Errors
    /// A sentence that says what failed; the training stops with it. The branches before have made their step
    /// then, so it is to be taken up from its last checkpoint.
    fn exchange(&mut self, gradients: &mut [nn_tensor::Linear<T>]) -> Result<(), String>;
}
