//! Optimizers: their settings, and the rule they give for a step.

use crate::ConfigError;
use nn_tensor::{Element, Penalty, StepNumbers, Update, UpdateRule};
use serde::{Deserialize, Serialize};

/// How gradients become steps. Formulas stand at [`UpdateRule`]; defaults are PyTorch's.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case", tag = "name")]
pub enum Optimizer {
    /// Gradient descent on batches, eq. (103).
    Sgd,
    /// Descent with a velocity.
    Momentum {
        /// μ, the share of the velocity that stays.
        momentum: f64,
    },
    /// Momentum that looks ahead (Nesterov; Sutskever et al. 2013).
    Nesterov {
        /// μ.
        momentum: f64,
    },
    /// Steps divided by the running root mean square of the gradient.
    RmsProp {
        /// ρ, the share of the mean square that stays.
        smoothing: f64,
        /// ε.
        epsilon: f64,
    },
    /// Running mean over running root mean square (Kingma and Ba 2015).
    Adam {
        /// β₁.
        beta1: f64,
        /// β₂.
        beta2: f64,
        /// ε.
        epsilon: f64,
    },
    /// Adam whose weight decay is no part of the gradient (Loshchilov and Hutter 2019).
    #[serde(rename = "adamw")]
    AdamW {
        /// β₁.
        beta1: f64,
        /// β₂.
        beta2: f64,
        /// ε.
        epsilon: f64,
    },
}

impl Optimizer {
    /// Names that [`Optimizer::from_name`] knows.
    pub const NAMES: [&'static str; 6] =
        ["sgd", "momentum", "nesterov", "rms-prop", "adam", "adamw"];

    /// An optimizer with its usual settings.
    ///
    /// ```
    /// use nn_core::Optimizer;
    /// assert_eq!(Optimizer::from_name("momentum"), Some(Optimizer::Momentum { momentum: 0.9 }));
    /// assert_eq!(Optimizer::from_name("magic"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8);
        match name {
            "sgd" => Some(Self::Sgd),
            "momentum" => Some(Self::Momentum { momentum: 0.9 }),
            "nesterov" => Some(Self::Nesterov { momentum: 0.9 }),
            "rms-prop" => Some(Self::RmsProp { smoothing: 0.99, epsilon }),
            "adam" => Some(Self::Adam { beta1, beta2, epsilon }),
            "adamw" => Some(Self::AdamW { beta1, beta2, epsilon }),
            _ => None,
        }
    }

    /// The name in configuration files and on the command line.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Momentum { .. } => "momentum",
            Self::Nesterov { .. } => "nesterov",
            Self::RmsProp { .. } => "rms-prop",
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
        }
    }

    /// How many moments it keeps of each weight: 0, 1 or 2.
    #[must_use]
    pub fn moment_count(&self) -> usize {
        match self {
            Self::Sgd => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } | Self::RmsProp { .. } => 1,
            Self::Adam { .. } | Self::AdamW { .. } => 2,
        }
    }

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the setting.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let share = |name, value: f64| {
            ConfigError::check(name, value, (0.0..1.0).contains(&value), "from 0 to below 1")
        };
        let positive = |name, value: f64| {
            ConfigError::check(name, value, value > 0.0 && value.is_finite(), "above 0")
        };
        match *self {
            Self::Sgd => Ok(()),
            Self::Momentum { momentum } | Self::Nesterov { momentum } => {
                share("momentum", momentum)
            }
            Self::RmsProp { smoothing, epsilon } => {
                share("smoothing", smoothing)?;
                positive("epsilon", epsilon)
            }
            Self::Adam { beta1, beta2, epsilon } | Self::AdamW { beta1, beta2, epsilon } => {
                share("beta1", beta1)?;
                share("beta2", beta2)?;
                positive("epsilon", epsilon)
            }
        }
    }

    /// Returns how every step changes a weight.
    ///
    /// `weight_decay` is an L2 penalty, except with [`Optimizer::AdamW`], where it is decoupled.
    #[must_use]
    pub fn update<E: Element>(&self, l1: f64, weight_decay: f64) -> Update<E> {
        let decoupled = matches!(self, Self::AdamW { .. });
        let (l2, decay) = if decoupled { (0.0, weight_decay) } else { (weight_decay, 0.0) };
        Update {
            rule: self.rule(),
            penalty: Penalty { l1: E::from_f64(l1), l2: E::from_f64(l2) },
            decay: E::from_f64(decay),
        }
    }

    /// Returns what changes from step to step: the numbers of step `step` (the first is 1) at
    /// `learning_rate`.
    #[must_use]
    pub fn numbers(&self, step: u64, learning_rate: f64) -> StepNumbers<f64> {
        match *self {
            Self::Adam { beta1, beta2, .. } | Self::AdamW { beta1, beta2, .. } => StepNumbers {
                learning_rate,
                corrected_rate: learning_rate / (1.0 - beta1.powf(step as f64)),
                root_correction: (1.0 - beta2.powf(step as f64)).sqrt().recip(),
            },
            _ => StepNumbers::with_learning_rate(learning_rate),
        }
    }

    fn rule<E: Element>(&self) -> UpdateRule<E> {
        let of = E::from_f64;
        match *self {
            Self::Sgd => UpdateRule::Descent,
            Self::Momentum { momentum } => {
                UpdateRule::Momentum { momentum: of(momentum), nesterov: false }
            }
            Self::Nesterov { momentum } => {
                UpdateRule::Momentum { momentum: of(momentum), nesterov: true }
            }
            Self::RmsProp { smoothing, epsilon } => UpdateRule::rms_prop(smoothing, epsilon),
            Self::Adam { beta1, beta2, epsilon } | Self::AdamW { beta1, beta2, epsilon } => {
                UpdateRule::adam(beta1, beta2, epsilon)
            }
        }
    }
}
