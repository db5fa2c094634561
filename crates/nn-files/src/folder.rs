//! Folders for output.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::links::follow_links;
use crate::path_text::folder_of;

/// Creates the folder `path` and those above it, as far as they do not exist.
///
/// A link to a folder is as good as the folder; that of a link which leads to nothing yet is created.
///
/// ```
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a/b");
/// nn_files::create_folder(&path)?;
/// nn_files::create_folder(&path)?;
/// assert!(path.is_dir());
///
/// std::fs::write(folder.path().join("file"), "")?;
/// let error = nn_files::create_folder(&folder.path().join("file/c")).unwrap_err();
/// assert!(error.to_string().ends_with("file is a file, not a folder"));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// If a file is in the way, or the system refuses.
pub fn create_folder(path: &Path) -> io::Result<()> {
    let end = follow_links(path);
    let is_folder = || fs::metadata(&end).map(|metadata| metadata.is_dir());
    match is_folder() {
        Ok(true) => return Ok(()),
        Ok(false) => {
            let cause = format!("{} is a file, not a folder", end.display());
            return Err(io::Error::new(ErrorKind::NotADirectory, cause));
        }
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(error),
    }
    if end.as_os_str().is_empty() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "the path is empty"));
    }
    create_folder(folder_of(&end))?;
    match fs::create_dir(&end) {
        // Someone else was faster, or the path ends in `..`.
        Err(error)
            if error.kind() == ErrorKind::AlreadyExists && is_folder().is_ok_and(|is| is) =>
        {
            Ok(())
        }
        result => result,
    }
}
