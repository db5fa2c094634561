//! What can be wrong with a file of a model or training.

use nn_files::BoundedReadError;
use std::io;
use std::path::{Path, PathBuf};

/// A file of a model or training that cannot be read or written: which file, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {fault}", path.display())]
pub struct FileError {
    /// The file.
    pub path: PathBuf,
    /// The cause, with the next step in its message.
    pub fault: FileFault,
}

impl FileError {
    /// `fault` of the file `path`.
    pub(crate) fn new(path: &Path, fault: FileFault) -> Self {
        Self { path: path.to_owned(), fault }
    }
}

/// Why a file of a model or training cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The system refused.
    #[error("cannot {action}: {cause}")]
    Io {
        /// "open", "read", "write".
        action: &'static str,
        /// What the system answered.
        cause: io::Error,
    },
    /// The first bytes are not those of a model or checkpoint.
    #[error(
        "not a model or checkpoint by its first bytes; give a file that nn or nn-mlp saved, or import a \
         safetensors file first"
    )]
    NotACheckpoint,
    /// The file ends too early.
    #[error(
        "cut short: {expected} bytes expected, {actual} found; use the copy before it or train again"
    )]
    Truncated {
        /// Bytes that the header asks for, or those of a header.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },
    /// The file goes on after its end.
    #[error("bytes after its end: {expected} bytes expected, {actual} found; copy the file again")]
    TrailingBytes {
        /// Bytes that the header asks for.
        expected: u64,
        /// Bytes that are there.
        actual: u64,
    },
    /// Some bit is not as it was written.
    #[error(
        "damaged: its checksum is {actual:08x}, {expected:08x} was written; use the copy before it \
         or train again"
    )]
    Corrupt {
        /// The checksum in the header.
        expected: u32,
        /// The checksum of what is there.
        actual: u32,
    },
    /// Written by a later version of this program.
    #[error("format {format}, this build reads up to {supported}; use a newer build")]
    NewerFormat {
        /// The file's.
        format: u32,
        /// The newest that is known here.
        supported: u32,
    },
    /// Written with features that this build does not have.
    #[error("it needs {}, which this build does not know; use a newer build", names.join(", "))]
    Requires {
        /// The features.
        names: Vec<String>,
    },
    /// A file of a model where one of a training is needed.
    #[error("it holds a model but no training under way; give the checkpoint of the run")]
    NoTraining,
    /// Whole, but its content makes no sense.
    #[error("its content cannot be decoded ({cause}); it was written by another program")]
    Undecodable {
        /// What the decoder found.
        cause: String,
    },
    /// Decodable, but its parts do not fit each other.
    #[error("its parts do not fit each other: {cause}; it was not written by this program")]
    Inconsistent {
        /// Which part, and why.
        cause: String,
    },
    /// A model that the format has no place for.
    #[error("cannot be exported: {cause}")]
    NotExportable {
        /// Why, and what to do.
        cause: String,
    },
    /// More bytes than the limit on such files.
    #[error("{bytes} bytes, the limit is {limit}; check that this is the right file")]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The machine has not got the memory.
    #[error("no memory for {bytes} bytes; free memory or use a smaller network")]
    OutOfMemory {
        /// How many were asked for.
        bytes: u64,
    },
    /// Not in the form of a safetensors file.
    #[error("not a sound safetensors file: {}; export or copy it again", one_line(cause))]
    NotSafetensors {
        /// What the reader found.
        cause: String,
    },
    /// A tensor that is no weight or bias of a chain of fully connected layers.
    #[error(
        "tensor {}: {}; only chains of fully connected layers, each with weight and bias, can be \
         imported",
        one_line(tensor),
        one_line(cause)
    )]
    Tensor {
        /// Its name in the file.
        tensor: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Names of layers that do not say in which order the layers come.
    #[error(
        "the order of the layers {} cannot be told from their names and shapes; give it, first layer first \
         (ImportOptions::order)",
        names.iter().map(|name| one_line(name)).collect::<Vec<_>>().join(", ")
    )]
    AmbiguousOrder {
        /// Names of the layers.
        names: Vec<String>,
    },
    /// An order of layers that is not that of the file's.
    #[error(
        "the order names the layers {given}, the file has {found}; name each of the file's once"
    )]
    WrongOrder {
        /// Names that were given.
        given: String,
        /// Names in the file.
        found: String,
    },
    /// A file without a single layer.
    #[error("it holds no layer: there is no tensor named like 0.weight")]
    NoLayers,
}

impl From<BoundedReadError> for FileFault {
    fn from(error: BoundedReadError) -> Self {
        match error {
            BoundedReadError::Io { action, cause } => Self::Io { action, cause },
            BoundedReadError::TooLarge { bytes, limit } => Self::TooLarge { bytes, limit },
            BoundedReadError::OutOfMemory { bytes } => Self::OutOfMemory { bytes },
        }
    }
}

/// Text from a file, with line ends and other control characters made visible: it must neither
/// break a message into lines nor command a terminal.
fn one_line(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for sign in text.chars() {
        if sign.is_control() {
            visible.extend(sign.escape_default());
        } else {
            visible.push(sign);
        }
    }
    visible
}
