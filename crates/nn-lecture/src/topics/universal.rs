//! Universal approximation: one hidden layer fits any continuous function, better the wider it is.
//!
//! The tutorial's fit with its own settings, and the effect of width, learning rate, epochs,
//! activation, depth and solver.

use crate::expression::{ALLOWED, Expression};
use crate::fit::{
    SolverRun, activation, check_activation, dataset, full_batch, one_to_one, points, predict,
    root_mean_square, short, solve, spread, thinned,
};
use crate::range::{Positive, Whole};
use crate::topic::Parameter;
use crate::topics::universal_trials::{changes, sweep, trials};
use crate::{LectureError, Parameters, Topic};
use nn_core::{Activation, Initializer, Loss};
use nn_solvers::{Limits, Solver};
use nn_tensor::Tensor;

pub use crate::topics::universal_report::report;

/// The topic as it is listed in [`TOPICS`](crate::TOPICS).
pub const TOPIC: Topic = Topic {
    name: "universal",
    title: "Universal approximation: fits of sin(2x), sin(10x) or any expression",
    equations: &[],
    parameters: &[
        Parameter {
            name: "expression",
            default: "sin(2*x)",
            meaning: "function fitted on [-1, 1]",
        },
        Parameter {
            name: "harder",
            default: "sin(10*x)",
            meaning: "function for comparing activations, depths and solvers",
        },
        Parameter {
            name: "samples",
            default: "200",
            meaning: "samples of the expression, 2 to 2000",
        },
        Parameter { name: "width", default: "10", meaning: "hidden neurons, 1 to 200" },
        Parameter { name: "learning-rate", default: "1e-4", meaning: "λ, above 0, to 10" },
        Parameter { name: "epochs", default: "5000", meaning: "steps, 2 to 100000" },
        Parameter {
            name: "activation",
            default: "tanh",
            meaning: "sigmoid, tanh, relu, leaky-relu, gelu, softplus or identity",
        },
        Parameter {
            name: "solver",
            default: "gradient-descent",
            meaning: "solver; also momentum, adam, conjugate-gradient, lbfgs, newton, gauss-newton",
        },
        Parameter { name: "most-width", default: "12", meaning: "largest width tried, 1 to 50" },
        Parameter {
            name: "tolerance",
            default: "0.01",
            meaning: "root mean square error at which a network fits, above 0",
        },
        Parameter { name: "seed", default: "1", meaning: "seed of the weights" },
    ],
};

/// Settings of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The function of x to fit.
    pub expression: String,
    /// A less smooth function of x.
    pub harder: String,
    /// Number of samples on [-1, 1].
    pub samples: usize,
    /// Number of hidden neurons.
    pub width: usize,
    /// λ.
    pub learning_rate: f64,
    /// Number of steps.
    pub epochs: usize,
    /// σ of the hidden layer.
    pub activation: Activation,
    /// Name of the solver.
    pub solver: String,
    /// Largest width of the search.
    pub most_width: usize,
    /// Root mean square error at which a network fits.
    pub tolerance: f64,
    /// Seed of the weights.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            expression: "sin(2*x)".to_owned(),
            harder: "sin(10*x)".to_owned(),
            samples: 200,
            width: 10,
            learning_rate: 1e-4,
            epochs: 5000,
            activation: Activation::Tanh,
            solver: "gradient-descent".to_owned(),
            most_width: 12,
            tolerance: 0.01,
            seed: 1,
        }
    }
}

const SAMPLES: Whole = Whole(2, 2000);
const WIDTH: Whole = Whole(1, 200);
const RATE: Positive = Positive(10.0);
const EPOCHS: Whole = Whole(2, 100_000);
const MOST_WIDTH: Whole = Whole(1, 50);
const TOLERANCE: Positive = Positive(10.0);

