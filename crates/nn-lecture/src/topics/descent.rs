//! Gradient descent on a cost of two weights, eqs. (98) to (103), and a cost with several minima.

use crate::range::{Positive, Whole};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::Activation;
use nn_plot::{Axis, Contours, Curves, Figure, Grid, Mark, Path, Series};

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "descent",
    title: "Gradient descent: small, good and large learning rates; several minima",
    equations: &[98, 99, 100, 101, 102, 103],
    parameters: &[
        Parameter { name: "small", default: "0.5", meaning: "a λ that is too small, above 0" },
        Parameter { name: "good", default: "10", meaning: "a good λ, above 0" },
        Parameter { name: "large", default: "60", meaning: "a λ that is too large, above 0" },
        Parameter { name: "steps", default: "60", meaning: "steps of each path, 1 to 10000" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// λ of the three paths.
    pub rates: [f64; 3],
    /// Steps of each path.
    pub steps: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { rates: [0.5, 10.0, 60.0], steps: 60 }
    }
}

const RATE: Positive = Positive(1e6);
const STEPS: Whole = Whole(1, 10_000);
const NAMES: [&str; 3] = ["small", "good", "large"];

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let Self { mut rates, steps } = Self::default();
        for (rate, name) in rates.iter_mut().zip(NAMES) {
            *rate = typed.get(name, *rate, RATE)?;
        }
        Ok(Self { rates, steps: typed.get("steps", steps, STEPS)? })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        for (name, rate) in NAMES.into_iter().zip(self.rates) {
            RATE.check(name, rate)?;
        }
        STEPS.check("steps", self.steps)
    }
}

/// Activation of the neuron.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The sigmoid: one minimum.
    Sigmoid,
    /// The sine: many minima.
    Sine,
}

impl Unit {
    fn value(self, z: f64) -> f64 {
        match self {
            Self::Sigmoid => Activation::Sigmoid.apply(z),
            Self::Sine => z.sin(),
        }
    }

    fn derivative(self, z: f64) -> f64 {
        match self {
            Self::Sigmoid => Activation::Sigmoid.derivative(z),
            Self::Sine => z.cos(),
        }
    }
}

/// The cost of one neuron with one input and a bias, on samples that known weights fit exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    unit: Unit,
    samples: Vec<(f64, f64)>,
    /// The weights at which C = 0.
    pub minimum: [f64; 2],
}

impl Cost {
    /// Creates the cost on `count` samples with x from -2 to 2 that the weights `minimum` fit
    /// exactly.
    #[must_use]
    pub fn new(unit: Unit, minimum: [f64; 2], count: usize) -> Self {
        let x = |i: usize| -2.0 + 4.0 * i as f64 / (count.max(2) - 1) as f64;
        let sample = |x: f64| (x, unit.value(minimum[0] * x + minimum[1]));
        Self { unit, samples: (0..count).map(|i| sample(x(i))).collect(), minimum }
    }

    /// Computes C_i = (y - σ(wᵀx))² of one sample, eqs. (98) and (99), with absorbed bias, eq.
    /// (97).
    #[must_use]
    pub fn of_sample(&self, [w1, w2]: [f64; 2], (x, y): (f64, f64)) -> f64 {
        (y - self.unit.value(w1 * x + w2)).powi(2)
    }

    /// Computes C, the mean of C_i over the samples.
    #[must_use]
    pub fn value(&self, weights: [f64; 2]) -> f64 {
        let costs = self.samples.iter().map(|&sample| self.of_sample(weights, sample));
        costs.sum::<f64>() / self.samples.len() as f64
    }

    /// Computes dC/dw, which is 0 at a minimum, eq. (100).
    #[must_use]
    pub fn gradient(&self, [w1, w2]: [f64; 2]) -> [f64; 2] {
        let mut gradient = [0.0; 2];
        for &(x, y) in &self.samples {
            let z = w1 * x + w2;
            let delta = -2.0 * (y - self.unit.value(z)) * self.unit.derivative(z);
            gradient[0] += delta * x / self.samples.len() as f64;
            gradient[1] += delta / self.samples.len() as f64;
        }
        gradient
    }
}

/// Computes δw = -λ (dC/dw)ᵀ, eq. (103).
#[must_use]
pub fn increment(gradient: [f64; 2], learning_rate: f64) -> [f64; 2] {
    gradient.map(|slope| -learning_rate * slope)
}

/// Computes w + δw, eq. (101).
#[must_use]
pub fn moved(weights: [f64; 2], increment: [f64; 2]) -> [f64; 2] {
    [weights[0] + increment[0], weights[1] + increment[1]]
}

/// Computes the predicted change ΔC ≃ dC/dw δw, eq. (102).
#[must_use]
pub fn predicted_change(gradient: [f64; 2], increment: [f64; 2]) -> f64 {
    gradient[0] * increment[0] + gradient[1] * increment[1]
}

