//! What can go wrong in a topic.

use nn_core::{ConfigError, NetworkError, TrainError};
use nn_data::DataError;
use nn_solvers::SolverError;
use std::fmt::Display;

/// Why a topic has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LectureError {
    /// No such topic.
    #[error("there is no topic {name}; the topics are {known}")]
    UnknownTopic {
        /// What was asked for.
        name: String,
        /// All of them, in order.
        known: String,
    },
    /// The topic has no such parameter.
    #[error("topic {topic} has no parameter {parameter}; it has {known}")]
    UnknownParameter {
        /// Which topic.
        topic: &'static str,
        /// What was given.
        parameter: String,
        /// Those it has, or `none`.
        known: String,
    },
    /// A parameter out of its range, or no number where a number belongs.
    #[error("parameter {parameter} is {value}, must be {allowed}")]
    Parameter {
        /// Which parameter.
        parameter: &'static str,
        /// What it was given.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// The data are of another kind than the topic needs.
    #[error("topic {topic} needs {needs}, but the data are {found}: choose another data set")]
    Data {
        /// Which topic.
        topic: &'static str,
        /// What it needs.
        needs: &'static str,
        /// What it was given.
        found: String,
    },
    /// A computation did not come to an end, such as a decomposition.
    #[error("{what} failed: {cause}")]
    Numeric {
        /// What was computed.
        what: &'static str,
        /// Why it failed, and what to change.
        cause: String,
    },
    /// From reading data.
    #[error(transparent)]
    Dataset(#[from] DataError),
    /// From a network's settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// From building or evaluating a network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// From training a network.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// From a solver.
    #[error(transparent)]
    Solver(#[from] SolverError),
}

impl LectureError {
    /// Whether what was asked for makes no sense, rather than something failing.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::UnknownTopic { .. } | Self::UnknownParameter { .. } | Self::Parameter { .. }
        )
    }

    /// A parameter out of its range.
    pub fn parameter(parameter: &'static str, value: impl Display, allowed: impl Display) -> Self {
        Self::Parameter { parameter, value: value.to_string(), allowed: allowed.to_string() }
    }

    /// An error unless the parameter's condition holds.
    pub(crate) fn check(
        parameter: &'static str,
        value: impl Display,
        holds: bool,
        allowed: impl Display,
    ) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self::parameter(parameter, value, allowed)) }
    }
}