impl Settings {
    /// Reads the settings from typed parameters.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn read(typed: &Parameters) -> Result<Self, LectureError> {
        let default = Self::default();
        Ok(Self {
            expression: typed.get("expression", default.expression, ALLOWED)?,
            harder: typed.get("harder", default.harder, ALLOWED)?,
            samples: typed.get("samples", default.samples, SAMPLES)?,
            width: typed.get("width", default.width, WIDTH)?,
            learning_rate: typed.get("learning-rate", default.learning_rate, RATE)?,
            epochs: typed.get("epochs", default.epochs, EPOCHS)?,
            activation: activation(typed, default.activation)?,
            solver: typed.get("solver", default.solver, "the name of a solver")?,
            most_width: typed.get("most-width", default.most_width, MOST_WIDTH)?,
            tolerance: typed.get("tolerance", default.tolerance, TOLERANCE)?,
            seed: typed.get("seed", default.seed, "a whole number")?,
        })
    }

    /// Checks that every setting is in its range and both expressions parse.
    ///
    /// # Errors
    /// Returns [`LectureError::Parameter`] for an invalid setting.
    pub fn validate(&self) -> Result<(), LectureError> {
        SAMPLES.check("samples", self.samples)?;
        WIDTH.check("width", self.width)?;
        RATE.check("learning-rate", self.learning_rate)?;
        EPOCHS.check("epochs", self.epochs)?;
        MOST_WIDTH.check("most-width", self.most_width)?;
        TOLERANCE.check("tolerance", self.tolerance)?;
        check_activation(self.activation)?;
        self.solver(self.learning_rate)?;
        Expression::parse("expression", &self.expression)?;
        Expression::parse("harder", &self.harder).map(drop)
    }

    fn solver(&self, learning_rate: f64) -> Result<Solver, LectureError> {
        Solver::from_name(&self.solver, learning_rate).ok_or_else(|| {
            LectureError::parameter("solver", &self.solver, Solver::NAMES.join(", "))
        })
    }
}

/// A fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Samples of the expression.
    pub samples: Vec<(f64, f64)>,
    /// Outputs of the network at the same x.
    pub answers: Vec<(f64, f64)>,
    /// Root mean square error.
    pub error: f64,
    /// Steps and costs C = ½ Σ (y - a)².
    pub run: SolverRun,
}

/// The effect of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Name of the setting.
    pub setting: &'static str,
    /// Final cost at half the setting, at it and at twice it; not finite if the run diverged.
    pub costs: [f64; 3],
}

/// Error by width.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    /// The function fitted.
    pub expression: String,
    /// (width, root mean square error of the best of a few fits).
    pub errors: Vec<(usize, f64)>,
    /// The smallest width whose error is within the tolerance.
    pub smallest: Option<usize>,
}

/// A combination of settings on the harder function.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// σ.
    pub activation: Activation,
    /// Number of hidden layers.
    pub layers: usize,
    /// Solver.
    pub solver: &'static str,
    /// Root mean square error.
    pub error: f64,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Approximation {
    /// Settings used.
    pub settings: Settings,
    /// The fit with these settings.
    pub fit: Fit,
    /// The effect of width, learning rate and epochs.
    pub changes: Vec<Change>,
    /// Error by width, for both functions.
    pub sweeps: Vec<Sweep>,
    /// Activations, depths and solvers on the harder function.
    pub trials: Vec<Trial>,
}

/// A function sampled on [-1, 1].
pub(super) struct Samples {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
}

impl Samples {
    fn of(parameter: &'static str, text: &str, count: usize) -> Result<Self, LectureError> {
        let x = spread(-1.0, 1.0, count);
        let y = Expression::parse(parameter, text)?.values(&x)?;
        Ok(Self { x, y })
    }
}

/// A network and its training.
pub(super) struct Plan {
    pub(super) hidden: Vec<usize>,
    pub(super) activation: Activation,
    pub(super) start: (Initializer, u64),
    pub(super) loss: Loss,
    pub(super) solver: Solver,
    pub(super) limits: Limits,
}

