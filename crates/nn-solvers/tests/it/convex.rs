//! Convex costs in single precision, against the minima that scipy finds in double
//! (`golden/make_convex.py`).

use nn_core::{Activation, Architecture, FullBatch, Initializer, Network, TrainingConfig};
use nn_data::Dataset;
use nn_solvers::{Limits, Solver, Stopped, minimize_network};
use nn_tensor::ReferenceTensor;
use serde::Deserialize;
use std::ops::ControlFlow;

#[derive(Deserialize)]
struct Golden {
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    inputs: usize,
    x: Vec<f64>,
    classes: usize,
    y: Vec<u32>,
    decay: f64,
    cost: f64,
    loss: f64,
}

fn problems() -> Vec<Problem> {
    let golden: Golden = serde_json::from_str(include_str!("golden/convex.json")).unwrap();
    golden.problems
}

impl Problem {
    fn network(&self) -> FullBatch<ReferenceTensor<f32>> {
        let (inputs, classes) = (self.inputs, self.classes);
        let data = Dataset::classification(self.x.clone(), inputs, self.y.clone(), classes);
        let architecture = Architecture::new(inputs, [], classes, Activation::Tanh);
        let network = Network::new(&(), &architecture, Initializer::GlorotUniform, 1).unwrap();
        let config = TrainingConfig { weight_decay: self.decay, ..TrainingConfig::default() };
        FullBatch::new(network, &data.unwrap(), &config).unwrap()
    }
}

/// At the minimum the gradient is rounding alone, in which line searches find no way down: that is
/// convergence, and soon found to be.
#[test]
fn single_precision_converges_and_says_so() {
    for (number, problem) in problems().iter().enumerate() {
        for solver in [Solver::Lbfgs { memory: 10 }, Solver::ConjugateGradient] {
            let mut cost = problem.network();
            let limits = Limits { evaluations: usize::MAX, ..Limits::default() };
            let minimum =
                minimize_network(&mut cost, solver, &limits, &mut |_| ControlFlow::Continue(()))
                    .unwrap();
            let what = format!("problem {number}, {}: {minimum:?}", solver.name());
            let converged = [Stopped::GradientNorm, Stopped::NoFurtherDescent];
            assert!(converged.contains(&minimum.stopped), "{what}");
            assert!((minimum.cost - problem.cost).abs() < 1e-5 * problem.cost, "{what}");
            assert!(minimum.evaluations < 1000, "{what}");
        }
    }
}

/// The loss is what the cost is without its penalty.
#[test]
fn the_penalty_is_what_scipys_cost_has_besides_its_loss() {
    for problem in problems() {
        let mut cost = problem.network();
        let (solver, limits) = (Solver::Lbfgs { memory: 10 }, Limits::default());
        let minimum =
            minimize_network(&mut cost, solver, &limits, &mut |_| ControlFlow::Continue(()))
                .unwrap();
        let ranges = cost.network().architecture().weight_ranges();
        let penalty = cost.config().penalty(ranges.flat_map(|range| &minimum.at[range]).copied());
        let loss = minimum.cost - penalty;
        assert!((loss - problem.loss).abs() < 1e-3 * problem.loss, "{loss} {}", problem.loss);
    }
}
