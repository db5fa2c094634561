//! `cargo xtask torture`: builds and runs the package `nn-torture`.

use std::path::Path;

use clap::Args;

use crate::error::Error;
use crate::workspace::{cargo, succeed};

/// Options of `cargo xtask torture`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Time limit in minutes; each part gets its share of the time that is left
    #[arg(long, default_value_t = 15.0, value_parser = minutes)]
    pub minutes: f64,

    /// Seed of all random choices
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Parts to run [default: all]
    #[arg(long, value_name = "PART,PART", value_delimiter = ',')]
    pub only: Vec<String>,
}

/// Runs `nn-torture`, which prints its table itself.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Error> {
    // All its binaries: it starts one of them and kills it.
    succeed(cargo(root).args(["build", "--locked", "-p", "nn-torture"]))?;
    let mut torture = cargo(root);
    torture.args(["run", "--quiet", "--locked", "-p", "nn-torture", "--bin", "nn-torture", "--"]);
    torture.args([options.minutes.to_string(), options.seed.to_string()]).args(&options.only);
    succeed(&mut torture)
}

/// Parses a number of minutes.
fn minutes(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|&value| value > 0.0 && value < 10_000.0);
    value.ok_or_else(|| "expected a number of minutes above 0 and below 10,000".to_owned())
}
