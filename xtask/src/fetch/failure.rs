//! What a failed attempt means for the next one.

use std::time::Duration;

use super::verify::Mismatch;
use crate::error::Error;

/// Why an attempt to get a file from one source failed, sorted by what to do next.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The source cannot be reached, or was not of use in several attempts: ask it for nothing more.
    SourceDown(String),
    /// It may work after a pause: time-out, cut connection, overload.
    Again {
        /// What happened.
        why: String,
        /// The pause that the server asked for.
        retry_after: Option<Duration>,
    },
    /// This source does not have this file.
    NotHere(String),
    /// What came is not the file.
    Wrong(Mismatch),
    /// This machine cannot go on, whatever the source: disk full, no permission.
    Local(Error),
}

impl Failure {
    /// A failure after which a pause helps, without a wish of the server.
    pub(crate) fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), retry_after: None }
    }
}
