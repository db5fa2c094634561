//! `nn completions`.

use crate::cli::Cli;
use crate::error::CliError;
use crate::stdout;
use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Prints the completion script for a shell.
pub(crate) fn run(shell: Shell) -> Result<(), CliError> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "nn", &mut script);
    stdout::bytes(&script)
}
