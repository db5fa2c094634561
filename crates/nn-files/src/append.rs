//! Bytes added to the end of a file.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use crate::destination::Destination;
use crate::file_operations::{AnnouncedFile, FileOperation, announce};

/// Adds `bytes` to the end of `path`, which is created if it is missing.
///
/// Interrupted, it leaves a beginning of them there, or nothing. Links are followed, and what is no
/// regular file is written into, as by [`replace_file`](crate::replace_file).
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("metrics.jsonl");
/// nn_files::append_to_file(&path, b"{\"epoch\":1}\n")?;
/// nn_files::append_to_file(&path, b"{\"epoch\":2}\n")?;
/// assert_eq!(std::fs::read_to_string(&path)?.lines().count(), 2);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If `path` names a folder or a socket, its folder does not exist, or what the system reports.
pub fn append_to_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let destination = Destination::of(path)?;
    announce(FileOperation::Create)?;
    let file = match destination {
        Destination::File(target) => {
            OpenOptions::new().create(true).append(true).open(&target.path)?
        }
        Destination::Stream(stream) => stream.open()?,
    };
    AnnouncedFile(&file).write_all(bytes)
}
