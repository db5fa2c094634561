//! Whether a file could be written.

use std::io;
use std::path::Path;

use crate::destination::Destination;
use crate::partial_file::PartialFile;

/// Refuses a path that [`replace_file`](crate::replace_file) would refuse, before hours are spent on
/// what is to be in it.
///
/// What is there stays as it is.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// nn_files::expect_writable(&folder.path().join("model.nn"))?;
/// let error = nn_files::expect_writable(&folder.path().join("no/such/model.nn")).unwrap_err();
/// assert!(error.to_string().contains("does not exist"));
/// assert_eq!(std::fs::read_dir(folder.path())?.count(), 0);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// As [`replace_file`](crate::replace_file).
pub fn expect_writable(path: &Path) -> io::Result<()> {
    match Destination::of(path)? {
        Destination::File(target) => {
            target.expect_unprotected()?;
            PartialFile::beside(&target).map(drop)
        }
        // Opened, a FIFO would wait for its reader, who would then see it end.
        Destination::Stream(_) => Ok(()),
    }
}
