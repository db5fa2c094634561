//! Every setting with its default.

use crate::settings::names::{OptimizerName, ScheduleName};
use crate::settings::off;
use nn_core::{Activation, Initializer, Loss};
use nn_images::{Pipeline, TestViews};
use serde::{Deserialize, Serialize};

/// Every setting of a training besides data and machine. What each means is said in the
/// [schema](crate::settings::Schema).
///
/// ```
/// use nn_mlp::settings::Settings;
/// let mut settings = Settings::default();
/// settings.network.hidden = vec![30];
/// assert!(settings.validate().is_ok());
/// settings.training.dropout = 1.0;
/// let error = settings.validate().unwrap_err().to_string();
/// assert_eq!(error, "training.dropout is 1.0, must be a number from 0 to below 1");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Settings {
    /// The network.
    pub network: NetworkSettings,
    /// Its training.
    pub training: TrainingSettings,
    /// What images go through before the network sees them.
    pub transform: Pipeline,
    /// Members that are trained jointly and answer together; empty for one, which the rest describes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub member: Vec<MemberOverlay>,
    /// Test-time augmentation.
    pub test: TestViews,
}

/// The network between inputs and outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct NetworkSettings {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Activation of the output layer.
    pub output_activation: Activation,
    /// Weight initialisation; `None` for the one that fits the activation.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub initializer: Option<Initializer>,
    /// Whether hidden layers are batch-normalised.
    pub batch_norm: bool,
    /// A locally connected first layer.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalWindows>,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            hidden: vec![256, 128],
            activation: Activation::Relu,
            output_activation: Activation::Identity,
            initializer: None,
            batch_norm: false,
            local: None,
        }
    }
}

/// Windows of the image to which the neurons of a locally connected first layer are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LocalWindows {
    /// Pixels along each side of a window.
    pub window: usize,
    /// Windows along each side of the image.
    #[serde(default = "LocalWindows::default_grid")]
    pub grid: usize,
}

impl LocalWindows {
    fn default_grid() -> usize {
        14
    }
}

/// How the network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct TrainingSettings {
    /// Loss to minimise.
    pub loss: Loss,
    /// Optimizer, or full-batch solver.
    pub optimizer: OptimizerName,
    /// Peak learning rate; `None` for the one that fits optimizer and loss.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// Learning-rate schedule.
    pub schedule: ScheduleName,
    /// Fraction of all steps over which the learning rate rises from 0.
    pub warm_up: f64,
    /// Passes through the training set.
    pub epochs: usize,
    /// Samples in a step.
    pub batch: usize,
    /// Seed of every random stream.
    pub seed: u64,
    /// Fraction of the training set held out for validation; `None` for 0, or 0.1 with `patience`.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
    /// Epochs without a lower validation loss after which training stops.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub patience: Option<usize>,
    /// Strength of the L2 penalty, or of AdamW's decay.
    pub weight_decay: f64,
    /// Strength of the L1 penalty.
    pub l1: f64,
    /// Dropout rate.
    pub dropout: f64,
    /// Global norm to which gradients are clipped.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// Largest norm of the weights into one neuron.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub max_norm: Option<f64>,
    /// Fraction of each target that is spread over all classes.
    pub label_smoothing: f64,
    /// Factors of the classes in the loss; empty where all are 1.
    pub class_weights: Vec<f64>,
    /// Decay of the moving average of the weights and of the batch-normalisation statistics.
    #[serde(deserialize_with = "off::value", skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Whether that average is short at the beginning.
    pub average_warm_up: bool,
    /// Fraction of the velocity that stays, for momentum and nesterov.
    pub momentum: f64,
    /// Fraction of the mean square that stays, for rms-prop.
    pub smoothing: f64,
    /// β₁ of adam and adamw.
    pub beta1: f64,
    /// β₂ of adam and adamw.
    pub beta2: f64,
    /// ε of adam, adamw and rms-prop.
    pub epsilon: f64,
    /// Epochs between two drops of the step schedule.
    pub step_epochs: usize,
    /// Factor of each drop of the step schedule.
    pub step_factor: f64,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            optimizer: OptimizerName::Adam,
            learning_rate: None,
            schedule: ScheduleName::OneCycle,
            warm_up: 0.0,
            epochs: 10,
            batch: 128,
            seed: 1,
            validation: None,
            patience: None,
            weight_decay: 0.0,
            l1: 0.0,
            dropout: 0.0,
            clip_norm: None,
            max_norm: None,
            label_smoothing: 0.0,
            class_weights: Vec::new(),
            average: None,
            average_warm_up: false,
            momentum: 0.9,
            smoothing: 0.99,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            step_epochs: 10,
            step_factor: 0.1,
        }
    }
}

/// One of several jointly trained members: what it has instead of the settings of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct MemberOverlay {
    /// Instead of [`NetworkSettings::hidden`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<Vec<usize>>,
    /// Instead of [`NetworkSettings::local`]; `Some(None)` (in a file `false`) for none.
    #[serde(
        deserialize_with = "off::overlay",
        serialize_with = "off::write_overlay",
        skip_serializing_if = "Option::is_none"
    )]
    pub local: Option<Option<LocalWindows>>,
    /// Instead of the whole list [`Settings::transform`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Pipeline>,
}
