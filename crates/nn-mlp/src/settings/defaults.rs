//! Defaults that depend on other settings.

use nn_core::{Activation, Initializer, Loss, Optimizer, TrainingConfig};

/// Returns a learning rate that works with the other defaults on MNIST: for each optimizer the best of a few that were
/// tried.
///
/// SGD and momentum feel the factor that a loss has before its gradient, and the rate is divided by it. RMSProp
/// and Adam cancel it themselves.
///
/// ```
/// use nn_core::{Loss, Optimizer};
/// use nn_mlp::settings::default_learning_rate;
/// assert_eq!(default_learning_rate(&Optimizer::Sgd, Loss::CrossEntropy, 128), 0.4);
/// assert_eq!(default_learning_rate(&Optimizer::Sgd, Loss::SquaredError, 128), 0.2);
/// ```
#[must_use]
pub fn default_learning_rate(optimizer: &Optimizer, loss: Loss, batch: usize) -> f64 {
    let batch = batch.max(1); // 0 is refused under its own name
    let usual = 1.0 / batch as f64;
    let correction = usual / loss.gradient_factor(batch);
    match optimizer {
        Optimizer::Sgd => 0.4 * correction,
        Optimizer::Momentum { .. } | Optimizer::Nesterov { .. } => 0.08 * correction,
        Optimizer::RmsProp { .. } => 0.002,
        Optimizer::Adam { .. } | Optimizer::AdamW { .. } => TrainingConfig::default().learning_rate,
    }
}

/// Returns the weight initialisation that fits an activation: Glorot's for sigmoid and tanh, He's for the rest.
#[must_use]
pub fn default_initializer(activation: Activation) -> Initializer {
    match activation {
        Activation::Sigmoid | Activation::Tanh => Initializer::GlorotUniform,
        _ => TrainingConfig::default().initializer,
    }
}
