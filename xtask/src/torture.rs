//! `cargo xtask torture`: builds the command and its tormentor, and lets it begin.

use std::path::Path;

use crate::cli::Torture;
use crate::error::Error;
use crate::workspace::{cargo, succeed};

/// Runs `nn-torture`, which prints its table itself.
pub(crate) fn run(root: &Path, options: &Torture) -> Result<(), Error> {
    // All its programs: it starts one of them, and kills it.
    succeed(cargo(root).args(["build", "--locked", "-p", "nn-torture"]))?;
    let mut torture = cargo(root);
    torture.args(["run", "--quiet", "--locked", "-p", "nn-torture", "--bin", "nn-torture", "--"]);
    torture.args([options.minutes.to_string(), options.seed.to_string()]).args(&options.only);
    succeed(&mut torture)
}
