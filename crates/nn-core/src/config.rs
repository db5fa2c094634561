//! Everything that decides a training besides data and device.

use crate::{
    Architecture, Branch, ConfigError, Initializer, Loss, Optimizer, Preprocessing,
    ReceptiveFields, Schedule,
};
use nn_images::{Augment as Distortion, ImageError};
use serde::{Deserialize, Serialize};

/// Settings of a training. Two trainings with the same settings, data and device features end
/// with the same bytes.
///
/// ```
/// let config = nn_core::TrainingConfig { epochs: 3, ..Default::default() };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct TrainingConfig {
    /// The cost.
    pub loss: Loss,
    /// How gradients become steps.
    pub optimizer: Optimizer,
    /// λ, the base learning rate.
    pub learning_rate: f64,
    /// How λ moves.
    pub schedule: Schedule,
    /// Passes through the training set.
    pub epochs: usize,
    /// Samples in a step.
    pub batch: usize,
    /// Seed of initial weights, shuffles and dropout.
    pub seed: u64,
    /// How the first weights are drawn.
    pub initializer: Initializer,
    /// Factor of Σ|w| in the cost.
    pub l1: f64,
    /// Factor of Σw²/2 in the cost; with `AdamW` the decoupled decay.
    pub weight_decay: f64,
    /// Share of each hidden layer's neurons that is left out in a step.
    pub dropout: f64,
    /// Longest row of weights (Euclidean norm of those that lead into one neuron) after a step.
    pub max_norm: Option<f64>,
    /// Windows of the image that the neurons of the first hidden layer see, where they do not see all of it; of
    /// directions, those that are taken about a place in the window.
    pub receptive_fields: Option<ReceptiveFields>,
    /// Whether each hidden layer is normalised over its batch, before its activation.
    pub batch_norm: bool,
    /// Share of each target that goes to all classes evenly, under cross-entropy.
    pub label_smoothing: f64,
    /// How much a sample of each class counts under cross-entropy; empty where all count alike.
    pub class_weights: Vec<f64>,
    /// Share of an exponential moving average of the weights that stays in a step. The average is
    /// what the training gives.
    pub average: Option<f64>,
    /// Whether images are put upright and to one size before anything else, in training and in every later use.
    pub deskew: bool,
    /// Whether images are then, and after all distortion, [described](nn_images::GradientFeatures) by the directions of
    /// their edges, in training and in every later use. The network has as many inputs as
    /// [`Preprocessing::input_width`] says.
    pub directions: bool,
    /// Whether these descriptions are the square roots of the usual ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    // so that builds that do not know it read the others
    pub root_directions: bool,
    /// Whether they have the [second order](nn_images::GradientEncoder::with_second_order) besides.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub second_order_directions: bool,
    /// How images are distorted, afresh in each epoch.
    pub distortion: Option<Distortion>,
    /// Longest gradient (Euclidean norm over all weights) that a step may use.
    pub clip_norm: Option<f64>,
    /// Stop after this many epochs without a lower validation loss, and restore the best weights.
    pub patience: Option<usize>,
    /// Further [branches](Branch) of the network; where there are any, the settings above that a branch has too
    /// are those of the first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    // so that builds that do not know them read the others
    pub branches: Vec<Branch>,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
            learning_rate: 0.004,
            schedule: Schedule { curve: crate::Curve::OneCycle, warm_up: 0.0 },
            epochs: 10,
            batch: 128,
            seed: 1,
            initializer: Initializer::HeUniform,
            l1: 0.0,
            weight_decay: 0.0,
            dropout: 0.0,
            max_norm: None,
            receptive_fields: None,
            batch_norm: false,
            label_smoothing: 0.0,
            class_weights: Vec::new(),
            average: None,
            deskew: false,
            directions: false,
            root_directions: false,
            second_order_directions: false,
            distortion: None,
            clip_norm: None,
            patience: None,
            branches: Vec::new(),
        }
    }
}

