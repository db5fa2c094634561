//! Networks of several branches: what their training makes small, and how they answer, are kept and go on.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod stop_in_the_middle;
mod strokes;

use nn_core::{
    Activation, Architecture, Branch, Checkpoint, Control, Distortion, Model, Observer, Optimizer,
    Preprocessing, ReceptiveFields, Schedule, StepEvent, Trainer, TrainingConfig, Values,
    evaluate_committee,
};
use nn_data::Dataset;
use nn_images::{GradientEncoder, deskewed};
use nn_tensor::{Linear, ReferenceTensor};
use strokes::strokes;

type Reference = ReferenceTensor<f64>;

fn form() -> Architecture {
    Architecture {
        inputs: 64,
        hidden: vec![5],
        outputs: 3,
        activation: Activation::Tanh,
        output_activation: Activation::Identity,
    }
}

/// The first branch sees images as they are, the second upright, the third like the first.
fn config() -> TrainingConfig {
    let upright = Preprocessing { deskew: true, ..Preprocessing::default() };
    let second = Branch { hidden: vec![4], preprocessing: upright, ..Branch::default() };
    let third = Branch { hidden: vec![5], ..Branch::default() };
    let branches = vec![second, third];
    TrainingConfig { branches, epochs: 3, batch: 4, ..TrainingConfig::default() }
}

/// The same with everything that a training keeps from step to step.
fn rich_config() -> TrainingConfig {
    let distortion = Some(Distortion { rotation: 10.0, shift: 1.0, ..Distortion::default() });
    let mut config = config();
    config.branches[0].distortion = distortion;
    config.branches[1] = Branch {
        hidden: vec![8],
        preprocessing: Preprocessing { directions: true, ..Preprocessing::default() },
        receptive_fields: Some(ReceptiveFields { window: 4, grid: 2 }),
        distortion,
    };
    TrainingConfig {
        batch_norm: true,
        average: Some(0.9),
        dropout: 0.2,
        weight_decay: 0.01,
        max_norm: Some(3.0),
        ..config
    }
}

fn trainer(config: &TrainingConfig) -> Trainer<Reference> {
    Trainer::new(&(), &form(), config, &strokes(), Some(&strokes())).unwrap()
}

/// z of one sample: W² tanh(W¹ x + b¹) + b².
fn logits(layers: &[Linear<Values>], sample: &[f64]) -> Vec<f64> {
    let mut signal = sample.to_vec();
    for (index, layer) in layers.iter().enumerate() {
        let weights = layer.weight.to_elements::<f64>();
        let rows = weights.chunks(signal.len()).zip(layer.bias.to_elements::<f64>());
        let sum = |(row, bias): (&[f64], f64)| {
            row.iter().zip(&signal).map(|(w, x)| w * x).sum::<f64>() + bias
        };
        let sums: Vec<f64> = rows.map(sum).collect();
        signal = if index == 0 { sums.iter().map(|z| z.tanh()).collect() } else { sums };
    }
    signal
}

fn cross_entropy(logits: &[f64], class: usize) -> f64 {
    logits.iter().map(|z| z.exp()).sum::<f64>().ln() - logits[class]
}

/// Samples as each branch of [`config`] sees them.
fn seen() -> [Dataset; 3] {
    [strokes(), deskewed(&strokes()).unwrap(), strokes()]
}

/// By the definition: the mean over the samples of B/5 · C(z) + 4/5 · Σ C(z_b), z being the mean of the z_b.
fn cost(model: &Model) -> f64 {
    let (data, branches) = (seen(), model.parts().count() as f64);
    let count = data[0].len();
    let of_sample = |sample: usize| {
        let class = data[0].label(sample).unwrap() as usize;
        let each: Vec<Vec<f64>> = model
            .parts()
            .zip(&data)
            .map(|(part, data)| {
                let image = data.image(sample).unwrap();
                let pixels: Vec<f64> = image.iter().map(|&p| f64::from(p) / 255.0).collect();
                logits(part.layers, &pixels)
            })
            .collect();
        let mean: Vec<f64> =
            (0..3).map(|k| each.iter().map(|z| z[k]).sum::<f64>() / branches).collect();
        let own: f64 = each.iter().map(|z| cross_entropy(z, class)).sum();
        branches / 5.0 * cross_entropy(&mean, class) + 0.8 * own
    };
    (0..count).map(of_sample).sum::<f64>() / count as f64
}

/// All weights and biases of all branches, one after the other.
fn numbers(model: &mut Model) -> Vec<&mut f64> {
    let Model { layers, companions, .. } = model;
    let others = companions.iter_mut().flat_map(|member| &mut member.layers);
    let all = layers.iter_mut().chain(others);
    all.flat_map(|Linear { weight, bias }| [weight, bias]).flat_map(of_values).collect()
}

