//! Models and trainings in files: format 1.
//!
//! A file is an envelope (magic, format, length, checksum) around a payload. The payload says by name which features it needs, so
//! that a build that lacks one refuses the file and says which; then come a description as JSON and the numbers. See
//! `envelope.rs` and `checkpoint.rs`.

mod checkpoint;
mod envelope;
mod error;
mod requires;

pub use checkpoint::{Checkpoint, SavedTraining};
pub use error::{FileError, FileFault};

pub(crate) use checkpoint::write_whole;
pub(crate) use envelope::MAX_BYTES;
