//! The linear two-layer network, eqs. (92) and (93): ordinary least squares by QR and by gradient
//! descent.

use crate::least_squares::{LeastSquares, Rows, classify, solve};
use crate::range::Whole;
use crate::samples::{Affine, Samples, percent};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, Architecture, Loss, Optimizer, Schedule, Trainer, TrainingConfig};
use nn_data::{Dataset, TrainTest};
use nn_plot::{Axis, ColourMap, Curves, Figure, ImageGrid, Picture, Series};
use nn_tensor::Tensor;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "linear",
    title: "The linear network: least squares by QR and by gradient descent",
    equations: &[92, 93],
    parameters: &[
        Parameter {
            name: "samples",
            default: "40",
            meaning: "samples of the small problem, 4 to 10000",
        },
        Parameter {
            name: "steps",
            default: "400",
            meaning: "steps of gradient descent, 1 to 100000",
        },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Samples of the small problem.
    pub samples: usize,
    /// Steps of gradient descent on it.
    pub steps: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { samples: 40, steps: 400 }
    }
}

const SAMPLES: Whole = Whole(4, 10_000);
const STEPS: Whole = Whole(1, 100_000);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        let samples = typed.get("samples", default.samples, SAMPLES)?;
        let steps = typed.get("steps", default.steps, STEPS)?;
        Ok(Self { samples, steps })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        let Self { samples, steps } = *self;
        SAMPLES.check("samples", samples)?;
        STEPS.check("steps", steps)
    }
}

/// A run of gradient descent with one learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// λ.
    pub learning_rate: f64,
    /// λ divided by 2/μmax, the limit of convergence.
    pub share_of_limit: f64,
    /// C minus the minimum of C before each step, until the run ended.
    pub excess_cost: Vec<f64>,
    /// Largest difference from the weights of QR; `None` if it diverged.
    pub distance: Option<f64>,
}

/// Least squares on the images.
#[derive(Clone, Debug, PartialEq)]
pub struct Classifier {
    /// W and b.
    pub layer: Affine,
    /// Accuracy on the training set.
    pub train_accuracy: f64,
    /// Accuracy on the test set.
    pub test_accuracy: f64,
    /// Number of independent columns, of inputs + 1.
    pub rank: usize,
    /// Eigenvalues of the Hessian in descending order.
    pub eigenvalues: Vec<f64>,
    /// Weights as images.
    pub pictures: Vec<Picture>,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// (w₁, w₂, b) of the small problem by QR.
    pub solution: Vec<f64>,
    /// Eigenvalues of its Hessian in descending order.
    pub eigenvalues: Vec<f64>,
    /// Runs of gradient descent on it.
    pub descents: Vec<Descent>,
    /// Least squares on the images.
    pub classifier: Classifier,
}

/// λ of the runs, divided by 2/μmax.
const SHARES: [f64; 4] = [0.02, 0.5, 0.95, 1.02];

/// Solves the small problem by QR and by gradient descent, and the images by QR.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or data, or a failed computation.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    data: &TrainTest,
) -> Result<Data, LectureError> {
    settings.validate()?;
    let (inputs, targets) = small_problem(settings.samples);
    let exact = solve_small(&inputs, &targets)?;
    let solution = [exact.layer.weights.clone(), exact.layer.biases.clone()].concat();
    let small = Dataset::regression(inputs.clone(), 2, targets.clone(), 1)?;
    let least = mean_square(&inputs, &targets, &solution);
    let limit = 2.0 / exact.eigenvalues[0];
    let descend = |share: f64| {
        descend::<D>(&small, device, settings, (share, share * limit), &solution, least)
    };
    let descents = SHARES.into_iter().map(descend).collect::<Result<_, _>>()?;
    let classifier = classifier(data)?;
    Ok(Data { solution, eigenvalues: exact.eigenvalues, descents, classifier })
}

/// Returns two features of unequal scale on a deterministic lattice, and y = 1.5 x₁ - 2 x₂ + 0.5
/// plus a nonlinear term.
fn small_problem(samples: usize) -> (Vec<f64>, Vec<f64>) {
    let part = |factor: f64, i: usize| 2.0 * (factor * (i as f64 + 1.0)).fract() - 1.0;
    // Multiples of irrational numbers cover the square evenly.
    let features = |i: usize| [part(0.618_033_988_75, i), 0.4 * part(0.414_213_562_37, i)];
    let target = |i: usize| {
        let [a, b] = features(i);
        1.5 * a - 2.0 * b + 0.5 + 0.1 * (7.0 * a).sin()
    };
    ((0..samples).flat_map(features).collect(), (0..samples).map(target).collect())
}

