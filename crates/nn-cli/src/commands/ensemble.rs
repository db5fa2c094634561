//! `nn ensemble`.

use crate::cli::EnsembleArgs;
use crate::error::CliError;
use crate::model_file::load_checkpoint;
use crate::output_path;
use crate::run_folder::find_model;
use nn_mlp::Model;

/// Writes one model of several, which pools their answers.
pub(crate) fn run(arguments: &EnsembleArgs) -> Result<(), CliError> {
    for model in &arguments.models {
        output_path::expect_not_input(&arguments.out, &find_model(model))?;
    }
    let load = |path: &std::path::PathBuf| Ok(load_checkpoint(path)?.model);
    let models: Vec<Model> = arguments.models.iter().map(load).collect::<Result<_, CliError>>()?;
    let model = Model::ensemble(models)?;
    model.save(&arguments.out)?;
    let (members, networks) = (model.members().len(), model.networks_in_words());
    let line = format!("{}: {members} networks, {networks}", arguments.out.display());
    output_path::say(&arguments.out, line)
}
