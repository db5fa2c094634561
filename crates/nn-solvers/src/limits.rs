//! The limits of a run, and why it ended.

/// When a run stops.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Maximum number of steps.
    pub iterations: usize,
    /// Maximum number of evaluations of cost and gradient.
    pub evaluations: usize,
    /// Stop at this gradient norm.
    pub gradient_norm: f64,
    /// Stop at this cost, if given.
    pub cost: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { iterations: 1000, evaluations: 10_000, gradient_norm: 1e-8, cost: None }
    }
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The gradient norm reached its limit.
    GradientNorm,
    /// The cost reached its target.
    TargetCost,
    /// The limit of iterations was reached.
    Iterations,
    /// The limit of evaluations was reached.
    Evaluations,
    /// Steps no longer lower the cost by more than its [rounding](crate::Objective::rounding): a minimum,
    /// or a kink.
    NoFurtherDescent,
    /// The observer stopped the run.
    Observer,
    /// Cost, gradient or matrix is not finite: the steps are too long.
    NotFinite,
}