fn solve_small(inputs: &[f64], targets: &[f64]) -> Result<LeastSquares, LectureError> {
    let fill = |sample: usize, row: &mut [f64]| {
        row[..2].copy_from_slice(&inputs[2 * sample..2 * sample + 2]);
        row[3] = targets[sample];
    };
    solve(Rows { samples: targets.len(), inputs: 2, outputs: 1, fill }).map_err(numeric)
}

fn numeric(cause: String) -> LectureError {
    LectureError::Numeric { what: "the eigenvalues of the Hessian", cause }
}

/// Returns C = 1/N Σ (y - ŷ)² with ŷ of eq. (92).
fn mean_square(inputs: &[f64], targets: &[f64], weights: &[f64]) -> f64 {
    let residual = |(x, y): (&[f64], &f64)| y - weights[0] * x[0] - weights[1] * x[1] - weights[2];
    let squares = inputs.chunks_exact(2).zip(targets).map(|pair| residual(pair).powi(2));
    squares.sum::<f64>() / targets.len() as f64
}

/// Trains a network without hidden layers by full-batch gradient descent from random weights.
fn descend<D: Tensor<Elem = f64>>(
    data: &Dataset,
    device: &D::Device,
    settings: &Settings,
    (share_of_limit, learning_rate): (f64, f64),
    solution: &[f64],
    least: f64,
) -> Result<Descent, LectureError> {
    let architecture = Architecture {
        inputs: 2,
        hidden: vec![],
        outputs: 1,
        activation: Activation::Identity,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig {
        loss: Loss::SquaredError,
        optimizer: Optimizer::Sgd,
        schedule: Schedule::CONSTANT,
        learning_rate,
        epochs: settings.steps,
        batch: data.len(),
        ..TrainingConfig::default()
    };
    let mut trainer = Trainer::<D>::new(device, &architecture, &config, data, None)?;
    // A run may diverge, which the topic shows: its history up to there is kept.
    let finished = trainer.run(&mut ()).is_ok();
    let excess_cost: Vec<_> =
        trainer.history().iter().map(|epoch| (epoch.train_loss - least).max(0.0)).collect();
    let layer = &trainer.network().layers()[0];
    let weights = [layer.weight.to_vec(), layer.bias.to_vec()].concat();
    let differences = weights.iter().zip(solution).map(|(a, b)| (a - b).abs());
    let distance = differences.fold(0.0, f64::max);
    let grew = excess_cost.last() > excess_cost.first();
    let distance = (finished && !grew && distance.is_finite()).then_some(distance);
    Ok(Descent { learning_rate, share_of_limit, excess_cost, distance })
}

fn classifier(data: &TrainTest) -> Result<Classifier, LectureError> {
    let train = Samples::new(TOPIC.name, &data.train)?;
    let test = Samples::new(TOPIC.name, &data.test)?;
    let LeastSquares { layer, rank, eigenvalues } = classify(&train).map_err(numeric)?;
    let shown = [0, train.classes() - 1];
    let picture =
        |class: usize| train.picture(format!("weights of class {class}"), layer.weights_of(class));
    Ok(Classifier {
        train_accuracy: train.accuracy(&layer),
        test_accuracy: test.accuracy(&layer),
        rank,
        eigenvalues,
        pictures: shown.into_iter().map(picture).collect(),
        layer,
    })
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Data) -> Report {
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: claims(data),
        tables: vec![solution_table(data), descent_table(data)],
        figures: figures(data),
        code: vec![
            CodeReference {
                equation: "(92), (93)",
                function: "Affine::weighted_sums",
                file: "crates/nn-lecture/src/samples.rs",
            },
            CodeReference {
                equation: "least squares",
                function: "solve",
                file: "crates/nn-lecture/src/least_squares.rs",
            },
        ],
    }
}

