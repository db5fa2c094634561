//! Output paths: what is asked of them before the work, and said of them after it.

use crate::error::CliError;
use crate::{stderr, stdout};
use std::path::Path;

/// Refuses a path at which no file can be written, before hours are spent on what is to be in it.
pub(crate) fn expect_writable(path: &Path) -> Result<(), CliError> {
    nn_files::expect_writable(path).map_err(|cause| CliError::io("write", path, cause))
}

/// Refuses an output that would take the place of an input, under whatever name.
pub(crate) fn expect_not_input(output: &Path, input: &Path) -> Result<(), CliError> {
    if !output.is_file() || !nn_files::is_same_file(output, input) {
        return Ok(());
    }
    let cause = if output == input {
        "it is the file that is read".to_owned()
    } else {
        format!("it is the file that is read as {}", input.display())
    };
    let output = output.display();
    Err(CliError::Usage(format!("{output}: {cause}, and would be overwritten; give another path")))
}

/// Writes a line about the file at `path` to stdout, or where stdout is that file to stderr.
pub(crate) fn say(path: &Path, line: impl AsRef<str>) -> Result<(), CliError> {
    if nn_files::is_stdout(path) {
        stderr::note(line);
        return Ok(());
    }
    stdout::line(line)
}
