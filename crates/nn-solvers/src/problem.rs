//! The objective in argmin's terms, and the state of a run.

use crate::curvature::Curvature;
use crate::limits::{Limits, Stopped};
use crate::minimum::{Iterate, Minimum};
use crate::{Objective, SolverError};
use argmin::core::{CostFunction, Error, Gradient, Hessian};
use std::cell::RefCell;
use std::ops::ControlFlow;

/// The matrix of a second-order solver.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Matrix {
    Hessian,
    GaussNewton,
}

/// A run: the objective, the present point, and why it ended.
pub(crate) struct Run<'a> {
    objective: &'a mut dyn Objective,
    observer: &'a mut dyn FnMut(&Iterate<'_>) -> ControlFlow<()>,
    limits: &'a Limits,
    matrix: Matrix,
    /// The last evaluated point.
    point: Vec<f64>,
    cost: f64,
    gradient: Vec<f64>,
    /// The present point of the solver.
    minimum: Minimum,
    /// Consecutive iterations that did not change the cost beyond its rounding.
    stalled: usize,
    /// Evaluations up to the last iteration that did.
    progressed: usize,
    started: bool,
    /// Why the run ended, if it did.
    pub(crate) stopped: Option<Stopped>,
    pub(crate) failure: Option<SolverError>,
}

/// Number of stalled iterations after which a run ends.
const MAX_STALLED: usize = 40;

/// Number of evaluations without a change after which a run ends, in the midst of a line search too:
/// one takes 20 at most.
const MAX_IDLE_EVALUATIONS: usize = 100;

/// The error that makes argmin stop; the run holds the reason.
#[derive(Debug, thiserror::Error)]
#[error("the run has ended")]
struct Ended;

