//! `cargo xtask torture`: builds the command and its tormentor, and lets it begin.

use std::path::Path;

use clap::Args;

use crate::error::Error;
use crate::workspace::{cargo, succeed};

/// Options of `torture`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The most minutes that it may take; each part has its share of what is left
    #[arg(long, default_value_t = 15.0, value_parser = minutes)]
    pub minutes: f64,

    /// All random choices follow from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Parts to run instead of all
    #[arg(long, value_name = "PART,PART", value_delimiter = ',')]
    pub only: Vec<String>,
}

/// Runs `nn-torture`, which prints its table itself.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Error> {
    // All its programs: it starts one of them, and kills it.
    succeed(cargo(root).args(["build", "--locked", "-p", "nn-torture"]))?;
    let mut torture = cargo(root);
    torture.args(["run", "--quiet", "--locked", "-p", "nn-torture", "--bin", "nn-torture", "--"]);
    torture.args([options.minutes.to_string(), options.seed.to_string()]).args(&options.only);
    succeed(&mut torture)
}

/// Reads a time above 0.
fn minutes(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|&value| value > 0.0 && value < 10_000.0);
    value.ok_or_else(|| "a number of minutes above 0 and below 10,000".to_owned())
}
