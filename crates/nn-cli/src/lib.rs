//! The command `nn`: train, test and use networks on IDX data.
//!
//! Results go to stdout (`stdout`), progress and diagnostics to stderr (`stderr`, `progress`). A
//! failure is printed here, once, and its exit code says of what kind it is.

mod backend;
mod cli;
mod clock;
mod commands;
mod data_settings;
mod data_source;
mod device_args;
mod error;
mod flags;
mod glyphs;
mod grey;
mod ink;
pub mod intake;
mod jpeg_end;
mod memory;
mod milestones;
mod mistakes;
mod model_file;
mod output_path;
mod parsers;
mod photograph;
mod picture;
mod prepare;
mod printable;
mod progress;
mod resolved;
mod run_figures;
mod run_folder;
mod run_observer;
mod run_settings;
mod saved_path;
mod schema;
mod settings_file;
mod signals;
mod stderr;
mod stdout;
mod table;
mod terminal_picture;
mod test_report;
mod training;
mod training_report;

use clap::Parser;
use cli::{Cli, Command};
use error::CliError;
use std::process::ExitCode;

/// Does what the command line asks for; gives the exit code back.
#[must_use]
pub fn main() -> ExitCode {
    clock::start();
    signals::survive_full_files();
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_said() {
                stderr::error(error.to_string());
            }
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Train(arguments) => commands::train::run(*arguments),
        Command::Test(arguments) => commands::test::run(arguments),
        Command::Predict(arguments) => commands::predict::run(arguments),
        Command::Compare(arguments) => commands::compare::run(arguments),
        Command::Calibrate(arguments) => commands::calibrate::run(arguments),
        Command::Ensemble(arguments) => commands::ensemble::run(&arguments),
        Command::Inspect(arguments) => commands::inspect::run(&arguments),
        Command::Check(arguments) => commands::check::run(&arguments),
        Command::Data(command) => commands::data::run(command),
        Command::Lecture(arguments) => commands::lecture::run(arguments),
        Command::Plot(arguments) => commands::plot::run(&arguments),
        Command::Export(arguments) => commands::export::run(&arguments),
        Command::Import(arguments) => commands::import::run(arguments),
        Command::Completions { shell } => commands::completions::run(shell),
        Command::Man { out } => commands::man::run(out.as_deref()),
    }
}
