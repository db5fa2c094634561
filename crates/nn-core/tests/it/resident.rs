//! What a training sends to a device with memory of its own, and what it reads back.

use nn_core::{
    Activation, Architecture, Control, EpochRecord, Loss, MaxNorm, Member, MovingAverage, Observer,
    StepEvent, Trainer, TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::conformance::counting::{CountingDevice, CountingTensor};
use nn_tensor::{Device, TALLY_WIDTH, Traffic};

type Counting = CountingTensor<f32>;

/// 1,300 samples in steps of 10: 130 steps an epoch, two looks at the tally.
const SAMPLES: usize = 1_300;
const BATCH: usize = 10;

fn images(samples: usize) -> Dataset {
    let pixel = |index: usize| (index * 37 % 251) as u8;
    let labels = (0..samples as u32).map(|sample| sample % 3).collect();
    Dataset::from_images((0..12 * samples).map(pixel).collect(), &[3, 4], labels, 3).unwrap()
}

/// Counts what crosses in each step.
struct Steps {
    device: CountingDevice,
    before: Traffic,
    steps: Vec<Traffic>,
}

impl Steps {
    fn now(&self) -> Traffic {
        self.device.traffic().unwrap()
    }
}

impl Observer<Counting> for Steps {
    fn on_step(&mut self, event: &StepEvent, _: &Trainer<Counting>) -> Control {
        let (now, before) = (self.now(), self.before);
        if event.batch > 1 {
            // The first step of an epoch comes after the beginning of the epoch, which is counted below.
            self.steps.push(Traffic {
                to_device: now.to_device - before.to_device,
                to_host: now.to_host - before.to_host,
            });
        }
        self.before = now;
        Control::Continue
    }

    fn on_epoch(&mut self, _: &EpochRecord, _: &Trainer<Counting>) -> Control {
        self.before = self.now();
        Control::Continue
    }
}

/// Trains three epochs; holds each step to nothing sent, and nothing read but the tally after every
/// 64th. Returns what was sent in all.
fn train(config: &TrainingConfig, member: Member<Counting>, data: &Dataset) -> u64 {
    let device = CountingDevice::default();
    let mut trainer = Trainer::with_members(&device, config, data, vec![member]).unwrap();
    let mut steps = Steps { device: device.clone(), before: Traffic::default(), steps: vec![] };
    let before = steps.now().to_device;
    trainer.run(&mut steps).unwrap();
    let batches = SAMPLES / BATCH;
    for (index, traffic) in steps.steps.iter().enumerate() {
        // The first step of each epoch is left out.
        let step = index + index / (batches - 1) + 2;
        let tally = if step.is_multiple_of(64) { 4 * TALLY_WIDTH as u64 } else { 0 };
        let expected = Traffic { to_device: 0, to_host: tally };
        assert_eq!(*traffic, expected, "step {step} of {config:?}");
    }
    assert_eq!(steps.steps.len(), config.epochs * (batches - 1));
    steps.now().to_device - before
}

fn config(loss: Loss) -> TrainingConfig {
    TrainingConfig { loss, epochs: 3, batch: BATCH, learning_rate: 0.001, ..Default::default() }
}

fn architecture(loss: Loss) -> Architecture {
    let output_activation = match loss {
        Loss::CrossEntropy => Activation::Identity,
        _ => Activation::Sigmoid,
    };
    Architecture { output_activation, ..Architecture::new(12, [6, 5], 3, Activation::Gelu) }
}

#[test]
fn a_step_sends_nothing_and_reads_the_tally_alone() {
    let data = images(SAMPLES);
    for loss in Loss::ALL {
        let plain = config(loss);
        let settings = [
            plain.clone(),
            TrainingConfig { dropout: 0.2, batch_norm: true, ..plain.clone() },
            TrainingConfig { clip_norm: Some(0.5), weight_decay: 0.01, l1: 0.001, ..plain },
        ];
        for config in settings {
            let member = Member::new(architecture(loss), &data, None);
            let sent = train(&config, member, &data);
            // Inputs once; an epoch is 4 bytes a sample, and three numbers and two keys for each step.
            let epochs = 3 * (4 * SAMPLES + (24 + 16) * SAMPLES / BATCH) as u64;
            let inputs = 12 * SAMPLES as u64;
            assert!(sent <= inputs + epochs, "{sent} bytes for {inputs} and {epochs}: {config:?}");
        }
    }
}

#[test]
fn smoothed_and_weighted_classes_send_nothing_either() {
    let data = images(SAMPLES);
    let config = TrainingConfig {
        label_smoothing: 0.1,
        class_weights: vec![1.0, 2.0, 0.5],
        ..config(Loss::CrossEntropy)
    };
    train(&config, Member::new(architecture(config.loss), &data, None), &data);
}

/// The validation at the end of an epoch sends the validation set and reads its answers; steps do not.
#[test]
fn with_early_stopping_and_hooks_a_step_sends_nothing() {
    let data = images(SAMPLES);
    let config = TrainingConfig { patience: Some(3), ..config(Loss::CrossEntropy) };
    let mut member = Member::new(architecture(config.loss), &data, Some(&images(90)));
    member.hooks = vec![Box::new(MaxNorm(2.0)), Box::new(MovingAverage::new(0.99))];
    train(&config, member, &data);
}

/// A regression, whose targets are resident numbers.
#[test]
fn target_values_are_resident() {
    let inputs = (0..4 * SAMPLES).map(|index| (index as f64 * 0.7).sin()).collect();
    let targets = (0..2 * SAMPLES).map(|index| (index as f64 * 0.3).cos()).collect();
    let data = Dataset::regression(inputs, 4, targets, 2).unwrap();
    for loss in [Loss::SquaredError, Loss::HalfSquaredError, Loss::HalfSumOfSquares] {
        let member = Member::new(Architecture::new(4, [6], 2, Activation::Tanh), &data, None);
        train(&config(loss), member, &data);
    }
}
