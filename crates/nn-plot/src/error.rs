//! What can go wrong.

use std::io;
use std::path::PathBuf;

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The figure's numbers do not fit together, or there are none.
    #[error("figure \"{title}\" cannot be drawn: {cause}")]
    Figure {
        /// Its title.
        title: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The drawing library gave up.
    #[error("figure \"{title}\" cannot be drawn: {cause}")]
    Draw {
        /// Its title.
        title: String,
        /// What the library says.
        cause: String,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}