/// Runs the fit, changes one setting at a time, sweeps the width and tries combinations.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Approximation, LectureError> {
    settings.validate()?;
    let samples = Samples::of("expression", &settings.expression, settings.samples)?;
    let harder = Samples::of("harder", &settings.harder, settings.samples)?;
    let sweeps = [("expression", &samples), ("harder", &harder)];
    let sweeps = sweeps.map(|(name, samples)| {
        let text = if name == "harder" { &settings.harder } else { &settings.expression };
        sweep::<D>(settings, device, text, samples)
    });
    let [first, second] = sweeps;
    Ok(Approximation {
        fit: run_fit::<D>(settings, device)?,
        changes: changes::<D>(settings, device, &samples)?,
        sweeps: vec![first?, second?],
        trials: trials::<D>(settings, device, &harder)?,
        settings: settings.clone(),
    })
}

/// Runs the fit alone, with the tutorial's method.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run_fit<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Fit, LectureError> {
    settings.validate()?;
    let samples = Samples::of("expression", &settings.expression, settings.samples)?;
    let (run, answers) = fit::<D>(device, &samples, tutorial(settings, 1.0, 1.0, 1.0)?)?;
    Ok(Fit {
        error: root_mean_square(&answers, &samples.y),
        answers: points(&samples.x, &answers),
        samples: points(&samples.x, &samples.y),
        run,
    })
}

/// Returns the tutorial's training with width, learning rate and epochs multiplied by factors.
///
/// Weights from U(0, 1), biases 0.1, half the sum of squares, full batch.
pub(super) fn tutorial(
    settings: &Settings,
    width: f64,
    rate: f64,
    epochs: f64,
) -> Result<Plan, LectureError> {
    let epochs = (epochs * settings.epochs as f64) as usize;
    let width = ((width * settings.width as f64) as usize).max(1);
    Ok(Plan {
        hidden: vec![width],
        activation: settings.activation,
        start: (Initializer::UniformPositive, settings.seed),
        loss: Loss::HalfSumOfSquares,
        solver: settings.solver(rate * settings.learning_rate)?,
        limits: Limits {
            iterations: epochs,
            evaluations: 4 * epochs,
            gradient_norm: 1e-12,
            cost: None,
        },
    })
}

/// Trains a network; returns the run and the outputs at the samples.
pub(super) fn fit<D: Tensor<Elem = f64>>(
    device: &D::Device,
    samples: &Samples,
    plan: Plan,
) -> Result<(SolverRun, Vec<f64>), LectureError> {
    let (architecture, data) =
        (one_to_one(plan.hidden, plan.activation), dataset(&samples.x, &samples.y)?);
    let mut cost = full_batch::<D>(device, &architecture, plan.start, &data, plan.loss)?;
    let run = solve(&mut cost, plan.solver, &plan.limits)?;
    let answers = predict(cost.network(), &samples.x)?;
    Ok((run, answers))
}

/// Returns the cost by epoch for a figure.
pub(crate) fn cost_curve(run: &SolverRun) -> Vec<(f64, f64)> {
    let curve =
        run.history.iter().enumerate().map(|(epoch, &(_, cost))| ((epoch + 1) as f64, cost));
    thinned(&curve.collect::<Vec<_>>(), 300)
}

/// Returns the factor, at least 1, by which the cost differs between half the setting and twice it.
pub(crate) fn sensitivity(change: &Change) -> f64 {
    let ratio = change.costs[0] / change.costs[2];
    if ratio.is_finite() && ratio > 0.0 { ratio.max(1.0 / ratio) } else { f64::INFINITY }
}

/// Formats a cost, or says that the run diverged.
pub(crate) fn or_diverged(cost: f64) -> String {
    if cost.is_finite() { short(cost) } else { "diverged".to_owned() }
}
