//! Max-norm regularisation.

use super::Hook;
use crate::{ConfigError, Network, NetworkError, Position, TrainError};
use nn_tensor::{Element, Tensor};

/// Limits the Euclidean norm of the weights that lead into each neuron, in every layer, after each
/// step (Srivastava et al. 2014).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxNorm(
    /// The largest norm.
    pub f64,
);

impl<T: Tensor> Hook<T> for MaxNorm {
    fn name(&self) -> &'static str {
        "max-norm"
    }

    fn begin(&mut self, _network: &mut Network<T>) -> Result<(), NetworkError> {
        let Self(norm) = *self;
        Ok(ConfigError::check("max norm", norm, norm > 0.0 && norm.is_finite(), "above 0")?)
    }

    fn after_step(&mut self, network: &mut Network<T>, _: Position) -> Result<(), TrainError> {
        for layer in network.layers_mut() {
            layer.weight.limit_row_norms(T::Elem::from_f64(self.0));
        }
        Ok(())
    }
}
