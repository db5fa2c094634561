//! `nn train`.

use super::{ablate, repeat};
use crate::backend;
use crate::cli::TrainArgs;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::resolved::Resolved;
use crate::run_folder::RunFolder;
use crate::run_settings::RunSettings;
use crate::training::Training;
use crate::{stderr, stdout};
use nn_mlp::Checkpoint;

/// Trains a network, or goes on training it.
pub(crate) fn run(arguments: TrainArgs) -> Result<(), CliError> {
    match &arguments.resume {
        Some(folder) => {
            let folder = RunFolder::open(folder)?;
            resume(arguments, folder)
        }
        None => begin(arguments),
    }
}

fn begin(arguments: TrainArgs) -> Result<(), CliError> {
    let typed = arguments.typed.layer(&arguments.set)?;
    let run = RunSettings::merge(arguments.preset, arguments.config.as_deref(), typed.clone())?;
    let note = run.hidden_by_members(&typed)?;
    if arguments.print_config {
        return stdout::bytes(run.to_toml()?.as_bytes());
    }
    let resolved = Resolved::new(&run)?;
    if let Some(note) = note.filter(|_| !arguments.quiet) {
        stderr::note(note);
    }
    let source = resolved.data.clone().unwrap_or_else(DataSource::default_choice);
    if resolved.data.is_none() && !arguments.quiet {
        source.announce_choice();
    }
    let data = source.load()?;
    let resolved = resolved.with_data(&source.absolute());
    let device = resolved.device;
    let training = Training { arguments, resolved, source, data, resumed: None, brief: false };
    match training.arguments.seeds {
        seeds if training.arguments.ablate => ablate::run(&training, seeds.unwrap_or(1)),
        Some(seeds) => repeat::run(&training, seeds),
        None => backend::run(device, training).map(drop),
    }
}

fn resume(arguments: TrainArgs, folder: RunFolder) -> Result<(), CliError> {
    let typed = arguments.typed.layer(&arguments.set)?;
    let resolved = Resolved::new(&folder.settings()?.resumed_with(&typed)?)?;
    let checkpoint = Checkpoint::load(folder.checkpoint())?;
    let is_finished = checkpoint.training.as_ref().is_some_and(|saved| saved.state.is_finished());
    if is_finished && folder.model().exists() {
        let path = folder.path().display();
        stderr::note(format!("{path}: this run is finished; test it with nn test --model {path}"));
        return Ok(());
    }
    let source = resolved.data.clone().unwrap_or_else(DataSource::default_choice);
    let data = source.load()?;
    let device = resolved.device;
    let resumed = Some((folder, checkpoint));
    let training = Training { arguments, resolved, source, data, resumed, brief: false };
    backend::run(device, training).map(drop)
}
