//! Forward pass, losses, optimizers, schedules and clipping, against values that PyTorch computed in
//! double precision (`golden/make_golden.py`).

use super::common::{Layer, Reference, trainer_from, values_of};
use nn_core::{
    Activation, Architecture, Curve, Loss, Network, Optimizer, Predictor, Schedule, TrainingConfig,
};
use nn_data::Dataset;
use serde::Deserialize;
use std::collections::BTreeMap;

fn architecture(
    widths: &[usize],
    activation: Activation,
    output_activation: Activation,
) -> Architecture {
    let (inputs, outputs) = (widths[0], widths[widths.len() - 1]);
    let hidden = &widths[1..widths.len() - 1];
    Architecture { output_activation, ..Architecture::new(inputs, hidden, outputs, activation) }
}

#[track_caller]
fn assert_close(ours: &[f64], theirs: &[f64], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let bound = tolerance * b.abs().max(1.0);
        assert!((a - b).abs() <= bound, "{what}, value {index}: {a}, PyTorch has {b}");
    }
}

#[derive(Deserialize)]
struct Forward {
    widths: Vec<usize>,
    layers: Vec<Layer>,
    inputs: Vec<f64>,
    /// By activation, which is that of the hidden layers and of the last.
    outputs: BTreeMap<String, Vec<f64>>,
}

#[test]
fn outputs_under_every_activation() {
    let golden: Forward = serde_json::from_str(include_str!("golden/forward.json")).unwrap();
    assert_eq!(golden.outputs.len(), Activation::ALL.len());
    for activation in Activation::ALL {
        let loss = Loss::SquaredError;
        let architecture = architecture(&golden.widths, activation, activation);
        let values = values_of(&golden.layers);
        let network = Network::<Reference>::from_values(&(), &architecture, &values).unwrap();
        let mut predictor = Predictor::new(network, loss, 1).unwrap();
        let samples = golden.inputs.chunks(golden.widths[0]);
        let outputs: Vec<f64> =
            samples.flat_map(|x| predictor.predict_values(x).unwrap().to_vec()).collect();
        let name = activation.name();
        assert_close(&outputs, &golden.outputs[name], 1e-13, name);
    }
}

#[derive(Deserialize)]
struct Training {
    widths: Vec<usize>,
    steps: usize,
    inputs: Vec<f64>,
    classes: Vec<u32>,
    start: Vec<Layer>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Run {
    loss: Loss,
    activation: Activation,
    output_activation: Activation,
    optimizer: String,
    learning_rate: f64,
    l1: f64,
    weight_decay: f64,
    clip_norm: Option<f64>,
    losses: Vec<f64>,
    layers: Vec<Layer>,
}

impl Run {
    fn config(&self, golden: &Training) -> TrainingConfig {
        TrainingConfig {
            loss: self.loss,
            optimizer: Optimizer::from_name(&self.optimizer).unwrap(),
            learning_rate: self.learning_rate,
            schedule: Schedule::CONSTANT,
            epochs: golden.steps,
            batch: golden.classes.len(),
            l1: self.l1,
            weight_decay: self.weight_decay,
            clip_norm: self.clip_norm,
            ..TrainingConfig::default()
        }
    }

    fn name(&self) -> String {
        let Run { loss, activation, output_activation, optimizer, .. } = self;
        let Run { l1, weight_decay, clip_norm, .. } = self;
        format!(
            "{loss:?} {activation:?} {output_activation:?} {optimizer} l1 {l1} decay {weight_decay} \
             clip {clip_norm:?}"
        )
    }
}

#[test]
fn weights_after_five_steps() {
    let golden: Training = serde_json::from_str(include_str!("golden/training.json")).unwrap();
    let (inputs, classes) = (golden.inputs.clone(), golden.classes.clone());
    let data = Dataset::classification(inputs, golden.widths[0], classes, 3).unwrap();
    for run in &golden.runs {
        let name = run.name();
        let form = architecture(&golden.widths, run.activation, run.output_activation);
        let config = run.config(&golden);
        let mut trainer = trainer_from(&form, &config, &data, &golden.start, Vec::new);
        trainer.run(&mut ()).unwrap();
        // PyTorch divides by norm + 1e-6 when it clips, we by the norm: 1e-5 of a norm of 0.1.
        let tolerance = if run.clip_norm == Some(0.1) { 1e-5 } else { 1e-11 };
        let losses: Vec<f64> = trainer.history().iter().map(|epoch| epoch.train_loss).collect();
        assert_close(&losses, &run.losses, tolerance, &name);
        for (layer, expected) in trainer.result().to_values().layers.iter().zip(&run.layers) {
            assert_close(&layer.weight.to_elements(), &expected.weight, tolerance, &name);
            assert_close(&layer.bias.to_elements(), &expected.bias, tolerance, &name);
        }
    }
}

#[derive(Deserialize)]
struct Schedules {
    base: f64,
    /// By number of steps.
    one_cycle: BTreeMap<u64, Vec<f64>>,
    /// By number of steps.
    cosine: BTreeMap<u64, Vec<f64>>,
    /// Four steps an epoch, half after every third epoch.
    step: Vec<f64>,
    /// Eight steps of warm-up, then 40 as `step` (`SequentialLR`).
    warm_step: Vec<f64>,
    /// Eight steps of warm-up, then half a cosine over 40.
    warm_cosine: Vec<f64>,
}

#[test]
fn learning_rates() {
    let golden: Schedules = serde_json::from_str(include_str!("golden/schedules.json")).unwrap();
    let check_after = |warm_up: f64, curve: Curve, theirs: &[f64]| {
        let (schedule, steps) = (Schedule { curve, warm_up }, theirs.len() as u64);
        let rate = |step| schedule.learning_rate(golden.base, step, steps, 4);
        let ours: Vec<f64> = (0..steps).map(rate).collect();
        assert_close(&ours, theirs, 1e-14, &format!("{curve:?} of {steps} steps"));
    };
    let check = |curve, theirs: &[f64]| check_after(0.0, curve, theirs);
    golden.one_cycle.values().for_each(|rates| check(Curve::OneCycle, rates));
    golden.cosine.values().for_each(|rates| check(Curve::Cosine, rates));
    let step = Curve::Step { epochs: 3, factor: 0.5 };
    check(step, &golden.step);
    check_after(8.0 / 48.0, step, &golden.warm_step);
    check_after(8.0 / 48.0, Curve::Cosine, &golden.warm_cosine);
}

/// `OneCycleLR` rises from a 25th of the rate by itself.
#[test]
fn one_cycle_takes_no_warm_up() {
    let schedule = Schedule { curve: Curve::OneCycle, warm_up: 0.1 };
    let error = schedule.validate().unwrap_err().to_string();
    assert!(error.contains("warm-up") && error.contains("one-cycle"), "{error}");
    assert!(Schedule { warm_up: 0.0, ..schedule }.validate().is_ok());
}
