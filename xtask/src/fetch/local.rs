//! Copies files from a folder on this machine.

use std::fs::File;
use std::path::Path;

use super::datasets::{DataFile, DataSet};
use super::install::{InstallError, Valid, forms, install};
use crate::error::Error;

/// Copies `missing` files of `set` from `from` into `dir`, with all checks of a download.
pub(crate) fn copy_from(
    from: &Path,
    dir: &Path,
    set: &DataSet,
    missing: &[&DataFile],
) -> Result<Vec<Valid>, Error> {
    let mut found = Vec::new();
    let mut lacking = Vec::new();
    for file in missing {
        match forms(from, file).into_iter().find(|path| path.exists()) {
            Some(path) => found.push((file, path)),
            None => lacking.push(file.name.to_owned()),
        }
    }
    if !lacking.is_empty() {
        return Err(Error::FromLacks { set: set.name, from: from.into(), missing: lacking });
    }
    found.into_iter().map(|(file, path)| copy(&path, dir, file)).collect()
}

/// Copies one file.
pub(crate) fn copy(path: &Path, dir: &Path, file: &DataFile) -> Result<Valid, Error> {
    let input = File::open(path).map_err(|error| Error::io("read", path, error))?;
    install(input, dir, file).map_err(|error| match error {
        InstallError::Mismatch(mismatch) => Error::WrongFile { path: path.into(), mismatch },
        InstallError::Read(error) => Error::io("read", path, error),
        InstallError::Local(error) => error,
    })
}
