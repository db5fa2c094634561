//! Files read only after their size was looked at.

use crate::file::error::FileFault;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A file whose size is known to be below a limit.
pub(crate) struct BoundedFile {
    file: File,
    /// Its size in bytes.
    pub(crate) length: u64,
    bytes: Vec<u8>,
}

impl BoundedFile {
    /// Opens a regular file of at most `limit` bytes.
    pub(crate) fn open(path: &Path, limit: u64) -> Result<Self, FileFault> {
        let failed = |cause| FileFault::Io { action: "open", cause };
        // Looked at before it is opened: opening a pipe would wait for its writer.
        let metadata = std::fs::metadata(path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("it is not a regular file")));
        }
        let length = metadata.len();
        if length > limit {
            return Err(FileFault::TooLarge { bytes: length, limit });
        }
        Ok(Self { file: File::open(path).map_err(failed)?, length, bytes: Vec::new() })
    }

    /// The first `count` bytes, or all where there are fewer.
    pub(crate) fn first_bytes(&mut self, count: usize) -> Result<&[u8], FileFault> {
        let missing = (count as u64).saturating_sub(self.bytes.len() as u64);
        self.append(missing)?;
        Ok(&self.bytes)
    }

    /// All its bytes; no more than it had when it was opened.
    pub(crate) fn into_bytes(mut self) -> Result<Vec<u8>, FileFault> {
        let missing = self.length.saturating_sub(self.bytes.len() as u64);
        let refused = FileFault::OutOfMemory { bytes: missing };
        match usize::try_from(missing) {
            Ok(count) if self.bytes.try_reserve_exact(count).is_ok() => {}
            _ => return Err(refused),
        }
        self.append(missing)?;
        Ok(self.bytes)
    }

    fn append(&mut self, count: u64) -> Result<(), FileFault> {
        let read = (&mut self.file).take(count).read_to_end(&mut self.bytes);
        read.map(|_| ()).map_err(|cause| FileFault::Io { action: "read", cause })
    }
}
