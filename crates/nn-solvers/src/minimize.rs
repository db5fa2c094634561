//! The one entry to all solvers.

use crate::descent::descend;
use crate::line_search::{complaint, go};
use crate::problem::{Matrix, Run};
use crate::{Objective, Solver, SolverError};
use std::cell::RefCell;
use std::ops::ControlFlow;

/// When to stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// At most so many steps.
    pub iterations: usize,
    /// At most so many evaluations of cost and gradient.
    pub evaluations: usize,
    /// At a gradient no longer than this.
    pub gradient_norm: f64,
    /// At a cost no higher than this, where given.
    pub cost: Option<f64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { iterations: 1000, evaluations: 10_000, gradient_norm: 1e-8, cost: None }
    }
}

/// Where a solver stands after a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Iterate<'a> {
    /// 0 at the start.
    pub iteration: usize,
    /// C.
    pub cost: f64,
    /// ‖dC/dw‖.
    pub gradient_norm: f64,
    /// Evaluations of cost and gradient so far.
    pub evaluations: usize,
    /// w.
    pub at: &'a [f64],
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The gradient is as short as was asked for.
    GradientNorm,
    /// The cost is as low as was asked for.
    TargetCost,
    /// No more iterations are allowed.
    Iterations,
    /// No more evaluations are allowed.
    Evaluations,
    /// Steps no longer lower the cost: a minimum, to rounding, or a kink.
    NoFurtherDescent,
    /// The onlooker asked for it.
    Observer,
    /// Cost, gradient or matrix are not finite: the steps are too long.
    NotFinite,
}

/// The point that a solver ended at.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum {
    /// w: the last point with a finite cost.
    pub at: Vec<f64>,
    /// C there.
    pub cost: f64,
    /// ‖dC/dw‖ there.
    pub gradient_norm: f64,
    /// Steps.
    pub iterations: usize,
    /// Evaluations of cost and gradient together; those inside a Hessian by differences not
    /// counted.
    pub evaluations: usize,
    /// Hessians or Gauss-Newton matrices.
    pub matrices: usize,
    /// Why it ended there.
    pub stopped: Stopped,
}

impl Minimum {
    pub(crate) fn nowhere() -> Self {
        Self {
            at: Vec::new(),
            cost: f64::INFINITY,
            gradient_norm: f64::INFINITY,
            iterations: 0,
            evaluations: 0,
            matrices: 0,
            stopped: Stopped::NoFurtherDescent,
        }
    }
}

/// A failed line search is followed by so many fresh starts in a row, each trying a tenth of the
/// length first.
const MOST_RESTARTS: usize = 4;

/// Looks for a minimum of `objective` from `start`. `observer` sees the start and every step, and
/// may ask to stop.
///
/// # Errors
/// [`SolverError`] for settings out of range, too many parameters for a matrix, a start without a
/// finite cost, or an objective that fails. A run that ends without a minimum is no error: see
/// [`Minimum::stopped`].
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

/// Lets the solver go, and starts it anew from where it stands when a line search fails.
fn search(solver: Solver, run: &RefCell<Run<'_>>, start: &[f64]) -> Result<(), SolverError> {
    let (mut at, mut first_step, mut restarts) = (start.to_vec(), 1.0, 0);
    loop {
        let before = run.borrow().iterations();
        let result = match solver.fixed_rule() {
            Some((optimizer, learning_rate)) => {
                descend(optimizer, learning_rate, &mut run.borrow_mut(), at);
                Ok(())
            }
            None => go(solver, run, at, first_step),
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
            return result.map_err(|error| complaint(solver, &error)); // it failed before the start
        }
        if restarts > MOST_RESTARTS || solver.needs_matrix() {
            return Ok(());
        }
        state.restart();
    }
}
