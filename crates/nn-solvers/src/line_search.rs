//! The solvers of argmin.

use crate::curvature::Curvature;
use crate::observed::Observed;
use crate::problem::{Problem, Run};
use crate::{Solver, SolverError};
use argmin::core::{Error, Executor, IterState, LineSearch, Solver as ArgminSolver};
use argmin::solver::conjugategradient::NonlinearConjugateGradient;
use argmin::solver::conjugategradient::beta::PolakRibierePlus;
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::newton::Newton;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use std::cell::RefCell;

/// Runs `solver` from `start` until it or the run ends.
///
/// `first_step` is the first step length that a line search tries, in units of its direction.
pub(crate) fn run_argmin(
    solver: Solver,
    run: &RefCell<Run<'_>>,
    start: Vec<f64>,
    first_step: f64,
) -> Result<(), Error> {
    match solver {
        Solver::ConjugateGradient => conjugate_gradient(run, start, first_step),
        Solver::Lbfgs { memory } => lbfgs(run, start, first_step, memory),
        Solver::NewtonRaphson => execute::<Curvature, _>(run, Newton::new(), start),
        Solver::Newton | Solver::GaussNewton => trust_region(run, start),
        _ => Ok(()), // fixed rules are in `descent`
    }
}

type Search = MoreThuenteLineSearch<Vec<f64>, Vec<f64>, f64>;

/// Creates a line search with constants c₁ and c₂ of the Wolfe conditions.
fn search(first_step: f64, c1: f64, c2: f64) -> Result<Search, Error> {
    let mut search = Search::new().with_c(c1, c2)?;
    search.initial_step_length(first_step)?;
    Ok(search)
}

/// Runs nonlinear conjugate gradient.
///
/// Its line search must be accurate, c₂ = 0.1, to keep directions conjugate (Nocedal and Wright,
/// chapter 5).
fn conjugate_gradient(
    run: &RefCell<Run<'_>>,
    start: Vec<f64>,
    first_step: f64,
) -> Result<(), Error> {
    let restart = (start.len() as u64).max(2);
    let solver: NonlinearConjugateGradient<Vec<f64>, _, _, f64> =
        NonlinearConjugateGradient::new(search(first_step, 1e-4, 0.1)?, PolakRibierePlus::new());
    execute::<(), _>(run, solver.restart_iters(restart), start)
}

fn lbfgs(
    run: &RefCell<Run<'_>>,
    start: Vec<f64>,
    first_step: f64,
    memory: usize,
) -> Result<(), Error> {
    let solver: LBFGS<_, Vec<f64>, Vec<f64>, f64> =
        LBFGS::new(search(first_step, 1e-4, 0.9)?, memory).with_tolerance_grad(0.0)?;
    execute::<(), _>(run, solver.with_tolerance_cost(0.0)?, start)
}

fn trust_region(run: &RefCell<Run<'_>>, start: Vec<f64>) -> Result<(), Error> {
    let max_iterations = 2 * start.len() as u64 + 10;
    let subproblem = Steihaug::new().with_max_iters(max_iterations);
    execute::<Curvature, _>(run, TrustRegion::new(subproblem), start)
}

fn execute<'r, 'a, H, S>(run: &'r RefCell<Run<'a>>, inner: S, start: Vec<f64>) -> Result<(), Error>
where
    H: Clone,
    S: ArgminSolver<Problem<'r, 'a>, IterState<Vec<f64>, Vec<f64>, (), H, (), f64>>,
{
    let problem = Problem(run);
    let observed = Observed { inner, problem };
    let executor = Executor::new(problem, observed)
        .configure(|state: IterState<_, _, (), H, (), f64>| state.param(start));
    executor.ctrlc(false).timer(false).run().map(drop)
}

/// Converts an argmin error that neither the run nor a failed line search explains.
pub(crate) fn library_error(solver: Solver, error: &Error) -> SolverError {
    SolverError::Library { solver: solver.name(), message: format!("{error:#}") }
}
