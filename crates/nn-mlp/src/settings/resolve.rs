//! What settings amount to: optimizer, schedule, fitting defaults, members.

use crate::settings::defaults::{default_initializer, default_learning_rate};
use crate::settings::names::{OptimizerName, ScheduleName};
use crate::settings::sections::{LocalWindows, MemberOverlay, Settings};
use nn_core::{Architecture, Curve, Initializer, Optimizer, Schedule, TrainingConfig};
use nn_images::Pipeline;

/// Fraction of the training set that is held out where `patience` asks for a validation set.
const VALIDATION_OF_PATIENCE: f64 = 0.1;

/// What one member has of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberSettings {
    /// Widths of its hidden layers.
    pub hidden: Vec<usize>,
    /// Windows of its first layer, where it is locally connected.
    pub local: Option<LocalWindows>,
    /// What images go through before it sees them.
    pub transforms: Pipeline,
}

impl Settings {
    /// Returns the optimizer with its settings, or `None` for a full-batch solver.
    ///
    /// ```
    /// use nn_core::Optimizer;
    /// use nn_mlp::settings::Settings;
    /// let settings = Settings::from_toml("training = { optimizer = 'momentum', momentum = 0.8 }")?;
    /// assert_eq!(settings.optimizer(), Some(Optimizer::Momentum { momentum: 0.8 }));
    /// # Ok::<(), nn_mlp::settings::SettingsError>(())
    /// ```
    #[must_use]
    pub fn optimizer(&self) -> Option<Optimizer> {
        let training = &self.training;
        let (momentum, smoothing) = (training.momentum, training.smoothing);
        let (beta1, beta2, epsilon) = (training.beta1, training.beta2, training.epsilon);
        match training.optimizer {
            OptimizerName::Sgd => Some(Optimizer::Sgd),
            OptimizerName::Momentum => Some(Optimizer::Momentum { momentum }),
            OptimizerName::Nesterov => Some(Optimizer::Nesterov { momentum }),
            OptimizerName::RmsProp => Some(Optimizer::RmsProp { smoothing, epsilon }),
            OptimizerName::Adam => Some(Optimizer::Adam { beta1, beta2, epsilon }),
            OptimizerName::AdamW => Some(Optimizer::AdamW { beta1, beta2, epsilon }),
            OptimizerName::ConjugateGradient
            | OptimizerName::Lbfgs
            | OptimizerName::Newton
            | OptimizerName::GaussNewton => None,
        }
    }

    /// Returns the learning-rate schedule with its settings.
    #[must_use]
    pub fn schedule(&self) -> Schedule {
        let training = &self.training;
        let curve = match training.schedule {
            ScheduleName::Constant => Curve::Constant,
            ScheduleName::Step => {
                Curve::Step { epochs: training.step_epochs, factor: training.step_factor }
            }
            ScheduleName::Cosine => Curve::Cosine,
            ScheduleName::OneCycle => Curve::OneCycle,
        };
        Schedule { curve, warm_up: training.warm_up }
    }

