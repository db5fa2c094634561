//! Whether the parts of a checkpoint fit each other.

use crate::checkpoint_error::CheckpointFault;
use crate::model::Values;
use crate::{
    Architecture, Branch, BranchState, Checkpoint, EarlyStopping, Member, Model, ModelPart,
    TrainingConfig, TrainingState,
};
use nn_tensor::{BatchNorm, Linear, Moments, Shape, TALLY_WIDTH};

impl Model {
    /// Whether the weights are those of the architecture, of one element type and finite.
    pub(crate) fn check_consistency(&self) -> Result<(), CheckpointFault> {
        self.validate().map_err(|error| inconsistent(error.to_string()))?;
        let element = self.layers[0].weight.element_name();
        self.parts().try_for_each(|part| {
            check_layers("weights", part.layers, part.architecture, element)?;
            check_norms(part.norms, part.architecture, element)
        })
    }
}

impl Checkpoint {
    /// Whether weights, optimizer and position are those of one network and one training, and all
    /// numbers that a network computes with are finite.
    pub(crate) fn check_consistency(&self) -> Result<(), CheckpointFault> {
        self.model.check_consistency()?;
        let element = self.model.layers[0].weight.element_name();
        match &self.training {
            Some(training) => check_training(training, &self.model, element),
            None => Ok(()),
        }
    }
}

fn inconsistent(cause: String) -> CheckpointFault {
    CheckpointFault::Inconsistent { cause }
}

/// `Ok` where `holds`, else the fault that `cause` words.
fn check(holds: bool, cause: impl FnOnce() -> String) -> Result<(), CheckpointFault> {
    if holds { Ok(()) } else { Err(inconsistent(cause())) }
}

fn check_training(
    training: &TrainingState,
    model: &Model,
    element: &str,
) -> Result<(), CheckpointFault> {
    let architecture = &model.architecture;
    let config = &training.config;
    config.validate_with(architecture).map_err(|error| inconsistent(error.to_string()))?;
    // Images that are distorted first are held as pixels and described afterwards.
    let pixels = model.sample_shape.iter().product::<usize>();
    let (width, inputs) = (training.data.width, architecture.inputs);
    let fits = width == inputs || (model.preprocessing.directions && width == pixels);
    check(fits, || format!("data of {width} values for {inputs} inputs"))?;
    check_position(training)?;
    let first = model.norms.len();
    check_network(config, architecture, first, &training.moments, &training.averaged, element)?;
    check_branches(training, model, element)?;
    let sums = &training.tally;
    let sound = sums.len() == TALLY_WIDTH && sums.iter().all(|sum| sum.is_finite());
    check(sound, || format!("the running sums of the epoch are {sums:?}"))?;
    match &training.early_stopping {
        Some(early) => check_early_stopping(early, training, architecture, element),
        None => Ok(()),
    }
}

/// A network in training has as many normalisations as the settings ask for, and what the optimizer and the
/// average hold is of its form.
fn check_network(
    config: &TrainingConfig,
    architecture: &Architecture,
    has: usize,
    moments: &[Linear<Moments<Values>>],
    averaged: &Option<Member>,
    element: &str,
) -> Result<(), CheckpointFault> {
    let norms = norm_count(config, architecture);
    check(has == norms, || format!("{has} normalisations for settings that ask for {norms}"))?;
    check_moments(moments, config, architecture, element)?;
    check_average(averaged, config, architecture, element)
}

/// Normalisations of a network under these settings.
fn norm_count(config: &TrainingConfig, architecture: &Architecture) -> usize {
    if config.batch_norm { architecture.hidden.len() } else { 0 }
}

/// A moving average is there where one is kept, and of the network's form.
fn check_average(
    averaged: &Option<Member>,
    config: &TrainingConfig,
    architecture: &Architecture,
    element: &str,
) -> Result<(), CheckpointFault> {
    let averages = config.average.is_some();
    check(averaged.is_some() == averages, || {
        format!("an average of the weights is kept: {}, asked for: {averages}", !averages)
    })?;
    let Some(member) = averaged else { return Ok(()) };
    check_member("averaged weights", member, architecture, element)?;
    let (has, norms) = (member.norms.len(), norm_count(config, architecture));
    check(has == norms, || format!("{has} averaged normalisations for {norms}"))
}

/// There is a network, and an optimizer's memory, for each further branch that the settings ask for.
fn check_branches(
    training: &TrainingState,
    model: &Model,
    element: &str,
) -> Result<(), CheckpointFault> {
    let config = &training.config;
    let (asked, networks, states) =
        (config.branches.len(), model.companions.len(), training.branches.len());
    check(networks == asked && states == asked, || {
        format!("{networks} networks and {states} optimizers for {asked} further branches")
    })?;
    let parts = model.parts().skip(1).zip(&training.branches);
    for (index, (branch, (part, state))) in config.branches.iter().zip(parts).enumerate() {
        check_branch(config, branch, part, state, element).map_err(|fault| match fault {
            CheckpointFault::Inconsistent { cause } => {
                inconsistent(format!("branch {}: {cause}", index + 2))
            }
            other => other,
        })?;
    }
    Ok(())
}

