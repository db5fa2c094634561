//! How a download fails, and what to do next.

use std::time::Duration;

use super::verify::Mismatch;
use crate::error::Error;

/// Why an attempt to get a file from one source failed, by what to do next.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The source cannot be reached or failed repeatedly: try the next source for all files.
    SourceDown(String),
    /// Retry after a pause: time-out, closed connection, overload.
    Again {
        /// What happened.
        why: String,
        /// The pause that the server asks for.
        retry_after: Option<Duration>,
    },
    /// The source does not have this file.
    NotHere(String),
    /// The content is not the file.
    Wrong(Mismatch),
    /// A local error that no source can solve: disk full, no permission.
    Local(Error),
}

impl Failure {
    /// Returns a failure to retry after the default pause.
    pub(crate) fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), retry_after: None }
    }
}
