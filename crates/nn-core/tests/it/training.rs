//! What a training promises: exact resumption, a named divergence, the best weights back.

use super::common::StopAfter;
use nn_core::{
    Activation, Architecture, Control, EpochRecord, Hook, Initializer, Loss, Member, NetworkError,
    Observer, Optimizer, Outcome, Schedule, StepEvent, TrainError, Trainer, TrainingConfig,
    TrainingState, evaluate,
};
use nn_data::Dataset;
use nn_tensor::{Linear, Matrix, ReferenceTensor};
use std::sync::{Arc, Barrier, Mutex};

type T = ReferenceTensor<f32>;

/// Two noisy half circles, one in the other: `count` points of two classes.
fn moons(count: usize) -> Dataset {
    let mut inputs = Vec::new();
    let mut labels = Vec::new();
    for index in 0..count {
        let (class, angle) = (index % 2, index as f64 * 0.37);
        let noise = (index as f64 * 12.9898).sin() * 0.2;
        let radius = 1.0 + class as f64 + noise;
        inputs.extend([radius * angle.cos(), radius * angle.sin()]);
        labels.push(class as u32);
    }
    Dataset::classification(inputs, 2, labels, 2).unwrap()
}

fn form(hidden: &[usize]) -> Architecture {
    Architecture::new(2, hidden.to_vec(), 2, Activation::Tanh)
}

fn config() -> TrainingConfig {
    TrainingConfig { learning_rate: 0.05, epochs: 3, batch: 8, ..TrainingConfig::default() }
}

fn trainer(config: &TrainingConfig, data: &Dataset, validation: Option<&Dataset>) -> Trainer<T> {
    Trainer::new(&(), &form(&[6, 5]), config, data, validation).unwrap()
}

fn resume(
    state: &TrainingState,
    data: &Dataset,
    validation: Option<&Dataset>,
) -> Result<Trainer<T>, TrainError> {
    Trainer::resume(&(), state, data, vec![Member::new(form(&[6, 5]), data, validation)])
}

#[test]
fn resumed_at_any_step_it_ends_with_the_bytes_of_a_straight_run() {
    let (data, validation) = moons(45).split(0.2, 7).unwrap();
    for name in Optimizer::NAMES {
        let config = TrainingConfig {
            optimizer: Optimizer::from_name(name).unwrap(),
            dropout: 0.25,
            weight_decay: 0.01,
            patience: Some(2),
            ..config()
        };
        let mut straight = trainer(&config, &data, Some(&validation));
        straight.run(&mut ()).unwrap();
        let expected = straight.state().unwrap();
        let steps = straight.position().step;
        for stop in 1..steps {
            let mut first = trainer(&config, &data, Some(&validation));
            first.run(&mut StopAfter(stop)).unwrap();
            let saved = first.state().unwrap();
            drop(first);
            let mut second = resume(&saved, &data, Some(&validation)).unwrap();
            second.run(&mut ()).unwrap();
            assert_eq!(second.state().unwrap(), expected, "{name} at step {stop}");
        }
    }
}

#[test]
fn a_partial_last_batch_is_trained_on() {
    let data = moons(20);
    let mut trainer = trainer(&TrainingConfig { batch: 8, epochs: 1, ..config() }, &data, None);
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.position().step, 3);
    // A batch larger than the set is the set.
    let config = TrainingConfig { batch: 1000, epochs: 2, ..config() };
    let mut trainer = self::trainer(&config, &data, None);
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.position().step, 2);
}

#[test]
fn divergence_is_named_with_its_step_and_never_saved() {
    let data = moons(40);
    let config = TrainingConfig {
        loss: Loss::SquaredError,
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 1e30,
        ..config()
    };
    let mut trainer = trainer(&config, &data, None);
    let error = trainer.run(&mut ()).unwrap_err();
    // Step 1 starts from finite weights; its update throws them to about 1e30, whose square
    // overflows f32 in step 2.
    assert!(
        matches!(error, TrainError::Diverged { step: 2, epoch: 1, learning_rate } if learning_rate == 1e30),
        "{error}"
    );
    assert!(matches!(trainer.state(), Err(TrainError::Diverged { .. })));
}

