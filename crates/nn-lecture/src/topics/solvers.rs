//! The methods beyond gradient descent that the lecture names, on the same cost from the same
//! start.

use crate::fit::{SolverRun, dataset, full_batch, one_to_one, short, solve, spread};
use crate::range::{Positive, Whole};
use crate::topic::Parameter;
use crate::{Claim, CodeReference, LectureError, Parameters, Report, Table, Topic};
use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss};
use nn_plot::{Axis, Contours, Curves, Figure, Grid, Mark, Path, Series};
use nn_solvers::{Limits, Solver, Stopped, minimize_network};
use nn_tensor::Tensor;
use std::ops::ControlFlow;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "solvers",
    title: "Gradient descent compared with conjugate gradient, L-BFGS, Newton and Gauss-Newton",
    equations: &[100],
    parameters: &[
        Parameter {
            name: "learning-rate",
            default: "1",
            meaning: "λ of gradient descent on the two-weight cost (a tenth of it for momentum and adam), above 0, to 1000",
        },
        Parameter {
            name: "gradient-norm",
            default: "1e-6",
            meaning: "stop at this gradient norm, above 0, to 1",
        },
        Parameter {
            name: "iterations",
            default: "2000",
            meaning: "maximum number of steps, 1 to 100000",
        },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// λ of gradient descent; momentum and Adam use a tenth of it.
    pub learning_rate: f64,
    /// Gradient norm at which a run stops.
    pub gradient_norm: f64,
    /// Maximum number of steps.
    pub iterations: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { learning_rate: 1.0, gradient_norm: 1e-6, iterations: 2000 }
    }
}

const RATE: Positive = Positive(1000.0);
const NORM: Positive = Positive(1.0);
const ITERATIONS: Whole = Whole(1, 100_000);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            learning_rate: typed.get("learning-rate", default.learning_rate, RATE)?,
            gradient_norm: typed.get("gradient-norm", default.gradient_norm, NORM)?,
            iterations: typed.get("iterations", default.iterations, ITERATIONS)?,
        })
    }

    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        RATE.check("learning-rate", self.learning_rate)?;
        NORM.check("gradient-norm", self.gradient_norm)?;
        ITERATIONS.check("iterations", self.iterations)
    }
}

/// A run of a solver on the two-weight cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// Costs and counts of the run.
    pub run: SolverRun,
    /// (w, b) at the start and after each step.
    pub path: Vec<(f64, f64)>,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Runs on one neuron with two weights.
    pub walks: Vec<Walk>,
    /// Lowest point that any solver found there.
    pub lowest: (f64, f64),
    /// Its cost.
    pub lowest_cost: f64,
    /// The cost on a grid of the two weights.
    pub surface: Grid,
    /// Runs on the tutorial's network of 31 weights on sin 2x, with the same number of evaluations.
    pub network: Vec<SolverRun>,
}

/// The start of all solvers on the two-weight cost.
pub const START: [f64; 2] = [-0.5, 2.0];
/// Maximum number of evaluations on the network.
const BUDGET: usize = 500;
/// Ranges of the two axes.
const W: (f64, f64) = (-3.0, 5.0);
const B: (f64, f64) = (-3.0, 4.0);

/// Returns the samples of the two-weight cost: a sigmoid that the neuron can nearly fit.
#[must_use]
pub fn neuron_samples() -> (Vec<f64>, Vec<f64>) {
    let x = spread(-3.0, 3.0, 13);
    let odd = |index: usize| if index % 2 == 1 { -0.05 } else { 0.05 };
    let y = x.iter().enumerate();
    let y = y.map(|(i, x)| 0.1 + 0.8 * Activation::Sigmoid.apply(1.5 * x + 0.5) + odd(i)).collect();
    (x, y)
}

/// Runs every solver on both costs.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Comparison, LectureError> {
    settings.validate()?;
    let mut neuron = neuron::<D>(device)?;
    let rate = settings.learning_rate;
    let walks: Result<Vec<_>, _> = Solver::NAMES
        .iter()
        .filter_map(|name| Solver::from_name(name, rate * rate_factor(name)))
        .map(|solver| walk(&mut neuron, solver, settings))
        .collect();
    let walks = walks?;
    let lowest = walks.iter().min_by(|a, b| a.run.minimum.cost.total_cmp(&b.run.minimum.cost));
    let at = lowest.map_or(START.to_vec(), |walk| walk.run.minimum.at.clone());
    let lowest_cost = lowest.map_or(f64::NAN, |walk| walk.run.minimum.cost);
    let surface = surface(&mut neuron)?;
    Ok(Comparison {
        walks,
        lowest: (at[0], at[1]),
        lowest_cost,
        surface,
        network: on_network::<D>(device)?,
    })
}

