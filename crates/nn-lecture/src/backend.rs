//! The devices that topics compute on.

use nn_tensor::Tensor;

/// The devices of a backend in both precisions.
#[derive(Clone, Debug)]
pub struct Backend<S: Tensor<Elem = f32>, D: Tensor<Elem = f64>> {
    /// Single precision, for training networks.
    pub single: S::Device,
    /// Double precision, for gradient checks and second-order methods.
    pub double: D::Device,
}