    /// Returns the learning rate that is set, or the one that fits optimizer and loss.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        let training = &self.training;
        let optimizer = self.optimizer().unwrap_or(TrainingConfig::default().optimizer);
        let fitting = || default_learning_rate(&optimizer, training.loss, training.batch);
        training.learning_rate.unwrap_or_else(fitting)
    }

    /// Returns the weight initialisation that is set, or the one that fits the activation.
    #[must_use]
    pub fn initializer(&self) -> Initializer {
        let network = &self.network;
        network.initializer.unwrap_or_else(|| default_initializer(network.activation))
    }

    /// Returns the fraction of the training set that is held out for validation.
    #[must_use]
    pub fn validation(&self) -> f64 {
        let default = if self.training.patience.is_some() { VALIDATION_OF_PATIENCE } else { 0.0 };
        self.training.validation.unwrap_or(default)
    }

    /// Returns the same settings with every default filled in that depends on others, so that a later change of these
    /// defaults changes nothing.
    #[must_use]
    pub fn pinned(&self) -> Self {
        let mut pinned = self.clone();
        pinned.network.initializer = Some(self.initializer());
        pinned.training.validation = Some(self.validation());
        if self.optimizer().is_some() {
            pinned.training.learning_rate = Some(self.learning_rate());
        }
        pinned
    }

    /// Returns what the training loop is told. Under a full-batch solver its optimizer means nothing.
    #[must_use]
    pub fn training_config(&self) -> TrainingConfig {
        let training = &self.training;
        let defaults = TrainingConfig::default();
        TrainingConfig {
            loss: training.loss,
            optimizer: self.optimizer().unwrap_or(defaults.optimizer),
            learning_rate: self.learning_rate(),
            schedule: self.schedule(),
            epochs: training.epochs,
            batch: training.batch,
            seed: training.seed,
            initializer: self.initializer(),
            l1: training.l1,
            weight_decay: training.weight_decay,
            dropout: training.dropout,
            batch_norm: self.network.batch_norm,
            label_smoothing: training.label_smoothing,
            class_weights: training.class_weights.clone(),
            clip_norm: training.clip_norm,
            patience: training.patience,
        }
    }

    /// Returns the network of the only member, or of one that has no hidden layers of its own.
    #[must_use]
    pub fn architecture(&self, inputs: usize, outputs: usize) -> Architecture {
        self.architecture_of(&self.network.hidden, inputs, outputs)
    }

    /// Returns the network of a member.
    #[must_use]
    pub fn member_architecture(
        &self,
        member: &MemberSettings,
        inputs: usize,
        outputs: usize,
    ) -> Architecture {
        self.architecture_of(&member.hidden, inputs, outputs)
    }

    fn architecture_of(&self, hidden: &[usize], inputs: usize, outputs: usize) -> Architecture {
        Architecture {
            inputs,
            hidden: hidden.to_vec(),
            outputs,
            activation: self.network.activation,
            output_activation: self.network.output_activation,
        }
    }

    /// Returns what each member has: one, or those that are trained jointly.
    ///
    /// ```
    /// use nn_mlp::settings::Settings;
    /// let text = "network.hidden = [30]\n[[member]]\n[[member]]\nhidden = [20]";
    /// let members = Settings::from_toml(text)?.members();
    /// assert_eq!((&members[0].hidden[..], &members[1].hidden[..]), (&[30][..], &[20][..]));
    /// assert_eq!(Settings::default().members().len(), 1);
    /// # Ok::<(), nn_mlp::settings::SettingsError>(())
    /// ```
    #[must_use]
    pub fn members(&self) -> Vec<MemberSettings> {
        let member = |overlay: &MemberOverlay| MemberSettings {
            hidden: overlay.hidden.clone().unwrap_or_else(|| self.network.hidden.clone()),
            local: overlay.local.unwrap_or(self.network.local),
            transforms: overlay.transform.clone().unwrap_or_else(|| self.transform.clone()),
        };
        match self.member.as_slice() {
            [] => vec![member(&MemberOverlay::default())],
            overlays => overlays.iter().map(member).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_core::{Activation, Loss};

    #[test]
    fn the_defaults_are_those_of_the_core() {
        assert_eq!(Settings::default().training_config(), TrainingConfig::default());
    }

    #[test]
    fn each_optimizer_has_the_rate_that_fits_it() {
        let rate = |optimizer, loss| {
            let mut settings = Settings::default();
            (settings.training.optimizer, settings.training.loss) = (optimizer, loss);
            settings.learning_rate()
        };
        assert_eq!(rate(OptimizerName::Sgd, Loss::CrossEntropy), 0.4);
        assert_eq!(rate(OptimizerName::Sgd, Loss::SquaredError), 0.2);
        assert_eq!(rate(OptimizerName::Nesterov, Loss::HalfSquaredError), 0.08);
        assert_eq!(rate(OptimizerName::Adam, Loss::SquaredError), 0.004);
        assert_eq!(rate(OptimizerName::RmsProp, Loss::CrossEntropy), 0.002);
    }

    #[test]
    fn what_is_pinned_does_not_depend_on_defaults() {
        let mut settings = Settings::default();
        settings.network.activation = Activation::Tanh;
        settings.training.patience = Some(3);
        let pinned = settings.pinned();
        assert_eq!(pinned.network.initializer, Some(Initializer::GlorotUniform));
        assert_eq!(pinned.training.validation, Some(0.1));
        assert_eq!(pinned.training_config(), settings.training_config());
    }
}
