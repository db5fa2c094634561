//! Steps by the fixed rules that training uses.

use crate::problem::Run;
use nn_core::Optimizer;

/// Steps from `start` until the run ends them.
pub(crate) fn descend(
    optimizer: Optimizer,
    learning_rate: f64,
    run: &mut Run<'_>,
    mut at: Vec<f64>,
) {
    let mut moments = vec![(0.0, 0.0); at.len()];
    let mut step = 0;
    while run.arrive(&at).is_continue() {
        step += 1;
        let update = optimizer.update(step, learning_rate, 0.0, 0.0);
        for ((weight, &gradient), moments) in at.iter_mut().zip(run.gradient()).zip(&mut moments) {
            *weight = update.apply(*weight, gradient, &mut moments.0, &mut moments.1);
        }
    }
}
