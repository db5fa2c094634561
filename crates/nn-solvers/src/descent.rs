//! Steps of fixed rules, with the optimizers of training.

use crate::problem::Run;
use nn_core::Optimizer;

/// Takes steps from `at` until the run ends.
pub(crate) fn descend(
    optimizer: Optimizer,
    learning_rate: f64,
    run: &mut Run<'_>,
    mut at: Vec<f64>,
) {
    let mut moments = vec![(0.0, 0.0); at.len()];
    let mut step = 0;
    while run.record_step(&at).is_continue() {
        step += 1;
        let update = optimizer.update(step, learning_rate, 0.0, 0.0);
        for ((weight, &gradient), moments) in at.iter_mut().zip(run.gradient()).zip(&mut moments) {
            *weight = update.apply(*weight, gradient, &mut moments.0, &mut moments.1);
        }
    }
}
