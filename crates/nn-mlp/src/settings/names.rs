//! Names of optimizers and learning-rate schedules, as settings hold them.

use serde::{Deserialize, Serialize};

/// What takes the steps: an optimizer on batches, or a solver on the whole training set.
///
/// ```
/// use nn_mlp::settings::OptimizerName;
/// assert!(OptimizerName::Lbfgs.is_full_batch() && !OptimizerName::Adam.is_full_batch());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerName {
    /// Gradient descent on batches.
    Sgd,
    /// Gradient descent with a velocity.
    Momentum,
    /// Momentum that looks ahead.
    Nesterov,
    /// RMSProp.
    RmsProp,
    /// Adam.
    #[default]
    Adam,
    /// Adam with decoupled weight decay.
    #[serde(rename = "adamw")]
    AdamW,
    /// Nonlinear conjugate gradient, full-batch.
    ConjugateGradient,
    /// L-BFGS, full-batch.
    Lbfgs,
    /// Newton's method in a trust region, full-batch.
    Newton,
    /// Gauss-Newton in a trust region, full-batch.
    GaussNewton,
}

impl OptimizerName {
    /// Every optimizer, those on batches first.
    pub const ALL: [Self; 10] = [
        Self::Sgd,
        Self::Momentum,
        Self::Nesterov,
        Self::RmsProp,
        Self::Adam,
        Self::AdamW,
        Self::ConjugateGradient,
        Self::Lbfgs,
        Self::Newton,
        Self::GaussNewton,
    ];

    /// Names of the full-batch solvers.
    pub const FULL_BATCH: [&'static str; 4] =
        ["conjugate-gradient", "lbfgs", "newton", "gauss-newton"];

    /// Returns the name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Momentum => "momentum",
            Self::Nesterov => "nesterov",
            Self::RmsProp => "rms-prop",
            Self::Adam => "adam",
            Self::AdamW => "adamw",
            Self::ConjugateGradient => "conjugate-gradient",
            Self::Lbfgs => "lbfgs",
            Self::Newton => "newton",
            Self::GaussNewton => "gauss-newton",
        }
    }

    /// Returns whether it takes the whole training set at each step.
    #[must_use]
    pub fn is_full_batch(self) -> bool {
        Self::FULL_BATCH.contains(&self.name())
    }
}

/// A learning-rate schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleName {
    /// The same rate throughout.
    Constant,
    /// A drop every few epochs.
    Step,
    /// Half a cosine down to 0.
    Cosine,
    /// Up in the first 30 %, then down to almost 0.
    #[default]
    OneCycle,
}

impl ScheduleName {
    /// Every schedule.
    pub const ALL: [Self; 4] = [Self::Constant, Self::Step, Self::Cosine, Self::OneCycle];

    /// Returns the name in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Step => "step",
            Self::Cosine => "cosine",
            Self::OneCycle => "one-cycle",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;
    use nn_core::Optimizer;

    #[test]
    fn names_are_those_of_the_core_and_of_serde() {
        let on_batches = OptimizerName::ALL.into_iter().filter(|name| !name.is_full_batch());
        assert!(on_batches.map(OptimizerName::name).eq(Optimizer::NAMES));
        for name in OptimizerName::ALL {
            assert_eq!(toml::Value::try_from(name).unwrap().as_str(), Some(name.name()));
        }
        for name in ScheduleName::ALL {
            let mut settings = Settings::default();
            settings.training.schedule = name;
            assert_eq!(settings.training_config().schedule.name(), name.name());
            assert_eq!(toml::Value::try_from(name).unwrap().as_str(), Some(name.name()));
        }
    }
}
