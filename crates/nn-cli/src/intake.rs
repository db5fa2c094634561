//! The readers of pictures and settings for those who try to break them: the package `nn-torture`
//! and the fuzz targets. Each takes any file and gives back what came of it, or one line that says why not.

use crate::photograph::read_photograph;
use crate::prepare::{Prepared, prepare};
use crate::run_settings::RunSettings;
use std::path::Path;

/// The sample of 28 x 28 bytes that a picture becomes; `None` where it is blank.
///
/// # Errors
/// The sentence that `nn predict` prints behind the path.
pub fn picture(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let grey = read_photograph(path).map_err(|error| error.to_string())?;
    match prepare(&grey, 28, 28) {
        Prepared::Blank => Ok(None),
        Prepared::Digit { sample, .. } => Ok(Some(sample)),
    }
}

/// Every setting of a training as `nn train --config PATH --print-config` prints them.
///
/// # Errors
/// The sentence that `nn train` prints.
pub fn settings(path: &Path) -> Result<String, String> {
    let settings = RunSettings::load(path).map_err(|error| error.to_string())?;
    settings.to_toml().map_err(|error| error.to_string())
}
