//! Models: loaded, and described in messages.

use crate::cli::ModelArgs;
use crate::error::CliError;
use crate::run_folder::find_model;
use nn_mlp::{Checkpoint, Model};
use std::path::Path;

/// Loads the model that `--model` names.
pub(crate) fn load_model(arguments: &ModelArgs) -> Result<Model, CliError> {
    Ok(load_checkpoint(&arguments.model)?.model)
}

/// Loads what `path` names: a file, or the folder of a run.
pub(crate) fn load_checkpoint(path: &Path) -> Result<Checkpoint, CliError> {
    let file = find_model(path);
    let name = path.display();
    if file.is_dir() {
        let cause = "no model.nn or checkpoint.nn in it; give the folder of a run that has saved \
                     one, or a model file";
        return Err(CliError::Failed(format!("{name}: {cause}")));
    }
    if file.try_exists().is_ok_and(|there| !there) {
        let cause = "there is no such file or folder; the last lines of a training name its model";
        return Err(CliError::Failed(format!("{name}: {cause}")));
    }
    Ok(Checkpoint::load(&file)?)
}

/// Rows and columns of an image with this sample shape; a sample of one dimension is one row.
pub(crate) fn rows_and_columns(sample_shape: &[usize]) -> (usize, usize) {
    match *sample_shape {
        [height, width] => (height, width),
        // Colour planes one beside the other would need colour pictures: shown as rows they can be seen.
        [height, width, depth] => (height, width * depth),
        _ => (1, sample_shape.iter().product()),
    }
}

/// A shape as `28 x 28`.
pub(crate) fn shape_in_words(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}
