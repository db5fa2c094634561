//! `nn man`.

use crate::cli::Cli;
use crate::error::CliError;
use crate::stdout;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use nn_files::{create_folder, replace_file};
use std::path::Path;

/// Prints the manual page, or writes one for each subcommand into a folder.
pub(crate) fn run(out: Option<&Path>) -> Result<(), CliError> {
    let Some(folder) = out else {
        return stdout::bytes(&page(&Man::new(Cli::command()))?);
    };
    create_folder(folder).map_err(|cause| CliError::io("create", folder, cause))?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    write_pages(&command, folder)
}

/// Writes the page of `command` and those of its subcommands.
fn write_pages(command: &Command, folder: &Path) -> Result<(), CliError> {
    for subcommand in command.get_subcommands().filter(|one| !one.is_hide_set()) {
        write_pages(subcommand, folder)?;
    }
    let man = Man::new(command.clone());
    let (path, text) = (folder.join(man.get_filename()), page(&man)?);
    replace_file(&path, |file| file.write_all(&text))
        .map_err(|cause| CliError::io("write", &path, cause))
}

fn page(man: &Man) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    man.render(&mut page).map_err(|cause| CliError::Failed(format!("manual page: {cause}")))?;
    Ok(page)
}
