//! Measures speed where `cargo bench` cannot: `cargo xtask speed PART`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "results and progress")]

mod floor;
mod ratios;
mod scaling;
mod waits;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// Measures speed where `cargo bench` cannot.
#[derive(Parser)]
#[command(name = "cargo xtask speed", bin_name = "cargo xtask speed")]
struct Cli {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// What the machine can do at most, and what each network asks of it
    Floor,
    /// What a user waits for: loading, the first step, a test, an answer; and the memory it takes
    Waits(waits::Options),
    /// Optimizers, regularisers and f64 beside plain descent; fails where one takes longer than it should
    Ratios(ratios::Options),
    /// Rate against width, depth, batch and threads: tables, figures, cliffs
    Scaling(scaling::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().part {
        Part::Floor => floor::run(),
        Part::Waits(options) => waits::run(&options),
        Part::Ratios(options) => ratios::run(&options),
        Part::Scaling(options) => scaling::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What may go wrong: data that cannot be read, a program that fails, a ratio that is too high.
type Done = Result<(), Box<dyn Error>>;
