//! The two tensors of a fully connected layer, kept together.

use serde::{Deserialize, Serialize};

/// Weights (outputs x inputs) and bias (1 x outputs) of a fully connected layer, or anything of the
/// same form: its gradient, its moments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Linear<T> {
    /// W, outputs x inputs.
    pub weight: T,
    /// b, 1 x outputs: the last column of W where the lecture absorbs it, eq. (97).
    pub bias: T,
}

/// What an optimizer remembers of one tensor from step to step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moments<T> {
    /// Velocity (momentum), mean square (`RMSProp`) or mean gradient (Adam).
    pub first: Option<T>,
    /// Mean square of the gradient (Adam).
    pub second: Option<T>,
}
