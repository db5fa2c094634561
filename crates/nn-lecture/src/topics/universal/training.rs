//! The training of one network on samples of a function.

use super::settings::Settings;
use crate::LectureError;
use crate::expression::Expression;
use crate::fit::{SolverRun, dataset, full_batch, one_to_one, predict, solve, spread};
use nn_core::{Activation, Initializer, Loss};
use nn_solvers::{Limits, Solver};
use nn_tensor::Tensor;

/// A function sampled on [-1, 1].
pub(super) struct Samples {
    pub(super) x: Vec<f64>,
    pub(super) y: Vec<f64>,
}

impl Samples {
    pub(super) fn of(
        parameter: &'static str,
        text: &str,
        count: usize,
    ) -> Result<Self, LectureError> {
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
