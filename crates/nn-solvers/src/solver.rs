//! The solvers and their settings.

use crate::SolverError;
use nn_core::Optimizer;

/// How to look for a minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Solver {
    /// Fixed steps down the gradient, eq. (103).
    GradientDescent {
        /// λ.
        learning_rate: f64,
    },
    /// Gradient descent with a velocity: v ← μ v + g, w ← w - λ v.
    Momentum {
        /// λ.
        learning_rate: f64,
        /// μ, the share of the velocity that stays.
        momentum: f64,
    },
    /// Steps divided by the running root mean square of the gradient (Kingma and Ba 2015), with the
    /// usual settings of training.
    Adam {
        /// λ.
        learning_rate: f64,
    },
    /// Nonlinear conjugate gradient (Polak and Ribière, never below 0) with the line search of Moré
    /// and Thuente.
    ConjugateGradient,
    /// A Hessian guessed from the last few steps (Liu and Nocedal 1989), with the line search of
    /// Moré and Thuente.
    Lbfgs {
        /// Steps remembered; 10 is usual.
        memory: usize,
    },
    /// Newton and Raphson's full step, w ← w - H⁻¹ g, without any safeguard: it goes to maxima and
    /// saddles just as well.
    NewtonRaphson,
    /// Newton's step kept within a trust region (Steihaug 1983), which goes downhill also where the
    /// Hessian is indefinite.
    Newton,
    /// The same with the Gauss-Newton matrix in place of the Hessian.
    GaussNewton,
}

/// A matrix of doubles for so many parameters takes 128 MiB.
const MOST_PARAMETERS: usize = 4096;

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

    /// A solver with its usual settings. `learning_rate` is for the first three alone.
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

    /// The name on the command line.
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

    /// The optimizer of training and its λ, for solvers that take steps of a fixed rule.
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

    /// Whether it asks for a matrix of parameters x parameters.
    #[must_use]
    pub fn needs_matrix(&self) -> bool {
        matches!(self, Self::NewtonRaphson | Self::Newton | Self::GaussNewton)
    }

    /// Whether every setting is in its range, and the parameters are not too many.
    ///
    /// # Errors
    /// [`SolverError::Setting`] or [`SolverError::TooManyParameters`].
    pub fn validate(&self, parameters: usize) -> Result<(), SolverError> {
        SolverError::check("number of parameters", &parameters, parameters > 0, "at least 1")?;
        if self.needs_matrix() && parameters > MOST_PARAMETERS {
            let (solver, most) = (self.name(), MOST_PARAMETERS);
            return Err(SolverError::TooManyParameters { solver, parameters, most });
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
