//! The points of a run: after each step, and at its end.

use crate::limits::Stopped;

/// The state of a solver after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate<'a> {
    /// Number of the step; 0 is the start.
    pub iteration: usize,
    /// C, the cost.
    pub cost: f64,
    /// ‖dC/dw‖.
    pub gradient_norm: f64,
    /// Evaluations of cost and gradient so far.
    pub evaluations: usize,
    /// w, the parameters.
    pub at: &'a [f64],
}

/// The result of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// w, the last point with a finite cost.
    pub at: Vec<f64>,
    /// C there.
    pub cost: f64,
    /// ‖dC/dw‖ there.
    pub gradient_norm: f64,
    /// Number of steps.
    pub iterations: usize,
    /// Number of evaluations of cost and gradient, without those of a Hessian by differences.
    pub evaluations: usize,
    /// Number of Hessians or Gauss-Newton matrices.
    pub matrices: usize,
    /// Why the run ended.
    pub stopped: Stopped,
}

impl Minimum {
    pub(crate) fn unset() -> Self {
        Self {
            at: Vec::new(),
            cost: f64::INFINITY,
            gradient_norm: f64::INFINITY,
            iterations: 0,
            evaluations: 0,
            matrices: 0,
            stopped: Stopped::NoFurtherDescent,
        }
    }
}
