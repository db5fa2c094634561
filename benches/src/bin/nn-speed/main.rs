//! Measurements that `cargo bench` cannot make: `cargo xtask speed PART`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "results and progress")]

mod floor;
mod latency;
mod ratios;
mod scaling;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::process::ExitCode;

/// Measure speed where `cargo bench` cannot.
#[derive(Parser)]
#[command(name = "cargo xtask speed", bin_name = "cargo xtask speed")]
struct Cli {
    #[command(subcommand)]
    part: Part,
}

#[derive(Subcommand)]
enum Part {
    /// Peak rates of the machine, and what each network needs
    Floor,
    /// Latency of loading, the first step, a test and a prediction; memory of a training
    Latency(latency::Options),
    /// Optimizers, regularisers and f64 compared with plain SGD; fails if one is slower than its
    /// limit
    Ratios(ratios::Options),
    /// Rate by width, depth, batch and threads: tables, figures, performance cliffs
    Scaling(scaling::Options),
}

fn main() -> ExitCode {
    let done = match Cli::parse().part {
        Part::Floor => floor::run(),
        Part::Latency(options) => latency::run(&options),
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

/// Result of a part; errors are unreadable data, a failed program or a ratio above its limit.
type Done = Result<(), Box<dyn Error>>;