/// The loss of a step is that before its update: an update that ruins the weights in the last step
/// of an epoch is found before the epoch is reported.
#[test]
fn divergence_in_the_last_step_of_an_epoch_is_no_epoch() {
    let (train, validation) = moons(40).split(0.2, 1).unwrap();
    let one_step = TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 1e25,
        epochs: 1,
        batch: 40,
        ..config()
    };
    let relu = Architecture { activation: Activation::Relu, ..form(&[6, 5]) };
    let dropout = TrainingConfig { dropout: 0.2, ..one_step.clone() };
    let with_validation = [(&one_step, None), (&one_step, Some(&validation)), (&dropout, None)];
    for (config, validation) in with_validation {
        let mut trainer = Trainer::<T>::new(&(), &relu, config, &train, validation).unwrap();
        let error = trainer.run(&mut ()).unwrap_err();
        assert!(matches!(error, TrainError::Diverged { step: 1, epoch: 1, .. }), "{error}");
        assert!(error.to_string().contains("1e25"), "{error}");
        assert!(trainer.history().is_empty());
    }
}

#[test]
fn a_validation_loss_that_is_not_finite_is_no_best_one() {
    let validation = Dataset::classification(vec![1e300, 0.0], 2, vec![0], 2).unwrap();
    let config = TrainingConfig { patience: Some(1), ..config() };
    let relu = Architecture { activation: Activation::Relu, ..form(&[6, 5]) };
    let data = moons(20);
    let mut trainer = Trainer::<T>::new(&(), &relu, &config, &data, Some(&validation)).unwrap();
    let error = trainer.run(&mut ()).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { epoch: 1, .. }), "{error}");
}

/// Keeps the state after a given step.
struct KeepAt(u64, Option<TrainingState>);

impl Observer<T> for KeepAt {
    fn on_step(&mut self, event: &StepEvent, trainer: &Trainer<T>) -> Control {
        if event.step == self.0 {
            self.1 = Some(trainer.state().unwrap());
        }
        Control::Continue
    }
}

/// Saved after the last, partial batch of an epoch and before the epoch is reported.
#[test]
fn a_checkpoint_of_the_last_batch_of_an_epoch_is_resumed() {
    let data = moons(20);
    let mut straight = trainer(&config(), &data, None);
    let mut keep = KeepAt(3, None); // batches of 8, 8 and 4
    straight.run(&mut keep).unwrap();
    let saved = keep.1.unwrap();
    assert_eq!((saved.position.batch, straight.position().step), (3, 9));
    let mut second = resume(&saved, &data, None).unwrap();
    second.run(&mut ()).unwrap();
    assert_eq!(second.state().unwrap(), straight.state().unwrap());
    assert_eq!(second.history()[0].samples_per_s, 0.0);
}

#[test]
fn epochs_beyond_counting_are_refused() {
    let config = TrainingConfig { epochs: usize::MAX, ..config() };
    let refused = config.validate().unwrap_err().to_string();
    assert!(refused.starts_with("epochs is") && refused.contains("below"), "{refused}");
}

#[test]
fn early_stopping_brings_the_best_weights_back() {
    let (data, validation) = moons(60).split(0.3, 3).unwrap();
    // A rate far too large: the validation loss soon rises.
    let config = TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 8.0,
        epochs: 200,
        patience: Some(4),
        ..config()
    };
    let mut trainer = trainer(&config, &data, Some(&validation));
    let Outcome::StoppedEarly { best_epoch } = trainer.run(&mut ()).unwrap() else {
        panic!("it should have stopped early")
    };
    let losses: Vec<f64> =
        trainer.history().iter().map(|record| record.validation_loss.unwrap()).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[best_epoch - 1], lowest);
    assert_eq!(losses.len(), best_epoch + 4, "it waits for exactly `patience` epochs");
    let restored = evaluate(trainer.network(), &validation, config.loss).unwrap();
    assert_eq!(restored.loss, lowest, "the network is that of the best epoch");
}

