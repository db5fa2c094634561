//! What topics compute on.

use nn_tensor::Tensor;

/// The devices of a backend in both precisions.
#[derive(Clone, Debug)]
pub struct Backend<S: Tensor<Elem = f32>, D: Tensor<Elem = f64>> {
    /// Where networks train.
    pub single: S::Device,
    /// Where derivatives are checked and second-order methods run.
    pub double: D::Device,
}
