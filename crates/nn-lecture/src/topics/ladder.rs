//! From the perceptron to the deep network: the accuracy of each step of the lecture.

use crate::least_squares::classify;
use crate::range::Whole;
use crate::samples::{Affine, Samples, percent};
use crate::topic::Parameter;
use crate::topics::perceptron::{Rule, train_epoch};
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, Architecture, Initializer, Trainer, TrainingConfig, evaluate};
use nn_data::{TrainTest, epoch_order};
use nn_plot::{Axis, Bars, Figure};
use nn_tensor::Tensor;
use std::time::Instant;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "ladder",
    title: "Perceptron, linear, one hidden layer and deep network compared",
    equations: &[],
    parameters: &[
        Parameter { name: "epochs", default: "5", meaning: "passes over the data, 1 to 1000" },
        Parameter { name: "seed", default: "1", meaning: "seed of weights and shuffles" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Passes over the data.
    pub epochs: usize,
    /// Seed of weights and shuffles.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { epochs: 5, seed: 1 }
    }
}

const EPOCHS: Whole = Whole(1, 1000);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        let epochs = typed.get("epochs", default.epochs, EPOCHS)?;
        Ok(Self { epochs, seed: typed.get("seed", default.seed, "a whole number from 0")? })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        EPOCHS.check("epochs", self.epochs)
    }
}

/// A network of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Rung {
    /// Short name.
    pub name: &'static str,
    /// Number of weights and biases.
    pub parameters: usize,
    /// Multiplications per image; there are as many additions.
    pub multiplications: usize,
    /// Accuracy on the training set.
    pub train_accuracy: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// Training time in seconds.
    pub seconds: f64,
}

/// Trains each network.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or data, or a failed computation.
pub fn run<S: Tensor<Elem = f32>>(
    settings: &Settings,
    device: &S::Device,
    data: &TrainTest,
) -> Result<Vec<Rung>, LectureError> {
    settings.validate()?;
    let train = Samples::new(TOPIC.name, &data.train)?;
    let test = Samples::new(TOPIC.name, &data.test)?;
    let start = Instant::now();
    let perceptron = perceptron(settings, &train);
    let perceptron = affine_rung("perceptron", &perceptron, &train, &test, start);
    let start = Instant::now();
    let linear =
        classify(&train).map_err(|cause| LectureError::Numeric { what: "least squares", cause })?;
    let linear = affine_rung("linear", &linear.layer, &train, &test, start);
    let network = |name, hidden: &[usize], activation| {
        network_rung::<S>(settings, device, data, (name, hidden, activation))
    };
    let sigmoid = network("sigmoid, 30", &[30], Activation::Sigmoid)?;
    let deep = network("deep, 128-64", &[128, 64], Activation::Relu)?;
    Ok(vec![perceptron, linear, sigmoid, deep])
}

fn perceptron(settings: &Settings, train: &Samples<'_>) -> Affine {
    let mut layer = Affine::zeros(train.width(), train.classes());
    for epoch in 0..settings.epochs {
        let order = epoch_order(settings.seed, epoch as u64, train.len());
        train_epoch(Rule::EachNeuron, &mut layer, train, &order);
    }
    layer
}

fn affine_rung(
    name: &'static str,
    layer: &Affine,
    train: &Samples<'_>,
    test: &Samples<'_>,
    start: Instant,
) -> Rung {
    Rung {
        name,
        seconds: start.elapsed().as_secs_f64(),
        parameters: layer.weights.len() + layer.biases.len(),
        multiplications: layer.weights.len(),
        train_accuracy: train.accuracy(layer),
        test_accuracy: test.accuracy(layer),
    }
}

fn network_rung<S: Tensor<Elem = f32>>(
    settings: &Settings,
    device: &S::Device,
    data: &TrainTest,
    (name, hidden, activation): (&'static str, &[usize], Activation),
) -> Result<Rung, LectureError> {
    let architecture = Architecture {
        inputs: data.train.input_width(),
        hidden: hidden.to_vec(),
        outputs: data.train.output_width(),
        activation,
        output_activation: Activation::Identity,
    };
    let initializer = match activation {
        Activation::Sigmoid => Initializer::GlorotUniform,
        _ => Initializer::HeUniform,
    };
    let config = TrainingConfig {
        epochs: settings.epochs,
        seed: settings.seed,
        initializer,
        ..TrainingConfig::default()
    };
    let mut trainer = Trainer::<S>::new(device, &architecture, &config, &data.train, None)?;
    trainer.run(&mut ())?;
    let accuracy = |set| evaluate(trainer.network(), set, config.loss);
    Ok(Rung {
        name,
        parameters: architecture.parameter_count(),
        multiplications: architecture.weight_shapes().into_iter().map(|shape| shape.len()).sum(),
        train_accuracy: accuracy(&data.train)?.accuracy().unwrap_or(0.0),
        test_accuracy: accuracy(&data.test)?.accuracy().unwrap_or(0.0),
        seconds: trainer.history().iter().map(|epoch| epoch.seconds).sum(),
    })
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &[Rung]) -> Report {
    let accuracy = |rung: Option<&Rung>| rung.map_or(String::new(), |r| percent(r.test_accuracy));
    let (first, last) = (accuracy(data.first()), accuracy(data.last()));
    let header = ["network", "training", "test", "parameters", "multiplications", "seconds"];
    let table = data.iter().fold(Table::new("Networks of the lecture", &header), |table, rung| {
        table.row([
            rung.name.to_owned(),
            percent(rung.train_accuracy),
            percent(rung.test_accuracy),
            rung.parameters.to_string(),
            rung.multiplications.to_string(),
            format!("{:.2}", rung.seconds),
        ])
    });
    let heights = |of: fn(&Rung) -> f64| data.iter().map(|rung| 100.0 * (1.0 - of(rung))).collect();
    let bars = Bars {
        title: "Error rate of each network".to_owned(),
        x: "network".to_owned(),
        y: Axis::linear("error rate (%)"),
        names: data.iter().map(|rung| rung.name.to_owned()).collect(),
        series: vec![
            ("training".to_owned(), heights(|rung| rung.train_accuracy)),
            ("test".to_owned(), heights(|rung| rung.test_accuracy)),
        ],
    };
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![Claim::new(
            format!(
                "From the perceptron to the deep network, the test accuracy rises from {first} to {last}"
            ),
            [("perceptron", first.clone()), ("deep", last.clone())],
        )],
        tables: vec![table],
        figures: vec![("ladder-errors".to_owned(), Figure::Bars(bars))],
        code: vec![CodeReference {
            equation: "(104), any depth",
            function: "forward",
            file: "crates/nn-core/src/backpropagation.rs",
        }],
    }
}
