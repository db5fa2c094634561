//! Files in the data folder: which are there and valid, and how a new one takes its place.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::datasets::DataFile;
use super::verify::{CopyError, Mismatch, copy_verified};
use crate::error::Error;

/// A valid file in the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valid {
    /// Where it lies.
    pub path: PathBuf,
    /// SHA-256 of its payload.
    pub sha256: String,
}

/// What a folder holds of one file of a data set.
#[derive(Debug)]
pub enum Present {
    /// The file that a reader would take is the right one.
    Valid(Valid),
    /// A reader would take a wrong file.
    Invalid(PathBuf, Mismatch),
    /// There is none.
    Absent,
}

/// The names that a file may have, in the order in which `nn_data::load_folder` looks for them.
pub(crate) fn forms(dir: &Path, file: &DataFile) -> [PathBuf; 4] {
    let dash = file.name;
    let dot = dash.replace("-idx", ".idx");
    [dir.join(dash), dir.join(&dot), dir.join(format!("{dash}.gz")), dir.join(format!("{dot}.gz"))]
}

/// Checks the file that a reader of `dir` would take.
///
/// # Errors
/// If it cannot be read.
pub fn present(dir: &Path, file: &DataFile) -> Result<Present, Error> {
    for path in forms(dir, file) {
        match check(&path, file)? {
            None => {}
            Some(Ok(sha256)) => return Ok(Present::Valid(Valid { path, sha256 })),
            Some(Err(mismatch)) => return Ok(Present::Invalid(path, mismatch)),
        }
    }
    Ok(Present::Absent)
}

/// The hash or the mismatch of the file at `path`; `None` if there is none.
pub(crate) fn check(
    path: &Path,
    file: &DataFile,
) -> Result<Option<Result<String, Mismatch>>, Error> {
    let input = match File::open(path) {
        Ok(input) => input,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path, error)),
    };
    match copy_verified(input, &mut io::sink(), file) {
        Ok(sha256) => Ok(Some(Ok(sha256))),
        Err(CopyError::Mismatch(mismatch)) => Ok(Some(Err(mismatch))),
        Err(CopyError::Read(error) | CopyError::Write(error)) => {
            Err(Error::io("read", path, error))
        }
    }
}

/// Why a file could not be installed.
#[derive(Debug)]
pub enum InstallError {
    /// The bytes are not the file.
    Mismatch(Mismatch),
    /// The bytes could not be read.
    Read(io::Error),
    /// The file could not be written.
    Local(Error),
}

/// Unpacks and checks `input`, then puts it under the final name in one step.
///
/// Under the final name stands the old file or the whole new one, whatever happens. A file that stood
/// there with other content is kept beside it with `.invalid` at its end.
///
/// # Errors
/// If the bytes are not the file, or cannot be read or written.
pub fn install(input: impl Read, dir: &Path, file: &DataFile) -> Result<Valid, InstallError> {
    let local = |path: &Path, error| InstallError::Local(Error::io("write", path, error));
    let path = dir.join(file.name);
    let mut fresh = new_file(dir, file).map_err(|error| local(dir, error))?;
    let sha256 = copy_verified(input, fresh.as_file_mut(), file).map_err(|error| match error {
        CopyError::Mismatch(mismatch) => InstallError::Mismatch(mismatch),
        CopyError::Read(error) => InstallError::Read(error),
        CopyError::Write(error) => local(&path, error),
    })?;
    fresh.as_file_mut().flush().map_err(|error| local(&path, error))?;
    fresh.as_file().sync_all().map_err(|error| local(&path, error))?;
    if path.exists() {
        let aside = dir.join(format!("{}.invalid", file.name));
        fs::rename(&path, &aside).map_err(|error| local(&path, error))?;
    }
    fresh.persist(&path).map_err(|error| local(&path, error.error))?;
    sync_folder(dir);
    Ok(Valid { path, sha256 })
}

/// A file beside the final one, removed by itself unless it is renamed. `.partial` keeps it out of git.
fn new_file(dir: &Path, file: &DataFile) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{}.", file.name);
    builder.prefix(&prefix).suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Readable for everyone, as far as the umask allows; a temporary file is private by default.
        builder.permissions(fs::Permissions::from_mode(0o644));
        builder.tempfile_in(dir)
    }
    #[cfg(not(unix))]
    builder.tempfile_in(dir)
}

/// Makes the rename last through a power cut, where the system can do that.
fn sync_folder(dir: &Path) {
    // Windows cannot open folders; the data can be fetched again.
    if let Ok(folder) = File::open(dir) {
        let _ = folder.sync_all();
    }
}
