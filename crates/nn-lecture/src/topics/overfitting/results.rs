//! The results of the topic.

use crate::shrinkage::Shrinkage;

/// The result of one remedy.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// Short name.
    pub name: &'static str,
    /// Mean squared error on the training samples.
    pub train_cost: f64,
    /// Mean squared error on many fresh samples.
    pub test_cost: f64,
    /// Root mean square of all weights, without biases.
    pub weight_size: f64,
    /// Steps taken; for early stopping, the step whose weights were kept.
    pub steps: usize,
    /// (step, training cost).
    pub train_history: Vec<(f64, f64)>,
    /// (step, cost on the validation samples).
    pub validation_history: Vec<(f64, f64)>,
    /// The fit at [`Outcomes::x`].
    pub fit: Vec<f64>,
}

/// The result of the ensemble.
#[derive(Clone, Debug, PartialEq)]
pub struct Ensemble {
    /// Mean cost of the networks on the test samples.
    pub mean_cost: f64,
    /// Cost of their mean output.
    pub cost_of_mean: f64,
    /// Mean variance of their outputs over the samples.
    pub spread: f64,
    /// Mean fit.
    pub fit: Vec<f64>,
}

/// Results of the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcomes {
    /// The training samples.
    pub samples: Vec<(f64, f64)>,
    /// Points at which fits are drawn.
    pub x: Vec<f64>,
    /// The remedies, the training without one first.
    pub remedies: Vec<Remedy>,
    /// The ensemble.
    pub ensemble: Ensemble,
    /// Early stopping compared with L2 on a quadratic cost.
    pub shrinkage: Vec<Shrinkage>,
    /// Variance of the noise, the least expected cost.
    pub least_cost: f64,
}