/// The best epoch's weights are restored, and named, also where no patience ran out.
#[test]
fn the_best_epoch_of_a_finished_training_is_named() {
    let (data, validation) = moons(60).split(0.3, 3).unwrap();
    let config = TrainingConfig {
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate: 8.0,
        epochs: 12,
        patience: Some(100),
        ..config()
    };
    let mut trainer = trainer(&config, &data, Some(&validation));
    let outcome = trainer.run(&mut ()).unwrap();
    let losses: Vec<f64> =
        trainer.history().iter().map(|record| record.validation_loss.unwrap()).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let best = losses.iter().position(|&loss| loss == lowest).unwrap() + 1;
    assert!(best < 12, "a last epoch that is the best tells nothing");
    assert_eq!(outcome, Outcome::Finished { best_epoch: Some(best) });
    assert_eq!(evaluate(trainer.network(), &validation, config.loss).unwrap().loss, lowest);
}

#[test]
fn the_recorded_loss_is_that_of_the_network() {
    let data = moons(30);
    for loss in Loss::ALL {
        // So small a rate that the weights stay where they are.
        let config = TrainingConfig { loss, learning_rate: 1e-30, batch: 7, epochs: 1, ..config() };
        let mut trainer = trainer(&config, &data, None);
        let before = evaluate(trainer.network(), &data, loss).unwrap();
        trainer.run(&mut ()).unwrap();
        let recorded = &trainer.history()[0];
        let difference = (recorded.train_loss - before.loss).abs() / before.loss;
        assert!(difference < 1e-6, "{loss:?}: {} {}", recorded.train_loss, before.loss);
        assert_eq!(recorded.train_accuracy, before.accuracy());
    }
}

/// Takes the mean over two trainings that run side by side.
struct MeanOfTwo {
    me: usize,
    shared: Arc<(Barrier, Mutex<[Vec<f64>; 2]>)>,
}

impl Hook<ReferenceTensor<f64>> for MeanOfTwo {
    fn name(&self) -> &'static str {
        "mean-of-two"
    }

    fn uses_gradients(&self) -> bool {
        true
    }

    fn worker(&self) -> u64 {
        self.me as u64
    }

    fn on_gradients(
        &mut self,
        gradients: &mut [Linear<ReferenceTensor<f64>>],
    ) -> Result<(), TrainError> {
        let (barrier, values) = &*self.shared;
        let mine = gradients.iter().flat_map(|g| [g.weight.to_vec(), g.bias.to_vec()]).flatten();
        values.lock().unwrap()[self.me] = mine.collect();
        barrier.wait();
        let both = values.lock().unwrap().clone();
        let mut mean = both[0].iter().zip(&both[1]).map(|(a, b)| 0.5 * (a + b));
        for gradient in gradients {
            for tensor in [&mut gradient.weight, &mut gradient.bias] {
                let share: Vec<f64> = mean.by_ref().take(tensor.shape().len()).collect();
                tensor.write(&share);
            }
        }
        barrier.wait();
        Ok(())
    }
}

