//! `nn inspect`.

use crate::cli::InspectArgs;
use crate::error::CliError;
use crate::model_file::{load_checkpoint, shape_in_words};
use crate::progress::thousands;
use crate::run_folder::find_model;
use crate::stdout;
use crate::table::{self, Side};
use crate::training_report::percent;
use nn_core::{Architecture, TrainingState};
use nn_mlp::{Checkpoint, Model, ModelMember, Pipeline};
use serde_json::{Value, json};

/// Shows what a model file holds.
pub(crate) fn run(arguments: &InspectArgs) -> Result<(), CliError> {
    let path = find_model(&arguments.model);
    let Checkpoint { model, training } = load_checkpoint(&arguments.model)?;
    if arguments.format.is_json() {
        let mut description = describe(&model);
        description["file"] = json!(path.display().to_string());
        description["training"] =
            training.as_ref().map_or(Value::Null, |saved| describe_training(&saved.state));
        return stdout::line(description.to_string());
    }
    let mut facts = vec![
        ("file", path.display().to_string()),
        ("network", model.networks_in_words()),
        ("loss", model.loss().name().to_owned()),
        ("sample", shape_in_words(model.sample_shape())),
        ("elements", model.element_name().to_owned()),
    ];
    if is_normalised(&model) {
        facts.push(("normalisation", "batch normalisation in each hidden layer".to_owned()));
    }
    facts.extend(member_facts(&model));
    match &training {
        Some(saved) => facts.extend(training_facts(&saved.state)),
        None => facts.push(("training", "none in this file: a finished model".to_owned())),
    }
    let facts: Vec<_> = facts.into_iter().map(|(name, fact)| vec![name.to_owned(), fact]).collect();
    table::lines(&facts, &[Side::Left]).iter().try_for_each(stdout::line)?;
    stdout::line("")?;
    layer_tables(&model).iter().try_for_each(stdout::line)
}

fn is_normalised(model: &Model) -> bool {
    model.members().iter().any(|member| !member.values.norms.is_empty())
}

/// The transforms that an image goes through before a network sees it: `deskew, gradient-features`.
fn transforms_in_words(transforms: &Pipeline) -> String {
    let kinds: Vec<&str> = transforms.steps().iter().map(|step| step.kind().name).collect();
    if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
}

/// What each network sees, and how many there are.
fn member_facts(model: &Model) -> Vec<(&'static str, String)> {
    match model.members() {
        [only] => vec![("transforms", transforms_in_words(&only.transforms))],
        members => {
            let count = format!("{} networks, whose answers are pooled", members.len());
            let words = |member: &ModelMember| {
                let transforms = transforms_in_words(&member.transforms);
                ("", format!("{}, transforms: {transforms}", member.architecture))
            };
            let each = members.iter().map(words);
            std::iter::once(("ensemble", count)).chain(each).collect()
        }
    }
}

/// The layers of each network.
fn layer_tables(model: &Model) -> Vec<String> {
    if let [only] = model.members() {
        return layer_table(&only.architecture);
    }
    let mut lines = Vec::new();
    for (index, member) in model.members().iter().enumerate() {
        lines.push(format!("network {}", index + 1));
        lines.extend(layer_table(&member.architecture));
        lines.push(String::new());
    }
    lines.push(format!("parameters of all: {}", thousands(model.parameter_count() as u64)));
    lines
}

fn layer_table(form: &Architecture) -> Vec<String> {
    let heads = ["layer", "inputs", "outputs", "activation", "weights", "biases", "parameters"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for (layer, shape) in form.weight_shapes().into_iter().enumerate() {
        rows.push(vec![
            (layer + 1).to_string(),
            shape.columns.to_string(),
            shape.rows.to_string(),
            form.activation_of(layer).name().to_owned(),
            thousands(shape.len() as u64),
            thousands(shape.rows as u64),
            thousands((shape.len() + shape.rows) as u64),
        ]);
    }
    let mut sum = vec![String::new(); heads.len()];
    sum[0] = "sum".to_owned();
    sum[6] = thousands(form.parameter_count() as u64);
    rows.push(sum);
    let right = Side::Right;
    table::lines(&rows, &[Side::Left, right, right, Side::Left, right])
}

fn training_facts(state: &TrainingState) -> Vec<(&'static str, String)> {
    let (config, position) = (&state.config, state.position);
    let mut facts = vec![
        (
            "training",
            format!(
                "{} of {} epochs and {} batches done ({} steps)",
                position.epoch, config.epochs, position.batch, position.step
            ),
        ),
        (
            "settings",
            format!(
                "{}, learning rate {}, {}, batch {}, seed {}",
                config.optimizer.name(),
                config.learning_rate,
                config.schedule.name(),
                config.batch,
                config.seed
            ),
        ),
        ("data", format!("{} samples, CRC-32 {:08x}", state.data.samples, state.data.checksum)),
    ];
    if let Some(last) = state.history.last() {
        let accuracy = percent(last.train_accuracy);
        facts.push(("last epoch", format!("loss {:.5}, accuracy {accuracy}", last.train_loss)));
    }
    facts
}

fn describe(model: &Model) -> Value {
    let member = |member: &ModelMember| {
        json!({
            "network": member.architecture.to_string(),
            "architecture": member.architecture,
            "transforms": member.transforms,
        })
    };
    json!({
        "event": "model",
        "network": model.networks_in_words(),
        "parameters": model.parameter_count(),
        "loss": model.loss(),
        "sample_shape": model.sample_shape(),
        "elements": model.element_name(),
        "batch_norm": is_normalised(model),
        "networks": model.members().len(),
        "class_names": model.parts().class_names,
        "members": model.members().iter().map(member).collect::<Vec<_>>(),
    })
}

fn describe_training(state: &TrainingState) -> Value {
    json!({
        "config": state.config,
        "position": state.position,
        "data": state.data,
        "history": state.history,
    })
}
