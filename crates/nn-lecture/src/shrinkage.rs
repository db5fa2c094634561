//! Early stopping compared with an L2 penalty on the quadratic cost C = ½ Σ μ_j (w_j - w_j*)²,
//! where both have a closed form.

use crate::LectureError;
use nn_solvers::{Limits, Objective, ObjectiveError, Solver, minimize};
use std::ops::ControlFlow;

/// The cost ½ Σ μ_j (w_j - 1)² + α/2 Σ w_j², with every w_j* = 1.
struct Quadratic<'a> {
    curvatures: &'a [f64],
    penalty: f64,
}

impl Objective for Quadratic<'_> {
    fn dimension(&self) -> usize {
        self.curvatures.len()
    }

    fn evaluate(&mut self, at: &[f64], gradient: &mut [f64]) -> Result<f64, ObjectiveError> {
        let mut cost = 0.0;
        for ((g, w), mu) in gradient.iter_mut().zip(at).zip(self.curvatures) {
            *g = mu * (w - 1.0) + self.penalty * w;
            cost += 0.5 * mu * (w - 1.0).powi(2) + 0.5 * self.penalty * w * w;
        }
        Ok(cost)
    }
}

/// One weight: its value after n steps, and with the penalty that corresponds to n.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrinkage {
    /// μ_j, the eigenvalue of the Hessian.
    pub curvature: f64,
    /// (n, w_j after n steps of gradient descent from 0), computed.
    pub stopped: Vec<(usize, f64)>,
    /// (n, w_j* μ_j / (μ_j + α) with α = 1 / (n λ)), found by a solver.
    pub penalised: Vec<(usize, f64)>,
}

/// μ_j of the three weights.
pub const CURVATURES: [f64; 3] = [1.0, 0.1, 0.01];
/// λ.
pub const LEARNING_RATE: f64 = 0.5;
/// Number of steps.
const STEPS: usize = 1000;

/// Runs gradient descent without a penalty, and minimises with the penalty of each number of steps.
pub(crate) fn run() -> Result<Vec<Shrinkage>, LectureError> {
    let mut counts: Vec<usize> =
        (0..=24).map(|i| 10_f64.powf(f64::from(i) / 8.0).round() as usize).collect();
    counts.dedup();
    let mut weights: Vec<Shrinkage> = CURVATURES
        .iter()
        .map(|&curvature| Shrinkage { curvature, stopped: vec![], penalised: vec![] })
        .collect();
    let limits = Limits { iterations: STEPS, evaluations: STEPS + 1, ..Limits::default() };
    let mut free = Quadratic { curvatures: &CURVATURES, penalty: 0.0 };
    let solver = Solver::GradientDescent { learning_rate: LEARNING_RATE };
    minimize(&mut free, solver, &[0.0; 3], &limits, &mut |step| {
        if counts.contains(&step.iteration) {
            for (entry, &weight) in weights.iter_mut().zip(step.at) {
                entry.stopped.push((step.iteration, weight));
            }
        }
        ControlFlow::Continue(())
    })?;
    for &count in &counts {
        let penalty = 1.0 / (count as f64 * LEARNING_RATE);
        let mut penalised = Quadratic { curvatures: &CURVATURES, penalty };
        let limits = Limits { gradient_norm: 1e-12, ..Limits::default() };
        let no_observer = &mut |_: &nn_solvers::Iterate<'_>| ControlFlow::Continue(());
        let minimum =
            minimize(&mut penalised, Solver::NewtonRaphson, &[0.0; 3], &limits, no_observer)?;
        for (entry, weight) in weights.iter_mut().zip(minimum.at) {
            entry.penalised.push((count, weight));
        }
    }
    Ok(weights)
}

/// Returns w_j(n) = [1 - (1 - μ_j λ)ⁿ] w_j* with w_j* = 1.
#[must_use]
pub fn after_steps(curvature: f64, steps: usize) -> f64 {
    1.0 - (1.0 - curvature * LEARNING_RATE).powi(steps as i32)
}

/// Returns μ_j / (μ_j + α) w_j* with α = 1 / (n λ) and w_j* = 1.
#[must_use]
pub fn with_penalty(curvature: f64, steps: usize) -> f64 {
    curvature / (curvature + 1.0 / (steps as f64 * LEARNING_RATE))
}

/// Returns the largest distance of the computed weights from both closed forms.
#[must_use]
pub fn worst_error(weights: &[Shrinkage]) -> f64 {
    let stopped = weights.iter().flat_map(|entry| {
        entry.stopped.iter().map(|&(n, weight)| (weight - after_steps(entry.curvature, n)).abs())
    });
    let penalised = weights.iter().flat_map(|entry| {
        entry.penalised.iter().map(|&(n, weight)| (weight - with_penalty(entry.curvature, n)).abs())
    });
    stopped.chain(penalised).fold(0.0, f64::max)
}
