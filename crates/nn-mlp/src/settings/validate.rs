//! Checks what single keys cannot say: whether settings go together.

use crate::settings::check::{check_needs, check_table};
use crate::settings::error::SettingsError;
use crate::settings::resolve::MemberSettings;
use crate::settings::schema::Schema;
use crate::settings::sections::{MemberOverlay, Settings};
use crate::settings::transforms;
use nn_core::{Activation, Loss};

/// Most members that are trained jointly.
const MOST_MEMBERS: usize = 16;

impl Settings {
    /// Checks every setting, and whether they go together.
    ///
    /// # Errors
    /// [`SettingsError`] naming the key, its value and what is allowed.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let (schema, table) = (Schema::library(), self.to_table()?);
        check_table(&schema, &table)?;
        check_needs(&schema, &table)?;
        self.validate_combinations()
    }

    /// Checks whether settings go together; each alone is in its range.
    pub(super) fn validate_combinations(&self) -> Result<(), SettingsError> {
        self.validate_loss()?;
        if self.training.patience.is_some() && self.validation() == 0.0 {
            let allowed = "above 0 with patience, such as 0.1";
            return Err(SettingsError::value("training.validation", 0, allowed));
        }
        self.validate_full_batch()?;
        self.validate_joint()?;
        let members = self.members();
        for (index, member) in members.iter().enumerate() {
            self.validate_local(member, index)?;
            self.validate_transforms(member, index)?;
        }
        let is_random = |member: &MemberSettings| member.transforms.has_random();
        if self.test.copies > 0 && !members.iter().all(is_random) {
            let allowed = "0 without a random transform, such as augment, in every member";
            return Err(SettingsError::value("test.copies", self.test.copies, allowed));
        }
        let config = self.training_config().validate();
        config.map_err(|error| SettingsError::new("training", error.to_string()))
    }

    /// Checks what goes with cross-entropy only, and activations that cannot be trained.
    fn validate_loss(&self) -> Result<(), SettingsError> {
        let (network, training) = (&self.network, &self.training);
        let output = network.output_activation;
        let trainable = Activation::ALL.into_iter().filter(|one| one.is_trainable());
        let names: Vec<&str> = trainable.map(Activation::name).collect();
        for (key, activation) in
            [("network.activation", network.activation), ("network.output-activation", output)]
        {
            if !activation.is_trainable() {
                let allowed = format!("one with a slope to descend along: {}", names.join(", "));
                return Err(SettingsError::value(key, activation.name(), allowed));
            }
        }
        if training.loss == Loss::CrossEntropy {
            if output != Activation::Identity {
                let allowed = "identity with loss cross-entropy, which applies softmax itself";
                let key = "network.output-activation";
                return Err(SettingsError::value(key, output.name(), allowed));
            }
            return Ok(());
        }
        let weighted = !training.class_weights.is_empty();
        for (name, given) in
            [("label-smoothing", training.label_smoothing > 0.0), ("class-weights", weighted)]
        {
            if given {
                let allowed = format!("cross-entropy with {name}");
                return Err(SettingsError::value("training.loss", training.loss.name(), allowed));
            }
        }
        Ok(())
    }

    /// Checks that a full-batch solver gets one network and the training set as it is.
    fn validate_full_batch(&self) -> Result<(), SettingsError> {
        let name = self.training.optimizer;
        if !name.is_full_batch() {
            return Ok(());
        }
        let first = self.transform.steps().first();
        let transform = first.map(|step| format!("transform.{}", step.kind().name));
        let member = (!self.member.is_empty()).then(|| "member".to_owned());
        match transform.or(member) {
            None => Ok(()),
            Some(key) => {
                let problem = format!(
                    "{key} does not go with optimizer {}, which takes the training set as it is; leave it out",
                    name.name()
                );
                Err(SettingsError::new(key, problem))
            }
        }
    }

    /// Checks what jointly trained members share.
    fn validate_joint(&self) -> Result<(), SettingsError> {
        let (count, training) = (self.member.len(), &self.training);
        if count < 2 {
            return Ok(());
        }
        if count > MOST_MEMBERS {
            let allowed = format!("a list of at most {MOST_MEMBERS}");
            return Err(SettingsError::value("member", format!("a list of {count}"), allowed));
        }
        if training.loss != Loss::CrossEntropy {
            let allowed = "cross-entropy with several members";
            return Err(SettingsError::value("training.loss", training.loss.name(), allowed));
        }
        for (key, value) in [
            ("training.clip-norm", training.clip_norm),
            ("training.patience", training.patience.map(|epochs| epochs as f64)),
        ] {
            if let Some(value) = value {
                return Err(SettingsError::value(key, value, "off with several members"));
            }
        }
        Ok(())
    }

    /// Checks that the first layer of member `index`, where it is locally connected, fits its windows.
    fn validate_local(&self, member: &MemberSettings, index: usize) -> Result<(), SettingsError> {
        let Some(local) = member.local else { return Ok(()) };
        let first = member.hidden.first().copied().unwrap_or(0);
        let places = local.grid.saturating_mul(local.grid);
        if first > 0 && first.is_multiple_of(places) {
            return Ok(());
        }
        let has_own =
            |overlay: &&MemberOverlay| overlay.hidden.is_some() || overlay.local.is_some();
        let key = match self.member.get(index).filter(has_own) {
            Some(_) => format!("member.{}.hidden", index + 1),
            None => "network.hidden".to_owned(),
        };
        let grid = local.grid;
        let allowed = format!(
            "a list whose first width is a multiple of {places}, for a grid of {grid} x {grid} windows"
        );
        Err(SettingsError::value(&key, format!("{:?}", member.hidden), allowed))
    }

    /// Checks that the transforms of member `index` can follow each other, and that each does something.
    fn validate_transforms(
        &self,
        member: &MemberSettings,
        index: usize,
    ) -> Result<(), SettingsError> {
        let path = match self.member.get(index).and_then(|overlay| overlay.transform.as_ref()) {
            Some(_) => format!("member.{}.transform", index + 1),
            None => "transform".to_owned(),
        };
        let valid = member.transforms.validate();
        valid.map_err(|error| transforms::named(&path, &error))?;
        let mut steps = member.transforms.steps().iter();
        let Some(idle) = steps.find(|step| step.transform().is_identity()) else { return Ok(()) };
        let path = format!("{path}.{}", idle.kind().name);
        let keys: Vec<&str> = idle.kind().keys.iter().map(|key| key.name).collect();
        let problem = format!(
            "{path} changes no image: change its settings ({}), or remove it (--set {path}=false)",
            keys.join(", ")
        );
        Err(SettingsError::new(path, problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Settings::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn what_does_not_go_together_is_named_with_what_would() {
        for (text, words) in [
            ("training.patience = 3\ntraining.validation = 0", "training.validation is 0, must be"),
            ("network.activation = 'heaviside'", "network.activation is heaviside, must be one"),
            ("network.output-activation = 'tanh'", "must be identity with loss cross-entropy"),
            (
                "training = { loss = 'squared-error', label-smoothing = 0.1 }",
                "training.loss is squared-error, must be cross-entropy with label-smoothing",
            ),
            ("network.local.window = 9", "network.hidden is [256, 128], must be a list whose"),
            ("[[transform]]\nkind = 'augment'", "transform.augment changes no image"),
            ("test.copies = 3", "test.copies is 3, must be 0 without"),
            ("[[member]]\n[[member]]\n[training]\npatience = 2", "training.patience is 2, must be"),
        ] {
            let error = error(text);
            assert!(error.starts_with("settings, line ") && error.contains(words), "{error}");
        }
    }

    #[test]
    fn keys_of_other_optimizers_and_schedules_are_refused() {
        for (text, words) in [
            ("training = { optimizer = 'sgd', beta1 = 0.5 }", "optimizer sgd has no beta1"),
            ("training.momentum = 0.9", "optimizer adam has no momentum"),
            ("training.step-factor = 0.5", "schedule one-cycle has no step-factor"),
            ("training = { optimizer = 'lbfgs', batch = 5 }", "training.batch does not go with"),
            ("training = { optimizer = 'lbfgs', dropout = 0 }", "optimizer lbfgs"),
            ("test.strength = 0.5", "test.strength is given, but test.copies is 0"),
            ("network.local.grid = 7", "network.local.grid is given without network.local.window"),
            (
                "training.optimizer = 'newton'\n[[transform]]\nkind = 'deskew'",
                "transform.deskew does not go with optimizer newton",
            ),
        ] {
            let error = error(text);
            assert!(error.contains(words), "{error}");
        }
        let momentum = Settings::from_toml("training = { optimizer = 'sgd', momentum = 0.5 }");
        assert_eq!(
            momentum.unwrap().optimizer(),
            Some(nn_core::Optimizer::Momentum { momentum: 0.5 })
        );
    }

    #[test]
    fn unknown_keys_and_values_out_of_range_are_named_with_their_line() {
        for (text, words) in [
            ("\nepochs = 3", "line 2: unknown key epochs; did you mean training.epochs?"),
            ("[training]\nbacth = 3", "line 2: unknown key training.bacth; training has loss, "),
            ("[trainign]\nx = 3", "the sections are network, training, transform, test and member"),
            ("training = 3", "training is 3, must be a table of loss, "),
            ("training.epochs = 0", "training.epochs is 0, must be a whole number from 1 to"),
            ("training.epochs = 3.5", "training.epochs is 3.5, must be a whole number"),
            (
                "training.average = 1",
                "training.average is 1, must be a number from 0 to below 1, or",
            ),
            ("training.epochs = false", "training.epochs is false, must be a whole number"),
            ("training.loss = 'magic'", "training.loss is magic, must be one of cross-entropy, "),
            ("[[transform]]\nkind = 'blur'", "unknown transform `blur`; there are deskew, "),
            ("[[transform]]\nshift = 1", "a transform without a kind"),
            ("[[transform]]\nkind = 'augment'\nsigma = 0", "line 3: transform.augment.sigma is 0"),
            ("[[member]]\nepochs = 3", "all members share training.epochs"),
            ("[[member]]\n[[member]]\nhidden = [0]", "line 3: member.2.hidden is [0], must be"),
        ] {
            let error = error(text);
            assert!(error.starts_with("settings, line ") && error.contains(words), "{error}");
        }
    }

    #[test]
    fn settings_made_in_a_program_are_checked_too() {
        let mut settings = Settings::default();
        settings.training.clip_norm = Some(-1.0);
        let error = settings.validate().unwrap_err().to_string();
        assert_eq!(error, "training.clip-norm is -1.0, must be a number above 0, or false for off");
        let mut settings = Settings::default();
        settings.training.optimizer = crate::settings::OptimizerName::Lbfgs;
        assert!(settings.validate().is_ok());
        settings.training.dropout = 0.5;
        assert!(settings.validate().unwrap_err().to_string().contains("lbfgs"));
    }

    #[test]
    fn optional_settings_are_off_by_false() {
        let text = "training.average = false\nnetwork.local = false\n[[member]]\nlocal = false";
        let settings = Settings::from_toml(text).unwrap();
        assert_eq!((settings.training.average, settings.network.local), (None, None));
        assert_eq!(settings.members()[0].local, None);
    }
}
