//! An argmin solver that reports every step to the run.

use crate::problem::Problem;
use argmin::core::{
    Error, IterState, KV, Problem as Counted, Solver, State, TerminationReason, TerminationStatus,
};

/// An argmin solver with the limits and the observer of a run.
pub(crate) struct Observed<'r, 'a, S> {
    pub(crate) inner: S,
    pub(crate) problem: Problem<'r, 'a>,
}

type Progress<H> = IterState<Vec<f64>, Vec<f64>, (), H, (), f64>;

impl<'r, 'a, S, H> Solver<Problem<'r, 'a>, Progress<H>> for Observed<'r, 'a, S>
where
    S: Solver<Problem<'r, 'a>, Progress<H>>,
    H: Clone,
{
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn init(
        &mut self,
        problem: &mut Counted<Problem<'r, 'a>>,
        state: Progress<H>,
    ) -> Result<(Progress<H>, Option<KV>), Error> {
        self.inner.init(problem, state)
    }

    fn next_iter(
        &mut self,
        problem: &mut Counted<Problem<'r, 'a>>,
        state: Progress<H>,
    ) -> Result<(Progress<H>, Option<KV>), Error> {
        self.inner.next_iter(problem, state)
    }

    fn terminate(&mut self, state: &Progress<H>) -> TerminationStatus {
        let flow = state.get_param().map(|at| self.problem.0.borrow_mut().record_step(at));
        match flow {
            Some(flow) if flow.is_break() => {
                TerminationStatus::Terminated(TerminationReason::SolverConverged)
            }
            _ => self.inner.terminate(state),
        }
    }
}