fn of_values(values: &mut Values) -> &mut [f64] {
    match values {
        Values::F64(values) => values,
        Values::F32(_) => unreachable!("the reference computes in f64 here"),
    }
}

/// One step of plain descent with a rate of 1 on all samples is the gradient: against central differences.
#[test]
fn what_is_made_small_is_the_loss_of_all_and_of_each() {
    let step = TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 1.0,
        epochs: 1,
        batch: 9,
        ..config()
    };
    let mut trainer = trainer(&step);
    let mut before = trainer.model();
    trainer.run(&mut ()).unwrap();
    let after: Vec<f64> = numbers(&mut trainer.model()).iter().map(|number| **number).collect();
    let count = after.len();
    assert_eq!(count, 2 * (65 * 5 + 6 * 3) + 65 * 4 + 5 * 3);
    let mut largest = 0.0_f64;
    for (index, after) in after.into_iter().enumerate() {
        let at = |model: &mut Model, change: f64| {
            *numbers(model)[index] += change;
            cost(model)
        };
        let (more, less) = (at(&mut before, 1e-5), at(&mut before, -2e-5));
        at(&mut before, 1e-5);
        let (numeric, analytic) = ((more - less) / 2e-5, *numbers(&mut before)[index] - after);
        assert!((numeric - analytic).abs() < 1e-8, "{index}: {numeric} {analytic}");
        largest = largest.max(analytic.abs());
    }
    assert!(largest > 0.01, "{largest}");
}

#[test]
fn the_answer_is_the_softmax_of_the_mean_of_the_logits() {
    let mut trainer = trainer(&config());
    trainer.run(&mut ()).unwrap();
    let (model, data) = (trainer.model(), seen());
    let mut answers: Vec<Vec<f64>> = Vec::new();
    let mut committee = trainer.committee().unwrap();
    committee.for_each(&strokes(), |_, answer| answers.push(answer.to_vec())).unwrap();
    for (sample, answer) in answers.iter().enumerate() {
        let mut mean = vec![0.0; 3];
        for (part, data) in model.parts().zip(&data) {
            let image = data.image(sample).unwrap();
            let pixels: Vec<f64> = image.iter().map(|&p| f64::from(p) / 255.0).collect();
            let logits = logits(part.layers, &pixels);
            mean.iter_mut().zip(logits).for_each(|(mean, z)| *mean += z / 3.0);
        }
        for (class, answer) in answer.iter().enumerate() {
            assert!((answer + cross_entropy(&mean, class)).abs() < 1e-12);
        }
    }
    // The same from the model, and what the last epoch was validated by.
    let networks = model.to_networks::<Reference>(&()).unwrap();
    let mut again = nn_core::Committee::of_model(&model, &networks).unwrap();
    let evaluation = evaluate_committee(&mut again, &strokes()).unwrap();
    assert_eq!(trainer.history().last().unwrap().validation_loss, Some(evaluation.loss));
}

/// Branches of one form begin with other weights each, so they do not stay the same.
#[test]
fn branches_of_one_form_differ() {
    let model = trainer(&config()).model();
    assert_ne!(model.layers, model.companions[1].layers);
}

/// Where the loss is reported, it is that of the answer of all: before the first step it can be computed.
#[test]
fn the_loss_of_training_is_that_of_the_answer() {
    let still = TrainingConfig { learning_rate: 1e-12, epochs: 1, ..config() };
    let mut trainer = trainer(&still);
    let before = evaluate_committee(&mut trainer.committee().unwrap(), &strokes()).unwrap();
    trainer.run(&mut ()).unwrap();
    let trained = trainer.history()[0].train_loss;
    assert!((trained - before.loss).abs() < 1e-9, "{trained} {}", before.loss);
}

struct StopAfter(u64);

impl Observer<Reference> for StopAfter {
    fn on_step(&mut self, event: &StepEvent, _: &Trainer<Reference>) -> Control {
        if event.step == self.0 { Control::Stop } else { Control::Continue }
    }
}

fn through_a_file(checkpoint: &Checkpoint) -> Checkpoint {
    let bytes = checkpoint.to_bytes().unwrap();
    assert_eq!(bytes[8..12], [8, 0, 0, 0]);
    Checkpoint::from_bytes(&bytes).unwrap()
}