impl TrainingConfig {
    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let rate = self.learning_rate;
        ConfigError::check("learning rate", rate, rate > 0.0 && rate.is_finite(), "above 0")?;
        ConfigError::check("epochs", self.epochs, self.epochs > 0, "at least 1")?;
        let countable = u32::try_from(self.epochs).is_ok(); // so their steps can be counted
        ConfigError::check("epochs", self.epochs, countable, "below 4,294,967,296")?;
        ConfigError::check("batch", self.batch, self.batch > 0, "at least 1")?;
        for (name, value) in [("l1", self.l1), ("weight decay", self.weight_decay)] {
            ConfigError::check(name, value, value >= 0.0 && value.is_finite(), "0 or more")?;
        }
        let dropout = self.dropout;
        ConfigError::check("dropout", dropout, (0.0..1.0).contains(&dropout), "from 0 to below 1")?;
        for (name, norm) in [("clip norm", self.clip_norm), ("max norm", self.max_norm)] {
            let positive = norm.is_none_or(|norm| norm > 0.0 && norm.is_finite());
            ConfigError::check(name, norm.unwrap_or_default(), positive, "above 0")?;
        }
        self.validate_targets()?;
        let average = self.average.unwrap_or_default();
        ConfigError::check("average", average, (0.0..1.0).contains(&average), "from 0 to below 1")?;
        self.distortion.as_ref().map_or(Ok(()), validate_distortion)?;
        self.preprocessing().validate()?;
        if let Some(patience) = self.patience {
            ConfigError::check("patience", patience, patience > 0, "at least 1")?;
        }
        self.optimizer.validate()?;
        self.schedule.validate()?;
        self.validate_branches()
    }

    /// What becomes of images before the network sees them: [`deskew`](Self::deskew),
    /// [`directions`](Self::directions), [`root_directions`](Self::root_directions) and
    /// [`second_order_directions`](Self::second_order_directions).
    #[must_use]
    pub fn preprocessing(&self) -> Preprocessing {
        let Self { deskew, directions, root_directions, second_order_directions, .. } = *self;
        Preprocessing { deskew, directions, root_directions, second_order_directions }
    }

    /// What is asked of the network instead of the bare classes is for cross-entropy.
    fn validate_targets(&self) -> Result<(), ConfigError> {
        let smoothing = self.label_smoothing;
        let range = "from 0 to below 1";
        ConfigError::check("label smoothing", smoothing, (0.0..1.0).contains(&smoothing), range)?;
        let positive = |weight: &&f64| !(**weight > 0.0 && weight.is_finite());
        if let Some(weight) = self.class_weights.iter().find(positive) {
            return Err(ConfigError::value("class weight", weight, "above 0"));
        }
        let plain = smoothing == 0.0 && self.class_weights.is_empty();
        let name = self.loss.name();
        let fits = plain || self.loss == Loss::CrossEntropy;
        let allowed = "cross-entropy with label smoothing or class weights";
        ConfigError::check("loss", name, fits, allowed)
    }

    /// Whether loss, activations and settings go together.
    ///
    /// # Errors
    /// [`ConfigError`] that says which two do not.
    pub fn validate_with(&self, architecture: &Architecture) -> Result<(), ConfigError> {
        self.validate()?;
        architecture.validate()?;
        if let Some(fields) = self.receptive_fields {
            fields.validate(architecture.hidden.first().copied().unwrap_or(0))?;
        }
        for layer in 0..architecture.depth() {
            let activation = architecture.activation_of(layer);
            if !activation.is_trainable() {
                return Err(ConfigError::NotTrainable { activation: activation.name() });
            }
        }
        let output = architecture.output_activation;
        if self.loss == Loss::CrossEntropy && output != nn_tensor::Activation::Identity {
            return Err(ConfigError::SoftmaxTwice { activation: output.name() });
        }
        let (has, needs) = (self.class_weights.len(), architecture.outputs);
        let fits = has == 0 || has == needs || needs == 1; // 1: the data is not known yet
        ConfigError::check("number of class weights", has, fits, &format!("{needs}"))
    }
}

fn validate_distortion(distortion: &Distortion) -> Result<(), ConfigError> {
    match distortion.validate() {
        Err(ImageError::Setting { key: setting, value, low, high, .. }) => {
            let setting = format!("distortion's {setting}");
            Err(ConfigError::value(&setting, value, &format!("from {low} to {high}")))
        }
        _ => Ok(()),
    }
}
