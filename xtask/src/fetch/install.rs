//! Files in the data folder: which are there and valid, and how a new one takes its place.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

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
/// Under the final name stands the old file or the whole new one, whatever happens and whoever else
/// installs the same file. A wrong file that stood there is kept beside it with `.invalid` at its end.
///
/// # Errors
/// If the bytes are not the file, or cannot be read or written.
pub fn install(input: impl Read, dir: &Path, file: &DataFile) -> Result<Valid, InstallError> {
    let path = dir.join(file.name);
    let local = |error| InstallError::Local(Error::io("write", &path, error));
    let mut lock = None;
    let mut copied = None;
    let written = nn_files::replace_file(&path, |mut output| {
        match copy_verified(input, &mut output, file) {
            Ok(sha256) => {
                copied = Some(Ok(sha256));
                // Held until the new file has its name: two at once would keep each other's file aside.
                lock = lock_folder(dir);
                keep_wrong_file(&path, dir, file)
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
        (None, Ok(())) => Err(local(io::Error::other("nothing was written"))),
    }
}

/// Keeps a wrong file under a second name, before its first is given to the right one. A right file,
/// which another run may have put there meanwhile, needs no keeping.
fn keep_wrong_file(path: &Path, dir: &Path, file: &DataFile) -> io::Result<()> {
    if !matches!(check(path, file), Ok(Some(Err(_)))) {
        return Ok(());
    }
    let aside = dir.join(format!("{}.invalid", file.name));
    match fs::remove_file(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Behind a link lies what is about to be replaced: a second name of the link would lead to the new file.
    let wrong = fs::canonicalize(path)?;
    // A second name costs nothing; where the disk has no second names, a copy.
    fs::hard_link(&wrong, &aside).or_else(|_| {
        let mut wrong = File::open(&wrong)?;
        nn_files::replace_file(&aside, |mut file| io::copy(&mut wrong, &mut file).map(|_| ()))
    })
}

/// Locks the folder against other runs of this program, where the system can do that.
fn lock_folder(dir: &Path) -> Option<File> {
    // Windows cannot open folders.
    let folder = File::open(dir).ok()?;
    folder.lock().ok()?;
    Some(folder)
}
