//! The perceptron, eq. (95): one binary neuron per class, and the multi-class rule.

use crate::range::Whole;
use crate::samples::{Affine, Samples, percent};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, argmax};
use nn_data::{TrainTest, epoch_order};
use nn_plot::{Axis, ColourMap, Curves, Figure, ImageGrid, Picture, Series, Style};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "perceptron",
    title: "The perceptron, binary and multi-class",
    equations: &[94, 95],
    parameters: &[
        Parameter { name: "epochs", default: "10", meaning: "passes over the data, 1 to 1000" },
        Parameter { name: "seed", default: "1", meaning: "seed of the order of the samples" },
        Parameter { name: "runs", default: "5", meaning: "number of orders tried, 1 to 100" },
    ],
};

/// Accuracy of scikit-learn on MNIST's training set in the lecture, and of the same call with ten
/// random states (tests/golden/perceptron.py).
pub const SCIKIT_LEARN: &str = "89 % on MNIST's 60000 training images, from one run of \
    scikit-learn, whose runs over ten random states give 88.0 % (81.4 % to 90.1 %)";

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Passes over the training set.
    pub epochs: usize,
    /// Seed of the order of the samples.
    pub seed: u64,
    /// Number of orders tried, with consecutive seeds.
    pub runs: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { epochs: 10, seed: 1, runs: 5 }
    }
}

const EPOCHS: Whole = Whole(1, 1000);
const RUNS: Whole = Whole(1, 100);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        let epochs = typed.get("epochs", default.epochs, EPOCHS)?;
        let seed = typed.get("seed", default.seed, "a whole number from 0")?;
        Ok(Self { epochs, seed, runs: typed.get("runs", default.runs, RUNS)? })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        EPOCHS.check("epochs", self.epochs)?;
        RUNS.check("runs", self.runs)
    }
}

/// Learning rule of a perceptron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Each neuron solves a binary problem: w_k += (y_k - f_k(x)) x, as in scikit-learn.
    EachNeuron,
    /// If the most active neuron is wrong, x is subtracted from its weights and added to the right
    /// one's.
    MostActive,
}

/// A perceptron after training.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The learning rule.
    pub rule: Rule,
    /// Weights and biases of the first run.
    pub layer: Affine,
    /// Accuracy of the most active neuron on the training set, for each run after each epoch.
    pub train_accuracy: Vec<Vec<f64>>,
    /// Accuracy on the test set at the end of each run.
    pub test_accuracy: Vec<f64>,
    /// Accuracy of each neuron's binary output on the training set, eq. (95).
    pub binary_accuracy: Vec<f64>,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// One perceptron for each rule.
    pub trained: Vec<Trained>,
    /// Number of training samples.
    pub samples: usize,
    /// Seed of the first run.
    pub seed: u64,
    /// For two classes: the weights by the first rule, and an image.
    pub pictures: (Vec<Picture>, Vec<Picture>),
}

/// Returns f_k(x) of eq. (95) for a neuron's weighted sum: 1 if it is above 0, else 0.
#[must_use]
pub fn binary_output(weighted_sum: f64) -> f64 {
    Activation::Heaviside.apply(weighted_sum)
}

/// Trains with both rules.
///
/// # Errors
/// Returns [`LectureError::Parameter`] for an invalid setting, [`LectureError::Data`] for data
/// without classes.
pub fn run(settings: &Settings, data: &TrainTest) -> Result<Data, LectureError> {
    settings.validate()?;
    let (train, test) =
        (Samples::new(TOPIC.name, &data.train)?, Samples::new(TOPIC.name, &data.test)?);
    let rules = [Rule::EachNeuron, Rule::MostActive];
    let trained: Vec<_> =
        rules.into_iter().map(|rule| learn(rule, settings, &train, &test)).collect();
    let classes = [0, train.classes() - 1];
    let weights = |class: usize| {
        train.picture(format!("weights of class {class}"), trained[0].layer.weights_of(class))
    };
    let image = |class: usize| {
        let first = (0..train.len()).find(|&sample| train.label(sample) == class)?;
        Some(train.picture(format!("an image of class {class}"), train.pixels(first)))
    };
    let pictures = (classes.map(weights).into(), classes.into_iter().filter_map(image).collect());
    Ok(Data { pictures, trained, samples: train.len(), seed: settings.seed })
}

fn learn(rule: Rule, settings: &Settings, train: &Samples<'_>, test: &Samples<'_>) -> Trained {
    let seeds = (0..settings.runs as u64).map(|run| settings.seed.wrapping_add(run));
    let runs: Vec<_> = seeds.map(|seed| learn_once(rule, settings.epochs, seed, train)).collect();
    let test_accuracy = runs.iter().map(|(layer, _)| test.accuracy(layer)).collect();
    let (layers, train_accuracy): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
    let layer = layers[0].clone(); // there is a run, or the settings would have been refused
    let binary_accuracy = binary_accuracy(&layer, train);
    Trained { rule, layer, train_accuracy, test_accuracy, binary_accuracy }
}

