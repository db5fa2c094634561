//! `cargo xtask`: exit code 0 for success, 1 for a failure, 2 for wrong usage.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // clap itself ends with 2 and a message when the usage is wrong.
    match xtask::run(&xtask::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::say::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
