//! Runs the topic: trains a network with each remedy, and an ensemble.

use super::results::{Ensemble, Outcomes, Remedy};
use super::settings::Settings;
use crate::fit::{dataset, normal, one_to_one, predict, spread, thinned};
use crate::{LectureError, shrinkage};
use nn_core::{Activation, Initializer, Loss, Optimizer, Schedule, Trainer, TrainingConfig};
use nn_data::Dataset;
use nn_tensor::Tensor;

/// Number of samples for early stopping and for the final test.
const VALIDATION: usize = 50;
const TEST: usize = 1000;
/// Factor of the number of samples for "more samples".
pub(super) const MORE: usize = 10;
/// Neurons of the smaller network.
const FEW: usize = 3;

/// Training, validation and test set, and a larger training set.
struct Sets {
    train: Dataset,
    validation: Dataset,
    test: Dataset,
    more: Dataset,
}

fn noisy(count: usize, settings: &Settings, stream: u64) -> Result<Dataset, LectureError> {
    let x = spread(-1.0, 1.0, count);
    let noise = normal(count, settings.seed.wrapping_mul(4).wrapping_add(stream));
    let y: Vec<f64> = x.iter().zip(noise).map(|(x, n)| x * x + settings.noise * n).collect();
    dataset(&x, &y)
}

/// Trains with each remedy.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting, a diverging training, or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Outcomes, LectureError> {
    settings.validate()?;
    let sets = Sets {
        train: noisy(settings.samples, settings, 0)?,
        validation: noisy(VALIDATION, settings, 1)?,
        test: noisy(TEST, settings, 2)?,
        more: noisy(MORE * settings.samples, settings, 3)?,
    };
    let x = spread(-1.0, 1.0, 101);
    let plain = config(settings);
    let patience = Some((settings.steps / 10).max(1));
    let train_with = |name, config: TrainingConfig, width: usize, train: &Dataset| {
        remedy::<D>(device, name, &config, width, train, &sets, &x)
    };
    let (width, train) = (settings.width, &sets.train);
    let remedies = vec![
        train_with("nothing", plain.clone(), width, train)?,
        train_with("early stopping", TrainingConfig { patience, ..plain.clone() }, width, train)?,
        train_with(
            "L2",
            TrainingConfig { weight_decay: settings.l2, ..plain.clone() },
            width,
            train,
        )?,
        train_with("L1", TrainingConfig { l1: settings.l1, ..plain.clone() }, width, train)?,
        train_with(
            "dropout",
            TrainingConfig { dropout: settings.dropout, ..plain.clone() },
            width,
            train,
        )?,
        train_with("smaller network", plain.clone(), FEW.min(width), train)?,
        train_with("more samples", plain.clone(), width, &sets.more)?,
    ];
    let samples = (0..train.len()).filter_map(|i| Some((train.values(i)?[0], train.target(i)?[0])));
    Ok(Outcomes {
        samples: samples.collect(),
        ensemble: ensemble::<D>(settings, device, &sets, &x)?,
        shrinkage: shrinkage::run()?,
        least_cost: settings.noise * settings.noise,
        x,
        remedies,
    })
}

fn config(settings: &Settings) -> TrainingConfig {
    TrainingConfig {
        loss: Loss::SquaredError,
        optimizer: Optimizer::from_name("adam").unwrap_or(Optimizer::Sgd),
        learning_rate: settings.learning_rate,
        schedule: Schedule::CONSTANT,
        epochs: settings.steps,
        batch: usize::MAX,
        seed: settings.seed,
        initializer: Initializer::HeNormal,
        ..TrainingConfig::default()
    }
}

fn remedy<D: Tensor<Elem = f64>>(
    device: &D::Device,
    name: &'static str,
    config: &TrainingConfig,
    width: usize,
    train: &Dataset,
    sets: &Sets,
    x: &[f64],
) -> Result<Remedy, LectureError> {
    let architecture = one_to_one(vec![width], Activation::Tanh);
    let mut trainer =
        Trainer::<D>::new(device, &architecture, config, train, Some(&sets.validation))?;
    let outcome = trainer.run(&mut ())?;
    let (network, history) = (trainer.network(), trainer.history());
    let cost = |data: &Dataset| nn_core::evaluate(network, data, Loss::SquaredError);
    let weights = network.layers().iter().flat_map(|layer| layer.weight.to_vec());
    let (count, squares) = weights.fold((0, 0.0), |(n, sum), w| (n + 1, sum + w * w));
    let step = |epoch: usize| epoch as f64;
    let train_history = history.iter().map(|e| (step(e.epoch), e.train_loss));
    let validation = history.iter().filter_map(|e| Some((step(e.epoch), e.validation_loss?)));
    Ok(Remedy {
        name,
        train_cost: cost(train)?.loss,
        test_cost: cost(&sets.test)?.loss,
        weight_size: (squares / f64::from(count)).sqrt(),
        steps: outcome.best_epoch().unwrap_or(history.len()),
        train_history: thinned(&train_history.collect::<Vec<_>>(), 300),
        validation_history: thinned(&validation.collect::<Vec<_>>(), 300),
        fit: predict(network, x)?,
    })
}

/// Trains networks that differ only in their initial weights, and averages their outputs.
fn ensemble<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    sets: &Sets,
    x: &[f64],
) -> Result<Ensemble, LectureError> {
    let architecture = one_to_one(vec![settings.width], Activation::Tanh);
    let test = |i: usize| Some((sets.test.values(i)?[0], sets.test.target(i)?[0]));
    let (test_x, test_y): (Vec<f64>, Vec<f64>) = (0..TEST).filter_map(test).unzip();
    let (mut answers, mut fits) = (Vec::new(), Vec::new());
    for member in 0..settings.ensemble as u64 {
        let seed = settings.seed.wrapping_add(1000 + member);
        let config = TrainingConfig { seed, ..config(settings) };
        let mut trainer = Trainer::<D>::new(device, &architecture, &config, &sets.train, None)?;
        trainer.run(&mut ())?;
        answers.push(predict(trainer.network(), &test_x)?);
        fits.push(predict(trainer.network(), x)?);
    }
    let mean = mean_of(&answers);
    let squared = |a: &[f64], b: &[f64]| crate::fit::root_mean_square(a, b).powi(2);
    let average =
        |of: &dyn Fn(&Vec<f64>) -> f64| answers.iter().map(of).sum::<f64>() / answers.len() as f64;
    Ok(Ensemble {
        mean_cost: average(&|answer| squared(answer, &test_y)),
        cost_of_mean: squared(&mean, &test_y),
        spread: average(&|answer| squared(answer, &mean)),
        fit: mean_of(&fits),
    })
}

fn mean_of(rows: &[Vec<f64>]) -> Vec<f64> {
    let columns = rows.first().map_or(0, Vec::len);
    let mean = |column: usize| rows.iter().map(|row| row[column]).sum::<f64>() / rows.len() as f64;
    (0..columns).map(mean).collect()
}
