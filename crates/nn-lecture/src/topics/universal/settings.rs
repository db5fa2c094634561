//! The parameters and settings of the topic.

use crate::expression::{ALLOWED, Expression};
use crate::fit::{activation, check_activation};
use crate::range::{Positive, Whole};
use crate::topic::Parameter;
use crate::{LectureError, Parameters, Topic};
use nn_core::Activation;
use nn_solvers::Solver;

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

    pub(super) fn solver(&self, learning_rate: f64) -> Result<Solver, LectureError> {
        Solver::from_name(&self.solver, learning_rate).ok_or_else(|| {
            LectureError::parameter("solver", &self.solver, Solver::NAMES.join(", "))
        })
    }
}
