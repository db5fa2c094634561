//! Limits, the observer, and faults that become errors.

use nn_solvers::{Limits, Objective, ObjectiveError, Solver, SolverError, Stopped, minimize};
use std::ops::ControlFlow;

/// Σ w⁴, with faults on request.
#[derive(Default)]
struct Quartic {
    dimension: usize,
    fails_after: Option<usize>,
    nan_after: Option<usize>,
    calls: usize,
}

impl Objective for Quartic {
    fn dimension(&self) -> usize {
        self.dimension
    }

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        self.calls += 1;
        if self.fails_after.is_some_and(|calls| self.calls > calls) {
            return Err("the device is gone".into());
        }
        gradient.iter_mut().zip(at).for_each(|(g, w)| *g = 4.0 * w.powi(3));
        if self.nan_after.is_some_and(|calls| self.calls > calls) {
            return Ok(f64::NAN);
        }
        Ok(at.iter().map(|w| w.powi(4)).sum())
    }
}

fn every_solver() -> Vec<Solver> {
    Solver::NAMES.iter().filter_map(|name| Solver::from_name(name, 0.01)).collect()
}

fn no_observer(_: &nn_solvers::Iterate<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn without_gauss_newton() -> impl Iterator<Item = Solver> {
    every_solver().into_iter().filter(|solver| *solver != Solver::GaussNewton)
}

#[test]
fn limits_of_steps_evaluations_and_cost_hold() {
    for solver in without_gauss_newton() {
        let objective = || Quartic { dimension: 2, ..Default::default() };
        let limits = Limits { iterations: 3, ..Limits::default() };
        let minimum =
            minimize(&mut objective(), solver, &[1.0, 2.0], &limits, &mut no_observer).unwrap();
        assert_eq!((minimum.iterations, minimum.stopped), (3, Stopped::Iterations), "{solver:?}");

        let limits = Limits { evaluations: 3, ..Limits::default() };
        let minimum =
            minimize(&mut objective(), solver, &[1.0, 2.0], &limits, &mut no_observer).unwrap();
        assert_eq!((minimum.evaluations, minimum.stopped), (3, Stopped::Evaluations), "{solver:?}");

        let limits = Limits { cost: Some(5.0), ..Limits::default() };
        let minimum =
            minimize(&mut objective(), solver, &[1.0, 2.0], &limits, &mut no_observer).unwrap();
        assert_eq!(minimum.stopped, Stopped::TargetCost, "{solver:?}");
        assert!(minimum.cost <= 5.0, "{solver:?}");
    }
}

#[test]
fn the_observer_sees_every_step_and_may_stop() {
    for solver in without_gauss_newton() {
        let mut seen = Vec::new();
        let mut objective = Quartic { dimension: 2, ..Default::default() };
        let limits = Limits::default();
        let minimum = minimize(&mut objective, solver, &[1.0, 2.0], &limits, &mut |step| {
            seen.push((step.iteration, step.cost));
            if step.iteration == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert_eq!(minimum.stopped, Stopped::Observer, "{solver:?}");
        assert_eq!(seen.iter().map(|s| s.0).collect::<Vec<_>>(), [0, 1, 2, 3, 4], "{solver:?}");
        assert_eq!(seen[0].1, 17.0);
        assert!(seen.windows(2).all(|pair| pair[1].1 <= pair[0].1), "{solver:?}: {seen:?}");
    }
}

#[test]
fn a_failing_objective_is_an_error_with_its_message() {
    for solver in without_gauss_newton() {
        for calls in [0, 1, 2, 5] {
            let mut objective =
                Quartic { dimension: 2, fails_after: Some(calls), ..Default::default() };
            let limits = Limits::default();
            let error = minimize(&mut objective, solver, &[1.0, 2.0], &limits, &mut no_observer);
            let message = error.unwrap_err().to_string();
            assert!(message.ends_with("the device is gone"), "{solver:?}: {message}");
        }
    }
}

#[test]
fn costs_that_are_not_finite_end_the_run() {
    for solver in without_gauss_newton() {
        let mut bad_start = Quartic { dimension: 1, nan_after: Some(0), ..Default::default() };
        let error = minimize(&mut bad_start, solver, &[1.0], &Limits::default(), &mut no_observer);
        assert!(matches!(error, Err(SolverError::StartNotFinite)), "{solver:?}: {error:?}");

        let mut later = Quartic { dimension: 1, nan_after: Some(1), ..Default::default() };
        let minimum =
            minimize(&mut later, solver, &[1.0], &Limits::default(), &mut no_observer).unwrap();
        assert_eq!((minimum.at[0], minimum.cost), (1.0, 1.0), "{solver:?}");
        assert!(minimum.evaluations < 500, "{solver:?}: {minimum:?}");
    }
}

/// Steps that are far too long diverge.
#[test]
fn divergence_is_reported() {
    let mut objective = Quartic { dimension: 1, ..Default::default() };
    let solver = Solver::GradientDescent { learning_rate: 10.0 };
    let minimum =
        minimize(&mut objective, solver, &[2.0], &Limits::default(), &mut no_observer).unwrap();
    assert_eq!(minimum.stopped, Stopped::NotFinite);
    assert!(minimum.cost.is_finite());
}

#[test]
fn wrong_settings_are_refused_with_their_name() {
    let refuse = |solver: Solver, dimension: usize, start: &[f64]| {
        let mut objective = Quartic { dimension, ..Default::default() };
        minimize(&mut objective, solver, start, &Limits::default(), &mut no_observer)
            .unwrap_err()
            .to_string()
    };
    let rate = |learning_rate| Solver::GradientDescent { learning_rate };
    assert_eq!(refuse(rate(-1.0), 1, &[1.0]), "learning rate is -1, must be above 0");
    assert_eq!(refuse(rate(f64::NAN), 1, &[1.0]), "learning rate is NaN, must be above 0");
    let momentum = Solver::Momentum { learning_rate: 0.1, momentum: 1.0 };
    assert_eq!(refuse(momentum, 1, &[1.0]), "momentum is 1, must be from 0 to below 1");
    assert_eq!(refuse(Solver::Lbfgs { memory: 0 }, 1, &[1.0]), "memory is 0, must be 1 to 1000");
    assert!(refuse(Solver::ConjugateGradient, 2, &[1.0]).starts_with("length of the start is 1"));
    assert!(refuse(Solver::ConjugateGradient, 0, &[]).starts_with("number of parameters is 0"));
    let many = refuse(Solver::Newton, 100_000, &[1.0]);
    assert!(many.contains("100000 x 100000") && many.contains("use lbfgs"), "{many}");
    assert!(refuse(Solver::GaussNewton, 1, &[1.0]).contains("residuals"));
}

/// A Hessian of 0 has no inverse.
#[test]
fn a_singular_hessian_ends_newton_raphson() {
    struct Slope;
    impl Objective for Slope {
        fn dimension(&self) -> usize {
            2
        }
        fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
            gradient.copy_from_slice(&[1.0, 0.0]);
            Ok(at[0])
        }
    }
    let minimum = minimize(
        &mut Slope,
        Solver::NewtonRaphson,
        &[1.0, 1.0],
        &Limits::default(),
        &mut no_observer,
    );
    assert_eq!(minimum.unwrap().stopped, Stopped::NotFinite);
}