/// A path of gradient descent.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// λ.
    pub learning_rate: f64,
    /// The weights, beginning with the start.
    pub points: Vec<[f64; 2]>,
    /// C at each point.
    pub costs: Vec<f64>,
    /// |dC/dw| at the last point.
    pub last_slope: f64,
}

impl Walk {
    /// Returns the number of steps that increased the cost.
    #[must_use]
    pub fn rises(&self) -> usize {
        self.costs.windows(2).filter(|pair| pair[1] > pair[0]).count()
    }

    fn end(&self) -> ([f64; 2], f64) {
        let last = |costs: &[f64]| costs.last().copied().unwrap_or(f64::NAN);
        (self.points.last().copied().unwrap_or([f64::NAN; 2]), last(&self.costs))
    }
}

/// Gradient norm at which a path stops.
const FLAT: f64 = 1e-10;

fn walk(cost: &Cost, start: [f64; 2], learning_rate: f64, steps: usize) -> Walk {
    let mut points = vec![start];
    let mut at = start;
    for _ in 0..steps {
        let gradient = cost.gradient(at);
        if gradient[0].hypot(gradient[1]) < FLAT {
            break;
        }
        at = moved(at, increment(gradient, learning_rate));
        points.push(at);
    }
    let costs = points.iter().map(|&point| cost.value(point)).collect();
    let slope = cost.gradient(at);
    Walk { learning_rate, points, costs, last_slope: slope[0].hypot(slope[1]) }
}

/// One step from the same point, to compare ΔC with the prediction of eq. (102).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FirstStep {
    /// λ.
    pub learning_rate: f64,
    /// ΔC.
    pub change: f64,
    /// dC/dw δw.
    pub predicted: f64,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The cost with one minimum.
    pub one_minimum: Cost,
    /// Its paths, one per learning rate.
    pub rates: Vec<Walk>,
    /// Single steps with decreasing λ.
    pub first_steps: Vec<FirstStep>,
    /// The cost with several minima.
    pub several_minima: Cost,
    /// Its paths, one per start.
    pub starts: Vec<Walk>,
}

const START: [f64; 2] = [-1.5, 2.5];
/// Starts on the cost with several minima; each converges to a different one.
const STARTS: [[f64; 2]; 4] = [[1.0, 0.0], [0.3, -2.0], [4.2, -1.0], [4.5, 0.5]];

/// Runs gradient descent on both costs.
///
/// # Errors
/// Returns [`LectureError::Parameter`] for an invalid setting.
pub fn run(settings: &Settings) -> Result<Data, LectureError> {
    settings.validate()?;
    let one_minimum = Cost::new(Unit::Sigmoid, [2.0, -1.0], 9);
    let several_minima = Cost::new(Unit::Sine, [2.0, 0.5], 21);
    let rates = settings.rates.map(|rate| walk(&one_minimum, START, rate, settings.steps)).into();
    let starts = STARTS.map(|start| walk(&several_minima, start, 0.1, 20_000)).into();
    let first_steps =
        [10.0, 1.0, 0.1, 0.01, 0.001].map(|rate| first_step(&one_minimum, rate)).into();
    Ok(Data { one_minimum, rates, first_steps, several_minima, starts })
}

fn first_step(cost: &Cost, learning_rate: f64) -> FirstStep {
    let gradient = cost.gradient(START);
    let step = increment(gradient, learning_rate);
    let change = cost.value(moved(START, step)) - cost.value(START);
    FirstStep { learning_rate, change, predicted: predicted_change(gradient, step) }
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Data) -> Report {
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: claims(data),
        tables: vec![rate_table(data), step_table(data), minima_table(data)],
        figures: figures(data),
        code: vec![
            code("(98), (99)", "Cost::of_sample"),
            code("(100)", "Cost::gradient"),
            code("(101)", "moved"),
            code("(102)", "predicted_change"),
            code("(103)", "increment"),
        ],
    }
}

fn code(equation: &'static str, function: &'static str) -> CodeReference {
    CodeReference { equation, function, file: "crates/nn-lecture/src/topics/descent.rs" }
}

fn claims(data: &Data) -> Vec<Claim> {
    let smallest = data.first_steps.last().map_or(0.0, |step| step.change / step.predicted);
    let rises: Vec<_> = data.rates.iter().map(Walk::rises).collect();
    let ends: Vec<_> = data.rates.iter().map(|walk| format!("{:.1e}", walk.end().1)).collect();
    let heights: Vec<_> = data.starts.iter().map(|walk| format!("{:.3}", walk.end().1)).collect();
    let falling = data.first_steps.iter().filter(|step| step.change < 0.0).count();
    vec![
        Claim::new(
            format!(
                "ΔC < 0 in {falling} of {} single steps; for the smallest λ, ΔC is {smallest:.6} \
                 times what eq. (102) predicts",
                data.first_steps.len()
            ),
            [("ΔC / predicted", format!("{smallest:.6}"))],
        ),
        Claim::new(
            format!(
                "After the same number of steps, C is {} for the small, the good and the large λ; \
                 {rises:?} of their steps increased the cost",
                ends.join(", ")
            ),
            [("increasing steps", format!("{rises:?}"))],
        ),
        Claim::new(
            format!(
                "On the cost with several minima, four starts end at C = {}: gradient descent finds \
                 a local minimum, not necessarily the lowest",
                heights.join(", ")
            ),
            [("C at the ends", heights.join(", "))],
        ),
    ]
}

