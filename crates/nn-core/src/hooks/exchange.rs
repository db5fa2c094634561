//! Data-parallel training: gradients averaged over processes.

use super::Hook;
use crate::TrainError;
use nn_tensor::{Linear, Tensor};

/// Replaces a process's gradients by their mean over all processes that train together.
pub trait GradientExchange<T: Tensor>: Send {
    /// Returns this process's number among them, counted from 0.
    fn worker(&self) -> u64;

    /// Averages `gradients` over the processes. It is called once a step and member, after
    /// backpropagation and before clipping and the update.
    ///
    /// # Errors
    /// A sentence that says what failed; the training stops with it.
    fn exchange(&mut self, gradients: &mut [Linear<T>]) -> Result<(), String>;
}

/// The hook that calls a [`GradientExchange`].
///
/// Each worker draws dropout masks of its own. A resumed training refuses to go on without the
/// exchange that it began with.
pub struct ExchangeGradients<E>(
    /// The exchange.
    pub E,
);

impl<T: Tensor, E: GradientExchange<T>> Hook<T> for ExchangeGradients<E> {
    fn name(&self) -> &'static str {
        "exchange-gradients"
    }

    fn uses_gradients(&self) -> bool {
        true
    }

    fn on_gradients(&mut self, gradients: &mut [Linear<T>]) -> Result<(), TrainError> {
        self.0.exchange(gradients).map_err(TrainError::Exchange)
    }

    fn worker(&self) -> u64 {
        self.0.worker()
    }
}
