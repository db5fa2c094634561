//! The solvers on a network's cost.

use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss, Network, TrainingConfig};
use nn_data::Dataset;
use nn_solvers::{Limits, Minimum, Objective, Solver, difference_hessian, minimize};
use nn_tensor::{Element, ReferenceTensor};
use std::ops::ControlFlow;

fn line<E: Element>(hidden: Vec<usize>, config: &TrainingConfig) -> FullBatch<ReferenceTensor<E>> {
    let x: Vec<f64> = (-10..=10).map(|i| f64::from(i) / 10.0).collect();
    let y = x.iter().map(|x| (2.0 * x).sin()).collect();
    let data = Dataset::regression(x, 1, y, 1).unwrap();
    let architecture = Architecture {
        inputs: 1,
        hidden,
        outputs: 1,
        activation: Activation::Tanh,
        output_activation: Activation::Identity,
    };
    let network = Network::new(&(), &architecture, Initializer::GlorotUniform, 5).unwrap();
    FullBatch::new(network, &data, config).unwrap()
}

fn squared() -> TrainingConfig {
    TrainingConfig { loss: Loss::SquaredError, ..Default::default() }
}

fn run(objective: &mut dyn Objective, start: &[f64], solver: Solver, most: usize) -> Minimum {
    let limits = Limits { iterations: most, ..Limits::default() };
    minimize(objective, solver, start, &limits, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// Without a hidden layer this is ordinary least squares: slope Σxy / Σx², intercept 0 by symmetry.
#[test]
fn a_linear_network_finds_the_least_squares_line() {
    let x: Vec<f64> = (-10..=10).map(|i| f64::from(i) / 10.0).collect();
    let products: f64 = x.iter().map(|x| x * (2.0 * x).sin()).sum();
    let slope = products / x.iter().map(|x| x * x).sum::<f64>();
    for name in Solver::NAMES {
        let solver = Solver::from_name(name, 0.3).unwrap();
        let minimum = run(&mut line::<f64>(vec![], &squared()), &[0.1, 0.2], solver, 2000);
        assert!((minimum.at[0] - slope).abs() < 1e-7, "{name}: {minimum:?}");
        assert!(minimum.at[1].abs() < 1e-7, "{name}: {minimum:?}");
    }
}

#[test]
fn a_sine_is_fitted_better_than_by_as_many_gradient_steps() {
    let cost = |solver| {
        let mut objective = line::<f64>(vec![5], &squared());
        let start = objective.parameters().to_vec();
        run(&mut objective, &start, solver, 200).cost
    };
    let plain = cost(Solver::GradientDescent { learning_rate: 0.1 });
    for solver in [Solver::ConjugateGradient, Solver::Lbfgs { memory: 10 }, Solver::GaussNewton] {
        let reached = cost(solver);
        assert!(reached < plain / 100.0, "{solver:?}: {reached} against {plain}");
    }
}

#[test]
fn single_precision_works_too() {
    let mut objective = line::<f32>(vec![5], &squared());
    let start: Vec<f64> = objective.parameters().iter().map(|&w| f64::from(w)).collect();
    for solver in [Solver::Lbfgs { memory: 10 }, Solver::ConjugateGradient, Solver::GaussNewton] {
        let minimum = run(&mut objective, &start, solver, 300);
        assert!(minimum.cost < 1e-4, "{solver:?}: {minimum:?}");
    }
}

/// Where the residuals vanish, the second derivatives of the network drop out of the Hessian.
#[test]
fn gauss_newton_equals_the_hessian_where_residuals_vanish() {
    let mut objective = line::<f64>(vec![3], &squared());
    let start = objective.parameters().to_vec();
    let minimum = run(&mut objective, &start, Solver::GaussNewton, 500);
    let size = start.len();
    let (mut hessian, mut gauss_newton) = (vec![0.0; size * size], vec![0.0; size * size]);
    difference_hessian(&mut objective, &minimum.at, 1e-5, &mut hessian).unwrap();
    assert!(objective.gauss_newton(&minimum.at, &mut gauss_newton).unwrap());
    let largest = hessian.iter().fold(0.0_f64, |most, v| most.max(v.abs()));
    for (a, b) in hessian.iter().zip(&gauss_newton) {
        assert!((a - b).abs() < 0.01 * largest, "{a} {b} at cost {}", minimum.cost);
    }
}
