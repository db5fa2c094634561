//! Batch normalisation, label smoothing, class weights, max-norm and averages against PyTorch
//! (`golden/make_regularisation.py`), and exact resumption with all of them.

use super::common::{Layer, Reference, StopAfter, trainer_from};
use nn_core::{
    Activation, Architecture, Hook, Loss, MaxNorm, Member, MovingAverage, Network, Optimizer,
    Predictor, Schedule, Trainer, TrainingConfig, TrainingState,
};
use nn_data::Dataset;
use nn_tensor::{Matrix, ReferenceTensor};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    widths: Vec<usize>,
    steps: usize,
    inputs: Vec<f64>,
    classes: Vec<u32>,
    runs: Vec<Run>,
    adam_of_long_memory_in_f32: [f32; 3],
    rms_prop_of_long_memory_in_f32: [f32; 3],
}

#[derive(Deserialize)]
struct Norm {
    scale: Vec<f64>,
    shift: Vec<f64>,
    mean: Vec<f64>,
    variance: Vec<f64>,
}

#[derive(Deserialize)]
struct Run {
    activation: Activation,
    optimizer: String,
    learning_rate: f64,
    batch_norm: bool,
    label_smoothing: f64,
    class_weights: Vec<f64>,
    max_norm: Option<f64>,
    weight_decay: f64,
    average: Option<f64>,
    start: Vec<Layer>,
    losses: Vec<f64>,
    layers: Vec<Layer>,
    norms: Vec<Norm>,
    outputs: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/regularisation.json")).unwrap()
}

/// A training that begins at PyTorch's weights.
fn from_pytorch(run: &Run, golden: &Golden, data: &Dataset) -> Trainer<Reference> {
    let (last, hidden) = golden.widths[1..].split_last().unwrap();
    let architecture = Architecture::new(golden.widths[0], hidden, *last, run.activation);
    let config = TrainingConfig {
        optimizer: Optimizer::from_name(&run.optimizer).unwrap(),
        learning_rate: run.learning_rate,
        schedule: Schedule::CONSTANT,
        epochs: golden.steps,
        batch: golden.classes.len(),
        batch_norm: run.batch_norm,
        label_smoothing: run.label_smoothing,
        class_weights: run.class_weights.clone(),
        weight_decay: run.weight_decay,
        ..TrainingConfig::default()
    };
    let hooks = || {
        let mut hooks: Vec<Box<dyn Hook<Reference>>> = Vec::new();
        hooks.extend(run.max_norm.map(|norm| Box::new(MaxNorm(norm)) as _));
        hooks.extend(run.average.map(|decay| Box::new(MovingAverage::new(decay)) as _));
        hooks
    };
    trainer_from(&architecture, &config, data, &run.start, hooks)
}

#[track_caller]
fn assert_close(ours: &[f64], theirs: &[f64], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        let near = (a - b).abs() <= 1e-11 * b.abs().max(1.0);
        assert!(near, "{what}, value {index}: {a}, PyTorch has {b}");
    }
}

#[test]
fn five_steps_end_where_pytorch_ends() {
    let golden = golden();
    let (inputs, classes) = (golden.inputs.clone(), golden.classes.clone());
    let data = Dataset::classification(inputs, golden.widths[0], classes, 3).unwrap();
    for (number, run) in golden.runs.iter().enumerate() {
        let mut trainer = from_pytorch(run, &golden, &data);
        trainer.run(&mut ()).unwrap();
        let what = |part: &str| format!("run {number}, {part}");
        let losses: Vec<f64> = trainer.history().iter().map(|epoch| epoch.train_loss).collect();
        assert_close(&losses, &run.losses, &what("losses"));
        let network = trainer.result();
        let values = network.to_values();
        for (layer, expected) in values.layers.iter().zip(&run.layers) {
            assert_close(&layer.weight.to_elements(), &expected.weight, &what("weights"));
            assert_close(&layer.bias.to_elements(), &expected.bias, &what("biases"));
        }
        assert_eq!(values.norms.len(), run.norms.len());
        for (norm, expected) in values.norms.iter().zip(&run.norms) {
            assert_close(&norm.affine.weight.to_elements(), &expected.scale, &what("scale"));
            assert_close(&norm.affine.bias.to_elements(), &expected.shift, &what("shift"));
            assert_close(&norm.mean.to_elements(), &expected.mean, &what("mean"));
            assert_close(&norm.variance.to_elements(), &expected.variance, &what("variance"));
        }
        // Used, the network has its normalisation folded in; PyTorch has not.
        assert_close(&logits(network, &data), &run.outputs, &what("outputs"));
        let (form, folded) = (network.architecture(), values.folded());
        assert!(folded.norms.is_empty());
        let folded = Network::<Reference>::from_values(&(), form, &folded).unwrap();
        assert_close(&logits(&folded, &data), &run.outputs, &what("folded"));
    }
}

