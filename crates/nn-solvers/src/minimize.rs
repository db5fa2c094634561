//! The entry point of all solvers.

use crate::descent::descend;
use crate::limits::{Limits, Stopped};
use crate::line_search::{library_error, run_argmin};
use crate::minimum::{Iterate, Minimum};
use crate::problem::{Matrix, Run};
use crate::{Objective, Solver, SolverError};
use std::cell::RefCell;
use std::ops::ControlFlow;

/// Maximum number of restarts in a row after failed line searches, each with a tenth of the first
/// step length.
const MAX_RESTARTS: usize = 4;

/// Minimises `objective` from `start`.
///
/// `observer` is called at the start and after every step, and may stop the run.
///
/// # Errors
/// Returns [`SolverError`] for settings out of range, too many parameters for a matrix, a start
/// without a finite cost, or an objective that fails. A run that ends without a minimum is not an
/// error: see [`Minimum::stopped`].
pub fn minimize(
    objective: &mut dyn Objective,
    solver: Solver,
    start: &[f64],
    limits: &Limits,
    observer: &mut dyn FnMut(&Iterate<'_>) -> ControlFlow<()>,
) -> Result<Minimum, SolverError> {
    let dimension = objective.dimension();
    solver.validate(dimension)?;
    SolverError::check("evaluations", &limits.evaluations, limits.evaluations > 0, "at least 1")?;
    let fits = start.len() == dimension;
    SolverError::check("length of the start", &start.len(), fits, "that of the objective")?;
    let matrix = match solver {
        Solver::GaussNewton => Matrix::GaussNewton,
        _ => Matrix::Hessian,
    };
    let mut run = Run::new(objective, observer, limits, matrix);
    if run.evaluate(start).is_ok() && !run.is_finite() {
        return Err(SolverError::StartNotFinite);
    }
    let run = RefCell::new(run);
    search(solver, &run, start)?;
    run.into_inner().finish(Stopped::NoFurtherDescent)
}

/// Runs the solver, and restarts it from the present point when a line search fails.
fn search(solver: Solver, run: &RefCell<Run<'_>>, start: &[f64]) -> Result<(), SolverError> {
    let (mut at, mut first_step, mut restarts) = (start.to_vec(), 1.0, 0);
    loop {
        let before = run.borrow().iterations();
        let result = match solver.fixed_rule() {
            Some((optimizer, learning_rate)) => {
                descend(optimizer, learning_rate, &mut run.borrow_mut(), at);
                Ok(())
            }
            None => run_argmin(solver, run, at, first_step),
        };
        let mut state = run.borrow_mut();
        if state.stopped.is_some() || state.failure.is_some() {
            return Ok(());
        }
        let moved = state.iterations() > before;
        if !moved {
            restarts += 1;
            first_step /= 10.0;
        }
        at = state.position();
        if at.is_empty() {
            return result.map_err(|error| library_error(solver, &error)); // it failed before the start
        }
        if restarts > MAX_RESTARTS || solver.needs_matrix() {
            return Ok(());
        }
        state.restart();
    }
}