fn claims(data: &Data) -> Vec<Claim> {
    let closest = data.descents.iter().filter_map(|descent| descent.distance);
    let closest = closest.fold(f64::INFINITY, f64::min);
    let (largest, smallest) = ends(&data.eigenvalues);
    let classifier = &data.classifier;
    let (train, test) = (percent(classifier.train_accuracy), percent(classifier.test_accuracy));
    let columns = classifier.eigenvalues.len();
    let image_limit = 2.0 / ends(&classifier.eigenvalues).0;
    vec![
        Claim::new(
            format!("QR and gradient descent reach the same weights, {closest:.1e} apart"),
            [("largest difference", format!("{closest:.1e}"))],
        ),
        Claim::new(
            format!(
                "The eigenvalues of the Hessian range from {smallest:.3} to {largest:.3}: gradient \
                 descent converges for λ below 2/μmax = {:.3} and diverges above",
                2.0 / largest
            ),
            [("μmax", format!("{largest:.4}")), ("μmin", format!("{smallest:.4}"))],
        ),
        Claim::new(
            format!(
                "As a classifier of the images, least squares has an accuracy of {train} on the \
                 training set and {test} on the test set; {} of the {columns} columns are \
                 independent, and gradient descent would need λ below {image_limit:.4}",
                classifier.rank
            ),
            [("training accuracy", train.clone()), ("test accuracy", test.clone())],
        ),
    ]
}

/// Returns the largest and the smallest of eigenvalues in descending order.
fn ends(eigenvalues: &[f64]) -> (f64, f64) {
    let end = |value: Option<&f64>| value.copied().unwrap_or(0.0);
    (end(eigenvalues.first()), end(eigenvalues.last()))
}

fn solution_table(data: &Data) -> Table {
    let names = ["w₁", "w₂", "b"];
    let rows = names.iter().zip(&data.solution).zip(&data.eigenvalues);
    let table = Table::new("The small problem by QR", &["weight", "value", "eigenvalue of H"]);
    rows.fold(table, |table, ((name, weight), eigenvalue)| {
        table.row([(*name).to_owned(), format!("{weight:.6}"), format!("{eigenvalue:.6}")])
    })
}

fn descent_table(data: &Data) -> Table {
    let header = ["λ", "λ / (2/μmax)", "steps", "final C - min C", "error of the weights"];
    data.descents.iter().fold(Table::new("Gradient descent", &header), |table, descent| {
        let end = descent.excess_cost.last().copied().unwrap_or(f64::NAN);
        table.row([
            format!("{:.4}", descent.learning_rate),
            format!("{:.2}", descent.share_of_limit),
            descent.excess_cost.len().to_string(),
            format!("{end:.1e}"),
            descent.distance.map_or("diverged".to_owned(), |distance| format!("{distance:.1e}")),
        ])
    })
}

/// Costs below this are rounding errors.
const SMALLEST_COST: f64 = 1e-15;

fn figures(data: &Data) -> Vec<(String, Figure)> {
    let curve = |descent: &Descent| {
        let costs = descent.excess_cost.iter().enumerate();
        let points = costs.filter(|(_, c)| **c > SMALLEST_COST).map(|(i, &c)| (i as f64, c));
        let name = format!("λ = {:.2} · 2/μmax", descent.share_of_limit);
        Series::line(&name, points.collect())
    };
    let cost = Curves {
        title: "Gradient descent by learning rate".to_owned(),
        x: Axis::linear("step"),
        y: Axis::log("C − min C").from_to(SMALLEST_COST, 1e3),
        series: data.descents.iter().map(curve).collect(),
    };
    let eigenvalues = data.classifier.eigenvalues.iter().enumerate();
    // Eigenvalues that are 0 up to rounding belong to dependent columns.
    let points =
        eigenvalues.take(data.classifier.rank).map(|(i, &v)| ((i + 1) as f64, v)).collect();
    let spectrum = Curves {
        title: "Eigenvalues of the Hessian on the images".to_owned(),
        x: Axis::linear("index"),
        y: Axis::log("eigenvalue"),
        series: vec![Series::line("", points)],
    };
    let weights = ImageGrid {
        title: "Least-squares weights (blue for, orange against the class; clipped)".to_owned(),
        columns: 2,
        pictures: data.classifier.pictures.iter().map(clipped).collect(),
        colours: ColourMap::Signed,
    };
    vec![
        ("linear-descent".to_owned(), Figure::Curves(cost)),
        ("linear-eigenvalues".to_owned(), Figure::Curves(spectrum)),
        ("linear-weights".to_owned(), Figure::Images(weights)),
    ]
}

/// Clips weights at three times their median magnitude, since pixels that are almost never inked
/// have huge weights.
fn clipped(picture: &Picture) -> Picture {
    let mut sizes: Vec<f64> =
        picture.values.iter().map(|v| v.abs()).filter(|&size| size > 0.0).collect();
    sizes.sort_by(f64::total_cmp);
    let limit = 3.0 * sizes.get(sizes.len() / 2).copied().unwrap_or(1.0);
    let values = picture.values.iter().map(|v| (v / limit).clamp(-1.0, 1.0)).collect();
    Picture { values, ..picture.clone() }
}
