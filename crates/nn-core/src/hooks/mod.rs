//! What happens around the update of each step, besides the update: the extension point [`Hook`].

mod max_norm;
mod moving_average;

pub use max_norm::MaxNorm;
pub use moving_average::MovingAverage;

use crate::{Network, NetworkError, NetworkValues, Position, TrainError};
use nn_tensor::{Linear, Tensor};

/// Something that happens in every step of a member's training. Hooks run in the order of their
/// list.
///
/// ```
/// use nn_core::{Hook, Network, Position, TrainError};
/// use nn_tensor::Tensor;
///
/// /// Keeps the biases of the last layer at 0.
/// struct NoOutputBias;
///
/// impl<T: Tensor> Hook<T> for NoOutputBias {
///     fn name(&self) -> &'static str {
///         "no-output-bias"
///     }
///     fn after_step(&mut self, network: &mut Network<T>, _: Position) -> Result<(), TrainError> {
///         if let Some(last) = network.layers_mut().last_mut() {
///             last.bias.fill(num_traits::Zero::zero());
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait Hook<T: Tensor>: Send {
    /// Returns the name by which a saved training knows the hook.
    fn name(&self) -> &'static str;

    /// Sees the network before the first step, also of a training that is about to be resumed.
    ///
    /// # Errors
    /// [`NetworkError`] where the hook does not fit the network, or the device has not got the memory.
    fn begin(&mut self, _network: &mut Network<T>) -> Result<(), NetworkError> {
        Ok(())
    }

    /// Returns whether [`on_gradients`](Self::on_gradients) must be called. Gradients are then
    /// written to memory before the update, which a fused backend otherwise need not do.
    fn uses_gradients(&self) -> bool {
        false
    }

    /// Sees, and may change, the gradients before they are clipped and the update is computed.
    ///
    /// # Errors
    /// [`TrainError`], which ends the training.
    fn on_gradients(&mut self, _gradients: &mut [Linear<T>]) -> Result<(), TrainError> {
        Ok(())
    }

    /// Sees, and may change, the network after the update of a step, which `at` counts as done.
    ///
    /// # Errors
    /// [`TrainError`], which ends the training.
    fn after_step(&mut self, _network: &mut Network<T>, _at: Position) -> Result<(), TrainError> {
        Ok(())
    }

    /// Sees the network after all steps of an epoch, before the validation; `at` counts them, and
    /// not yet the epoch.
    ///
    /// # Errors
    /// [`TrainError`], which ends the training.
    fn after_epoch(&mut self, _network: &mut Network<T>, _at: Position) -> Result<(), TrainError> {
        Ok(())
    }

    /// Returns this process's number among those that train together, so that each draws its own
    /// dropout masks; 0 where it trains alone.
    fn worker(&self) -> u64 {
        0
    }

    /// Returns the network that is the training's result in place of the trained one, if any.
    fn result(&self) -> Option<&Network<T>> {
        None
    }

    /// Returns the same network, to be changed.
    fn result_mut(&mut self) -> Option<&mut Network<T>> {
        None
    }

    /// Returns what the hook must remember over an interruption, if anything.
    fn state(&self) -> Option<NetworkValues> {
        self.result().map(Network::to_values)
    }

    /// Takes back what [`state`](Self::state) returned: numbers of the member's architecture.
    fn restore(&mut self, state: &NetworkValues) {
        if let Some(network) = self.result_mut() {
            network.set_values(state);
        }
    }
}