#[test]
fn two_machines_with_half_the_data_each_equal_one_with_all() {
    let all = moons(40);
    let halves = [0..20_u32, 20..40].map(|half| all.subset(&half.collect::<Vec<_>>()).unwrap());
    let config = TrainingConfig { batch: 40, epochs: 5, clip_norm: Some(0.5), ..config() };
    let mut alone =
        Trainer::<ReferenceTensor<f64>>::new(&(), &form(&[4]), &config, &all, None).unwrap();
    alone.run(&mut ()).unwrap();
    let shared = Arc::new((Barrier::new(2), Mutex::new([Vec::new(), Vec::new()])));
    let run = |me: usize| {
        let config = TrainingConfig { batch: 20, ..config.clone() };
        let exchange = MeanOfTwo { me, shared: shared.clone() };
        let member = Member::new(form(&[4]), &halves[me], None);
        let members = vec![Member { hooks: vec![Box::new(exchange)], ..member }];
        let mut trainer = Trainer::with_members(&(), &config, &halves[me], members).unwrap();
        trainer.run(&mut ()).unwrap();
        trainer.network().layers()[0].weight.to_vec()
    };
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(1));
        (run(0), other.join().unwrap())
    });
    assert_eq!(first, second);
    for (a, b) in first.iter().zip(alone.network().layers()[0].weight.to_vec()) {
        assert!((a - b).abs() < 1e-12, "{a} {b}");
    }
}

#[test]
fn data_and_settings_that_do_not_fit_are_refused() {
    let data = moons(10);
    let new = |form: &Architecture, config: &TrainingConfig, data: &Dataset| {
        Trainer::<T>::new(&(), form, config, data, None).map(|_| ()).unwrap_err()
    };
    let empty = Dataset::classification(vec![], 2, vec![], 2).unwrap();
    let error = new(&form(&[3]), &config(), &empty);
    assert!(matches!(error, TrainError::Network(NetworkError::Empty { .. })), "{error}");
    let wide = Architecture { inputs: 3, ..form(&[3]) };
    let error = new(&wide, &config(), &data).to_string();
    assert!(error.contains("3 inputs") && error.contains("samples of 2"), "{error}");
    let narrow = Architecture { outputs: 1, ..form(&[3]) };
    assert!(new(&narrow, &config(), &data).to_string().contains("1 outputs"));
    let step = Architecture { activation: Activation::Heaviside, ..form(&[3]) };
    assert!(new(&step, &config(), &data).to_string().contains("heaviside"));
    let twice = Architecture { output_activation: Activation::Sigmoid, ..form(&[3]) };
    assert!(new(&twice, &config(), &data).to_string().contains("softmax"));
    let regression = Dataset::regression(vec![0.0; 4], 2, vec![0.0; 4], 2).unwrap();
    assert!(new(&form(&[3]), &config(), &regression).to_string().contains("cross-entropy"));
    for (bad, name) in [
        (TrainingConfig { learning_rate: 0.0, ..config() }, "learning rate"),
        (TrainingConfig { learning_rate: f64::NAN, ..config() }, "learning rate"),
        (TrainingConfig { epochs: 0, ..config() }, "epochs"),
        (TrainingConfig { batch: 0, ..config() }, "batch"),
        (
            TrainingConfig { batch: 1, batch_norm: true, ..config() },
            "batch is 1, must be at least 2",
        ),
        (TrainingConfig { dropout: 1.0, ..config() }, "dropout"),
        (TrainingConfig { l1: -1.0, ..config() }, "l1"),
        (TrainingConfig { clip_norm: Some(0.0), ..config() }, "clip norm"),
        (TrainingConfig { patience: Some(0), ..config() }, "patience"),
        (TrainingConfig { patience: Some(3), ..config() }, "validation"),
    ] {
        let error = new(&form(&[3]), &bad, &data).to_string();
        assert!(error.contains(name), "{name}: {error}");
    }
}

#[test]
fn resuming_on_other_data_or_another_element_is_refused() {
    let data = moons(20);
    let mut first = trainer(&config(), &data, None);
    first.run(&mut StopAfter(2)).unwrap();
    let saved = first.state().unwrap();
    let error = resume(&saved, &moons(21), None).err().unwrap().to_string();
    assert!(error.contains("training set is another one: it had 20 samples"), "{error}");
    type Double = ReferenceTensor<f64>;
    let members = vec![Member::new(form(&[6, 5]), &data, None)];
    let error = Trainer::<Double>::resume(&(), &saved, &data, members).err().unwrap();
    assert!(error.to_string().contains("f32"), "{error}");
    let members = vec![Member::new(form(&[6, 4]), &data, None)];
    let error = Trainer::<T>::resume(&(), &saved, &data, members).err().unwrap();
    assert!(error.to_string().contains("2-6-5-2 against 2-6-4-2"), "{error}");
}

