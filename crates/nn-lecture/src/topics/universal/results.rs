//! The results of the topic.

use super::settings::Settings;
use crate::fit::SolverRun;
use nn_core::Activation;

/// A fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Samples of the expression.
    pub samples: Vec<(f64, f64)>,
    /// Outputs of the network at the same x.
    pub answers: Vec<(f64, f64)>,
    /// Root mean square error.
    pub error: f64,
    /// Steps and costs C = ½ Σ (y - a)².
    pub run: SolverRun,
}

/// The effect of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Name of the setting.
    pub setting: &'static str,
    /// Final cost at half the setting, at it and at twice it; not finite if the run diverged.
    pub costs: [f64; 3],
}

/// Error by width.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The function fitted.
    pub expression: String,
    /// (width, root mean square error of the best of a few fits).
    pub errors: Vec<(usize, f64)>,
    /// The smallest width whose error is within the tolerance.
    pub smallest: Option<usize>,
}

/// A combination of settings on the harder function.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// σ.
    pub activation: Activation,
    /// Number of hidden layers.
    pub layers: usize,
    /// Solver.
    pub solver: &'static str,
    /// Root mean square error.
    pub error: f64,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Approximation {
    /// Settings used.
    pub settings: Settings,
    /// The fit with these settings.
    pub fit: Fit,
    /// The effect of width, learning rate and epochs.
    pub changes: Vec<Change>,
    /// Error by width, for both functions.
    pub sweeps: Vec<Sweep>,
    /// Activations, depths and solvers on the harder function.
    pub trials: Vec<Trial>,
}
