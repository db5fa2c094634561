//! What a model answers with.

use nn_data::Dataset;
use serde::{Deserialize, Serialize};

/// What a model answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A class.
    Classification,
    /// Values.
    Regression,
}

impl Task {
    /// Returns the task that the targets of `data` set.
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        if data.classes().is_some() { Self::Classification } else { Self::Regression }
    }

    /// Returns "classes" or "values".
    #[must_use]
    pub fn answers(self) -> &'static str {
        match self {
            Self::Classification => "classes",
            Self::Regression => "values",
        }
    }
}
