//! Observing a training while it runs.

use crate::{EpochRecord, Trainer};
use nn_tensor::Tensor;

/// What the training does after an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// Stop here, between two steps; a state read now resumes exactly.
    Stop,
}

/// A step that is done.
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

/// Observes a training, and may ask it to stop. It is passed the trainer, to read its state, to
/// evaluate the network, or to look at its weights.
pub trait Observer<T: Tensor>: Send {
    /// Called after each step.
    fn on_step(&mut self, _event: &StepEvent, _trainer: &Trainer<T>) -> Control {
        Control::Continue
    }

    /// Called after each epoch and its validation.
    fn on_epoch(&mut self, _record: &EpochRecord, _trainer: &Trainer<T>) -> Control {
        Control::Continue
    }
}

/// No observer.
impl<T: Tensor> Observer<T> for () {}