/// A further branch is what the settings ask for, and its optimizer and average are of its form.
fn check_branch(
    config: &TrainingConfig,
    branch: &Branch,
    part: ModelPart<'_>,
    state: &BranchState,
    element: &str,
) -> Result<(), CheckpointFault> {
    let form = part.architecture;
    let same = form.hidden == branch.hidden && part.preprocessing == branch.preprocessing;
    check(same, || "it is another than the settings ask for".to_owned())?;
    check_network(config, form, part.norms.len(), &state.moments, &state.averaged, element)
}

/// The position lies within the training, and its counts agree.
fn check_position(training: &TrainingState) -> Result<(), CheckpointFault> {
    let (config, position) = (&training.config, training.position);
    let samples = training.data.samples;
    check(samples > 0, || "trained on 0 samples".to_owned())?;
    let batches = samples.div_ceil(config.batch);
    let steps = position.epoch.checked_mul(batches).and_then(|all| all.checked_add(position.batch));
    let within = position.epoch <= config.epochs && position.batch <= batches;
    let agrees = steps.is_some_and(|steps| steps as u64 == position.step);
    check(within && agrees, || {
        let epochs = config.epochs;
        format!("{position:?} in a training of {epochs} epochs of {batches} batches")
    })?;
    let records = training.history.len();
    check(records == position.epoch, || {
        format!("{records} epochs on record, {} done", position.epoch)
    })
}

/// The optimizer remembers as many moments as its kind needs, each shaped like what it belongs to.
fn check_moments(
    moments: &[Linear<Moments<Values>>],
    config: &TrainingConfig,
    architecture: &Architecture,
    element: &str,
) -> Result<(), CheckpointFault> {
    let mut shapes = architecture.weight_shapes();
    if config.batch_norm {
        // γ and β are two rows, of which the second is the bias.
        shapes.extend(architecture.hidden.iter().map(|&width| Shape::new(width, 1)));
    }
    let (has, needs) = (moments.len(), shapes.len());
    check(has == needs, || format!("optimizer state of {has} layers for {needs}"))?;
    let count = config.optimizer.moment_count();
    for (layer, (moments, shape)) in moments.iter().zip(shapes).enumerate() {
        for (moments, len) in [(&moments.weight, shape.len()), (&moments.bias, shape.rows)] {
            let Moments { first, second } = moments;
            for (moment, wanted) in [(first, count >= 1), (second, count >= 2)] {
                let fits = match moment {
                    Some(values) => wanted && has_form(values, len, element),
                    None => !wanted,
                };
                let name = config.optimizer.name();
                check(fits, || format!("layer {}: its {name} state does not fit it", layer + 1))?;
            }
        }
    }
    Ok(())
}

fn check_early_stopping(
    early: &EarlyStopping,
    training: &TrainingState,
    architecture: &Architecture,
    element: &str,
) -> Result<(), CheckpointFault> {
    let (best, waited) = (early.best_epoch, early.epochs_without_improvement);
    let agrees = best >= 1 && best.checked_add(waited) == Some(training.position.epoch);
    check(agrees, || format!("best epoch {best}, {waited} epochs before now"))?;
    check_layers("best weights", &early.best_layers, architecture, element)?;
    check_norms(&early.best_norms, architecture, element)
}

fn check_member(
    what: &str,
    member: &Member,
    architecture: &Architecture,
    element: &str,
) -> Result<(), CheckpointFault> {
    check_layers(what, &member.layers, architecture, element)?;
    check_norms(&member.norms, architecture, element)
}

/// None at all, or one for each hidden layer: finite, and no variance below 0.
fn check_norms(
    norms: &[BatchNorm<Values>],
    architecture: &Architecture,
    element: &str,
) -> Result<(), CheckpointFault> {
    let (has, hidden) = (norms.len(), &architecture.hidden);
    check(has == 0 || has == hidden.len(), || {
        format!("{has} normalisations for {} hidden layers", hidden.len())
    })?;
    for (index, (norm, &width)) in norms.iter().zip(hidden).enumerate() {
        let BatchNorm { affine, mean, variance } = norm;
        let rows = [&affine.weight, &affine.bias, mean, variance];
        let sound = rows.into_iter().all(|row| is_sound(row, width, element));
        let spread = variance.to_elements::<f64>().iter().all(|&v| v >= 0.0);
        check(sound && spread, || {
            format!("the normalisation of layer {} is not sound {element} of {width}", index + 1)
        })?;
    }
    Ok(())
}

/// One matrix and one bias a layer, all of one element type and finite.
fn check_layers(
    what: &str,
    layers: &[Linear<Values>],
    architecture: &Architecture,
    element: &str,
) -> Result<(), CheckpointFault> {
    let shapes: Vec<Shape> = architecture.weight_shapes();
    let (has, needs) = (layers.len(), shapes.len());
    check(has == needs, || format!("{what} of {has} layers for {needs}"))?;
    for (index, (layer, shape)) in layers.iter().zip(shapes).enumerate() {
        let sound = is_sound(&layer.weight, shape.len(), element)
            && is_sound(&layer.bias, shape.rows, element);
        check(sound, || {
            format!("layer {}: its {what} are not all finite, {element} and {shape}", index + 1)
        })?;
    }
    Ok(())
}

fn is_sound(values: &Values, len: usize, element: &str) -> bool {
    has_form(values, len, element) && values.is_finite()
}

fn has_form(values: &Values, len: usize, element: &str) -> bool {
    values.len() == len && values.element_name() == element
}
