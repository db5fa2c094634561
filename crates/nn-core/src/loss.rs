//! What a network is trained to make small.

use serde::{Deserialize, Serialize};

/// The cost C of a batch of N samples; y is the target, a the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Mean over samples of -ln softmax(a)\[class\]. The softmax belongs to the loss.
    CrossEntropy,
    /// The lecture's cost, eqs. (98) and (106): 1/N Σ ‖y - a‖².
    SquaredError,
    /// Half of it: 1/2N Σ ‖y - a‖², whose gradient has no factor 2 (Nielsen's quadratic cost).
    HalfSquaredError,
    /// The tutorial's cost, not divided by N: 1/2 Σ ‖y - a‖².
    HalfSumOfSquares,
}

impl Loss {
    /// Every loss, in the order in which help texts and tables list them.
    pub const ALL: [Self; 4] =
        [Self::CrossEntropy, Self::SquaredError, Self::HalfSquaredError, Self::HalfSumOfSquares];

    /// The name in configuration files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CrossEntropy => "cross-entropy",
            Self::SquaredError => "squared-error",
            Self::HalfSquaredError => "half-squared-error",
            Self::HalfSumOfSquares => "half-sum-of-squares",
        }
    }

    /// The cost from the plain sum over `samples` of -ln p or ‖y - a‖².
    ///
    /// ```
    /// use nn_core::Loss;
    /// assert_eq!(Loss::SquaredError.from_sum(8.0, 4), 2.0);
    /// assert_eq!(Loss::HalfSumOfSquares.from_sum(8.0, 4), 4.0);
    /// ```
    #[must_use]
    pub fn from_sum(self, sum: f64, samples: usize) -> f64 {
        match self {
            Self::CrossEntropy | Self::SquaredError => sum / samples as f64,
            Self::HalfSquaredError => sum / (2.0 * samples as f64),
            Self::HalfSumOfSquares => sum / 2.0,
        }
    }

    /// The factor before (a - y), or before (softmax(a) - y), in ∂C/∂a for a batch of `samples`.
    #[must_use]
    pub fn gradient_factor(self, samples: usize) -> f64 {
        match self {
            Self::CrossEntropy | Self::HalfSquaredError => 1.0 / samples as f64,
            Self::SquaredError => 2.0 / samples as f64,
            Self::HalfSumOfSquares => 1.0,
        }
    }
}
