//! The effect of width, learning rate, epochs, activation, depth and solver on the fits.

use super::results::{Change, Sweep, Trial};
use super::settings::Settings;
use super::training::{Plan, Samples, fit, tutorial};
use crate::LectureError;
use crate::fit::{dataset, full_batch, one_to_one, predict, root_mean_square, solve};
use nn_core::{Activation, Initializer, Loss};
use nn_solvers::{Limits, Solver};
use nn_tensor::{Shape, Tensor};

/// The sweep: starts per width, steps of each, and about how many of the samples it trains on.
/// Errors are measured on all samples.
const STARTS: u64 = 3;
const SWEEP_STEPS: usize = 60;
const SWEEP_SAMPLES: usize = 60;
/// The trials: neurons per layer, and evaluations of each.
const TRIAL_WIDTH: usize = 15;
const TRIAL: usize = 500;

/// Computes the final cost at half of each setting and at twice it.
pub(super) fn changes<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    samples: &Samples,
) -> Result<Vec<Change>, LectureError> {
    let change = |setting, of: &dyn Fn(f64) -> (f64, f64, f64)| -> Result<Change, LectureError> {
        let mut costs = [0.0; 3];
        for (cost, factor) in costs.iter_mut().zip([0.5, 1.0, 2.0]) {
            let (width, rate, epochs) = of(factor);
            let (run, _) = fit::<D>(device, samples, tutorial(settings, width, rate, epochs)?)?;
            *cost = run.minimum.cost;
        }
        Ok(Change { setting, costs })
    };
    Ok(vec![
        change("width", &|factor| (factor, 1.0, 1.0))?,
        change("learning rate", &|factor| (1.0, factor, 1.0))?,
        change("epochs", &|factor| (1.0, 1.0, factor))?,
    ])
}

/// Computes the best of a few Gauss-Newton fits for every width.
pub(super) fn sweep<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    expression: &str,
    samples: &Samples,
) -> Result<Sweep, LectureError> {
    let every = samples.x.len().div_ceil(SWEEP_SAMPLES);
    let thin = |values: &[f64]| values.iter().copied().step_by(every).collect::<Vec<_>>();
    let data = dataset(&thin(&samples.x), &thin(&samples.y))?;
    let limits = Limits { iterations: SWEEP_STEPS, ..Limits::default() };
    let mut errors = Vec::new();
    for width in 1..=settings.most_width {
        let mut best = f64::INFINITY;
        for start in 0..STARTS {
            let seed = settings.seed.wrapping_add(start);
            let architecture = one_to_one(vec![width], settings.activation);
            let fresh = (Initializer::LecunNormal, seed);
            let mut cost =
                full_batch::<D>(device, &architecture, fresh, &data, Loss::SquaredError)?;
            let mut parameters = cost.parameters().to_vec();
            spread_out(&mut parameters, width, seed);
            cost.set_parameters(&parameters);
            solve(&mut cost, Solver::GaussNewton, &limits)?;
            let answers = predict(cost.network(), &samples.x)?;
            best = best.min(root_mean_square(&answers, &samples.y));
        }
        errors.push((width, best));
    }
    let fits = |&&(_, error): &&(usize, f64)| error <= settings.tolerance;
    let smallest = errors.iter().find(fits).map(|&(width, _)| width);
    Ok(Sweep { expression: expression.to_owned(), errors, smallest })
}

/// Initialises the first layer by Nguyen and Widrow (1990).
///
/// Weights are proportional to the width, and the midpoints of the neurons are spread over [-1, 1],
/// so that each covers a part of the curve.
fn spread_out(parameters: &mut [f64], width: usize, seed: u64) {
    let draws: Vec<f64> = Initializer::UniformPositive.weights(Shape::new(2, width), 0, seed);
    let (signs, places) = draws.split_at(width);
    for neuron in 0..width {
        let sign = if signs[neuron] < 0.5 { -1.0 } else { 1.0 };
        let weight = 0.7 * width as f64 * sign;
        let midpoint = 2.0 * (neuron as f64 + places[neuron]) / width as f64 - 1.0;
        parameters[neuron] = weight;
        parameters[width + neuron] = -weight * midpoint;
    }
}

/// Tries activations, depths and solvers with the same number of evaluations each.
pub(super) fn trials<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
    samples: &Samples,
) -> Result<Vec<Trial>, LectureError> {
    let mut trials = Vec::new();
    for activation in [Activation::Tanh, Activation::Sigmoid, Activation::Relu] {
        for layers in [1, 2] {
            for solver in [
                Solver::Momentum { learning_rate: 0.02, momentum: 0.9 },
                Solver::Adam { learning_rate: 0.02 },
                Solver::Lbfgs { memory: 10 },
            ] {
                let limits = Limits { evaluations: TRIAL, ..Limits::default() };
                let plan = Plan {
                    hidden: vec![TRIAL_WIDTH; layers],
                    activation,
                    start: (Initializer::HeNormal, settings.seed),
                    loss: Loss::SquaredError,
                    solver,
                    limits,
                };
                let (_, answers) = fit::<D>(device, samples, plan)?;
                let error = root_mean_square(&answers, &samples.y);
                trials.push(Trial { activation, layers, solver: solver.name(), error });
            }
        }
    }
    Ok(trials)
}
