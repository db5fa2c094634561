//! `nn man`.

use crate::cli::Cli;
use crate::error::CliError;
use crate::stdout;
use clap::CommandFactory;
use clap_mangen::{Man, generate_to};
use std::fs::create_dir_all;
use std::path::Path;

/// Prints the manual page, or writes one for each subcommand into a folder.
pub(crate) fn run(out: Option<&Path>) -> Result<(), CliError> {
    let Some(folder) = out else {
        let mut page = Vec::new();
        Man::new(Cli::command())
            .render(&mut page)
            .map_err(|cause| CliError::Failed(format!("manual page: {cause}")))?;
        return stdout::bytes(&page);
    };
    create_dir_all(folder)
        .and_then(|()| generate_to(Cli::command(), folder))
        .map_err(|cause| CliError::io("write the manual pages into", folder, cause))
}
