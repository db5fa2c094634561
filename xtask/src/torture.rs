//! `cargo xtask torture`: builds the command and its tormentor, and lets it begin.

use std::path::Path;
use std::process::Command;

use crate::cli::Torture;
use crate::error::Error;
use crate::workspace::{cargo, line};

/// Runs `nn-torture`, which prints its table itself.
pub(crate) fn run(root: &Path, options: &Torture) -> Result<(), Error> {
    // All its programs: it starts one of them, and kills it.
    succeed(cargo(root).args(["build", "--locked", "-p", "nn-torture"]))?;
    let mut torture = cargo(root);
    torture.args(["run", "--quiet", "--locked", "-p", "nn-torture", "--bin", "nn-torture", "--"]);
    torture.args([options.minutes.to_string(), options.seed.to_string()]).args(&options.only);
    succeed(&mut torture)
}

fn succeed(command: &mut Command) -> Result<(), Error> {
    let status =
        command.status().map_err(|source| Error::NotStarted { command: line(command), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line(command), status }) }
}
