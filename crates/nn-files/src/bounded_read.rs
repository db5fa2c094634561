//! Files read into memory within a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum BoundedReadError {
    /// The system refused.
    #[error("cannot {action}: {cause}")]
    Io {
        /// "open" or "read".
        action: &'static str,
        /// What the system answered.
        cause: io::Error,
    },
    /// It has more bytes than the limit.
    #[error("at least {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// The size of a regular file; of anything else what was read of it.
        bytes: u64,
        /// The most there may be.
        limit: u64,
    },
    /// The machine has not got the memory.
    #[error("no memory for {bytes} bytes")]
    OutOfMemory {
        /// How many were asked for.
        bytes: u64,
    },
}

/// A regular file whose size is known to be within a limit, read as far as it is needed.
///
/// ```
/// use nn_files::{BoundedFile, BoundedReadError};
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.nn");
/// std::fs::write(&path, "header and the rest")?;
///
/// let mut file = BoundedFile::open(&path, 1000)?;
/// assert!(file.first_bytes(6)?.starts_with(b"header"));
/// assert_eq!(file.into_bytes()?, b"header and the rest");
///
/// let error = BoundedFile::open(&path, 10).err();
/// assert!(matches!(error, Some(BoundedReadError::TooLarge { bytes: 19, limit: 10 })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BoundedFile {
    file: File,
    length: u64,
    bytes: Vec<u8>,
}

impl BoundedFile {
    /// Opens a regular file of at most `limit` bytes.
    ///
    /// # Errors
    /// If it is larger or no regular file, or the system refuses.
    pub fn open(path: &Path, limit: u64) -> Result<Self, BoundedReadError> {
        let failed = |cause| BoundedReadError::Io { action: "open", cause };
        // Looked at before it is opened: opening a FIFO would wait for its writer.
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        let length = metadata.len();
        if length > limit {
            return Err(BoundedReadError::TooLarge { bytes: length, limit });
        }
        Ok(Self { file: File::open(path).map_err(failed)?, length, bytes: Vec::new() })
    }

    /// Returns its size in bytes when it was opened.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Returns the first `count` bytes and what else has been read, or all where there are fewer.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn first_bytes(&mut self, count: usize) -> Result<&[u8], BoundedReadError> {
        let missing = (count as u64).saturating_sub(self.bytes.len() as u64);
        self.read(missing)?;
        Ok(&self.bytes)
    }

    /// Returns all its bytes; no more than it had when it was opened.
    ///
    /// # Errors
    /// If the system refuses, or there is no memory for them.
    pub fn into_bytes(mut self) -> Result<Vec<u8>, BoundedReadError> {
        let missing = self.length.saturating_sub(self.bytes.len() as u64);
        let refused = BoundedReadError::OutOfMemory { bytes: missing };
        match usize::try_from(missing) {
            Ok(count) if self.bytes.try_reserve_exact(count).is_ok() => {}
            _ => return Err(refused),
        }
        self.read(missing)?;
        Ok(self.bytes)
    }

    fn read(&mut self, count: u64) -> Result<(), BoundedReadError> {
        let read = (&mut self.file).take(count).read_to_end(&mut self.bytes);
        read.map(|_| ()).map_err(|cause| BoundedReadError::Io { action: "read", cause })
    }
}

/// Reads all of a file of any kind, also of a FIFO, if it has at most `limit` bytes.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("settings.toml");
/// std::fs::write(&path, "epochs = 3")?;
/// assert_eq!(nn_files::read_at_most(&path, 10)?, b"epochs = 3");
/// assert!(nn_files::read_at_most(&path, 9).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If it has more bytes, of which no more than `limit` + 1 are read, or the system refuses.
pub fn read_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, BoundedReadError> {
    let file = File::open(path).map_err(|cause| BoundedReadError::Io { action: "open", cause })?;
    let mut bytes = Vec::new();
    // One byte more than it may have tells a file that is too long from one that is just not.
    file.take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| BoundedReadError::Io { action: "read", cause })?;
    if bytes.len() as u64 > limit {
        return Err(BoundedReadError::TooLarge { bytes: bytes.len() as u64, limit });
    }
    Ok(bytes)
}
