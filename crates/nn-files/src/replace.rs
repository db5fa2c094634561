//! Files that replace the old one whole or not at all.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use crate::destination::{Destination, Stream, Target};
use crate::file_operations::{AnnouncedFile, FileOperation, announce};
use crate::partial_file::PartialFile;

/// Writes the file `path`, so that whenever this is interrupted the old file or the new one is there,
/// whole.
///
/// A temporary sibling is written, forced to disk and renamed in one step. Symbolic links are
/// followed, also where they lead to nothing yet: their target is replaced, and they stay. The new
/// file keeps the permissions of the old one and, where this user may give it away, its owner. What is
/// no regular file (a device, a FIFO, `/dev/stdout`) is never replaced: the bytes are written
/// straight into it, and can be torn there.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// nn_files::replace_file(&path, |file| file.write_all(b"first"))?;
/// // A write that fails leaves the old file as it was, and nothing beside it.
/// let full = |_: &mut dyn std::io::Write| Err(std::io::Error::other("disk full"));
/// assert!(nn_files::replace_file(&path, full).is_err());
/// assert_eq!(std::fs::read(&path)?, b"first");
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If `path` names a folder or a socket, its folder does not exist, the old file is protected against
/// writing, or what `write` or the system reports. If only the last step failed, which makes the new
/// name last through a power cut, the new file is there, and the error says so.
pub fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    match Destination::of(path)? {
        Destination::File(target) => replace_target(&target, write),
        Destination::Stream(stream) => write_into(&stream, write),
    }
}

fn replace_target(
    target: &Target,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    target.expect_unprotected()?;
    let partial = PartialFile::beside(target)?;
    write(&mut AnnouncedFile(&partial.file))?;
    announce(FileOperation::Sync)?;
    partial.file.sync_all()?;
    announce(FileOperation::Rename)?;
    partial.rename_to(&target.path)?;
    sync_folder(target.folder()).map_err(|error| {
        let kind = error.kind();
        io::Error::new(
            kind,
            format!("the new file is in place, but a power cut may undo it: {error}"),
        )
    })
}

/// Writes into what is no regular file.
fn write_into(
    stream: &Stream,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    announce(FileOperation::Create)?;
    let file = stream.open()?;
    write(&mut AnnouncedFile(&file))?;
    announce(FileOperation::Sync)?;
    match file.sync_all() {
        // Nothing behind it that could be forced: a FIFO, a terminal.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result,
    }
}

/// Makes the new name last through a power cut. Other systems than Unix cannot open a folder for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    announce(FileOperation::SyncFolder)?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
