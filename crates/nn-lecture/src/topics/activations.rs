//! Activation functions and their derivatives: eqs. (94) and (96), and the sigmoid.

use crate::range::{Positive, Whole};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::Activation;
use nn_plot::{Axis, Curves, Figure, Series, Style};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "activations",
    title: "Activation functions and their derivatives",
    equations: &[94, 96],
    parameters: &[
        Parameter { name: "range", default: "4", meaning: "z runs from -range to range, above 0" },
        Parameter { name: "points", default: "401", meaning: "number of points, 3 to 100001" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// z runs from -range to range.
    pub range: f64,
    /// Number of values of z.
    pub points: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { range: 4.0, points: 401 }
    }
}

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        let range = typed.get("range", default.range, RANGE)?;
        let points = typed.get("points", default.points, POINTS)?;
        Ok(Self { range, points })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        let Self { range, points } = *self;
        RANGE.check("range", range)?;
        POINTS.check("points", points)
    }
}

const RANGE: Positive = Positive(1000.0);
const POINTS: Whole = Whole(3, 100_001);

/// An activation function sampled along z.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampled {
    /// The activation.
    pub activation: Activation,
    /// (z, σ(z)).
    pub values: Vec<(f64, f64)>,
    /// (z, σ'(z)).
    pub slopes: Vec<(f64, f64)>,
    /// Largest difference between σ' and the central difference of σ, without kinks and jumps.
    pub worst_slope_error: f64,
}

/// Half the distance of the points of a central difference.
const STEP: f64 = 1e-5;

/// Samples every activation function and its derivative.
///
/// # Errors
/// Returns [`LectureError::Parameter`] for an invalid setting.
pub fn run(settings: &Settings) -> Result<Vec<Sampled>, LectureError> {
    settings.validate()?;
    Ok(Activation::ALL.into_iter().map(|activation| sample(activation, settings)).collect())
}

fn sample(activation: Activation, settings: &Settings) -> Sampled {
    let Settings { range, points } = *settings;
    let steps = (points - 1) as f64;
    let z = |index: usize| range * (2.0 * index as f64 - steps) / steps;
    let zs = || (0..points).map(z);
    // Some have a kink or a jump at 0, where a difference says nothing about the derivative.
    let slope_error = zs().filter(|z| z.abs() > STEP).map(|z| {
        let rise = activation.apply(z + STEP) - activation.apply(z - STEP);
        (activation.derivative(z) - rise / (2.0 * STEP)).abs()
    });
    Sampled {
        activation,
        values: zs().map(|z| (z, activation.apply(z))).collect(),
        slopes: zs().map(|z| (z, activation.derivative(z))).collect(),
        worst_slope_error: slope_error.fold(0.0, f64::max),
    }
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &[Sampled]) -> Report {
    let worst = data.iter().map(|sampled| sampled.worst_slope_error).fold(0.0, f64::max);
    let steepest = data.iter().find(|sampled| sampled.activation == Activation::Sigmoid);
    let steepest = steepest.map_or(0.0, |sampled| highest(&sampled.slopes));
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            Claim::new(
                format!("Every σ' agrees with the measured slope of its σ to {worst:.1e}"),
                [("largest difference", format!("{worst:.1e}"))],
            ),
            Claim::new(
                format!(
                    "The derivative of the sigmoid is {steepest:.2} at most, so an error that is \
                     backpropagated through it shrinks to a quarter or less; that of the rectifier \
                     is 1 where its input is positive"
                ),
                [("largest σ' of the sigmoid", format!("{steepest:.4}"))],
            ),
        ],
        tables: vec![table(data)],
        figures: data.iter().map(figure).collect(),
        code: vec![
            code("(94)", "Activation::apply (Heaviside)"),
            code("sigmoid", "Activation::apply (Sigmoid)"),
            code("(96)", "Activation::apply (Relu)"),
            code("σ'", "Activation::derivative"),
        ],
    }
}

fn code(equation: &'static str, function: &'static str) -> CodeReference {
    CodeReference { equation, function, file: "crates/nn-tensor/src/activation.rs" }
}

fn highest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max)
}

fn lowest(points: &[(f64, f64)]) -> f64 {
    points.iter().map(|point| point.1).fold(f64::INFINITY, f64::min)
}

fn table(data: &[Sampled]) -> Table {
    let header = ["activation", "lowest σ", "highest σ", "highest σ'", "σ' minus difference"];
    data.iter().fold(Table::new("Values along z", &header), |table, sampled| {
        table.row([
            sampled.activation.name().to_owned(),
            format!("{:.4}", lowest(&sampled.values)),
            format!("{:.4}", highest(&sampled.values)),
            format!("{:.4}", highest(&sampled.slopes)),
            format!("{:.1e}", sampled.worst_slope_error),
        ])
    })
}

fn figure(sampled: &Sampled) -> (String, Figure) {
    let name = sampled.activation.name();
    let curves = Curves {
        title: name.to_owned(),
        x: Axis::linear("weighted sum z"),
        y: Axis::linear("σ(z), σ'(z)"),
        series: vec![
            Series::line("σ", sampled.values.clone()),
            Series::line("σ'", sampled.slopes.clone()).styled(Style::Dashed),
        ],
    };
    (format!("activation-{name}"), Figure::Curves(curves))
}
