//! Backpropagation compared with central differences, eqs. (106) to (120), and how common mistakes
//! show in that check.

use crate::chain::{Layer, Mistake, backpropagate, differences};
use crate::gradient_check::{GradientCheck, TOLERANCE, check_all, relative_error};
use crate::range::Whole;
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, Initializer, Loss};
use nn_plot::{Axis, Curves, Figure, HeatMap, Scale, Series, Style};
use nn_tensor::{Shape, Tensor};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "backprop",
    title: "Backpropagation compared with central differences, and common mistakes",
    equations: &[106, 107, 112, 113, 114, 115, 116, 117, 118, 119, 120],
    parameters: &[
        Parameter { name: "width", default: "4", meaning: "neurons per layer, 2 to 50" },
        Parameter { name: "layers", default: "3", meaning: "layers with weights, 2 to 10" },
        Parameter {
            name: "activation",
            default: "tanh",
            meaning: "sigmoid, tanh, relu, leaky-relu, gelu or softplus",
        },
        Parameter {
            name: "seed",
            default: "1",
            meaning: "seed of the weights, the input and the target",
        },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Neurons per layer.
    pub width: usize,
    /// Layers with weights.
    pub layers: usize,
    /// σ of all layers.
    pub activation: Activation,
    /// Seed of the weights, the input and the target.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { width: 4, layers: 3, activation: Activation::Tanh, seed: 1 }
    }
}

const WIDTH: Whole = Whole(2, 50);
const LAYERS: Whole = Whole(2, 10);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            width: typed.get("width", default.width, WIDTH)?,
            layers: typed.get("layers", default.layers, LAYERS)?,
            activation: crate::fit::activation(typed, default.activation)?,
            seed: typed.get("seed", default.seed, "a whole number")?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        WIDTH.check("width", self.width)?;
        LAYERS.check("layers", self.layers)?;
        crate::fit::check_activation(self.activation)
    }
}

/// Backpropagation with one mistake, compared with central differences.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The mistake.
    pub mistake: Mistake,
    /// Worst relative error of each layer, in order.
    pub errors: Vec<f64>,
    /// (central difference, backpropagation) for every derivative.
    pub pairs: Vec<(f64, f64)>,
}

impl Attempt {
    /// Returns the worst relative error of all layers.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.errors.iter().copied().fold(0.0, f64::max)
    }
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Lesson {
    /// The library's own backpropagation, for every loss, activation and regulariser.
    pub checks: Vec<GradientCheck>,
    /// The plain loops of [`chain`](crate::chain), without and with mistakes.
    pub attempts: Vec<Attempt>,
}

/// Checks the library, then the plain loops with every mistake.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Lesson, LectureError> {
    settings.validate()?;
    let layers: Vec<Layer> = (0..settings.layers).map(|index| layer(settings, index)).collect();
    let draw = |stream: usize| {
        Initializer::LecunNormal.weights(Shape::new(settings.width, 1), stream, settings.seed)
    };
    let (input, target): (Vec<f64>, Vec<f64>) = (draw(settings.layers), draw(settings.layers + 1));
    let numeric = differences(&layers, &input, &target);
    let attempt = |mistake| {
        let analytic = backpropagate(&layers, &input, &target, mistake);
        let errors = analytic.iter().zip(&numeric).map(|(a, n)| relative_error(a, n)).collect();
        let pairs = numeric.iter().flatten().copied().zip(analytic.into_iter().flatten());
        Attempt { mistake, errors, pairs: pairs.collect() }
    };
    let attempts = Mistake::ALL.into_iter().map(attempt).collect();
    Ok(Lesson { checks: check_all::<D>(device)?, attempts })
}

fn layer(settings: &Settings, index: usize) -> Layer {
    let Settings { width, activation, seed, .. } = *settings;
    let weights: Vec<f64> = Initializer::LecunNormal.weights(Shape::new(width, width), index, seed);
    let bias = |neuron: usize| 0.1 + 0.05 * (neuron as f64).cos();
    Layer {
        weight: weights.chunks_exact(width).map(<[f64]>::to_vec).collect(),
        bias: (0..width).map(bias).collect(),
        activation,
    }
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Lesson) -> Report {
    let worst = data.checks.iter().map(|check| check.worst_relative_error).fold(0.0, f64::max);
    let compared: usize = data.checks.iter().map(|check| check.parameters).sum();
    let wrong = || data.attempts.iter().filter(|attempt| attempt.mistake != Mistake::None);
    let caught = wrong().filter(|attempt| attempt.worst() > 1e3 * TOLERANCE).count();
    let planted = wrong().count();
    let least = wrong().map(Attempt::worst).fold(f64::INFINITY, f64::min);
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            Claim::new(
                format!(
                    "{compared} derivatives of {} networks agree with central differences to \
                     {worst:.1e}",
                    data.checks.len()
                ),
                [("worst relative error", format!("{worst:.1e}"))],
            ),
            Claim::new(
                format!(
                    "The check finds {caught} of {planted} planted mistakes; the smallest relative \
                     error among them is {least:.2}"
                ),
                [
                    ("found", format!("{caught} of {planted}")),
                    ("smallest error", format!("{least:.3}")),
                ],
            ),
        ],
        tables: vec![attempt_table(data), check_table(data)],
        figures: vec![
            ("backprop-mistakes".to_owned(), heat_map(data)),
            ("backprop-derivatives".to_owned(), scatter(data)),
        ],
        code: code(),
    }
}

