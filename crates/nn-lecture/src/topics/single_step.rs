//! One step of gradient descent with every number: a 1-3-1 network and one sample, eqs. (98) to
//! (103) and (111) to (120).

use crate::chain::{Layer, Mistake, backpropagate, forward};
use crate::fit::{dataset, full_batch, one_to_one, short};
use crate::gradient_check::relative_error;
use crate::range::Positive;
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, FullBatch, Initializer, Loss};
use nn_plot::{Axis, Curves, Figure, Series, Style};
use nn_solvers::{Iterate, Limits, Solver, Stopped, minimize_network};
use nn_tensor::Tensor;
use std::ops::ControlFlow;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "single-step",
    title: "One step of gradient descent on a 1-3-1 network, with every number",
    equations: &[98, 99, 101, 102, 103, 108, 109, 110, 111],
    parameters: &[
        Parameter { name: "x", default: "0.5", meaning: "the sample, -1000 to 1000" },
        Parameter {
            name: "y",
            default: "0.8414709848",
            meaning: "its target; the default is sin(2x) at 0.5",
        },
        Parameter {
            name: "learning-rate",
            default: "0.1",
            meaning: "λ of the step, above 0, to 100",
        },
        Parameter {
            name: "seed",
            default: "1",
            meaning: "seed of the weights, drawn from U(0, 1)",
        },
        Parameter {
            name: "converged",
            default: "1e-6",
            meaning: "cost at which the loop stops, above 0, to 1",
        },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// x.
    pub x: f64,
    /// y.
    pub y: f64,
    /// λ.
    pub learning_rate: f64,
    /// Seed of the weights.
    pub seed: u64,
    /// Cost at which the loop stops.
    pub converged: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { x: 0.5, y: 1.0_f64.sin(), learning_rate: 0.1, seed: 1, converged: 1e-6 }
    }
}

const NUMBER: &str = "a number from -1000 to 1000";
const RATE: Positive = Positive(100.0);
const SEED: &str = "a whole number";
const CONVERGED: Positive = Positive(1.0);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            x: typed.get("x", default.x, NUMBER)?,
            y: typed.get("y", default.y, NUMBER)?,
            learning_rate: typed.get("learning-rate", default.learning_rate, RATE)?,
            seed: typed.get("seed", default.seed, SEED)?,
            converged: typed.get("converged", default.converged, CONVERGED)?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        let Self { x, y, learning_rate: rate, converged, .. } = *self;
        LectureError::check("x", x, x.abs() <= 1e3, NUMBER)?;
        LectureError::check("y", y, y.abs() <= 1e3, NUMBER)?;
        RATE.check("learning-rate", rate)?;
        CONVERGED.check("converged", converged)
    }
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Symbol.
    pub symbol: String,
    /// Formula.
    pub formula: &'static str,
    /// Values, one per neuron.
    pub values: Vec<f64>,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The forward and the backward pass, line by line.
    pub lines: Vec<Line>,
    /// C = ½ (y - a)² before the step.
    pub cost_before: f64,
    /// C after the step.
    pub cost_after: f64,
    /// Change predicted by eq. (102): -λ ‖dC/dw‖².
    pub predicted_change: f64,
    /// Worst relative error of the lines compared with the backend's backpropagation.
    pub disagreement: f64,
    /// For each λ the steps to convergence, or `None` if it was not reached.
    pub epochs_by_rate: Vec<(f64, Option<usize>)>,
}

/// Neurons of the hidden layer.
const WIDTH: usize = 3;
/// Maximum number of steps of the loop.
const MOST_EPOCHS: usize = 20_000;

