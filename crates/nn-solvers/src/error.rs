//! What can go wrong.

use crate::ObjectiveError;

/// Why a minimisation could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SolverError {
    /// A number out of its range.
    #[error("{setting} is {value}, must be {allowed}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What it was given.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A solver that keeps a matrix of parameters x parameters, and too many of them.
    #[error(
        "{solver} keeps a matrix of {parameters} x {parameters} numbers; it is for at most {most} \
         parameters: use lbfgs or conjugate-gradient"
    )]
    TooManyParameters {
        /// Its name.
        solver: &'static str,
        /// How many there are.
        parameters: usize,
        /// How many it is for.
        most: usize,
    },
    /// Gauss-Newton for something that is no sum of losses of outputs.
    #[error("gauss-newton needs an objective with residuals: use newton or lbfgs")]
    NoGaussNewton,
    /// The start is no place to start from.
    #[error("cost or gradient is not finite at the start: begin at smaller weights")]
    StartNotFinite,
    /// The objective itself.
    #[error("the objective could not be evaluated: {0}")]
    Objective(#[source] ObjectiveError),
    /// The library's complaint, where it is none of the above.
    #[error("{solver}: {message}")]
    Library {
        /// Its name.
        solver: &'static str,
        /// In the library's words.
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
