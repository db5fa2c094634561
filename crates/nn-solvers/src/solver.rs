//! The solvers and their settings.

use crate::SolverError;
use nn_core::Optimizer;

/// A minimisation method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// Fixed steps down the gradient, eq. (103).
    GradientDescent {
        /// λ.
        learning_rate: f64,
    },
    /// Gradient descent with momentum: v ← μ v + g, w ← w - λ v.
    Momentum {
        /// λ.
        learning_rate: f64,
        /// μ.
        momentum: f64,
    },
    /// Adam (Kingma and Ba 2015) with its usual settings.
    Adam {
        /// λ.
        learning_rate: f64,
    },
    /// Nonlinear conjugate gradient (Polak-Ribière+) with the line search of Moré and Thuente.
    ConjugateGradient,
    /// Limited-memory BFGS (Liu and Nocedal 1989) with the line search of Moré and Thuente.
    Lbfgs {
        /// Number of stored steps; 10 is usual.
        memory: usize,
    },
    /// The full Newton step w ← w - H⁻¹ g without a safeguard, which also converges to maxima and
    /// saddle points.
    NewtonRaphson,
    /// Newton's method with a trust region (Steihaug 1983), which descends even where the Hessian
    /// is indefinite.
    Newton,
    /// The same with the Gauss-Newton matrix instead of the Hessian.
    GaussNewton,
}

/// Maximum number of parameters of a solver with a matrix, which then takes 128 MiB.
const MAX_PARAMETERS: usize = 4096;

impl Solver {
    /// Names that [`Solver::from_name`] knows.
    pub const NAMES: [&'static str; 8] = [
        "gradient-descent",
        "momentum",
        "adam",
        "conjugate-gradient",
        "lbfgs",
        "newton-raphson",
        "newton",
        "gauss-newton",
    ];

    /// Creates a solver with its usual settings; only the first three use `learning_rate`.
    ///
    /// ```
    /// use nn_solvers::Solver;
    /// assert_eq!(Solver::from_name("lbfgs", 0.1), Some(Solver::Lbfgs { memory: 10 }));
    /// assert_eq!(Solver::from_name("magic", 0.1), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str, learning_rate: f64) -> Option<Self> {
        match name {
            "gradient-descent" => Some(Self::GradientDescent { learning_rate }),
            "momentum" => Some(Self::Momentum { learning_rate, momentum: 0.9 }),
            "adam" => Some(Self::Adam { learning_rate }),
            "conjugate-gradient" => Some(Self::ConjugateGradient),
            "lbfgs" => Some(Self::Lbfgs { memory: 10 }),
            "newton-raphson" => Some(Self::NewtonRaphson),
            "newton" => Some(Self::Newton),
            "gauss-newton" => Some(Self::GaussNewton),
            _ => None,
        }
    }

    /// Returns its name on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::GradientDescent { .. } => "gradient-descent",
            Self::Momentum { .. } => "momentum",
            Self::Adam { .. } => "adam",
            Self::ConjugateGradient => "conjugate-gradient",
            Self::Lbfgs { .. } => "lbfgs",
            Self::NewtonRaphson => "newton-raphson",
            Self::Newton => "newton",
            Self::GaussNewton => "gauss-newton",
        }
    }

    /// Returns the optimizer and λ of a solver whose steps follow a fixed rule.
    pub(crate) fn fixed_rule(&self) -> Option<(Optimizer, f64)> {
        match *self {
            Self::GradientDescent { learning_rate } => Some((Optimizer::Sgd, learning_rate)),
            Self::Momentum { learning_rate, momentum } => {
                Some((Optimizer::Momentum { momentum }, learning_rate))
            }
            Self::Adam { learning_rate } => {
                Optimizer::from_name("adam").map(|adam| (adam, learning_rate))
            }
            _ => None,
        }
    }

    /// Returns whether it stores a parameters x parameters matrix.
    #[must_use]
    pub fn needs_matrix(&self) -> bool {
        matches!(self, Self::NewtonRaphson | Self::Newton | Self::GaussNewton)
    }

    /// Checks that every setting is in range and the number of parameters is allowed.
    ///
    /// # Errors
    /// Returns [`SolverError::Setting`] or [`SolverError::TooManyParameters`].
    pub fn validate(&self, parameters: usize) -> Result<(), SolverError> {
        SolverError::check("number of parameters", &parameters, parameters > 0, "at least 1")?;
        if self.needs_matrix() && parameters > MAX_PARAMETERS {
            let (solver, limit) = (self.name(), MAX_PARAMETERS);
            return Err(SolverError::TooManyParameters { solver, parameters, limit });
        }
        let positive = |rate: f64| {
            SolverError::check("learning rate", &rate, rate > 0.0 && rate.is_finite(), "above 0")
        };
        match *self {
            Self::GradientDescent { learning_rate } | Self::Adam { learning_rate } => {
                positive(learning_rate)
            }
            Self::Momentum { learning_rate, momentum } => {
                positive(learning_rate)?;
                let fits = (0.0..1.0).contains(&momentum);
                SolverError::check("momentum", &momentum, fits, "from 0 to below 1")
            }
            Self::Lbfgs { memory } => {
                SolverError::check("memory", &memory, (1..=1000).contains(&memory), "1 to 1000")
            }
            _ => Ok(()),
        }
    }
}
