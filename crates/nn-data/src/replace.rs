//! Files that replace the old one whole or not at all: every write of the workspace goes through here.

use std::fs::{File, OpenOptions};
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
/// nn_data::replace_file(&path, |file| file.write_all(b"first"))?;
/// // A write that fails leaves the old file as it was, and nothing beside it.
/// let full = |_: &mut dyn std::io::Write| Err(std::io::Error::other("disk full"));
/// assert!(nn_data::replace_file(&path, full).is_err());
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
    target.expect_writable()?;
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

/// Adds `bytes` to the end of `path`, which is made if it is missing.
///
/// Interrupted, it leaves a beginning of them there, or nothing. Links are followed, and what is no
/// regular file is written into, as by [`replace_file`].
///
/// # Errors
/// As [`replace_file`].
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

/// Refuses a path that [`replace_file`] would refuse, before hours are spent on what is to be in it.
///
/// Nothing that is there is opened or changed.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// nn_data::expect_writable(&folder.path().join("model.nn"))?;
/// let error = nn_data::expect_writable(&folder.path().join("no/such/model.nn")).unwrap_err();
/// assert!(error.to_string().contains("does not exist"));
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// As [`replace_file`].
pub fn expect_writable(path: &Path) -> io::Result<()> {
    match Destination::of(path)? {
        Destination::File(target) => {
            target.expect_writable()?;
            PartialFile::beside(&target).map(drop)
        }
        // Opened, a FIFO would wait for its reader, who would then see it end.
        Destination::Stream(_) => Ok(()),
    }
}

/// Makes the new name last through a power cut. Other systems than Unix cannot open a folder for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    announce(FileOperation::SyncFolder)?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
