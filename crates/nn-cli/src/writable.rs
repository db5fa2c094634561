//! Whether a file can be written, before hours are spent on what is to be in it.

use crate::error::CliError;
use std::fs::{OpenOptions, remove_file};
use std::path::Path;

/// Refuses a path at which no file can be written.
pub(crate) fn expect_writable(path: &Path) -> Result<(), CliError> {
    let is_new = path.symlink_metadata().is_err(); // a link that leads nowhere is not new
    let opened = OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(|cause| CliError::io("write", path, cause))?;
    if is_new {
        // Left there, it would be an empty file: no harm.
        let _ = remove_file(path);
    }
    Ok(())
}