/// Takes one step, then trains to convergence with several learning rates.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Step, LectureError> {
    settings.validate()?;
    let data = dataset(&[settings.x], &[settings.y])?;
    let fresh = (Initializer::UniformPositive, settings.seed);
    let architecture = one_to_one(vec![WIDTH], Activation::Sigmoid);
    // The tutorial's ½ (y - a)².
    let mut cost = full_batch::<D>(device, &architecture, fresh, &data, Loss::HalfSumOfSquares)?;
    let start = cost.parameters().to_vec();
    let mut gradient = vec![0.0; start.len()];
    let cost_before = cost.cost_and_gradient(&mut gradient)?;

    let by_hand = by_hand(&start, settings);
    let moved = start.iter().zip(&gradient).map(|(w, g)| w - settings.learning_rate * g);
    let moved: Vec<f64> = moved.collect();
    cost.set_parameters(&moved);
    let cost_after = cost.cost()?;
    let squared: f64 = gradient.iter().map(|g| g * g).sum();
    Ok(Step {
        lines: lines(&start, &moved, &by_hand, settings),
        cost_before,
        cost_after,
        predicted_change: -settings.learning_rate * squared,
        disagreement: relative_error(&gradient, &by_hand.gradient),
        epochs_by_rate: loops(&mut cost, &start, settings)?,
    })
}

/// The same numbers computed in plain loops.
struct ByHand {
    hidden_sum: Vec<f64>,
    hidden: Vec<f64>,
    output: f64,
    /// Half the result of [`backpropagate`], which is for ‖y - a‖² without the ½.
    gradient: Vec<f64>,
}

fn by_hand(parameters: &[f64], settings: &Settings) -> ByHand {
    let (first, second) = parameters.split_at(2 * WIDTH);
    let layers = [
        Layer {
            weight: first[..WIDTH].iter().map(|&w| vec![w]).collect(),
            bias: first[WIDTH..].to_vec(),
            activation: Activation::Sigmoid,
        },
        Layer {
            weight: vec![second[..WIDTH].to_vec()],
            bias: second[WIDTH..].to_vec(),
            activation: Activation::Identity,
        },
    ];
    let pass = forward(&layers, &[settings.x]);
    let twice = backpropagate(&layers, &[settings.x], &[settings.y], Mistake::None);
    ByHand {
        hidden_sum: pass.weighted_sums[0].clone(),
        hidden: pass.activations[1].clone(),
        output: pass.activations[2][0],
        gradient: twice.into_iter().flatten().map(|g| g / 2.0).collect(),
    }
}

fn lines(start: &[f64], moved: &[f64], by_hand: &ByHand, settings: &Settings) -> Vec<Line> {
    let line = |symbol: &str, formula, values: &[f64]| Line {
        symbol: symbol.to_owned(),
        formula,
        values: values.to_vec(),
    };
    let (gradient, output) = (&by_hand.gradient, by_hand.output);
    let error = output - settings.y;
    let parts = [("W1", 0..3), ("b1", 3..6), ("W2", 6..9), ("b2", 9..10)];
    let mut lines = vec![
        line("x", "the sample", &[settings.x]),
        line("y", "the target", &[settings.y]),
        line("λ", "the learning rate", &[settings.learning_rate]),
    ];
    for (name, range) in &parts {
        lines.push(line(name, "initial value; biases 0.1", &start[range.clone()]));
    }
    lines.extend([
        line("z1", "W1 x + b1, (105)", &by_hand.hidden_sum),
        line("a1", "sigmoid(z1), (104)", &by_hand.hidden),
        line("a2", "z2 = W2 a1 + b2", &[output]),
        line("C", "½ (y - a2)², (99)", &[0.5 * error * error]),
        line("δ2", "a2 - y, (111)", &[error]),
        line("δ1", "δ2 W2 σ'(z1), (117)", &gradient[3..6]),
    ]);
    let formulas = ["δ1 x, (113)", "δ1", "δ2 a1, (113)", "δ2"];
    for ((name, range), formula) in parts.iter().zip(formulas) {
        lines.push(line(&format!("dC/d{name}"), formula, &gradient[range.clone()]));
    }
    for (name, range) in &parts {
        let symbol = format!("{name} after");
        lines.push(line(&symbol, "w - λ dC/dw, (101), (103)", &moved[range.clone()]));
    }
    lines
}

