//! Batch normalisation, smoothed labels, weighted classes and limited norms against PyTorch
//! (`golden/make_regularisation.py`); averages, committees and temperatures against their
//! definitions.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use nn_core::{
    Activation, Architecture, Checkpoint, Committee, Control, Distortion, Loss, Model, Observer,
    Optimizer, Predictor, Schedule, StepEvent, Temperature, Trainer, TrainingConfig, Values,
    evaluate, evaluate_committee,
};
use nn_data::Dataset;
use nn_tensor::{Linear, ReferenceTensor, Tensor};
use serde::Deserialize;

type Reference = ReferenceTensor<f64>;

#[derive(Deserialize)]
struct Golden {
    widths: Vec<usize>,
    steps: usize,
    inputs: Vec<f64>,
    classes: Vec<u32>,
    runs: Vec<Run>,
}

#[derive(Deserialize)]
struct Layer {
    weight: Vec<f64>,
    bias: Vec<f64>,
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
    start: Vec<Layer>,
    losses: Vec<f64>,
    layers: Vec<Layer>,
    norms: Vec<Norm>,
    outputs: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("golden/regularisation.json")).unwrap()
}

/// A training that starts from PyTorch's weights: a fresh one's checkpoint with others put in.
fn trainer_from(run: &Run, golden: &Golden, data: &Dataset) -> Trainer<Reference> {
    let form = Architecture {
        inputs: golden.widths[0],
        hidden: golden.widths[1..golden.widths.len() - 1].to_vec(),
        outputs: golden.widths[golden.widths.len() - 1],
        activation: run.activation,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig {
        optimizer: Optimizer::from_name(&run.optimizer).unwrap(),
        learning_rate: run.learning_rate,
        schedule: Schedule::CONSTANT,
        epochs: golden.steps,
        batch: golden.classes.len(),
        batch_norm: run.batch_norm,
        label_smoothing: run.label_smoothing,
        class_weights: run.class_weights.clone(),
        max_norm: run.max_norm,
        weight_decay: run.weight_decay,
        ..TrainingConfig::default()
    };
    let fresh = Trainer::<Reference>::new(&(), &form, &config, data, None).unwrap();
    let mut checkpoint = fresh.checkpoint().unwrap();
    let values = |layer: &Layer| Linear {
        weight: Values::F64(layer.weight.clone()),
        bias: Values::F64(layer.bias.clone()),
    };
    checkpoint.model.layers = run.start.iter().map(values).collect();
    Trainer::resume(&(), &checkpoint, data, None).unwrap()
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
        let mut trainer = trainer_from(run, &golden, &data);
        trainer.run(&mut ()).unwrap();
        let what = |part: &str| format!("run {number}, {part}");
        let losses: Vec<f64> = trainer.history().iter().map(|epoch| epoch.train_loss).collect();
        assert_close(&losses, &run.losses, &what("losses"));
        let model = trainer.model();
        for (layer, expected) in model.layers.iter().zip(&run.layers) {
            assert_close(&layer.weight.to_elements(), &expected.weight, &what("weights"));
            assert_close(&layer.bias.to_elements(), &expected.bias, &what("biases"));
        }
        assert_eq!(model.norms.len(), run.norms.len());
        for (norm, expected) in model.norms.iter().zip(&run.norms) {
            assert_close(&norm.affine.weight.to_elements(), &expected.scale, &what("scale"));
            assert_close(&norm.affine.bias.to_elements(), &expected.shift, &what("shift"));
            assert_close(&norm.mean.to_elements(), &expected.mean, &what("mean"));
            assert_close(&norm.variance.to_elements(), &expected.variance, &what("variance"));
        }
        // Used, the network has its normalisation folded in; PyTorch has not.
        assert_close(&logits(&model, &data), &run.outputs, &what("outputs"));
        assert_close(&logits(&model.folded(), &data), &run.outputs, &what("folded"));
        assert!(model.folded().norms.is_empty());
    }
}

