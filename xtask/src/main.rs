//! `cargo xtask`: exits with 0 on success, 1 on failure, 2 on a usage error.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    // clap itself exits with 2 and a message on a usage error.
    match xtask::run(&xtask::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            xtask::say::note(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}