/// 1 - β is rounded from the exact difference: in `f32`, 1 - 0.999999 is 1 % off.
#[test]
fn long_memories_in_single_precision_step_as_in_pytorch() {
    let golden = golden();
    let smoothing = Optimizer::RmsProp { smoothing: 0.999_999, epsilon: 1e-8 };
    let adam = Optimizer::Adam { beta1: 0.9, beta2: 0.999_999, epsilon: 1e-8 };
    for (optimizer, expected) in [
        (smoothing, golden.rms_prop_of_long_memory_in_f32),
        (adam, golden.adam_of_long_memory_in_f32),
    ] {
        let update = optimizer.update::<f32>(0.0, 0.0);
        let (mut weight, mut first, mut second) = (1.0, 0.0, 0.0);
        for (step, (gradient, expected)) in (1..).zip([1.0, 0.5, 2.0].into_iter().zip(expected)) {
            let numbers = optimizer.numbers(step, 0.01).rounded();
            weight = update.apply(&numbers, weight, gradient, &mut first, &mut second);
            let near = (weight - expected).abs() <= 1e-5 * expected.abs();
            assert!(near, "{optimizer:?}, step {step}: {weight}, PyTorch has {expected}");
        }
    }
}

/// The variance of one sample is 0, which tells nothing about others: its batch, the last of an epoch,
/// does not move the running statistics (PyTorch refuses to train on it).
#[test]
fn a_last_batch_of_one_sample_leaves_the_running_statistics_alone() {
    let inputs = [0.5, -1.0, 2.0, 3.5, -0.25];
    let data = Dataset::classification(inputs.to_vec(), 1, vec![0, 1, 0, 1, 1], 2).unwrap();
    let architecture = Architecture::new(1, [1], 2, Activation::Tanh);
    let config = TrainingConfig {
        optimizer: Optimizer::Sgd,
        learning_rate: 1e-30, // weights stay what they are
        epochs: 1,
        batch: 4,
        batch_norm: true,
        ..TrainingConfig::default()
    };
    let mut trainer = Trainer::<Reference>::new(&(), &architecture, &config, &data, None).unwrap();
    let weight = trainer.network().layers()[0].weight.to_vec()[0];
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.position().step, 2);
    let norm = &trainer.network().to_values().norms[0];
    let found = (norm.mean.to_elements::<f64>()[0], norm.variance.to_elements::<f64>()[0]);
    let moved_by = |left_out: usize| {
        let four = || (0..5).filter(|&at| at != left_out).map(|at| weight * inputs[at]);
        let mean = four().sum::<f64>() / 4.0;
        let variance = four().map(|z| (z - mean).powi(2)).sum::<f64>() / 3.0;
        (0.1 * mean, 0.9 + 0.1 * variance)
    };
    let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
    let fits = |(mean, variance)| near(found.0, mean) && near(found.1, variance);
    assert!((0..5).map(moved_by).any(fits), "{found:?}");
}

/// What the last layer returns for all of `data`, before any softmax.
fn logits(network: &Network<Reference>, data: &Dataset) -> Vec<f64> {
    let mut outputs = Vec::new();
    let mut predictor =
        Predictor::new(network.duplicate().unwrap(), Loss::SquaredError, 5).unwrap();
    predictor.for_each(data, |_, row| outputs.extend_from_slice(row)).unwrap();
    outputs
}

/// Images of 6 x 6 with a bright spot whose place is the class.
fn spots(count: usize) -> Dataset {
    let mut pixels = vec![0; count * 36];
    let mut labels = Vec::new();
    for (index, image) in pixels.chunks_mut(36).enumerate() {
        let class = index % 3;
        for (place, pixel) in image.iter_mut().enumerate() {
            let (y, x) = (place / 6, place % 6);
            let near = y.abs_diff(1 + index % 4) + x.abs_diff(2 * class) < 3;
            *pixel = if near { 150 + (index * 7 + place * 11) as u8 % 100 } else { 0 };
        }
        labels.push(class as u32);
    }
    Dataset::from_images(pixels, &[6, 6], labels, 3).unwrap()
}

/// Everything at once.
fn everything() -> TrainingConfig {
    TrainingConfig {
        epochs: 4,
        batch: 8,
        batch_norm: true,
        label_smoothing: 0.05,
        class_weights: vec![1.0, 2.0, 0.5],
        dropout: 0.1,
        patience: Some(3),
        ..TrainingConfig::default()
    }
}

type Single = ReferenceTensor<f32>;

fn member(data: &Dataset, validation: &Dataset) -> Vec<Member<Single>> {
    let architecture = Architecture::new(36, [9, 7], 3, Activation::Relu);
    let hooks: Vec<Box<dyn Hook<Single>>> =
        vec![Box::new(MaxNorm(1.5)), Box::new(MovingAverage::new(0.9))];
    vec![Member { hooks, ..Member::new(architecture, data, Some(validation)) }]
}

#[test]
fn resumed_at_any_step_it_ends_with_the_bytes_of_a_straight_run() {
    let (data, validation) = spots(45).split(0.2, 7).unwrap();
    let begin = || {
        let members = member(&data, &validation);
        Trainer::with_members(&(), &everything(), &data, members).unwrap()
    };
    let mut straight = begin();
    straight.run(&mut ()).unwrap();
    let expected = straight.state().unwrap();
    for stop in 1..straight.position().step {
        let mut first = begin();
        first.run(&mut StopAfter(stop)).unwrap();
        let saved = serde_json::to_string(&first.state().unwrap()).unwrap();
        let saved: TrainingState = serde_json::from_str(&saved).unwrap();
        let members = member(&data, &validation);
        let mut second = Trainer::resume(&(), &saved, &data, members).unwrap();
        second.run(&mut ()).unwrap();
        assert_eq!(second.state().unwrap(), expected, "step {stop}");
        assert_eq!(second.result_values(), straight.result_values(), "step {stop}");
    }
}
