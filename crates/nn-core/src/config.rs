//! Settings of a training, besides data, network and device.

use crate::{Architecture, ConfigError, Curve, Initializer, Loss, Optimizer, Schedule};
use nn_tensor::Activation;
use serde::{Deserialize, Serialize};

/// Settings of a training. Two trainings with the same settings, data and device end with the same
/// bytes.
///
/// ```
/// let config = nn_core::TrainingConfig { epochs: 3, ..Default::default() };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct TrainingConfig {
    /// Loss to minimise.
    pub loss: Loss,
    /// Optimizer.
    pub optimizer: Optimizer,
    /// Base learning rate λ.
    pub learning_rate: f64,
    /// Learning-rate schedule.
    pub schedule: Schedule,
    /// Passes through the training set.
    pub epochs: usize,
    /// Samples in a step.
    pub batch: usize,
    /// Seed of initial weights, shuffles and dropout.
    pub seed: u64,
    /// Weight initialisation.
    pub initializer: Initializer,
    /// L1 penalty: factor of Σ|w| in the cost, over weights, not biases.
    pub l1: f64,
    /// L2 penalty: factor of Σw²/2 in the cost, over weights, not biases; with
    /// [`Optimizer::AdamW`] the decoupled decay.
    pub weight_decay: f64,
    /// Dropout rate of the hidden layers.
    pub dropout: f64,
    /// Whether each hidden layer is normalised over its batch, before its activation.
    pub batch_norm: bool,
    /// Label smoothing under cross-entropy: share of each target that is spread over all classes.
    pub label_smoothing: f64,
    /// Weight of each class under cross-entropy, whose mean over a batch is then weighted, as with
    /// PyTorch's `CrossEntropyLoss(weight)`; empty where all weigh the same.
    pub class_weights: Vec<f64>,
    /// Clip the gradients of weights and biases, penalties left out, to this global norm.
    pub clip_norm: Option<f64>,
    /// Stop after this many epochs without a lower validation loss, and restore the best weights.
    pub patience: Option<usize>,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            learning_rate: 0.004,
            schedule: Schedule { curve: Curve::OneCycle, warm_up: 0.0 },
            epochs: 10,
            batch: 128,
            seed: 1,
            initializer: Initializer::HeUniform,
            l1: 0.0,
            weight_decay: 0.0,
            dropout: 0.0,
            batch_norm: false,
            label_smoothing: 0.0,
            class_weights: Vec::new(),
            clip_norm: None,
            patience: None,
        }
    }
}

impl TrainingConfig {
    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let rate = self.learning_rate;
        ConfigError::check("learning rate", rate, rate > 0.0 && rate.is_finite(), "above 0")?;
        ConfigError::check("epochs", self.epochs, self.epochs > 0, "at least 1")?;
        let countable = u32::try_from(self.epochs).is_ok(); // so that their steps can be counted
        ConfigError::check("epochs", self.epochs, countable, "below 4,294,967,296")?;
        let allowed = if self.batch_norm { "at least 2 with batch norm" } else { "at least 1" };
        let enough = self.batch > usize::from(self.batch_norm); // one sample is its own mean
        ConfigError::check("batch", self.batch, enough, allowed)?;
        for (name, value) in [("l1", self.l1), ("weight decay", self.weight_decay)] {
            ConfigError::check(name, value, value >= 0.0 && value.is_finite(), "0 or more")?;
        }
        let dropout = self.dropout;
        ConfigError::check("dropout", dropout, (0.0..1.0).contains(&dropout), "from 0 to below 1")?;
        let clip = self.clip_norm;
        let positive = clip.is_none_or(|norm| norm > 0.0 && norm.is_finite());
        ConfigError::check("clip norm", clip.unwrap_or_default(), positive, "above 0")?;
        self.validate_targets()?;
        if let Some(patience) = self.patience {
            ConfigError::check("patience", patience, patience > 0, "at least 1")?;
        }
        self.optimizer.validate()?;
        self.schedule.validate()
    }

    /// Computes what the penalties add to the cost: l1 Σ|w| + l2/2 Σw² over all weights, not biases.
    pub fn penalty(&self, weights: impl Iterator<Item = f64>) -> f64 {
        let (l1, l2) = (self.l1, self.weight_decay);
        weights.map(|w| l1 * w.abs() + 0.5 * l2 * w * w).sum()
    }

    /// Label smoothing and class weights are in range, and only used under cross-entropy.
    fn validate_targets(&self) -> Result<(), ConfigError> {
        let smoothing = self.label_smoothing;
        let range = "from 0 to below 1";
        ConfigError::check("label smoothing", smoothing, (0.0..1.0).contains(&smoothing), range)?;
        let unusable = |weight: &&f64| !(**weight > 0.0 && weight.is_finite());
        if let Some(weight) = self.class_weights.iter().find(unusable) {
            return Err(ConfigError::value("class weight", weight, "above 0"));
        }
        let plain = smoothing == 0.0 && self.class_weights.is_empty();
        let fits = plain || self.loss == Loss::CrossEntropy;
        let allowed = "cross-entropy with label smoothing or class weights";
        ConfigError::check("loss", self.loss.name(), fits, allowed)
    }

    /// Checks that loss, activations and settings go together.
    ///
    /// # Errors
    /// [`ConfigError`] that says which two do not.
    pub fn validate_with(&self, architecture: &Architecture) -> Result<(), ConfigError> {
        self.validate()?;
        architecture.validate()?;
        for layer in 0..architecture.depth() {
            let activation = architecture.activation_of(layer);
            if !activation.is_trainable() {
                return Err(ConfigError::NotTrainable { activation: activation.name() });
            }
        }
        let output = architecture.output_activation;
        if self.loss == Loss::CrossEntropy && output != Activation::Identity {
            return Err(ConfigError::SoftmaxTwice { activation: output.name() });
        }
        let (has, needs) = (self.class_weights.len(), architecture.outputs);
        let fits = has == 0 || has == needs || needs == 1; // 1: the data is not known yet
        ConfigError::check("number of class weights", has, fits, &format!("{needs}"))
    }
}
