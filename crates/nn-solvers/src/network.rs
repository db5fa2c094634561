//! The full-batch cost of a network as an objective.

use crate::{
    Iterate, Limits, Minimum, Objective, ObjectiveError, Solver, SolverError, difference_hessian,
    gauss_newton_matrix, minimize,
};
use nn_core::FullBatch;
use nn_tensor::{Device, Element, Tensor};
use std::ops::ControlFlow;

/// Minimises the cost of a network from its present weights, and leaves it at the minimum found.
///
/// This is [`minimize`], but it enters the device once per run instead of once per evaluation,
/// which would dominate the time of small networks.
///
/// # Errors
/// Returns the errors of [`minimize`].
pub fn minimize_network<T: Tensor>(
    full_batch: &mut FullBatch<T>,
    solver: Solver,
    limits: &Limits,
    observer: &mut (dyn FnMut(&Iterate<'_>) -> ControlFlow<()> + Send),
) -> Result<Minimum, SolverError> {
    let start: Vec<f64> = full_batch.parameters().iter().map(|&value| value.to_f64()).collect();
    let device = full_batch.network().device().clone();
    device.run(|| {
        let minimum = minimize(full_batch, solver, &start, limits, observer)?;
        move_to(full_batch, &minimum.at);
        Ok(minimum)
    })
}

impl<T: Tensor> Objective for FullBatch<T> {
    fn dimension(&self) -> usize {
        self.parameters().len()
    }

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        move_to(self, at);
        let mut derivatives = vec![T::Elem::ZERO; gradient.len()];
        let cost = self.cost_and_gradient(&mut derivatives)?;
        for (to, from) in gradient.iter_mut().zip(derivatives) {
            *to = from.to_f64();
        }
        Ok(cost)
    }

    fn rounding(&self) -> f64 {
        if T::Elem::NAME == f64::NAME { f64::EPSILON } else { f32::EPSILON.into() }
    }

    fn hessian(&mut self, at: &[f64], hessian: &mut [f64]) -> Result<(), ObjectiveError> {
        // The cube root of the rounding error is the best step for a central difference.
        let step = Objective::rounding(self).cbrt();
        difference_hessian(self, at, step, hessian)
    }

    fn gauss_newton(&mut self, at: &[f64], matrix: &mut [f64]) -> Result<bool, ObjectiveError> {
        move_to(self, at);
        gauss_newton_matrix(self, matrix)?;
        Ok(true)
    }
}

fn move_to<T: Tensor>(full_batch: &mut FullBatch<T>, at: &[f64]) {
    let parameters: Vec<T::Elem> = at.iter().map(|&value| T::Elem::from_f64(value)).collect();
    full_batch.set_parameters(&parameters);
}