/// What the last layer gives for all of `data`, before any softmax.
fn logits(model: &Model, data: &Dataset) -> Vec<f64> {
    let network = model.to_network::<Reference>(&()).unwrap();
    let mut outputs = Vec::new();
    let mut predictor = Predictor::new(&network, Loss::SquaredError, 5).unwrap();
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

fn form() -> Architecture {
    Architecture {
        inputs: 36,
        hidden: vec![9, 7],
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    }
}

/// Everything at once.
fn everything() -> TrainingConfig {
    TrainingConfig {
        epochs: 4,
        batch: 8,
        batch_norm: true,
        label_smoothing: 0.05,
        class_weights: vec![1.0, 2.0, 0.5],
        average: Some(0.9),
        max_norm: Some(1.5),
        dropout: 0.1,
        patience: Some(3),
        distortion: Some(Distortion {
            rotation: 10.0,
            shift: 0.5,
            elastic: 0.5,
            sigma: 2.0,
            fade: 0.5,
            ..Distortion::default()
        }),
        ..TrainingConfig::default()
    }
}

struct StopAfter(u64);

impl Observer<ReferenceTensor<f32>> for StopAfter {
    fn on_step(&mut self, event: &StepEvent, _: &Trainer<ReferenceTensor<f32>>) -> Control {
        if event.step == self.0 { Control::Stop } else { Control::Continue }
    }
}

#[test]
fn resumed_at_any_step_it_ends_with_the_bytes_of_a_straight_run() {
    let (data, validation) = spots(45).split(0.2, 7).unwrap();
    let trainer = || {
        let (form, config) = (form(), everything());
        Trainer::<ReferenceTensor<f32>>::new(&(), &form, &config, &data, Some(&validation)).unwrap()
    };
    let mut straight = trainer();
    straight.run(&mut ()).unwrap();
    let expected = straight.checkpoint().unwrap();
    for stop in 1..straight.position().step {
        let mut first = trainer();
        first.run(&mut StopAfter(stop)).unwrap();
        let bytes = first.checkpoint().unwrap().to_bytes().unwrap();
        let saved = Checkpoint::from_bytes(&bytes).unwrap();
        let mut second =
            Trainer::<ReferenceTensor<f32>>::resume(&(), &saved, &data, Some(&validation)).unwrap();
        second.run(&mut ()).unwrap();
        assert_eq!(second.checkpoint().unwrap(), expected, "step {stop}");
        assert_eq!(second.model(), straight.model(), "step {stop}");
    }
}

/// Distorted images are other images in each epoch, so the loss on them is another one.
#[test]
fn distortion_changes_what_is_trained_on_and_nothing_else() {
    let data = spots(30);
    let plain = TrainingConfig { epochs: 1, batch: 30, ..TrainingConfig::default() };
    let distortion = Some(Distortion { shift: 2.0, ..Distortion::default() });
    let distorted = TrainingConfig { distortion, ..plain.clone() };
    let none = TrainingConfig { distortion: Some(Distortion::default()), ..plain.clone() };
    let loss = |config: &TrainingConfig| {
        let mut trainer = Trainer::<Reference>::new(&(), &form(), config, &data, None).unwrap();
        trainer.run(&mut ()).unwrap();
        trainer.history()[0].train_loss
    };
    assert_eq!(loss(&plain), loss(&none));
    assert_ne!(loss(&plain), loss(&distorted));
    let values = Dataset::classification(vec![0.0; 72], 36, vec![0, 1], 3).unwrap();
    let refused = Trainer::<Reference>::new(&(), &form(), &distorted, &values, None);
    assert!(refused.err().unwrap().to_string().contains("images"));
}

/// Weights as they are after every eighth step.
struct Weights(Vec<Vec<f64>>);

impl Observer<Reference> for Weights {
    fn on_step(&mut self, event: &StepEvent, trainer: &Trainer<Reference>) -> Control {
        if event.step.is_multiple_of(8) {
            self.0.push(trainer.network().layers()[0].weight.to_vec());
        }
        Control::Continue
    }
}

/// The definition: a ← a + share (w - a), share the larger of 1 - 0.99⁸ and 10 / (10 + n).
#[test]
fn the_average_is_that_of_the_weights_after_every_eighth_step() {
    let config = TrainingConfig { epochs: 20, batch: 10, average: Some(0.99), ..everything() };
    let config = TrainingConfig { patience: None, ..config };
    let mut trainer = Trainer::<Reference>::new(&(), &form(), &config, &spots(40), None).unwrap();
    let mut weights = Weights(Vec::new());
    trainer.run(&mut weights).unwrap();
    assert_eq!(weights.0.len(), 10);
    let mut average = vec![0.0; 9 * 36];
    for (moves, now) in weights.0.iter().enumerate() {
        let share = (10.0 / (10.0 + moves as f64)).max(1.0 - 0.99_f64.powi(8));
        average.iter_mut().zip(now).for_each(|(a, w)| *a += share * (w - *a));
    }
    assert_close(&trainer.result().layers()[0].weight.to_vec(), &average, "average");
    assert_ne!(trainer.network().layers()[0].weight.to_vec(), average);
}

#[test]
fn a_committee_answers_with_the_normalised_geometric_mean_of_the_probabilities() {
    let data = spots(30);
    let train = |seed| {
        let config = TrainingConfig { seed, epochs: 2, patience: None, ..everything() };
        let mut trainer = Trainer::<Reference>::new(&(), &form(), &config, &data, None).unwrap();
        trainer.run(&mut ()).unwrap();
        trainer.model()
    };
    let models = [train(1), train(2), train(3)];
    let mut mean = vec![0.0; 90];
    for model in &models {
        let network = model.to_network::<Reference>(&()).unwrap();
        let mut predictor = Predictor::new(&network, model.loss, 7).unwrap();
        predictor
            .for_each(&data, |sample, row| {
                for (class, p) in row.iter().enumerate() {
                    mean[sample * 3 + class] += p.ln() / 3.0;
                }
            })
            .unwrap();
    }
    for classes in mean.chunks_mut(3) {
        let sum: f64 = classes.iter().map(|logarithm| logarithm.exp()).sum();
        classes.iter_mut().for_each(|logarithm| *logarithm = logarithm.exp() / sum);
    }
    let committee = Model::committee(models.clone()).unwrap();
    let bytes = Checkpoint { model: committee.clone(), training: None }.to_bytes().unwrap();
    let committee = Checkpoint::from_bytes(&bytes).unwrap().model;
    let networks = committee.to_networks::<Reference>(&()).unwrap();
    assert_eq!(networks.len(), 3);
    let mut answers = Vec::new();
    Committee::of_model(&committee, &networks)
        .unwrap()
        .for_each(&data, |_, row| answers.extend(row.iter().map(|x| x.exp())))
        .unwrap();
    assert_close(&answers, &mean, "probabilities");
    // Cross-entropy from the definition.
    let loss = (0..30).map(|i| -mean[i * 3 + data.label(i).unwrap() as usize].ln()).sum::<f64>();
    let mut asked = Committee::new(&networks, committee.loss, 7).unwrap();
    let evaluation = evaluate_committee(&mut asked, &data).unwrap();
    assert_close(&[evaluation.loss], &[loss / 30.0], "loss");
    let alone = evaluate(&networks[0], &data, committee.loss).unwrap();
    let mut first = Committee::new(&networks[..1], committee.loss, 7).unwrap();
    assert_eq!(evaluate_committee(&mut first, &data).unwrap(), alone);
    assert!(Model::committee([]).is_err());
}

#[test]
fn a_temperature_divides_the_logits() {
    let data = spots(12);
    let config = TrainingConfig { epochs: 2, patience: None, ..everything() };
    let mut trainer = Trainer::<Reference>::new(&(), &form(), &config, &data, None).unwrap();
    trainer.run(&mut ()).unwrap();
    let model = trainer.model();
    let halved: Vec<f64> = logits(&model, &data).iter().map(|logit| logit / 2.5).collect();
    let cooled = Temperature(2.5).apply(&model).unwrap();
    assert_close(&logits(&cooled, &data), &halved, "logits");
    assert!(
        Temperature(0.0).apply(&model).is_err() && Temperature(f64::NAN).apply(&model).is_err()
    );
    // The best temperature of what is at its best temperature is 1.
    let networks = model.to_networks::<Reference>(&()).unwrap();
    let mut committee = Committee::new(&networks, model.loss, 12).unwrap();
    let best = Temperature::fit(&mut committee, &data).unwrap();
    let cooled = [best.apply(&model).unwrap().to_network::<Reference>(&()).unwrap()];
    let again = Temperature::fit(&mut Committee::new(&cooled, model.loss, 12).unwrap(), &data);
    assert_close(&[(again.unwrap().0 * 1e5).round()], &[1e5], "temperature");
}
