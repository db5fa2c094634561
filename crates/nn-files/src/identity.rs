//! Whether two paths name the same thing.

use std::path::Path;

use crate::descriptor::Descriptor;
use crate::links::follow_links;

/// Whether both paths name one file, by whatever spelling, symbolic link or hard link.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let [file, other] = ["file", "other"].map(|name| folder.path().join(name));
/// std::fs::write(&file, "same")?;
/// std::fs::write(&other, "same")?;
/// assert!(nn_files::is_same_file(&file, &folder.path().join("./file")));
/// assert!(!nn_files::is_same_file(&file, &other));
/// assert!(!nn_files::is_same_file(&file, &folder.path().join("none")));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn is_same_file(first: &Path, second: &Path) -> bool {
    let [first, second] = [first, second].map(identity);
    first.is_some() && first == second
}

/// Device and number of the file on it.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<std::path::PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// Whether a path stands for the standard output of this process, as `/dev/stdout` does.
///
/// Who writes a file there keeps other lines away from it.
///
/// ```
/// assert!(!nn_files::is_stdout("model.nn".as_ref()));
/// # #[cfg(target_os = "linux")]
/// assert!(nn_files::is_stdout("/proc/self/fd/1".as_ref()));
/// ```
#[must_use]
pub fn is_stdout(path: &Path) -> bool {
    Descriptor::of(&follow_links(path)).is_some_and(|descriptor| descriptor.is_stdout())
}
