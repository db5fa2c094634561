//! The files in the data folder: checks which are valid, and installs new ones atomically.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::datasets::DataFile;
use super::verify::{CopyError, Mismatch, copy_verified};
use crate::error::Error;

/// A valid file in the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valid {
    /// Its path.
    pub path: PathBuf,
    /// SHA-256 of the unpacked content.
    pub sha256: String,
}

/// The state of one file of a data set in a folder.
#[derive(Debug)]
pub enum Present {
    /// The file that a reader would use is valid.
    Valid(Valid),
    /// The file that a reader would use is not valid.
    Invalid(PathBuf, Mismatch),
    /// There is no file.
    Absent,
}

/// Returns the paths that a file may have, in the order in which `nn_data::load_folder` tries them.
pub(crate) fn forms(dir: &Path, file: &DataFile) -> [PathBuf; 4] {
    let dash = file.name;
    let dot = dash.replace("-idx", ".idx");
    [dir.join(dash), dir.join(&dot), dir.join(format!("{dash}.gz")), dir.join(format!("{dot}.gz"))]
}

/// Checks the file that a reader of `dir` would use.
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

/// Returns the checksum or the mismatch of the file at `path`; `None` if there is no file.
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
    /// The content is not the file.
    Mismatch(Mismatch),
    /// The input could not be read.
    Read(io::Error),
    /// The file could not be written.
    Local(Error),
}

/// Unpacks and verifies `input`, then atomically replaces the file.
///
/// Whatever happens, and even if several processes install the same file, the path has the old file or the new one,
/// whole. An invalid old file is kept as `NAME.invalid`.
///
/// # Errors
/// If the content is not the file, or cannot be read or written.
pub fn install(input: impl Read, dir: &Path, file: &DataFile) -> Result<Valid, InstallError> {
    let path = dir.join(file.name);
    let local = |error| InstallError::Local(Error::io("write", &path, error));
    let mut lock = None;
    let mut copied = None;
    let written = nn_files::replace_file(&path, |mut output| {
        match copy_verified(input, &mut output, file) {
            Ok(sha256) => {
                copied = Some(Ok(sha256));
                // Held until the new file is in place: two processes would back up each other's file.
                lock = lock_folder(dir);
                keep_invalid_file(&path, dir, file)
            }
            Err(error) => {
                copied = Some(Err(error));
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    });
    drop(lock);
    match (copied, written) {
        (Some(Ok(sha256)), Ok(())) => Ok(Valid { path, sha256 }),
        (Some(Err(CopyError::Mismatch(mismatch))), _) => Err(InstallError::Mismatch(mismatch)),
        (Some(Err(CopyError::Read(error))), _) => Err(InstallError::Read(error)),
        (Some(Err(CopyError::Write(error))), _) | (_, Err(error)) => Err(local(error)),
        (None, Ok(())) => Err(local(io::Error::other("no data was written"))),
    }
}

/// Keeps an invalid file under a second name before it is replaced. A valid file, which another process may have
/// installed meanwhile, is not kept.
fn keep_invalid_file(path: &Path, dir: &Path, file: &DataFile) -> io::Result<()> {
    if !matches!(check(path, file), Ok(Some(Err(_)))) {
        return Ok(());
    }
    let aside = dir.join(format!("{}.invalid", file.name));
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // A hard link to a symbolic link would lead to the new file, so the target of the link gets the new name.
    let wrong = fs::canonicalize(path)?;
    // A hard link costs nothing; a copy where the file system has no hard links.
    fs::hard_link(&wrong, &aside).or_else(|_| {
        let mut wrong = File::open(&wrong)?;
        nn_files::replace_file(&aside, |mut file| io::copy(&mut wrong, &mut file).map(|_| ()))
    })
}

/// Locks the folder against other processes of this program, where the system can.
fn lock_folder(dir: &Path) -> Option<File> {
    // Windows cannot open a folder.
    let folder = File::open(dir).ok()?;
    folder.lock().ok()?;
    Some(folder)
}
