//! Files of settings.

use crate::error::CliError;
use nn_mlp::settings::Layer;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The most bytes that a file of settings may have.
const LONGEST: u64 = 1 << 20;

/// Reads a TOML file of settings.
pub(crate) fn read(path: &Path) -> Result<Layer, CliError> {
    let mut text = String::new();
    let file = File::open(path);
    // One byte more than it may have tells a file that is too long from one that is just not.
    let read = file.and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(|cause| match cause.kind() {
        ErrorKind::InvalidData => no_settings(path, "not a text file"),
        _ => CliError::io("read the settings", path, cause),
    })?;
    if text.len() as u64 > LONGEST {
        return Err(no_settings(path, "longer than 1 MiB"));
    }
    Ok(Layer::from_toml(&path.display().to_string(), &text)?)
}

fn no_settings(path: &Path, cause: &str) -> CliError {
    CliError::Usage(format!(
        "{}: {cause}, so no settings; nn train --print-config writes such a file",
        path.display()
    ))
}