/// Returns the factor of λ for a solver.
///
/// Steps of momentum add up to ten of plain gradient descent, and those of Adam have length λ
/// independent of the gradient, so both use a smaller λ.
fn rate_factor(solver: &str) -> f64 {
    if ["momentum", "adam"].contains(&solver) { 0.1 } else { 1.0 }
}

fn neuron<D: Tensor<Elem = f64>>(device: &D::Device) -> Result<FullBatch<D>, LectureError> {
    let (x, y) = neuron_samples();
    let architecture = Architecture {
        output_activation: Activation::Sigmoid,
        ..one_to_one(vec![], Activation::Tanh)
    };
    let fresh = (Initializer::LecunNormal, 1);
    full_batch(device, &architecture, fresh, &dataset(&x, &y)?, Loss::SquaredError)
}

fn walk<D: Tensor<Elem = f64>>(
    cost: &mut FullBatch<D>,
    solver: Solver,
    settings: &Settings,
) -> Result<Walk, LectureError> {
    let limits = Limits {
        iterations: settings.iterations,
        gradient_norm: settings.gradient_norm,
        evaluations: 4 * settings.iterations + 100,
        cost: None,
    };
    let (mut path, mut history) = (Vec::new(), Vec::new());
    cost.set_parameters(&START);
    let minimum = minimize_network(cost, solver, &limits, &mut |step| {
        path.push((step.at[0], step.at[1]));
        history.push((step.evaluations, step.cost));
        ControlFlow::Continue(())
    })?;
    Ok(Walk { run: SolverRun { solver: solver.name(), minimum, history }, path })
}

fn surface<D: Tensor<Elem = f64>>(cost: &mut FullBatch<D>) -> Result<Grid, LectureError> {
    let (columns, rows) = (81, 71);
    let mut values = Vec::with_capacity(columns * rows);
    for &b in &spread(B.0, B.1, rows) {
        for &w in &spread(W.0, W.1, columns) {
            cost.set_parameters(&[w, b]);
            values.push(cost.cost()?);
        }
    }
    Ok(Grid { x: W, y: B, columns, rows, values })
}

fn on_network<D: Tensor<Elem = f64>>(device: &D::Device) -> Result<Vec<SolverRun>, LectureError> {
    let x = spread(-1.0, 1.0, 200);
    let y: Vec<f64> = x.iter().map(|x| (2.0 * x).sin()).collect();
    let (data, architecture) = (dataset(&x, &y)?, one_to_one(vec![10], Activation::Tanh));
    let limits =
        Limits { iterations: BUDGET, evaluations: BUDGET, gradient_norm: 1e-9, cost: None };
    let solvers = [
        Solver::GradientDescent { learning_rate: 0.02 },
        Solver::Momentum { learning_rate: 0.02, momentum: 0.9 },
        Solver::Adam { learning_rate: 0.02 },
        Solver::ConjugateGradient,
        Solver::Lbfgs { memory: 10 },
        Solver::GaussNewton,
    ];
    let train = |solver| {
        let fresh = (Initializer::UniformPositive, 1);
        let mut cost =
            full_batch::<D>(device, &architecture, fresh, &data, Loss::HalfSquaredError)?;
        solve(&mut cost, solver, &limits)
    };
    solvers.into_iter().map(train).collect()
}

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Comparison) -> Report {
    let walk = |name: &str| data.walks.iter().find(|walk| walk.run.solver == name);
    let steps = |name: &str| walk(name).map_or(0, |walk| walk.run.minimum.iterations);
    let (plain, newton) = (steps("gradient-descent"), steps("newton"));
    let cost = |name: &str| {
        let run = data.network.iter().find(|run| run.solver == name);
        run.map_or(f64::NAN, |run| run.minimum.cost)
    };
    let (descent, lbfgs) = (cost("gradient-descent"), cost("lbfgs"));
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            Claim::new(
                format!(
                    "The same minimum takes {plain} steps of gradient descent and {newton} of Newton's \
                     method with a trust region"
                ),
                [("steps, gradient descent", plain.to_string()), ("newton", newton.to_string())],
            ),
            Claim::new(
                unsafe_newton(walk("newton-raphson"), data.lowest_cost),
                [(
                    "final cost",
                    walk("newton-raphson")
                        .map_or_else(String::new, |walk| short(walk.run.minimum.cost)),
                )],
            ),
            Claim::new(
                format!(
                    "On the tutorial's network, {BUDGET} evaluations reduce the cost to C = {} with \
                     gradient descent and to {} with L-BFGS",
                    short(descent),
                    short(lbfgs)
                ),
                [("C, gradient descent", short(descent)), ("C, L-BFGS", short(lbfgs))],
            ),
        ],
        tables: vec![
            table("One neuron, two weights", data.walks.iter().map(|walk| &walk.run)),
            table("1-10-1 tanh network on sin(2x), 31 weights", data.network.iter()),
        ],
        figures: vec![
            ("solvers-paths".to_owned(), contours(data, false)),
            ("solvers-paths-second-order".to_owned(), contours(data, true)),
            ("solvers-neuron".to_owned(), neuron_curves(data)),
            ("solvers-network".to_owned(), network_curves(data)),
        ],
        code: vec![
            code("(100)", "minimize", "minimize.rs"),
            code("conjugate gradient, L-BFGS, Newton", "run_argmin", "line_search.rs"),
            code("gradient descent, momentum", "descend", "descent.rs"),
        ],
    }
}

