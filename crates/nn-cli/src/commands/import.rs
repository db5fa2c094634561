//! `nn import`.

use crate::cli::ImportArgs;
use crate::error::CliError;
use crate::output_path;
use nn_mlp::safetensors::{ImportOptions, import};

/// Makes a model of a file of another program.
pub(crate) fn run(arguments: ImportArgs) -> Result<(), CliError> {
    output_path::expect_not_input(&arguments.out, &arguments.file)?;
    let options = ImportOptions {
        activation: arguments.activation,
        output_activation: arguments.output_activation,
        loss: arguments.loss,
        sample_shape: arguments.shape.map(|shape| shape.0),
        order: arguments.order,
    };
    let model = import(&arguments.file, &options)?;
    let line = format!("{}: {}", arguments.out.display(), model.networks_in_words());
    model.save(&arguments.out)?;
    output_path::say(&arguments.out, line)
}
