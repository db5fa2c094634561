//! Files of settings.

use crate::error::CliError;
use nn_files::{BoundedReadError, read_at_most};
use nn_mlp::settings::Layer;
use std::path::Path;

/// The most bytes that a file of settings may have.
const LONGEST: u64 = 1 << 20;

/// Reads a TOML file of settings.
pub(crate) fn read(path: &Path) -> Result<Layer, CliError> {
    let bytes = read_at_most(path, LONGEST).map_err(|error| match error {
        BoundedReadError::Io { cause, .. } => CliError::io("read the settings", path, cause),
        _ => no_settings(path, "longer than 1 MiB"),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| no_settings(path, "not a text file"))?;
    Ok(Layer::from_toml(&path.display().to_string(), &text)?)
}

fn no_settings(path: &Path, cause: &str) -> CliError {
    CliError::Usage(format!(
        "{}: {cause}, so no settings; nn train --print-config writes such a file",
        path.display()
    ))
}