fn unsafe_newton(walk: Option<&Walk>, lowest_cost: f64) -> String {
    let Some(walk) = walk else { return String::new() };
    let minimum = &walk.run.minimum;
    if minimum.cost <= lowest_cost + 1e-6 {
        return format!(
            "Newton-Raphson without a safeguard converges to it too, in {} steps, from this start",
            minimum.iterations
        );
    }
    format!(
        "Newton-Raphson without a safeguard does not reach it: from this start it ends at C = {} ({})",
        short(minimum.cost),
        in_words(minimum.stopped)
    )
}

fn code(equation: &'static str, function: &'static str, file: &str) -> CodeReference {
    let file = match file {
        "minimize.rs" => "crates/nn-solvers/src/minimize.rs",
        "descent.rs" => "crates/nn-solvers/src/descent.rs",
        _ => "crates/nn-solvers/src/line_search.rs",
    };
    CodeReference { equation, function, file }
}

/// Describes in a few words why a run ended.
pub(crate) fn in_words(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::GradientNorm => "gradient vanishes",
        Stopped::TargetCost => "target reached",
        Stopped::Iterations => "step limit",
        Stopped::Evaluations => "evaluation limit",
        Stopped::NoFurtherDescent => "no further descent",
        Stopped::Observer => "stopped",
        Stopped::NotFinite => "diverged",
    }
}

fn table<'a>(title: &str, runs: impl Iterator<Item = &'a SolverRun>) -> Table {
    let header = ["solver", "steps", "evaluations", "matrices", "cost", "|gradient|", "end"];
    runs.fold(Table::new(title, &header), |table, run| {
        let minimum = &run.minimum;
        table.row([
            run.solver.to_owned(),
            minimum.iterations.to_string(),
            minimum.evaluations.to_string(),
            minimum.matrices.to_string(),
            format!("{:.3e}", minimum.cost),
            format!("{:.1e}", minimum.gradient_norm),
            in_words(minimum.stopped).to_owned(),
        ])
    })
}

fn contours(data: &Comparison, second_order: bool) -> Figure {
    let of_order = |walk: &&Walk| {
        let matrices = ["newton-raphson", "newton", "gauss-newton"].contains(&walk.run.solver);
        matrices == second_order
    };
    let inside = |&(w, b): &(f64, f64)| (W.0..=W.1).contains(&w) && (B.0..=B.1).contains(&b);
    let path = |walk: &Walk| {
        let points: Vec<_> = walk.path.iter().copied().take_while(inside).collect();
        let left = if points.len() < walk.path.len() { " (leaves the plot)" } else { "" };
        Path { name: format!("{}{left}", walk.run.solver), points }
    };
    let kind = if second_order { "with second derivatives" } else { "with first derivatives" };
    let highest = data.surface.values.iter().copied().fold(0.0, f64::max);
    let height = |share: f64| data.lowest_cost + share * share * (highest - data.lowest_cost);
    Figure::Contours(Contours {
        title: format!("Paths {kind}"),
        x: Axis::linear("weight w"),
        y: Axis::linear("bias b"),
        grid: data.surface.clone(),
        levels: (1..=14).map(|level| height(f64::from(level) / 15.0)).collect(),
        paths: data.walks.iter().filter(of_order).map(path).collect(),
        marks: vec![Mark { name: "minimum".to_owned(), at: data.lowest }],
    })
}

fn neuron_curves(data: &Comparison) -> Figure {
    let series = |walk: &Walk| {
        let above = |&(evaluations, cost): &(usize, f64)| {
            (evaluations as f64, (cost - data.lowest_cost).max(1e-16))
        };
        Series::line(walk.run.solver, walk.run.history.iter().map(above).collect())
    };
    Figure::Curves(Curves {
        title: "One neuron: cost above the minimum".to_owned(),
        x: Axis::log("evaluations of cost and gradient"),
        y: Axis::log("C − C of the minimum"),
        series: data.walks.iter().map(series).collect(),
    })
}

fn network_curves(data: &Comparison) -> Figure {
    let series = |run: &SolverRun| {
        let point = |&(evaluations, cost): &(usize, f64)| (evaluations as f64, cost);
        Series::line(run.solver, run.history.iter().map(point).collect())
    };
    Figure::Curves(Curves {
        title: "1-10-1 network on sin(2x)".to_owned(),
        x: Axis::log("evaluations of cost and gradient"),
        y: Axis::log("cost C"),
        series: data.network.iter().map(series).collect(),
    })
}