/// Trains once; returns the layer and its training accuracy after each epoch.
fn learn_once(rule: Rule, epochs: usize, seed: u64, train: &Samples<'_>) -> (Affine, Vec<f64>) {
    let mut layer = Affine::zeros(train.width(), train.classes());
    let mut accuracy = Vec::with_capacity(epochs);
    for epoch in 0..epochs {
        let order = epoch_order(seed, epoch as u64, train.len());
        train_epoch(rule, &mut layer, train, &order);
        accuracy.push(train.accuracy(&layer));
    }
    (layer, accuracy)
}

/// Trains on every sample once, in `order`.
pub(crate) fn train_epoch(rule: Rule, layer: &mut Affine, train: &Samples<'_>, order: &[u32]) {
    let mut sums = vec![0.0; train.classes()];
    let mut change = vec![0.0; train.classes()];
    for &sample in order {
        let sample = sample as usize;
        layer.weighted_sums(train, sample, &mut sums);
        correction(rule, &sums, train.label(sample), &mut change);
        if change.iter().any(|&c| c != 0.0) {
            learn_sample(layer, train, sample, &change);
        }
    }
}

/// Computes the factor of x that is added to each neuron's weights: 0 if it was right.
fn correction(rule: Rule, sums: &[f64], label: usize, change: &mut [f64]) {
    match rule {
        Rule::EachNeuron => {
            for (class, (change, &sum)) in change.iter_mut().zip(sums).enumerate() {
                *change = f64::from(u8::from(class == label)) - binary_output(sum);
            }
        }
        Rule::MostActive => {
            change.fill(0.0);
            // If the prediction is right, the two cancel.
            change[label] += 1.0;
            change[argmax(sums)] -= 1.0;
        }
    }
}

/// Applies w_k += c_k x, b_k += c_k.
fn learn_sample(layer: &mut Affine, train: &Samples<'_>, sample: usize, change: &[f64]) {
    let outputs = change.len();
    layer.biases.iter_mut().zip(change).for_each(|(bias, c)| *bias += c);
    train.for_each_pixel(sample, |pixel, value| {
        if value != 0.0 {
            let weights = &mut layer.weights[pixel * outputs..(pixel + 1) * outputs];
            weights.iter_mut().zip(change).for_each(|(weight, c)| *weight += c * value);
        }
    });
}

fn binary_accuracy(layer: &Affine, train: &Samples<'_>) -> Vec<f64> {
    let mut right = vec![0_usize; train.classes()];
    let mut sums = vec![0.0; train.classes()];
    for sample in 0..train.len() {
        layer.weighted_sums(train, sample, &mut sums);
        for (class, (right, &sum)) in right.iter_mut().zip(&sums).enumerate() {
            let wanted = f64::from(u8::from(class == train.label(sample)));
            *right += usize::from(binary_output(sum) == wanted);
        }
    }
    right.into_iter().map(|count| count as f64 / train.len() as f64).collect()
}

impl Trained {
    /// Returns the training accuracy at the end of each run.
    #[must_use]
    pub fn final_accuracy(&self) -> Vec<f64> {
        self.train_accuracy.iter().filter_map(|run| run.last()).copied().collect()
    }
}

/// Returns mean, minimum and maximum of at least one accuracy.
fn summary(accuracies: &[f64]) -> (f64, f64, f64) {
    let mean = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
    let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
    (mean, least, accuracies.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

impl Rule {
    /// Returns a short name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EachNeuron => "each neuron for itself",
            Self::MostActive => "most active neuron",
        }
    }
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Data) -> Report {
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: data.trained.iter().map(|trained| claim(trained, data.samples)).collect(),
        tables: vec![run_table(data, data.seed), neuron_table(data)],
        figures: figures(data),
        code: vec![
            CodeReference {
                equation: "(94)",
                function: "Activation::apply (Heaviside)",
                file: "crates/nn-tensor/src/activation.rs",
            },
            code("(95)", "binary_output"),
            code("(95), learning", "correction"),
        ],
    }
}

fn code(equation: &'static str, function: &'static str) -> CodeReference {
    CodeReference { equation, function, file: "crates/nn-lecture/src/topics/perceptron.rs" }
}

fn claim(trained: &Trained, samples: usize) -> Claim {
    // The perceptron does not converge on data that are not linearly separable, so one run says
    // little.
    let finals = trained.final_accuracy();
    let (mean, lowest, highest) = summary(&finals);
    let (train, test) = (percent(mean), percent(summary(&trained.test_accuracy).0));
    let (lowest, highest) = (percent(lowest), percent(highest));
    let (rule, runs) = (trained.rule.name(), finals.len());
    Claim::new(
        format!(
            "With the rule \"{rule}\", the accuracy of the most active neuron is {train} on the \
             {samples} training images and {test} on the test images: means of {runs} runs that \
             differ only in the order of the samples ({lowest} to {highest} on the training \
             images). The lecture gets {SCIKIT_LEARN}"
        ),
        [
            ("training accuracy, mean", train),
            ("lowest", lowest),
            ("highest", highest),
            ("test accuracy, mean", test),
        ],
    )
}