fn rate_table(data: &Data) -> Table {
    let header = ["λ", "steps", "w₁", "w₂", "C", "increasing steps"];
    data.rates.iter().fold(Table::new("Three learning rates", &header), |table, walk| {
        let ([w1, w2], cost) = walk.end();
        table.row([
            walk.learning_rate.to_string(),
            (walk.points.len() - 1).to_string(),
            format!("{w1:.4}"),
            format!("{w2:.4}"),
            format!("{cost:.2e}"),
            walk.rises().to_string(),
        ])
    })
}

fn step_table(data: &Data) -> Table {
    let header = ["λ", "ΔC", "dC/dw δw", "ratio"];
    let title = "One step: the change and its prediction, eq. (102)";
    data.first_steps.iter().fold(Table::new(title, &header), |table, step| {
        table.row([
            step.learning_rate.to_string(),
            format!("{:.4e}", step.change),
            format!("{:.4e}", step.predicted),
            format!("{:.5}", step.change / step.predicted),
        ])
    })
}

fn minima_table(data: &Data) -> Table {
    let header = ["start", "end", "C", "|dC/dw|"];
    data.starts.iter().fold(Table::new("Several minima", &header), |table, walk| {
        let ([w1, w2], cost) = walk.end();
        table.row([
            format!("({}, {})", walk.points[0][0], walk.points[0][1]),
            format!("({w1:.4}, {w2:.4})"),
            format!("{cost:.4}"),
            format!("{:.0e}", walk.last_slope),
        ])
    })
}

/// Points of a path in a figure: enough to see the way.
const SHOWN: usize = 60;

fn path(name: String, walk: &Walk) -> Path {
    let every = walk.points.len().div_ceil(SHOWN).max(1);
    let points = walk.points.iter().step_by(every).chain(walk.points.last());
    Path { name, points: points.map(|&[w1, w2]| (w1, w2)).collect() }
}

fn contours(title: &str, cost: &Cost, grid: Grid, levels: Vec<f64>, paths: Vec<Path>) -> Figure {
    let [w1, w2] = cost.minimum;
    Figure::Contours(Contours {
        title: title.to_owned(),
        x: Axis::linear("weight w₁"),
        y: Axis::linear("weight w₂ (bias)"),
        grid,
        levels,
        paths,
        marks: vec![Mark { name: "minimum".to_owned(), at: (w1, w2) }],
    })
}

fn figures(data: &Data) -> Vec<(String, Figure)> {
    let rate = |walk: &Walk| format!("λ = {}", walk.learning_rate);
    let by_rate = data.rates.iter().map(|walk| path(rate(walk), walk)).collect();
    let start = |walk: &Walk| format!("from ({}, {})", walk.points[0][0], walk.points[0][1]);
    let by_start = data.starts.iter().map(|walk| path(start(walk), walk)).collect();
    let grid = |cost: &Cost, x, y| Grid::sample(x, y, (120, 100), |a, b| cost.value([a, b]));
    let one_minimum = grid(&data.one_minimum, (-4.0, 6.0), (-4.0, 4.0));
    let several_minima = grid(&data.several_minima, (-1.0, 7.0), (-3.5, 3.5));
    let low = vec![0.001, 0.003, 0.01, 0.02, 0.04, 0.08, 0.12, 0.17, 0.22, 0.28, 0.35, 0.45];
    let even = (1..12).map(|i| 0.1 * f64::from(i)).collect();
    let curve = |walk: &Walk| {
        let points = walk.costs.iter().enumerate().map(|(step, &c)| (step as f64, c.max(1e-16)));
        Series::line(&rate(walk), points.collect())
    };
    let cost = Curves {
        title: "Cost by step".to_owned(),
        x: Axis::linear("step"),
        y: Axis::log("cost C"),
        series: data.rates.iter().map(curve).collect(),
    };
    vec![
        (
            "descent-paths".to_owned(),
            contours(
                "Descent with three learning rates",
                &data.one_minimum,
                one_minimum,
                low,
                by_rate,
            ),
        ),
        ("descent-cost".to_owned(), Figure::Curves(cost)),
        (
            "descent-minima".to_owned(),
            contours("Several minima", &data.several_minima, several_minima, even, by_start),
        ),
    ]
}
