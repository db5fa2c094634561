//! Steps of a fixed length, by the update rules that training uses.

use crate::Solver;
use crate::problem::Run;
use nn_tensor::{Penalty, Update, UpdateRule};

/// Steps from `start` until the run ends them.
pub(crate) fn descend(solver: Solver, run: &mut Run<'_>, mut at: Vec<f64>) {
    let (rule, learning_rate) = match solver {
        Solver::Momentum { learning_rate, momentum } => {
            (UpdateRule::Momentum { momentum, nesterov: false }, learning_rate)
        }
        Solver::GradientDescent { learning_rate } => (UpdateRule::Descent, learning_rate),
        _ => return, // see `line_search`
    };
    let update = Update { rule, learning_rate, penalty: Penalty::NONE, decay: 0.0 };
    let mut velocity = vec![0.0; at.len()];
    while run.arrive(&at).is_continue() {
        for ((weight, &gradient), velocity) in at.iter_mut().zip(run.gradient()).zip(&mut velocity)
        {
            *weight = update.apply(*weight, gradient, velocity, &mut 0.0);
        }
    }
}
