//! Errors of the solvers.

use crate::ObjectiveError;

/// Why a minimisation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolverError {
    /// A setting is out of range.
    #[error("{setting} is {value}, must be {allowed}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// The value given.
        value: String,
        /// The valid values.
        allowed: &'static str,
    },
    /// The solver stores a parameters x parameters matrix, and there are too many parameters.
    #[error(
        "{solver} stores a matrix of {parameters} x {parameters} numbers and is limited to {limit} \
         parameters: use lbfgs or conjugate-gradient"
    )]
    TooManyParameters {
        /// Name of the solver.
        solver: &'static str,
        /// Number of parameters.
        parameters: usize,
        /// Maximum number of parameters.
        limit: usize,
    },
    /// Gauss-Newton needs an objective with residuals.
    #[error("gauss-newton needs an objective with residuals: use newton or lbfgs")]
    NoGaussNewton,
    /// Cost or gradient is not finite at the start.
    #[error("cost or gradient is not finite at the start: begin at smaller weights")]
    StartNotFinite,
    /// The objective failed.
    #[error("the objective could not be evaluated: {0}")]
    Objective(#[source] ObjectiveError),
    /// argmin failed for another reason.
    #[error("{solver}: {message}")]
    Library {
        /// Name of the solver.
        solver: &'static str,
        /// Message of argmin.
        message: String,
    },
}

impl SolverError {
    pub(crate) fn check(
        setting: &'static str,
        value: &impl ToString,
        holds: bool,
        allowed: &'static str,
    ) -> Result<(), Self> {
        if holds {
            return Ok(());
        }
        Err(Self::Setting { setting, value: value.to_string(), allowed })
    }
}