/// Computes the steps to convergence for learning rates around that of the step, from the same
/// weights.
fn loops<D: Tensor<Elem = f64>>(
    cost: &mut FullBatch<D>,
    start: &[f64],
    settings: &Settings,
) -> Result<Vec<(f64, Option<usize>)>, LectureError> {
    let limits = Limits {
        iterations: MOST_EPOCHS,
        evaluations: MOST_EPOCHS + 1,
        gradient_norm: 0.0,
        cost: Some(settings.converged),
    };
    let factors = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 7.0, 10.0, 14.0, 20.0];
    let epochs = |factor: f64| {
        let learning_rate = factor * settings.learning_rate;
        let solver = Solver::GradientDescent { learning_rate };
        cost.set_parameters(start);
        let no_observer = &mut |_: &Iterate<'_>| ControlFlow::Continue(());
        let end = minimize_network(cost, solver, &limits, no_observer)?;
        Ok((learning_rate, (end.stopped == Stopped::TargetCost).then_some(end.iterations)))
    };
    factors.into_iter().map(epochs).collect()
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Step) -> Report {
    let change = data.cost_after - data.cost_before;
    let reached = data.epochs_by_rate.iter().filter_map(|&(rate, n)| n.map(|n| (rate, n as f64)));
    let reached: Vec<(f64, f64)> = reached.collect();
    let best = reached.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or_default();
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            Claim::new(
                format!(
                    "One step changes the cost from {} to {}: ΔC = {change:.3e}, predicted \
                     -λ|dC/dw|² = {:.3e}",
                    short(data.cost_before),
                    short(data.cost_after),
                    data.predicted_change
                ),
                [
                    ("ΔC", format!("{change:.6e}")),
                    ("-λ|dC/dw|²", format!("{:.6e}", data.predicted_change)),
                ],
            ),
            Claim::new(
                format!(
                    "The plain loops agree with the backend's backpropagation to {:.1e}",
                    data.disagreement
                ),
                [("worst relative error", format!("{:.1e}", data.disagreement))],
            ),
            Claim::new(
                format!("λ = {} converges in the fewest steps: {}", short(best.0), best.1),
                [("best λ", short(best.0)), ("steps", best.1.to_string())],
            ),
        ],
        tables: vec![line_table(data), rate_table(data)],
        figures: vec![("single-step-rates".to_owned(), figure(&reached))],
        code: code(),
    }
}

fn code() -> Vec<CodeReference> {
    let core = "crates/nn-core/src/backpropagation.rs";
    let tensor = "crates/nn-tensor/src/tensor.rs";
    let at = |equation, function, file| CodeReference { equation, function, file };
    vec![
        at("(98), (99), (110)", "Tensor::squared_error", tensor),
        at("(101), (103)", "Update::apply", "crates/nn-tensor/src/update.rs"),
        at("(102)", "run", "crates/nn-lecture/src/topics/single_step.rs"),
        at("(108), (109)", "backward", core),
        at("(111)", "output_delta", core),
    ]
}

fn line_table(data: &Step) -> Table {
    let header = ["symbol", "formula", "value", "neuron 2", "neuron 3"];
    data.lines.iter().fold(Table::new("One step, number by number", &header), |table, line| {
        let value =
            |index: usize| line.values.get(index).map_or(String::new(), |v| format!("{v:.6}"));
        table.row([line.symbol.clone(), line.formula.to_owned(), value(0), value(1), value(2)])
    })
}

fn rate_table(data: &Step) -> Table {
    let table = Table::new("Steps to convergence (parameter converged)", &["λ", "steps"]);
    data.epochs_by_rate.iter().fold(table, |table, (rate, steps)| {
        let steps = steps.map_or_else(|| "not reached".to_owned(), |steps| steps.to_string());
        table.row([short(*rate), steps])
    })
}

fn figure(reached: &[(f64, f64)]) -> Figure {
    Figure::Curves(Curves {
        title: "Steps to convergence by learning rate".to_owned(),
        x: Axis::log("learning rate λ"),
        y: Axis::log("steps"),
        series: vec![Series::line("1-3-1 network", reached.to_vec()).styled(Style::LineAndPoints)],
    })
}
