//! Errors of the topics.

use nn_core::{ConfigError, NetworkError, TrainError};
use nn_data::DataError;
use nn_solvers::SolverError;
use std::fmt::Display;

/// Why a topic failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LectureError {
    /// There is no such topic.
    #[error("there is no topic {name}; the topics are {known}")]
    UnknownTopic {
        /// The name given.
        name: String,
        /// All topics, in order.
        known: String,
    },
    /// The topic has no such parameter.
    #[error("topic {topic} has no parameter {parameter}; it has {known}")]
    UnknownParameter {
        /// The topic.
        topic: &'static str,
        /// The name given.
        parameter: String,
        /// The parameters it has, or `none`.
        known: String,
    },
    /// A parameter is out of range or does not parse.
    #[error("parameter {parameter} is {value}, must be {allowed}")]
    Parameter {
        /// The parameter.
        parameter: &'static str,
        /// The value given.
        value: String,
        /// The valid values.
        allowed: String,
    },
    /// The topic needs another kind of data.
    #[error("topic {topic} needs {needs}, but the data are {found}: choose another data set")]
    Data {
        /// The topic.
        topic: &'static str,
        /// The kind of data it needs.
        needs: &'static str,
        /// The kind of data given.
        found: String,
    },
    /// A computation, such as a decomposition, did not converge.
    #[error("{what} failed: {cause}")]
    Numeric {
        /// The computation.
        what: &'static str,
        /// The cause.
        cause: String,
    },
    /// Reading data failed.
    #[error(transparent)]
    Dataset(#[from] DataError),
    /// The settings of a network are invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Building or evaluating a network failed.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// Training a network failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A solver failed.
    #[error(transparent)]
    Solver(#[from] SolverError),
}

impl LectureError {
    /// Returns whether this is a usage error rather than a failure.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::UnknownTopic { .. } | Self::UnknownParameter { .. } | Self::Parameter { .. }
        )
    }

    /// Creates the error of a parameter that is out of range.
    pub fn parameter(parameter: &'static str, value: impl Display, allowed: impl Display) -> Self {
        Self::Parameter { parameter, value: value.to_string(), allowed: allowed.to_string() }
    }

    /// Returns an error unless the condition of the parameter holds.
    pub(crate) fn check(
        parameter: &'static str,
        value: impl Display,
        holds: bool,
        allowed: impl Display,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::parameter(parameter, value, allowed)) }
    }
}
