//! Members that are trained jointly, against the definition of their loss.

use super::common::{Reference, StopAfter};
use nn_core::{
    Activation, Architecture, Loss, Member, NetworkValues, Optimizer, Schedule, Trainer,
    TrainingConfig, Values, evaluate_jointly,
};
use nn_data::Dataset;
use nn_tensor::Linear;

/// Nine samples of four numbers and three classes.
fn data() -> Dataset {
    let inputs = (0..36).map(|index| (f64::from(index) * 0.7).sin()).collect();
    Dataset::classification(inputs, 4, (0..9).map(|index| index % 3).collect(), 3).unwrap()
}

fn config() -> TrainingConfig {
    TrainingConfig { epochs: 3, batch: 4, learning_rate: 0.05, ..TrainingConfig::default() }
}

/// Two members of one architecture and a smaller one.
fn members() -> Vec<Member<Reference>> {
    let member = |hidden: usize| {
        let architecture = Architecture::new(4, [hidden], 3, Activation::Tanh);
        Member::new(architecture, &data(), Some(&data()))
    };
    vec![member(5), member(5), member(4)]
}

fn begin(config: &TrainingConfig) -> Trainer<Reference> {
    Trainer::with_members(&(), config, &data(), members()).unwrap()
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

fn mean(each: &[Vec<f64>]) -> Vec<f64> {
    (0..3).map(|k| each.iter().map(|z| z[k]).sum::<f64>() / each.len() as f64).collect()
}

fn each_member(members: &[NetworkValues], data: &Dataset, sample: usize) -> Vec<Vec<f64>> {
    members.iter().map(|m| logits(&m.layers, data.values(sample).unwrap())).collect()
}

/// The mean over the samples of B/5 · C(z) + 4/5 · Σ C(z_b), z being the mean of the z_b.
fn cost(members: &[NetworkValues]) -> f64 {
    let data = data();
    let of_sample = |sample: usize| {
        let class = data.label(sample).unwrap() as usize;
        let each = each_member(members, &data, sample);
        let own: f64 = each.iter().map(|z| cross_entropy(z, class)).sum();
        members.len() as f64 / 5.0 * cross_entropy(&mean(&each), class) + 0.8 * own
    };
    (0..data.len()).map(of_sample).sum::<f64>() / data.len() as f64
}

fn numbers(members: &mut [NetworkValues]) -> Vec<&mut f64> {
    let layers = members.iter_mut().flat_map(|member| &mut member.layers);
    let tensors = layers.flat_map(|Linear { weight, bias }| [weight, bias]);
    let numbers = |values| match values {
        &mut Values::F64(ref mut values) => values.iter_mut(),
        Values::F32(_) => unreachable!("the reference computes in f64 here"),
    };
    tensors.flat_map(numbers).collect()
}

/// One step of plain descent with a rate of 1 on all samples is the gradient.
#[test]
fn a_step_is_the_gradient_of_the_joint_loss() {
    let step = TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 1.0,
        epochs: 1,
        batch: 9,
        ..config()
    };
    let mut trainer = begin(&step);
    let mut before = trainer.result_values();
    trainer.run(&mut ()).unwrap();
    let mut after = trainer.result_values();
    let after: Vec<f64> = numbers(&mut after).iter().map(|number| **number).collect();
    assert_eq!(after.len(), 2 * (5 * 5 + 6 * 3) + 5 * 4 + 5 * 3);
    let mut largest = 0.0_f64;
    for (index, after) in after.into_iter().enumerate() {
        let at = |members: &mut [NetworkValues], change: f64| {
            *numbers(members)[index] += change;
            cost(members)
        };
        let (more, less) = (at(&mut before, 1e-5), at(&mut before, -2e-5));
        at(&mut before, 1e-5);
        let (numeric, analytic) = ((more - less) / 2e-5, *numbers(&mut before)[index] - after);
        assert!((numeric - analytic).abs() < 1e-8, "{index}: {numeric} {analytic}");
        largest = largest.max(analytic.abs());
    }
    assert!(largest > 0.01, "{largest}");
}

/// By the definition: the softmax of the mean of the logits.
#[test]
fn the_joint_answer_is_evaluated() {
    let mut trainer = begin(&config());
    trainer.run(&mut ()).unwrap();
    let (members, data) = (trainer.result_values(), data());
    let loss = |sample: usize| {
        let class = data.label(sample).unwrap() as usize;
        cross_entropy(&mean(&each_member(&members, &data, sample)), class)
    };
    let expected = (0..9).map(loss).sum::<f64>() / 9.0;
    let networks: Vec<_> = trainer.results().map(|network| (network, &data)).collect();
    let evaluation = evaluate_jointly(&networks, Loss::CrossEntropy).unwrap();
    assert!((evaluation.loss - expected).abs() < 1e-12, "{} {expected}", evaluation.loss);
    assert_eq!(trainer.history()[2].validation_loss, Some(evaluation.loss));
}

/// Where weights hardly move, the loss of an epoch is that of the joint answer before it.
#[test]
fn the_recorded_loss_is_that_of_the_joint_answer() {
    let mut trainer = begin(&TrainingConfig { learning_rate: 1e-12, epochs: 1, ..config() });
    let data = data();
    let networks: Vec<_> = trainer.results().map(|network| (network, &data)).collect();
    let before = evaluate_jointly(&networks, Loss::CrossEntropy).unwrap();
    trainer.run(&mut ()).unwrap();
    assert!((trainer.history()[0].train_loss - before.loss).abs() < 1e-9);
}

#[test]
fn members_of_one_architecture_begin_with_other_weights() {
    let members = begin(&config()).result_values();
    assert_ne!(members[0].layers, members[1].layers);
}

#[test]
fn resumed_at_any_step_they_end_with_the_bytes_of_a_straight_run() {
    let patient = TrainingConfig { patience: Some(2), clip_norm: Some(0.5), ..config() };
    let mut straight = begin(&patient);
    straight.run(&mut ()).unwrap();
    for stop in 1..straight.position().step {
        let mut first = begin(&patient);
        first.run(&mut StopAfter(stop)).unwrap();
        let saved = first.state().unwrap();
        let mut second = Trainer::resume(&(), &saved, &data(), members()).unwrap();
        second.run(&mut ()).unwrap();
        assert_eq!(second.state().unwrap(), straight.state().unwrap(), "at step {stop}");
    }
}

#[test]
fn what_members_cannot_share_is_refused() {
    let refused = |config: &TrainingConfig, members: Vec<Member<Reference>>, words: &[&str]| {
        let error = Trainer::with_members(&(), config, &data(), members).err().unwrap().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    let squared = TrainingConfig { loss: Loss::SquaredError, ..config() };
    refused(&squared, members(), &["loss", "several members"]);
    refused(&config(), Vec::new(), &["members is 0", "from 1 to 16"]);
    refused(&config(), (0..6).flat_map(|_| members()).collect(), &["members is 18"]);
    let mut uneven = members();
    uneven[2].architecture.outputs = 4;
    refused(&config(), uneven, &["outputs is 4", "member 3"]);
    let mut empty = members();
    empty[1].architecture.hidden = vec![0];
    refused(&config(), empty, &["width of a layer is 0"]);
}
