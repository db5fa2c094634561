//! Hooks against their definitions, and what a resumed training requires of them.

use super::common::{Reference, StopAfter};
use nn_core::{
    Activation, Architecture, Control, Hook, Member, MovingAverage, Observer, StepEvent, Trainer,
    TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::Matrix;

fn data() -> Dataset {
    let inputs = (0..80).map(|index| (f64::from(index) * 0.7).sin()).collect();
    Dataset::classification(inputs, 2, (0..40).map(|index| index % 2).collect(), 2).unwrap()
}

fn config() -> TrainingConfig {
    TrainingConfig { epochs: 20, batch: 10, ..TrainingConfig::default() }
}

fn begin(config: &TrainingConfig, hooks: Vec<Box<dyn Hook<Reference>>>) -> Trainer<Reference> {
    Trainer::with_members(&(), config, &data(), members(hooks)).unwrap()
}

fn members(hooks: Vec<Box<dyn Hook<Reference>>>) -> Vec<Member<Reference>> {
    let architecture = Architecture::new(2, [6], 2, Activation::Tanh);
    vec![Member { hooks, ..Member::new(architecture, &data(), None) }]
}

/// Weights after every eighth step of an epoch and after its last, and the steps since the time before.
struct Weights(Vec<(usize, Vec<f64>)>);

impl Observer<Reference> for Weights {
    fn on_step(&mut self, event: &StepEvent, trainer: &Trainer<Reference>) -> Control {
        let steps = match event.batch % 8 {
            0 => 8,
            rest if event.batch == event.batches => rest,
            _ => return Control::Continue,
        };
        self.0.push((steps, trainer.network().layers()[0].weight.to_vec()));
        Control::Continue
    }
}

/// The definition: a ← w at first, then a ← βᵏ a + (1 - βᵏ) w after k more steps.
#[test]
fn the_average_is_that_of_the_weights_after_every_eighth_and_the_last_step() {
    // 4 steps an epoch; 10; 14.
    for (batch, epochs, warm) in [(10, 20, false), (4, 3, false), (3, 2, false), (3, 2, true)] {
        let config = TrainingConfig { batch, epochs, ..config() };
        let hook = MovingAverage::new(0.95);
        let hook = if warm { hook.with_warm_up() } else { hook };
        let mut trainer = begin(&config, vec![Box::new(hook)]);
        let mut weights = Weights(Vec::new());
        trainer.run(&mut weights).unwrap();
        let mut average = weights.0[0].1.clone();
        let mut step = weights.0[0].0;
        for (steps, now) in &weights.0[1..] {
            step += steps;
            let early = (1.0 + step as f64) / (10.0 + step as f64);
            let decay = if warm { early.min(0.95) } else { 0.95 };
            let keep = decay.powi(*steps as i32);
            average.iter_mut().zip(now).for_each(|(a, w)| *a = keep * *a + (1.0 - keep) * w);
        }
        let result = trainer.result().layers()[0].weight.to_vec();
        for (ours, expected) in result.iter().zip(&average) {
            assert!((ours - expected).abs() < 1e-12, "{ours} {expected}");
        }
        assert_ne!(trainer.network().layers()[0].weight.to_vec(), average);
    }
}

/// A training of fewer steps than lie between two moves still ends with what it has learned.
#[test]
fn the_average_of_few_steps_is_not_the_untrained_network() {
    let config = TrainingConfig { batch: 20, epochs: 1, ..config() }; // 2 steps
    let mut trainer = begin(&config, vec![Box::new(MovingAverage::new(0.999))]);
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.result().to_values(), trainer.network().to_values());
}

/// A worker whose gradients nobody changes.
struct Worker(u64);

impl Hook<Reference> for Worker {
    fn name(&self) -> &'static str {
        "worker"
    }

    fn worker(&self) -> u64 {
        self.0
    }
}

#[test]
fn every_worker_draws_dropout_masks_of_its_own() {
    let with_dropout = TrainingConfig { dropout: 0.5, ..config() };
    let loss = |config: &TrainingConfig, hooks| {
        let mut trainer = begin(config, hooks);
        trainer.run(&mut ()).unwrap();
        trainer.history()[0].train_loss
    };
    let worker = |number| -> Vec<Box<dyn Hook<Reference>>> { vec![Box::new(Worker(number))] };
    assert_eq!(loss(&with_dropout, worker(0)), loss(&with_dropout, Vec::new()));
    assert_ne!(loss(&with_dropout, worker(0)), loss(&with_dropout, worker(1)));
    // Nothing else depends on the worker.
    assert_eq!(loss(&config(), worker(0)), loss(&config(), worker(1)));
}

#[test]
fn a_training_is_not_resumed_without_the_hooks_that_it_began_with() {
    let mut trainer = begin(&config(), vec![Box::new(Worker(0))]);
    trainer.run(&mut StopAfter(3)).unwrap();
    let state = trainer.state().unwrap();
    let error = Trainer::resume(&(), &state, &data(), members(Vec::new())).err().unwrap();
    assert!(error.to_string().contains("hooks worker, now there are none"), "{error}");
    let hooks: Vec<Box<dyn Hook<Reference>>> = vec![Box::new(Worker(0))];
    Trainer::resume(&(), &state, &data(), members(hooks)).unwrap();
}
