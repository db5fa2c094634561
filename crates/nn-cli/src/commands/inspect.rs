//! `nn inspect`.

use crate::cli::InspectArgs;
use crate::error::CliError;
use crate::model_file::{element_name, load_checkpoint, networks_in_words, shape_in_words};
use crate::progress::thousands;
use crate::run_folder::find_model;
use crate::stdout;
use crate::table::{self, Side};
use crate::training_report::percent;
use nn_core::{Architecture, Checkpoint, Model, ModelPart, Preprocessing, TrainingState};
use serde_json::{Value, json};

/// Shows what a model file holds.
pub(crate) fn run(arguments: &InspectArgs) -> Result<(), CliError> {
    let path = find_model(&arguments.model);
    let Checkpoint { model, training } = load_checkpoint(&arguments.model)?;
    if arguments.format.is_json() {
        let mut description = describe(&model);
        description["file"] = json!(path.display().to_string());
        description["training"] = training.as_ref().map_or(Value::Null, describe_training);
        return stdout::line(description.to_string());
    }
    let mut facts = vec![
        ("file", path.display().to_string()),
        ("network", networks_in_words(&model)),
        ("loss", model.loss.name().to_owned()),
        ("sample", sample_in_words(&model)),
        ("elements", element_name(&model).to_owned()),
    ];
    if !model.norms.is_empty() {
        facts.push(("normalisation", "batch normalisation in each hidden layer".to_owned()));
    }
    if !model.companions.is_empty() {
        facts.extend(committee_facts(&model));
    }
    match &training {
        Some(state) => facts.extend(training_facts(state)),
        None => facts.push(("training", "none in this file: a finished model".to_owned())),
    }
    let facts: Vec<_> = facts.into_iter().map(|(name, fact)| vec![name.to_owned(), fact]).collect();
    table::lines(&facts, &[Side::Left]).iter().try_for_each(stdout::line)?;
    stdout::line("")?;
    layer_tables(&model).iter().try_for_each(stdout::line)
}

fn sample_in_words(model: &Model) -> String {
    let shape = shape_in_words(&model.sample_shape);
    if is_mixed(model) { shape } else { shape + &seen_in_words(model.preprocessing) }
}

/// Whether it is a committee whose networks differ in more than their numbers.
fn is_mixed(model: &Model) -> bool {
    model.companions.iter().any(|member| member.form.is_some())
}

/// What becomes of samples before a network sees them.
fn seen_in_words(seen: Preprocessing) -> String {
    let upright = if seen.deskew { ", put upright and to one size first" } else { "" };
    let described = if seen.directions { ", described by the directions of its edges" } else { "" };
    let how = match (seen.root_directions, seen.second_order_directions) {
        (false, false) => "",
        (true, false) => " (roots)",
        (false, true) => " (and of these)",
        (true, true) => " (and of these; roots)",
    };
    format!("{upright}{described}{how}")
}

/// How many networks a committee has, and a line for each where they are not all of one form.
fn committee_facts(model: &Model) -> Vec<(&'static str, String)> {
    let members = model.companions.len() + 1;
    let mut facts = vec![("committee", format!("{members} networks, whose answers are averaged"))];
    if is_mixed(model) {
        let seen = |part: &ModelPart<'_>| match seen_in_words(part.preprocessing) {
            words if words.is_empty() => ", samples as they are".to_owned(),
            words => words,
        };
        let words = |part: ModelPart<'_>| ("", format!("{}{}", part.architecture, seen(&part)));
        facts.extend(model.parts().map(words));
    }
    facts
}

/// The layers of each network; of several of one form those of the first.
fn layer_tables(model: &Model) -> Vec<String> {
    if !is_mixed(model) {
        return layer_table(&model.architecture);
    }
    let mut lines = Vec::new();
    for (index, part) in model.parts().enumerate() {
        lines.push(format!("network {}", index + 1));
        lines.extend(layer_table(part.architecture));
        lines.push(String::new());
    }
    lines.push(format!("parameters of all: {}", thousands(parameter_count(model) as u64)));
    lines
}

fn parameter_count(model: &Model) -> usize {
    model.parts().map(|part| part.architecture.parameter_count()).sum()
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
    json!({
        "event": "model",
        "network": networks_in_words(model),
        "architecture": model.architecture,
        "parameters": parameter_count(model),
        "loss": model.loss,
        "sample_shape": model.sample_shape,
        "elements": element_name(model),
        "batch_norm": !model.norms.is_empty(),
        "networks": model.companions.len() + 1,
        "members": model.parts().map(|part| describe_part(&part)).collect::<Vec<_>>(),
    })
}

fn describe_part(part: &ModelPart<'_>) -> Value {
    json!({"network": part.architecture.to_string(), "preprocessing": part.preprocessing})
}

fn describe_training(state: &TrainingState) -> Value {
    json!({
        "config": state.config,
        "position": state.position,
        "data": state.data,
        "history": state.history,
    })
}
