//! `nn committee`.

use crate::cli::CommitteeArgs;
use crate::error::CliError;
use crate::model_file::{load_checkpoint, networks_in_words};
use crate::output_path;
use crate::run_folder::find_model;
use nn_core::{Checkpoint, Model};

/// Makes one model of several.
pub(crate) fn run(arguments: &CommitteeArgs) -> Result<(), CliError> {
    for model in &arguments.models {
        output_path::expect_not_input(&arguments.out, &find_model(model))?;
    }
    let load = |path: &std::path::PathBuf| Ok(load_checkpoint(path)?.model);
    let models: Vec<Model> = arguments.models.iter().map(load).collect::<Result<_, CliError>>()?;
    let model = Model::committee(models)?;
    let (members, form) = (model.companions.len() + 1, networks_in_words(&model));
    Checkpoint { model, training: None }.save(&arguments.out)?;
    let line = format!("{}: {members} networks {form}", arguments.out.display());
    output_path::say(&arguments.out, line)
}