impl<'a> Run<'a> {
    pub(crate) fn new(
        objective: &'a mut dyn Objective,
        observer: &'a mut dyn FnMut(&Iterate<'_>) -> ControlFlow<()>,
        limits: &'a Limits,
        matrix: Matrix,
    ) -> Self {
        let size = objective.dimension();
        Self {
            objective,
            observer,
            limits,
            matrix,
            point: Vec::new(),
            cost: f64::NAN,
            gradient: vec![0.0; size],
            minimum: Minimum::unset(),
            stalled: 0,
            progressed: 0,
            started: false,
            stopped: None,
            failure: None,
        }
    }

    /// Computes cost and gradient at `at`; asking again for the same point costs nothing.
    pub(crate) fn evaluate(&mut self, at: &[f64]) -> Result<f64, Error> {
        if self.point == at {
            return Ok(self.cost);
        }
        if self.minimum.evaluations >= self.limits.evaluations {
            return self.end(Stopped::Evaluations);
        }
        if self.minimum.evaluations - self.progressed >= MAX_IDLE_EVALUATIONS {
            return self.end(Stopped::NoFurtherDescent);
        }
        self.minimum.evaluations += 1;
        self.point.clear();
        match self.objective.evaluate(at, &mut self.gradient) {
            Ok(cost) => self.cost = cost,
            Err(error) => return self.fail(SolverError::Objective(error)),
        }
        self.point.extend_from_slice(at);
        Ok(self.cost)
    }

    /// Returns the gradient at the last evaluated point.
    pub(crate) fn gradient(&self) -> &[f64] {
        &self.gradient
    }

    /// Computes cost and gradient for a line search, which needs finite values.
    ///
    /// Where they are not finite, it returns those of a steep parabola around the present point.
    fn evaluate_with_barrier(&mut self, at: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        self.evaluate(at)?;
        if self.is_finite() {
            return Ok((self.cost, self.gradient.clone()));
        }
        let here = &self.minimum;
        let height = 10.0 * here.cost.abs().max(f64::MIN_POSITIVE);
        let away: Vec<f64> = at.iter().zip(&here.at).map(|(there, here)| there - here).collect();
        let squared: f64 = away.iter().map(|distance| distance * distance).sum();
        if !squared.is_normal() {
            // The solver's own arithmetic failed, as L-BFGS does where two gradients are the same to
            // rounding: the run begins anew from the present point.
            return Err(Ended.into());
        }
        let slope = 2.0 * height / squared; // the parabola has that height at that distance
        Ok((here.cost + height, away.into_iter().map(|distance| slope * distance).collect()))
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.cost.is_finite() && self.gradient.iter().all(|g| g.is_finite())
    }

    fn curvature(&mut self, at: &[f64]) -> Result<Curvature, Error> {
        let size = at.len();
        let mut elements = vec![0.0; size * size];
        self.minimum.matrices += 1;
        let result = match self.matrix {
            Matrix::Hessian => self.objective.hessian(at, &mut elements).map(|()| true),
            Matrix::GaussNewton => self.objective.gauss_newton(at, &mut elements),
        };
        match result {
            Err(error) => self.fail(SolverError::Objective(error)),
            Ok(false) => self.fail(SolverError::NoGaussNewton),
            Ok(true) if elements.iter().all(|value| value.is_finite()) => {
                Ok(Curvature::new(&elements, size))
            }
            Ok(true) => self.end(Stopped::NotFinite),
        }
    }

    /// Records a step to `at`; returns whether the solver should continue.
    pub(crate) fn record_step(&mut self, at: &[f64]) -> ControlFlow<()> {
        if self.evaluate(at).is_err() {
            return ControlFlow::Break(());
        }
        if !self.is_finite() {
            self.stopped = Some(Stopped::NotFinite);
            return ControlFlow::Break(());
        }
        self.count_step(at);
        let minimum = &mut self.minimum;
        minimum.cost = self.cost;
        minimum.gradient_norm = self.gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
        let iterate = Iterate {
            iteration: minimum.iterations,
            cost: minimum.cost,
            gradient_norm: minimum.gradient_norm,
            evaluations: minimum.evaluations,
            at: &minimum.at,
        };
        let flow = (self.observer)(&iterate);
        self.stopped = self.reason_to_stop(flow);
        if self.stopped.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn count_step(&mut self, at: &[f64]) {
        let change = (self.cost - self.minimum.cost).abs();
        if change > 4.0 * self.objective.rounding() * self.cost.abs() {
            (self.stalled, self.progressed) = (0, self.minimum.evaluations);
        } else {
            self.stalled += usize::from(self.started);
        }
        self.minimum.iterations += usize::from(self.started);
        self.started = true;
        self.minimum.at.clear();
        self.minimum.at.extend_from_slice(at);
    }

    fn reason_to_stop(&self, flow: ControlFlow<()>) -> Option<Stopped> {
        let (minimum, limits) = (&self.minimum, self.limits);
        if minimum.gradient_norm <= limits.gradient_norm {
            Some(Stopped::GradientNorm)
        } else if limits.cost.is_some_and(|target| minimum.cost <= target) {
            Some(Stopped::TargetCost)
        } else if flow.is_break() {
            Some(Stopped::Observer)
        } else if minimum.iterations >= limits.iterations {
            Some(Stopped::Iterations)
        } else if self.stalled >= MAX_STALLED {
            Some(Stopped::NoFurtherDescent)
        } else {
            None
        }
    }

    /// Returns the number of iterations so far.
    pub(crate) fn iterations(&self) -> usize {
        self.minimum.iterations
    }

    /// Returns the present point.
    pub(crate) fn position(&self) -> Vec<f64> {
        self.minimum.at.clone()
    }

    /// Prepares a restart from the present point, which does not count as a step.
    pub(crate) fn restart(&mut self) {
        self.started = false;
    }

    pub(crate) fn finish(self, default: Stopped) -> Result<Minimum, SolverError> {
        match self.failure {
            Some(failure) => Err(failure),
            None => Ok(Minimum { stopped: self.stopped.unwrap_or(default), ..self.minimum }),
        }
    }

    fn end<V>(&mut self, reason: Stopped) -> Result<V, Error> {
        self.stopped = Some(reason);
        Err(Ended.into())
    }

    fn fail<V>(&mut self, failure: SolverError) -> Result<V, Error> {
        self.failure = Some(failure);
        Err(Ended.into())
    }
}

/// A handle to the run that argmin can copy and drop.
#[derive(Clone, Copy)]
pub(crate) struct Problem<'r, 'a>(pub(crate) &'r RefCell<Run<'a>>);

impl CostFunction for Problem<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, at: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.0.borrow_mut().evaluate_with_barrier(at)?.0)
    }
}

impl Gradient for Problem<'_, '_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, at: &Vec<f64>) -> Result<Vec<f64>, Error> {
        Ok(self.0.borrow_mut().evaluate_with_barrier(at)?.1)
    }
}

impl Hessian for Problem<'_, '_> {
    type Param = Vec<f64>;
    type Hessian = Curvature;

    fn hessian(&self, at: &Vec<f64>) -> Result<Curvature, Error> {
        self.0.borrow_mut().curvature(at)
    }
}
