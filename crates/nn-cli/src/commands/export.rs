//! `nn export`.

use crate::cli::{ExportArgs, ExportFormat};
use crate::error::CliError;
use crate::model_file::load_model;
use crate::output_path;
use crate::run_folder::find_model;
use nn_mlp::safetensors;

/// Writes a model's weights in the format of another program.
pub(crate) fn run(arguments: &ExportArgs) -> Result<(), CliError> {
    output_path::expect_not_input(&arguments.out, &find_model(&arguments.model.model))?;
    let mut model = load_model(&arguments.model)?;
    if arguments.fold {
        model = model.folded();
    }
    match arguments.format {
        ExportFormat::Safetensors => safetensors::export(&model, &arguments.out)?,
    }
    let line = format!("{}: {}", arguments.out.display(), model.networks_in_words());
    output_path::say(&arguments.out, line)
}
