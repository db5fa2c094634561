//! Overfitting and its remedies: early stopping, L1, L2, dropout, more samples, a smaller network,
//! ensembles.

use crate::fit::{dataset, normal, one_to_one, predict, spread, thinned};
use crate::range::{Positive, Whole};
use crate::shrinkage::{self, Shrinkage};
use crate::topic::Parameter;
use crate::{LectureError, Parameters, Topic};
use nn_core::{
    Activation, Initializer, Loss, Optimizer, Outcome, Schedule, Trainer, TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::Tensor;

pub use crate::topics::overfitting_report::report;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "overfitting",
    title: "Overfitting y = x² + noise, and remedies",
    equations: &[106],
    parameters: &[
        Parameter { name: "samples", default: "10", meaning: "training samples, 3 to 1000" },
        Parameter { name: "width", default: "20", meaning: "tanh neurons, 1 to 200" },
        Parameter {
            name: "noise",
            default: "0.2",
            meaning: "standard deviation of the noise, 0 to 10",
        },
        Parameter { name: "steps", default: "3000", meaning: "training steps, 10 to 50000" },
        Parameter { name: "learning-rate", default: "0.02", meaning: "λ of Adam, above 0, to 1" },
        Parameter { name: "l2", default: "0.01", meaning: "weight of the L2 penalty, 0 to 10" },
        Parameter { name: "l1", default: "0.003", meaning: "weight of the L1 penalty, 0 to 10" },
        Parameter { name: "dropout", default: "0.2", meaning: "dropout rate, 0 to below 1" },
        Parameter { name: "ensemble", default: "8", meaning: "networks in the ensemble, 2 to 50" },
        Parameter { name: "seed", default: "1", meaning: "seed of the noise and the weights" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Training samples.
    pub samples: usize,
    /// Number of tanh neurons.
    pub width: usize,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Training steps, full-batch.
    pub steps: usize,
    /// λ of Adam.
    pub learning_rate: f64,
    /// Factor of Σw²/2.
    pub l2: f64,
    /// Factor of Σ|w|.
    pub l1: f64,
    /// Dropout rate.
    pub dropout: f64,
    /// Networks in the ensemble.
    pub ensemble: usize,
    /// Seed of the noise and the weights.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            samples: 10,
            width: 20,
            noise: 0.2,
            steps: 3000,
            learning_rate: 0.02,
            l2: 0.01,
            l1: 0.003,
            dropout: 0.2,
            ensemble: 8,
            seed: 1,
        }
    }
}

const SAMPLES: Whole = Whole(3, 1000);
const WIDTH: Whole = Whole(1, 200);
const NOISE: &str = "a number from 0 to 10";
const STEPS: Whole = Whole(10, 50_000);
const RATE: Positive = Positive(1.0);
const DROPOUT: &str = "a number from 0 to below 1";
const ENSEMBLE: Whole = Whole(2, 50);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            samples: typed.get("samples", default.samples, SAMPLES)?,
            width: typed.get("width", default.width, WIDTH)?,
            noise: typed.get("noise", default.noise, NOISE)?,
            steps: typed.get("steps", default.steps, STEPS)?,
            learning_rate: typed.get("learning-rate", default.learning_rate, RATE)?,
            l2: typed.get("l2", default.l2, NOISE)?,
            l1: typed.get("l1", default.l1, NOISE)?,
            dropout: typed.get("dropout", default.dropout, DROPOUT)?,
            ensemble: typed.get("ensemble", default.ensemble, ENSEMBLE)?,
            seed: typed.get("seed", default.seed, "a whole number")?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        SAMPLES.check("samples", self.samples)?;
        WIDTH.check("width", self.width)?;
        LectureError::check("noise", self.noise, (0.0..=10.0).contains(&self.noise), NOISE)?;
        STEPS.check("steps", self.steps)?;
        RATE.check("learning-rate", self.learning_rate)?;
        LectureError::check("l2", self.l2, (0.0..=10.0).contains(&self.l2), NOISE)?;
        LectureError::check("l1", self.l1, (0.0..=10.0).contains(&self.l1), NOISE)?;
        LectureError::check("dropout", self.dropout, (0.0..1.0).contains(&self.dropout), DROPOUT)?;
        ENSEMBLE.check("ensemble", self.ensemble)
    }
}

/// The result of one remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// Short name.
    pub name: &'static str,
    /// Mean squared error on the training samples.
    pub train_cost: f64,
    /// Mean squared error on many fresh samples.
    pub test_cost: f64,
    /// Root mean square of all weights, without biases.
    pub weight_size: f64,
    /// Steps taken; for early stopping, the step whose weights were kept.
    pub steps: usize,
    /// (step, training cost).
    pub train_history: Vec<(f64, f64)>,
    /// (step, cost on the validation samples).
    pub validation_history: Vec<(f64, f64)>,
    /// The fit at [`Outcomes::x`].
    pub fit: Vec<f64>,
}

/// The result of the ensemble.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// Mean cost of the networks on the test samples.
    pub mean_cost: f64,
    /// Cost of their mean output.
    pub cost_of_mean: f64,
    /// Mean variance of their outputs over the samples.
    pub spread: f64,
    /// Mean fit.
    pub fit: Vec<f64>,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcomes {
    /// The training samples.
    pub samples: Vec<(f64, f64)>,
    /// Points at which fits are drawn.
    pub x: Vec<f64>,
    /// The remedies, the training without one first.
    pub remedies: Vec<Remedy>,
    /// The ensemble.
    pub ensemble: Ensemble,
    /// Early stopping compared with L2 on a quadratic cost.
    pub shrinkage: Vec<Shrinkage>,
    /// Variance of the noise, the least expected cost.
    pub least_cost: f64,
}

/// Number of samples for early stopping and for the final test.
const VALIDATION: usize = 50;
const TEST: usize = 1000;
/// Factor of the number of samples for "more samples".
pub(crate) const MORE: usize = 10;
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
        steps: match outcome {
            Outcome::StoppedEarly { best_epoch } => best_epoch,
            _ => history.len(),
        },
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
