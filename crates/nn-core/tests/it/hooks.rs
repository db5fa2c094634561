//! Hooks against their definitions, and what a resumed training requires of them.

use super::common::{Reference, StopAfter};
use nn_core::{
    Activation, Architecture, Control, ExchangeGradients, GradientExchange, Hook, Member,
    MovingAverage, Observer, StepEvent, Trainer, TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::{Linear, Matrix};

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
    let mut trainer = begin(&config(), vec![Box::new(MovingAverage::new(0.99))]);
    let mut weights = Weights(Vec::new());
    trainer.run(&mut weights).unwrap();
    assert_eq!(weights.0.len(), 10);
    let mut average = vec![0.0; 12];
    for (moves, now) in weights.0.iter().enumerate() {
        let share = (10.0 / (10.0 + moves as f64)).max(1.0 - 0.99_f64.powi(8));
        average.iter_mut().zip(now).for_each(|(a, w)| *a += share * (w - *a));
    }
    let result = trainer.result().layers()[0].weight.to_vec();
    for (ours, expected) in result.iter().zip(&average) {
        assert!((ours - expected).abs() < 1e-12, "{ours} {expected}");
    }
    assert_ne!(trainer.network().layers()[0].weight.to_vec(), average);
}

/// A worker whose gradients nobody changes.
struct Worker(u64);

impl GradientExchange<Reference> for Worker {
    fn worker(&self) -> u64 {
        self.0
    }

    fn exchange(&mut self, _: &mut [Linear<Reference>]) -> Result<(), String> {
        Ok(())
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
    let worker = |number| -> Vec<Box<dyn Hook<Reference>>> {
        vec![Box::new(ExchangeGradients(Worker(number)))]
    };
    assert_eq!(loss(&with_dropout, worker(0)), loss(&with_dropout, Vec::new()));
    assert_ne!(loss(&with_dropout, worker(0)), loss(&with_dropout, worker(1)));
    // Nothing else depends on the worker.
    assert_eq!(loss(&config(), worker(0)), loss(&config(), worker(1)));
}

#[test]
fn a_training_is_not_resumed_without_the_hooks_that_it_began_with() {
    let mut trainer = begin(&config(), vec![Box::new(ExchangeGradients(Worker(0)))]);
    trainer.run(&mut StopAfter(3)).unwrap();
    let state = trainer.state().unwrap();
    let error = Trainer::resume(&(), &state, &data(), members(Vec::new())).err().unwrap();
    assert!(error.to_string().contains("hooks exchange-gradients, now there are none"), "{error}");
    let hooks: Vec<Box<dyn Hook<Reference>>> = vec![Box::new(ExchangeGradients(Worker(0)))];
    Trainer::resume(&(), &state, &data(), members(hooks)).unwrap();
}