#[test]
fn resumed_at_any_step_it_ends_with_the_bytes_of_a_straight_run() {
    let mut straight = trainer(&rich_config());
    straight.run(&mut ()).unwrap();
    let expected = straight.checkpoint().unwrap();
    for stop in 1..straight.position().step {
        let mut first = trainer(&rich_config());
        first.run(&mut StopAfter(stop)).unwrap();
        let saved = through_a_file(&first.checkpoint().unwrap());
        let (data, validation) = (strokes(), strokes());
        let mut second =
            Trainer::<Reference>::resume(&(), &saved, &data, Some(&validation)).unwrap();
        second.run(&mut ()).unwrap();
        assert_eq!(second.checkpoint().unwrap(), expected, "at step {stop}");
        assert_eq!(second.model(), straight.model());
    }
}

#[test]
fn each_branch_has_its_windows_and_descriptions() {
    let mut trainer = trainer(&rich_config());
    trainer.run(&mut ()).unwrap();
    let model = trainer.model();
    let [first, second, third] = model.parts().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!([first.architecture.inputs, second.architecture.inputs], [64, 64]);
    assert_eq!(third.architecture.inputs, GradientEncoder::WIDTH);
    assert_eq!(third.architecture.hidden, [8]);
    let zeros = |part: nn_core::ModelPart<'_>| {
        part.layers[0].weight.to_elements::<f64>().iter().filter(|w| **w == 0.0).count()
    };
    assert_eq!([zeros(first), zeros(second)], [0, 0]);
    assert!(zeros(third) > 4 * GradientEncoder::WIDTH, "{}", zeros(third));
}

#[test]
fn who_computes_for_one_network_alone_refuses_branches() {
    let mut network =
        nn_core::Network::<Reference>::new(&(), &form(), config().initializer, 1).unwrap();
    let checked = nn_core::gradient_check::check(&mut network, &strokes(), &config());
    assert!(checked.unwrap_err().to_string().contains("branches"));
    let solved = nn_core::FullBatch::new(network, &strokes(), &config()).err().unwrap();
    assert!(solved.to_string().contains("branches"), "{solved}");
}

#[test]
fn what_branches_cannot_share_is_refused() {
    let refused = |config: TrainingConfig, words: &[&str]| {
        let error = config.validate_with(&form()).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    refused(TrainingConfig { patience: Some(2), ..config() }, &["patience", "branches"]);
    refused(TrainingConfig { clip_norm: Some(1.0), ..config() }, &["clip norm", "branches"]);
    let squared = nn_core::Loss::SquaredError;
    refused(TrainingConfig { loss: squared, ..config() }, &["loss", "branches"]);
    let mut uneven = config();
    uneven.branches[1].receptive_fields = Some(ReceptiveFields { window: 4, grid: 2 });
    refused(uneven, &["first hidden layer is 5", "branch 3"]);
    let mut empty = config();
    empty.branches[0].hidden = vec![0];
    assert!(Trainer::<Reference>::new(&(), &form(), &empty, &strokes(), None).is_err());
    let many = vec![Branch { hidden: vec![2], ..Branch::default() }; 16];
    refused(TrainingConfig { branches: many, ..config() }, &["branches is 17", "at most 16"]);
}

#[test]
fn a_checkpoint_whose_branches_do_not_fit_is_refused() {
    let mut trainer = trainer(&rich_config());
    trainer.run(&mut stop_in_the_middle::StopInTheMiddle).unwrap();
    let whole = trainer.checkpoint().unwrap();
    assert_eq!(through_a_file(&whole), whole);
    let refused = |change: fn(&mut Checkpoint)| {
        let mut changed = whole.clone();
        change(&mut changed);
        assert!(changed.to_bytes().is_err());
    };
    refused(|c| drop(c.model.companions.pop()));
    refused(|c| drop(c.training.as_mut().unwrap().branches.pop()));
    refused(|c| drop(c.training.as_mut().unwrap().config.branches.pop()));
    refused(|c| c.training.as_mut().unwrap().branches[0].averaged = None);
    refused(|c| drop(c.training.as_mut().unwrap().branches[1].moments.pop()));
    refused(|c| c.training.as_mut().unwrap().branches.swap(0, 1));
    refused(|c| c.model.companions[0].norms.clear());
    refused(|c| c.training.as_mut().unwrap().config.branches[0].preprocessing.deskew = false);
    // What is sound in itself must be what settings and data make of it: here another activation.
    let mut other = whole;
    let form = other.model.companions[1].form.as_mut().unwrap();
    form.architecture.activation = Activation::Relu;
    let error = Trainer::<Reference>::resume(&(), &through_a_file(&other), &strokes(), None).err();
    let words = error.unwrap().to_string();
    assert!(words.contains("branch is of another network"), "{words}");
}
