//! Whether a file can be written, before hours are spent on what is to be in it.

use crate::error::CliError;
use std::path::Path;

/// Refuses a path at which no file can be written.
pub(crate) fn expect_writable(path: &Path) -> Result<(), CliError> {
    nn_data::expect_writable(path).map_err(|cause| CliError::io("write", path, cause))
}
