//! Files that replace the old one whole or not at all: every write of the workspace goes through here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::file_operations::{AnnouncedFile, FileOperation, announce};

/// The name of a file that is not whole yet, around its random middle.
const PREFIX: &str = ".nn-";
const SUFFIX: &str = ".partial";

/// Writes a temporary sibling, forces it to disk and gives it the name `path` in one step: whenever
/// this is interrupted, `path` is the old file or the new one, whole.
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
/// What `write` or the system reports. If only the last step failed, which makes the new name last
/// through a power cut, the new file is there, and the error says so.
pub fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let temporary = temporary_file(folder)?;
    write(&mut AnnouncedFile(temporary.as_file()))?;
    announce(FileOperation::Sync)?;
    temporary.as_file().sync_all()?;
    announce(FileOperation::Rename)?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder).map_err(|error| {
        let kind = error.kind();
        io::Error::new(
            kind,
            format!("the new file is in place, but a power cut may undo it: {error}"),
        )
    })
}

/// Adds `bytes` to the end of `path`, which is made if it is missing. Interrupted, it leaves a
/// beginning of them there, or nothing.
///
/// # Errors
/// What the system reports.
pub fn append_to_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    announce(FileOperation::Create)?;
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    AnnouncedFile(&file).write_all(bytes)
}

/// Takes away what writers that were killed left half done in `folder`. A writer that is still at
/// work holds a lock on its file, which is left alone; what cannot be taken away does no harm.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join(".nn-Xy3.partial"), "half of a fi")?;
/// nn_data::sweep_partial_files(folder.path());
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn sweep_partial_files(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        // Nothing but a file is opened: opening a pipe would wait for its writer.
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_ours && is_file {
            remove_if_abandoned(&entry.path());
        }
    }
}

/// Removes a file unless someone has locked it, and holds the lock while it does: a writer that has
/// just made the file waits for the lock and then sees that the file is gone.
pub fn remove_if_abandoned(path: &Path) {
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}

/// A locked temporary file with the permissions that any new file of this user gets.
fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // the umask is taken off
    }
    loop {
        announce(FileOperation::Create)?;
        let temporary = builder.tempfile_in(folder)?;
        // Some network disks know no locks: there a sweep cannot lock either, and removes nothing.
        let _ = temporary.as_file().lock();
        // Someone may have swept it away before it was locked.
        if temporary.path().exists() {
            return Ok(temporary);
        }
    }
}

/// Makes the new name last through a power cut. Other systems than Unix cannot open a folder for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    announce(FileOperation::SyncFolder)?;
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
