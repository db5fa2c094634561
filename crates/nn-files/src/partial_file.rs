//! Files that are not whole yet, beside the files whose place they will take.

use std::fs::{self, File, Metadata, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::destination::Target;
use crate::file_operations::{FileOperation, announce};

/// The name of a file that is not whole yet, around its random middle.
const PREFIX: &str = ".nn-";
const SUFFIX: &str = ".partial";

/// A locked file beside its target, removed again unless it is given the target's name.
#[derive(Debug)]
pub(crate) struct PartialFile {
    pub(crate) file: File,
    path: PathBuf,
    is_renamed: bool,
}

impl PartialFile {
    /// Creates one beside `target`, with the permissions and the owner of what is there, or else with
    /// those that any new file of this user gets.
    pub(crate) fn beside(target: &Target) -> io::Result<Self> {
        loop {
            announce(FileOperation::Create)?;
            let partial = Self::create(target.folder(), target.old.is_some()).map_err(|error| {
                // What the system says is about a name that nobody knows.
                let folder = target.folder().display();
                let cause = format!("no file can be created in the folder {folder}: {error}");
                io::Error::new(error.kind(), cause)
            })?;
            // Some network disks know no locks: there a sweep cannot lock either, and removes nothing.
            let _ = partial.file.lock();
            // Someone may have swept it away before it was locked.
            if partial.path.exists() {
                if let Some(old) = &target.old {
                    keep_permissions(&partial.file, old);
                }
                return Ok(partial);
            }
        }
    }

    /// Creates one under a name that is free; `is_private`: for its owner alone, until more is known.
    fn create(folder: &Path, is_private: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(if is_private { 0o600 } else { 0o666 }); // the umask is taken off
        }
        loop {
            let random = RandomState::new().hash_one(PREFIX);
            let path = folder.join(format!("{PREFIX}{random:016x}{SUFFIX}"));
            match options.open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                result => return result.map(|file| Self { file, path, is_renamed: false }),
            }
        }
    }

    /// Gives it the name `path`, whatever has that name now.
    pub(crate) fn rename_to(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.is_renamed {
            // What cannot be taken away does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives `file` the owner, the group and the permissions of `old`, as far as this user may. It is never
/// open to more than `old` is.
#[cfg(unix)]
fn keep_permissions(file: &File, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    if fchown(file, Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(file, None, Some(old.gid()));
    }
    let Ok(new) = file.metadata() else { return };
    let mut mode = old.mode() & 0o7777;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        mode &= 0o777; // what runs as its owner or group must not come to run as another
    }
    if new.gid() != old.gid() {
        mode &= 0o707 | (mode & 0o007) << 3; // to this group the old file was open as to anyone
    }
    let _ = file.set_permissions(fs::Permissions::from_mode(mode));
}

#[cfg(not(unix))]
fn keep_permissions(_: &File, _: &Metadata) {}

/// Removes what writers that were killed left half done in `folder`.
///
/// A writer that is still at work holds a lock on its file, which is left alone; what cannot be
/// removed does no harm.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join(".nn-Xy3.partial"), "half of a fi")?;
/// nn_files::sweep_partial_files(folder.path());
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn sweep_partial_files(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        // Nothing but a file is opened: opening a FIFO would wait for its writer.
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_ours && is_file {
            remove_if_abandoned(&entry.path());
        }
    }
}

/// Removes a file unless someone has locked it.
///
/// The lock is held while it is removed: a writer that has just made the file waits for the lock and
/// then sees that the file is gone.
pub fn remove_if_abandoned(path: &Path) {
    if let Ok(file) = File::open(path)
        && file.try_lock().is_ok()
    {
        let _ = fs::remove_file(path);
    }
}