fn code() -> Vec<CodeReference> {
    let core = "crates/nn-core/src/backpropagation.rs";
    let at = |equation, function, file| CodeReference { equation, function, file };
    vec![
        at("(106)", "Loss::from_sum", "crates/nn-core/src/loss.rs"),
        at("(107)", "FullBatch::cost_and_gradient", "crates/nn-core/src/full_batch.rs"),
        at("(112), (113), (118)", "layer_gradient", core),
        at("(114) to (117), (119)", "hidden_delta", core),
        at("(120)", "output_delta", core),
        at("all, with mistakes", "backpropagate", "crates/nn-lecture/src/chain.rs"),
    ]
}

fn attempt_table(data: &Lesson) -> Table {
    let header = ["mistake", "worst relative error", "layers affected"];
    data.attempts.iter().fold(Table::new("Planted mistakes", &header), |table, attempt| {
        let shown = attempt.errors.iter().enumerate().filter(|(_, e)| **e > TOLERANCE);
        let shown: Vec<String> = shown.map(|(layer, _)| (layer + 1).to_string()).collect();
        let shown = if shown.is_empty() { "none".to_owned() } else { shown.join(", ") };
        table.row([attempt.mistake.name().to_owned(), format!("{:.1e}", attempt.worst()), shown])
    })
}

fn check_table(data: &Lesson) -> Table {
    let header = ["loss", "networks", "derivatives", "worst relative error"];
    Loss::ALL.into_iter().fold(Table::new("The library's gradients", &header), |table, loss| {
        let of_loss = || data.checks.iter().filter(move |check| check.loss == loss);
        let worst = of_loss().map(|check| check.worst_relative_error).fold(0.0, f64::max);
        table.row([
            loss.name().to_owned(),
            of_loss().count().to_string(),
            of_loss().map(|check| check.parameters).sum::<usize>().to_string(),
            format!("{worst:.1e}"),
        ])
    })
}

fn heat_map(data: &Lesson) -> Figure {
    let layers = data.attempts.first().map_or(0, |attempt| attempt.errors.len());
    // The scale is logarithmic, so no value may be exactly 0.
    let error = |error: &f64| error.max(1e-16);
    Figure::HeatMap(HeatMap {
        title: "Relative error compared with central differences".to_owned(),
        x: "layer".to_owned(),
        y: "mistake".to_owned(),
        column_names: (1..=layers).map(|layer| layer.to_string()).collect(),
        row_names: data.attempts.iter().map(|a| a.mistake.name().to_owned()).collect(),
        values: data.attempts.iter().flat_map(|a| a.errors.iter().map(error)).collect(),
        scale: Scale::Log,
    })
}

fn scatter(data: &Lesson) -> Figure {
    let shown = [Mistake::None, Mistake::WrongSignNoLastSlope, Mistake::TransposedWeight];
    let of = |mistake: &Mistake| data.attempts.iter().find(|a| a.mistake == *mistake);
    let mut series: Vec<Series> = shown
        .iter()
        .filter_map(of)
        .map(|a| Series::line(a.mistake.name(), a.pairs.clone()).styled(Style::Points))
        .collect();
    if let Some(right) = of(&Mistake::None) {
        let ends = right
            .pairs
            .iter()
            .fold((0.0_f64, 0.0_f64), |(low, high), pair| (low.min(pair.0), high.max(pair.0)));
        let diagonal = vec![(ends.0, ends.0), (ends.1, ends.1)];
        series.push(Series::line("equal", diagonal).styled(Style::Dashed));
    }
    Figure::Curves(Curves {
        title: "Every derivative by both methods".to_owned(),
        x: Axis::linear("by central differences"),
        y: Axis::linear("by backpropagation"),
        series,
    })
}
