//! Errors of drawing.

use std::io;
use std::path::PathBuf;

/// Why a figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The figure is empty or inconsistent.
    #[error("figure \"{title}\" cannot be drawn: {cause}")]
    Figure {
        /// Title of the figure.
        title: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The drawing library failed.
    #[error("figure \"{title}\" cannot be drawn: {cause}")]
    Draw {
        /// Title of the figure.
        title: String,
        /// Message of the library.
        cause: String,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
}
