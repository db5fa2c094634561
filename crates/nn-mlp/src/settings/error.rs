//! What can be wrong with settings.

use std::fmt::Display;

/// A setting that makes no sense.
///
/// The message is one line: the place (a file and line, or a flag) where it is known, the key, its value and what is
/// allowed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
pub struct SettingsError {
    /// The key that is wrong, as `training.epochs`; empty where the whole file cannot be read.
    pub key: String,
    /// What is wrong with it.
    pub problem: String,
    /// Where it was set.
    pub place: Option<String>,
}

impl SettingsError {
    /// Returns an error about `key`; `problem` is the whole message.
    pub fn new(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { key: key.into(), problem: problem.into(), place: None }
    }

    /// Returns the error that `key` has a value that is not allowed.
    pub fn value(key: &str, value: impl Display, allowed: impl Display) -> Self {
        Self::new(key, format!("{key} is {value}, must be {allowed}"))
    }

    /// Returns the same error with the place where the key was set.
    #[must_use]
    pub fn at(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }
}
