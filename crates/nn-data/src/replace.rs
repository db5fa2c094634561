//! Files that replace the old one whole or not at all: every write of the workspace goes through here.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

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
/// through a power cut, the new file is there.
pub fn replace_file(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut temporary = temporary_file(folder)?;
    write(temporary.as_file_mut())?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// A temporary file with the permissions that any new file of this user gets.
fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".nn-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666)); // the umask is taken off
    }
    builder.tempfile_in(folder)
}

/// Makes the new name last through a power cut. Other systems than Unix cannot open a folder for that.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
