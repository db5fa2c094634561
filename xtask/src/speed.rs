//! `cargo xtask speed`: builds `nn` and the program that measures it, and runs that program.

use std::path::Path;

use clap::Args;

use crate::error::Error;
use crate::workspace::{cargo, succeed};

/// Options of `cargo xtask speed`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The part and its options
    #[arg(
        value_name = "PART",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub part: Vec<String>,
}

/// Runs `nn-speed`, which prints its tables itself. It starts `nn`, so `nn` is built first.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Error> {
    succeed(cargo(root).args(["build", "--locked", "-p", "nn-cli", "-p", "nn-benches", "--bins"]))?;
    let mut speed = cargo(root);
    speed.args(["run", "--quiet", "--locked", "-p", "nn-benches", "--bin", "nn-speed", "--"]);
    succeed(speed.args(&options.part))
}
