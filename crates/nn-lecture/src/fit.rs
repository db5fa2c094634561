//! Helpers of the topics that fit a curve.

use crate::LectureError;
use nn_core::{
    Activation, Architecture, FullBatch, Initializer, Loss, Network, Predictor, TrainingConfig,
};
use nn_data::Dataset;
use nn_solvers::{Limits, Minimum, Solver, minimize_network};
use nn_tensor::{Shape, Tensor};
use std::ops::ControlFlow;

/// Returns `count` equally spaced numbers from `first` to `last`, inclusive.
pub(crate) fn spread(first: f64, last: f64, count: usize) -> Vec<f64> {
    let steps = count.max(2) - 1;
    (0..count).map(|i| first + (last - first) * i as f64 / steps as f64).collect()
}

/// Draws `count` numbers from the standard normal distribution, which is LeCun's for one input.
pub(crate) fn normal(count: usize, seed: u64) -> Vec<f64> {
    Initializer::LecunNormal.weights(Shape::new(count, 1), 0, seed)
}

/// Pairs x with y, for a figure.
pub(crate) fn points(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

/// Returns the root mean square of a - b.
pub(crate) fn root_mean_square(a: &[f64], b: &[f64]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    (sum / a.len().max(1) as f64).sqrt()
}

/// Returns a regression data set of y as a function of x.
pub(crate) fn dataset(x: &[f64], y: &[f64]) -> Result<Dataset, LectureError> {
    Ok(Dataset::regression(x.to_vec(), 1, y.to_vec(), 1)?)
}

/// Returns the architecture of a network with one input and one linear output.
pub(crate) fn one_to_one(hidden: Vec<usize>, activation: Activation) -> Architecture {
    let output_activation = Activation::Identity;
    Architecture { inputs: 1, hidden, outputs: 1, activation, output_activation }
}

/// Returns the output of a network with one output at each x.
pub(crate) fn predict<D: Tensor<Elem = f64>>(
    network: &Network<D>,
    x: &[f64],
) -> Result<Vec<f64>, LectureError> {
    let mut answers = Vec::with_capacity(x.len());
    let mut predictor = Predictor::new(network.duplicate()?, Loss::SquaredError, x.len())?;
    predictor.for_each(&dataset(x, x)?, |_, answer| answers.extend_from_slice(answer))?;
    Ok(answers)
}

/// Returns the full-batch cost of a network with fresh weights.
pub(crate) fn full_batch<D: Tensor<Elem = f64>>(
    device: &D::Device,
    architecture: &Architecture,
    (initializer, seed): (Initializer, u64),
    data: &Dataset,
    loss: Loss,
) -> Result<FullBatch<D>, LectureError> {
    let network = Network::new(device, architecture, initializer, seed)?;
    let config = TrainingConfig { loss, ..TrainingConfig::default() };
    Ok(FullBatch::new(network, data, &config)?)
}

/// A run of a solver.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverRun {
    /// Name of the solver.
    pub solver: &'static str,
    /// The point it ended at.
    pub minimum: Minimum,
    /// (evaluations so far, cost) after each step.
    pub history: Vec<(usize, f64)>,
}

/// Runs a solver from the present weights of `cost`, and leaves `cost` at the point it ends at.
pub(crate) fn solve<D: Tensor<Elem = f64>>(
    cost: &mut FullBatch<D>,
    solver: Solver,
    limits: &Limits,
) -> Result<SolverRun, LectureError> {
    let mut history = Vec::new();
    let minimum = minimize_network(cost, solver, limits, &mut |step| {
        history.push((step.evaluations, step.cost));
        ControlFlow::Continue(())
    })?;
    Ok(SolverRun { solver: solver.name(), minimum, history })
}

/// Thins out a curve of many points to about `most`, which look the same on a logarithmic axis.
pub(crate) fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most || most < 2 {
        return points.to_vec();
    }
    // Spaced by equal factors, since such curves are drawn with a logarithmic axis.
    let factor = (points.len() as f64).powf(1.0 / (most - 1) as f64);
    let mut kept = vec![0];
    let mut next = 1.0_f64;
    while next < points.len() as f64 {
        let index = next as usize;
        if kept.last() != Some(&index) {
            kept.push(index);
        }
        next = (next * factor).max(next + 1.0);
    }
    if kept.last() != Some(&(points.len() - 1)) {
        kept.push(points.len() - 1);
    }
    kept.into_iter().map(|index| points[index]).collect()
}

/// Formats a number for a table: four decimals, or three digits and an exponent.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-3..1e5).contains(&size) {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}

/// The activations that can be trained, for error messages.
const ACTIVATIONS: &str = "sigmoid, tanh, relu, leaky-relu, gelu, softplus or identity";

/// Reads the parameter `activation`.
pub(crate) fn activation(
    typed: &crate::Parameters,
    default: Activation,
) -> Result<Activation, LectureError> {
    let Some(name) = typed.text("activation") else { return Ok(default) };
    let known = Activation::ALL.into_iter().find(|activation| activation.name() == name);
    known.ok_or_else(|| LectureError::parameter("activation", name, ACTIVATIONS))
}

/// Checks that the activation has a derivative to train with.
pub(crate) fn check_activation(activation: Activation) -> Result<(), LectureError> {
    LectureError::check("activation", activation.name(), activation.is_trainable(), ACTIVATIONS)
}
