//! Every solver on costs whose minimum is known in closed form.

use nn_solvers::{Iterate, Limits, Minimum, Objective, ObjectiveError, Solver, Stopped, minimize};
use std::ops::ControlFlow;

/// ½ (w - w*)ᵀ A (w - w*) with A = [[3, 1, 0], [1, 2, 0.5], [0, 0.5, 1]].
struct Quadratic;

const MINIMUM: [f64; 3] = [1.0, -2.0, 0.5];
const MATRIX: [f64; 9] = [3.0, 1.0, 0.0, 1.0, 2.0, 0.5, 0.0, 0.5, 1.0];

impl Objective for Quadratic {
    fn dimension(&self) -> usize {
        3
    }

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        let away: Vec<f64> = at.iter().zip(MINIMUM).map(|(w, minimum)| w - minimum).collect();
        for (derivative, row) in gradient.iter_mut().zip(MATRIX.chunks(3)) {
            *derivative = row.iter().zip(&away).map(|(a, d)| a * d).sum();
        }
        Ok(0.5 * gradient.iter().zip(&away).map(|(g, d)| g * d).sum::<f64>())
    }

    fn gauss_newton(&mut self, _at: &[f64], matrix: &mut [f64]) -> Result<bool, ObjectiveError> {
        matrix.copy_from_slice(&MATRIX);
        Ok(true)
    }
}

/// Rosenbrock's function (1 - x)² + 100 (y - x²)² with its minimum at (1, 1); the residuals are 1 -
/// x and 10 (y - x²).
struct Valley;

impl Objective for Valley {
    fn dimension(&self) -> usize {
        2
    }

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        let (x, y) = (at[0], at[1]);
        gradient[0] = -2.0 * (1.0 - x) - 400.0 * x * (y - x * x);
        gradient[1] = 200.0 * (y - x * x);
        Ok((1.0 - x).powi(2) + 100.0 * (y - x * x).powi(2))
    }

    /// 2 JᵀJ with J = [[-1, 0], [-20 x, 10]].
    fn gauss_newton(&mut self, at: &[f64], matrix: &mut [f64]) -> Result<bool, ObjectiveError> {
        let x = at[0];
        matrix.copy_from_slice(&[2.0 + 800.0 * x * x, -400.0 * x, -400.0 * x, 200.0]);
        Ok(true)
    }
}

/// A cost given by a closure.
struct Given<F>(usize, F);

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Objective for Given<F> {
    fn dimension(&self) -> usize {
        self.0
    }

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        Ok((self.1)(at, gradient))
    }
}

