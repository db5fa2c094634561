//! The steps of a write, and a way to watch or to fail each of them in a test.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};

/// One thing that a write asks of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOperation {
    /// A file is created or opened.
    Create,
    /// Bytes are handed over.
    Write,
    /// The file's bytes are forced to the disk.
    Sync,
    /// The new file gets its name.
    Rename,
    /// The new name is forced to the disk.
    SyncFolder,
}

type Watcher = Box<dyn FnMut(FileOperation) -> io::Result<()>>;

thread_local! {
    static WATCHER: RefCell<Option<Watcher>> = const { RefCell::new(None) };
}

/// Runs `work` and tells `watcher` of every file operation of this thread before it is done.
///
/// It is there for tests of what happens when a disk fails at any moment: an error of the watcher is
/// taken as the system's answer, and the watcher may also end the process. While watched, bytes are
/// handed over in two halves, so that a torn write is among the faults.
///
/// ```
/// use nn_files::{FileOperation, replace_file, watch_file_operations};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("notes.txt");
/// replace_file(&path, |file| file.write_all(b"old"))?;
/// let no_rename = |operation| match operation {
///     FileOperation::Rename => Err(std::io::ErrorKind::PermissionDenied.into()),
///     _ => Ok(()),
/// };
/// let result = watch_file_operations(no_rename, || replace_file(&path, |file| file.write_all(b"new")));
/// assert!(result.is_err());
/// assert_eq!(std::fs::read(&path)?, b"old");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn watch_file_operations<R>(
    watcher: impl FnMut(FileOperation) -> io::Result<()> + 'static,
    work: impl FnOnce() -> R,
) -> R {
    /// Takes the watcher away again, also when `work` panics.
    struct Watch;
    impl Drop for Watch {
        fn drop(&mut self) {
            WATCHER.take();
        }
    }
    WATCHER.set(Some(Box::new(watcher)));
    let _watch = Watch;
    work()
}

/// Tells the watcher, if there is one, and returns its answer.
pub(crate) fn announce(operation: FileOperation) -> io::Result<()> {
    // Taken out meanwhile: a watcher that writes files is not told of its own.
    let Some(mut watcher) = WATCHER.take() else { return Ok(()) };
    let answer = watcher(operation);
    WATCHER.set(Some(watcher));
    answer
}

/// A file whose writes are announced.
pub(crate) struct AnnouncedFile<'a>(pub(crate) &'a File);

impl Write for AnnouncedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        announce(FileOperation::Write)?;
        let watched = WATCHER.with_borrow(Option::is_some);
        let handed_over = if watched { &bytes[..bytes.len().div_ceil(2)] } else { bytes };
        self.0.write(handed_over)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
