//! Tasks of the workspace: fetch data, run the pipeline from data to a tested model, make the sample, run the CI
//! checks, compare with other frameworks, run the torture tests, pack the fuzz corpus, measure speed.
//!
//! Run as `cargo xtask COMMAND`; `cargo xtask --help` lists the commands.

pub mod ci;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod corpus;
mod error;
pub mod fetch;
mod fetch_data;
mod json;
pub mod pipeline;
mod run_lines;
mod sample;
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the one module that prints")]
pub mod say;
mod speed;
mod torture;
mod workspace;

pub use error::Error;

use cli::{Cli, Command};

/// Runs the command given on the command line.
///
/// # Errors
/// If the command fails.
pub fn run(cli: &Cli) -> Result<(), Error> {
    let root = workspace::root();
    match &cli.command {
        Command::FetchData(options) => fetch_data::run(&root, options),
        Command::Sample => sample::run(&root),
        Command::Pipeline(options) => pipeline::run(&root, options),
        Command::Ci => ci::run(&root),
        Command::Corpus(options) => corpus::run(&root, options),
        Command::Compare(options) => compare::run(&root, options),
        Command::Torture(options) => torture::run(&root, options),
        Command::Speed(options) => speed::run(&root, options),
    }
}