fn run(objective: &mut dyn Objective, solver: Solver, start: &[f64]) -> Minimum {
    let limits = Limits { iterations: 20_000, evaluations: 100_000, ..Limits::default() };
    minimize(objective, solver, start, &limits, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

fn every_solver(learning_rate: f64) -> Vec<Solver> {
    let from_name = |name: &&str| Solver::from_name(name, learning_rate);
    Solver::NAMES.iter().filter_map(from_name).collect()
}

#[test]
fn every_solver_finds_the_minimum_of_a_quadratic() {
    for solver in every_solver(0.1) {
        let minimum = run(&mut Quadratic, solver, &[10.0, 10.0, 10.0]);
        assert!(distance(&minimum.at, &MINIMUM) < 1e-7, "{solver:?}: {minimum:?}");
        assert_eq!(minimum.stopped, Stopped::GradientNorm, "{solver:?}");
        assert!(minimum.evaluations > minimum.iterations, "{solver:?}: {minimum:?}");
    }
}

/// In theory Newton takes one step, conjugate gradient about as many as there are dimensions.
#[test]
fn steps_on_a_quadratic_are_as_many_as_theory_says() {
    let steps = |solver| run(&mut Quadratic, solver, &[10.0, 10.0, 10.0]).iterations;
    assert!(steps(Solver::NewtonRaphson) <= 2); // the second corrects rounding in the differences
    assert!(steps(Solver::ConjugateGradient) <= 12); // its line search is not exact
    assert!(steps(Solver::Lbfgs { memory: 10 }) <= 15);
    assert!(steps(Solver::GradientDescent { learning_rate: 0.1 }) > 100);
}

#[test]
fn every_solver_follows_rosenbrocks_valley() {
    for solver in every_solver(1e-3).into_iter().filter(|s| *s != Solver::NewtonRaphson) {
        let limits = Limits { iterations: 60_000, evaluations: 200_000, ..Limits::default() };
        let start = [-1.2, 1.0];
        let minimum =
            minimize(&mut Valley, solver, &start, &limits, &mut |_| ControlFlow::Continue(()))
                .unwrap();
        assert!(distance(&minimum.at, &[1.0, 1.0]) < 1e-6, "{solver:?}: {minimum:?}");
    }
}

/// Fixed steps on a quadratic have a closed form: w_n - w* = (1 - λ μ)ⁿ (w_0 - w*).
#[test]
fn gradient_descent_takes_exactly_the_steps_of_its_closed_form() {
    let mut parabola = Given(1, |at: &[f64], gradient: &mut [f64]| {
        gradient[0] = 4.0 * (at[0] - 3.0);
        2.0 * (at[0] - 3.0_f64).powi(2)
    });
    let mut path = Vec::new();
    let limits = Limits { iterations: 20, ..Limits::default() };
    let solver = Solver::GradientDescent { learning_rate: 0.05 };
    let minimum = minimize(&mut parabola, solver, &[0.0], &limits, &mut |step: &Iterate<'_>| {
        path.push((step.iteration, step.at[0]));
        ControlFlow::Continue(())
    });
    assert_eq!(minimum.unwrap().stopped, Stopped::Iterations);
    assert_eq!(path.len(), 21);
    for (iteration, at) in path {
        let exact = 3.0 - 3.0 * (1.0_f64 - 0.05 * 4.0).powi(iteration as i32);
        assert!((at - exact).abs() < 1e-14, "{iteration}: {at} {exact}");
    }
}

/// cos has maxima at 0 and 2π and a minimum at π: the plain Newton step ascends, the trust region
/// descends.
#[test]
fn only_newton_with_a_trust_region_descends_from_a_maximum() {
    let cosine = |at: &[f64], gradient: &mut [f64]| {
        gradient[0] = -at[0].sin();
        at[0].cos()
    };
    let up = run(&mut Given(1, cosine), Solver::NewtonRaphson, &[0.4]);
    assert!(up.at[0].abs() < 1e-6 && up.cost > 0.999, "{up:?}");
    let down = run(&mut Given(1, cosine), Solver::Newton, &[0.4]);
    assert!((down.cost + 1.0).abs() < 1e-9, "{down:?}");
}

/// The gradient of |w| is 0 nowhere: the run must end by itself at the kink.
#[test]
fn a_kink_ends_the_run_without_an_error() {
    for solver in [Solver::ConjugateGradient, Solver::Lbfgs { memory: 5 }] {
        let kink = |at: &[f64], gradient: &mut [f64]| {
            gradient[0] = if at[0] > 0.0 { 1.0 } else { -1.0 };
            at[0].abs()
        };
        let minimum = run(&mut Given(1, kink), solver, &[0.7]);
        assert!(minimum.cost < 1e-6, "{solver:?}: {minimum:?}");
        assert_ne!(minimum.stopped, Stopped::GradientNorm, "{solver:?}: {minimum:?}");
    }
}

/// -ln(w) + w is undefined for w < 0, where a first step of full length ends.
#[test]
fn a_step_out_of_the_domain_is_reverted() {
    for solver in [Solver::ConjugateGradient, Solver::Lbfgs { memory: 5 }, Solver::Newton] {
        let barrier = |at: &[f64], gradient: &mut [f64]| {
            gradient[0] = 200.0 * (1.0 - 1.0 / at[0]);
            200.0 * (at[0] - at[0].ln())
        };
        let minimum = run(&mut Given(1, barrier), solver, &[5.0]);
        assert!((minimum.at[0] - 1.0).abs() < 1e-6, "{solver:?}: {minimum:?}");
    }
}