/// Returns the accuracies of each run and their means.
fn run_table(data: &Data, seed: u64) -> Table {
    let names = data
        .trained
        .iter()
        .flat_map(|trained| [format!("{}: training", trained.rule.name()), "test".to_owned()]);
    let mut table = Table { header: vec!["seed".to_owned()], ..Table::default() };
    table.title = "Accuracy of the most active neuron, run by run".to_owned();
    table.header.extend(names);
    let finals: Vec<_> = data.trained.iter().map(Trained::final_accuracy).collect();
    let columns = || data.trained.iter().zip(&finals).flat_map(|(t, f)| [f, &t.test_accuracy]);
    for run in 0..finals.first().map_or(0, Vec::len) {
        let seed = seed.wrapping_add(run as u64).to_string();
        let cells = columns().map(|column| percent(column[run]));
        table.rows.push(std::iter::once(seed).chain(cells).collect());
    }
    let means = columns().map(|column| percent(summary(column).0));
    table.rows.push(std::iter::once("mean".to_owned()).chain(means).collect());
    table
}

fn neuron_table(data: &Data) -> Table {
    let title = "Accuracy of each neuron's binary output, eq. (95), on the training set, first run";
    let mut table = Table::new(title, &["class", "accuracy", "bias"]);
    for trained in data.trained.iter().filter(|trained| trained.rule == Rule::EachNeuron) {
        let rows = trained.binary_accuracy.iter().zip(&trained.layer.biases).enumerate();
        for (class, (&right, bias)) in rows {
            table = table.row([class.to_string(), percent(right), format!("{bias:.0}")]);
        }
    }
    table
}

fn figures(data: &Data) -> Vec<(String, Figure)> {
    let curve = |trained: &Trained| {
        let accuracies = trained.train_accuracy.first().into_iter().flatten().enumerate();
        let points = accuracies.map(|(epoch, a)| ((epoch + 1) as f64, 100.0 * a)).collect();
        Series::line(trained.rule.name(), points).styled(Style::LineAndPoints)
    };
    let accuracy = Curves {
        title: "Perceptron: accuracy by epoch".to_owned(),
        x: Axis::linear("epoch"),
        y: Axis::linear("training accuracy (%)"),
        series: data.trained.iter().map(curve).collect(),
    };
    let spread = |trained: &Trained| {
        let finals = trained.final_accuracy().into_iter().enumerate();
        let point = |(run, a)| (data.seed.wrapping_add(run as u64) as f64, 100.0 * a);
        Series::line(trained.rule.name(), finals.map(point).collect()).styled(Style::Points)
    };
    let runs = Curves {
        title: "Perceptron: accuracy by order of the samples".to_owned(),
        x: Axis::linear("seed of the order"),
        y: Axis::linear("training accuracy (%)"),
        series: data.trained.iter().map(spread).collect(),
    };
    let grid = |title: &str, pictures: &[Picture], colours| {
        let (title, pictures) = (title.to_owned(), pictures.to_vec());
        Figure::Images(ImageGrid { title, columns: 2, pictures, colours })
    };
    let weights = "Weights: blue for the class, orange against it";
    vec![
        ("perceptron-images".to_owned(), grid("Images", &data.pictures.1, ColourMap::Ink)),
        ("perceptron-weights".to_owned(), grid(weights, &data.pictures.0, ColourMap::Signed)),
        ("perceptron-accuracy".to_owned(), Figure::Curves(accuracy)),
        ("perceptron-runs".to_owned(), Figure::Curves(runs)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topics::digits8x8;

    /// One pass over the data in order, class 0 against the rest: scikit-learn's weights to the
    /// last bit, since all of them are sixteenths (tests/golden/topics.py).
    #[test]
    fn one_pass_gives_scikit_learns_weights() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/golden/topics.json")).unwrap();
        let golden = &golden["perceptron"];
        let data = digits8x8::embedded().unwrap();
        let train = Samples::new(TOPIC.name, &data.train).unwrap();
        let mut layer = Affine::zeros(train.width(), train.classes());
        let order: Vec<u32> = (0..train.len() as u32).collect();
        train_epoch(Rule::EachNeuron, &mut layer, &train, &order);
        let weights = golden["weights"].as_array().unwrap().iter().map(|w| w.as_f64().unwrap());
        assert_eq!(layer.weights_of(0), weights.collect::<Vec<_>>());
        assert_eq!(Some(layer.biases[0]), golden["bias"].as_f64());
        let right = binary_accuracy(&layer, &train)[0] * train.len() as f64;
        assert_eq!(Some(right.round() as u64), golden["right"].as_u64());
    }
}