/// The best epoch so far was chosen by the validation set; by another one it would be another.
#[test]
fn resuming_under_patience_with_another_validation_set_is_refused() {
    let (data, validation) = moons(40).split(0.25, 1).unwrap();
    let patient = TrainingConfig { patience: Some(2), ..config() };
    let mut first = trainer(&patient, &data, Some(&validation));
    first.run(&mut StopAfter(2)).unwrap();
    let saved = first.state().unwrap();
    let error = resume(&saved, &data, Some(&moons(10))).err().unwrap().to_string();
    assert!(error.contains("validation set is another one"), "{error}");
    resume(&saved, &data, Some(&validation)).unwrap();
}

/// Whatever part of a state is changed, it is refused with a sentence and never a panic.
#[test]
fn a_state_whose_parts_do_not_fit_is_refused() {
    let data = moons(20);
    let mut first = trainer(&config(), &data, None);
    first.run(&mut StopAfter(4)).unwrap();
    let saved = first.state().unwrap();
    let refused = |change: fn(&mut TrainingState), words: &str| {
        let mut state = saved.clone();
        change(&mut state);
        let error = resume(&state, &data, None).err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(|s| s.members.clear(), "members is 0");
    refused(|s| drop(s.members[0].values.layers.pop()), "number of layers is 2");
    refused(|s| drop(s.members[0].moments.pop()), "layers of the optimizer is 2");
    refused(|s| s.members[0].moments[0].weight.first = None, "optimizer state of layer 1");
    refused(
        |s| s.members[0].values.layers[0].bias = nn_core::Values::F32(vec![]),
        "biases of layer 1",
    );
    refused(
        |s| s.members[0].values.layers[0].bias = nn_core::Values::F32(vec![f32::NAN; 6]),
        "not all finite",
    );
    refused(|s| s.tally.truncate(3), "running sums");
    refused(|s| s.position.step += 1, "position");
    refused(|s| s.history.clear(), "epochs on record");
    refused(|s| s.config.epochs = 0, "epochs is 0");
    refused(|s| s.config.batch_norm = true, "number of normalisations");
}

#[test]
fn an_observer_sees_every_epoch_and_can_end_it() {
    struct Watch(Vec<usize>);
    impl Observer<T> for Watch {
        fn on_epoch(&mut self, record: &EpochRecord, trainer: &Trainer<T>) -> Control {
            assert_eq!(trainer.history().len(), record.epoch);
            self.0.push(record.epoch);
            if record.epoch == 2 { Control::Stop } else { Control::Continue }
        }
    }
    let mut watch = Watch(Vec::new());
    let mut trainer = trainer(&config(), &moons(20), None);
    assert_eq!(trainer.run(&mut watch).unwrap(), Outcome::Interrupted);
    assert_eq!(watch.0, [1, 2]);
    assert_eq!(trainer.run(&mut watch).unwrap(), Outcome::Finished { best_epoch: None });
    assert_eq!(watch.0, [1, 2, 3]);
}

#[test]
fn every_loss_and_initializer_learns() {
    let data = moons(40);
    for loss in Loss::ALL {
        for initializer in Initializer::ALL {
            let config = TrainingConfig { loss, initializer, epochs: 60, batch: 10, ..config() };
            let mut trainer = trainer(&config, &data, None);
            trainer.run(&mut ()).unwrap();
            let accuracy = evaluate(trainer.network(), &data, loss).unwrap().accuracy().unwrap();
            assert!(accuracy >= 0.9, "{loss:?} {initializer:?}: {accuracy}");
        }
    }
}
