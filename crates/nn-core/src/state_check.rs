//! Whether the parts of a saved training fit each other.

use crate::{Architecture, ConfigError, EarlyStopping, MemberState, TrainingState};
use nn_tensor::{Moments, Shape, TALLY_WIDTH};

impl TrainingState {
    /// Checks that weights, optimizer and position are those of one training, and that all numbers
    /// a network computes with are finite. Whatever comes from a file must pass before it is
    /// resumed.
    ///
    /// # Errors
    /// [`ConfigError`] naming the first part that does not fit.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let count = self.members.len();
        ConfigError::check("members", count, count > 0, "at least 1")?;
        let element = self.members[0].values.element_name();
        for (index, member) in self.members.iter().enumerate() {
            let detail = |error: ConfigError| error.with_detail(format!("member {}", index + 1));
            self.validate_member(member, element).map_err(detail)?;
        }
        self.validate_position()?;
        let sums = &self.tally;
        let sound = sums.len() == TALLY_WIDTH && sums.iter().all(|sum| sum.is_finite());
        let allowed = format!("{TALLY_WIDTH} finite numbers");
        ConfigError::check("running sums of the epoch", format!("{sums:?}"), sound, &allowed)?;
        self.early_stopping.as_ref().map_or(Ok(()), |early| self.validate_best(early))
    }

    fn validate_member(&self, member: &MemberState, element: &str) -> Result<(), ConfigError> {
        let MemberState { architecture, values, moments, hooks } = member;
        self.config.validate_with(architecture)?;
        values.validate(architecture)?;
        let has = values.element_name();
        ConfigError::check("element type", has, has == element, element)?;
        let norms = if self.config.batch_norm { architecture.hidden.len() } else { 0 };
        let has = values.norms.len();
        ConfigError::check("number of normalisations", has, has == norms, &norms.to_string())?;
        self.validate_moments(moments, architecture, element)?;
        for numbers in hooks.iter().filter_map(|hook| hook.values.as_ref()) {
            let (has, needs) = ((numbers.norms.len(), numbers.element_name()), (norms, element));
            let allowed = format!("{needs:?}");
            ConfigError::check("numbers of a hook", format!("{has:?}"), has == needs, &allowed)?;
            numbers.validate(architecture)?;
        }
        Ok(())
    }

    /// The optimizer keeps as many moments as its kind needs, each shaped like its parameter.
    fn validate_moments(
        &self,
        moments: &[nn_tensor::Linear<Moments<crate::Values>>],
        architecture: &Architecture,
        element: &str,
    ) -> Result<(), ConfigError> {
        let mut shapes = architecture.weight_shapes();
        if self.config.batch_norm {
            // γ and β are two rows, of which the second is the bias.
            shapes.extend(architecture.hidden.iter().map(|&width| Shape::new(width, 1)));
        }
        let (has, needs) = (moments.len(), shapes.len());
        ConfigError::check("layers of the optimizer", has, has == needs, &needs.to_string())?;
        let (count, name) = (self.config.optimizer.moment_count(), self.config.optimizer.name());
        for (layer, (moments, shape)) in moments.iter().zip(shapes).enumerate() {
            for (moments, len) in [(&moments.weight, shape.len()), (&moments.bias, shape.rows)] {
                for (moment, wanted) in
                    [(&moments.first, count >= 1), (&moments.second, count >= 2)]
                {
                    let fits = moment.as_ref().map_or(!wanted, |values| {
                        wanted && values.len() == len && values.element_name() == element
                    });
                    let part = format!("optimizer state of layer {}", layer + 1);
                    ConfigError::check(&part, "of another form", fits, &format!("that of {name}"))?;
                }
            }
        }
        Ok(())
    }

    /// The position lies within the training, and its counts agree.
    fn validate_position(&self) -> Result<(), ConfigError> {
        let (config, position, samples) = (&self.config, self.position, self.data.samples);
        ConfigError::check("training samples", samples, samples > 0, "at least 1")?;
        let batches = samples.div_ceil(config.batch.max(1));
        let steps = position.epoch.checked_mul(batches);
        let steps = steps.and_then(|all| all.checked_add(position.batch));
        let within = position.epoch <= config.epochs && position.batch <= batches;
        let agrees = steps.is_some_and(|steps| steps as u64 == position.step);
        let allowed = format!("within {} epochs of {batches} batches", config.epochs);
        ConfigError::check("position", format!("{position:?}"), within && agrees, &allowed)?;
        let records = self.history.len();
        let allowed = position.epoch.to_string();
        ConfigError::check("epochs on record", records, records == position.epoch, &allowed)
    }

    fn validate_best(&self, early: &EarlyStopping) -> Result<(), ConfigError> {
        let (best, waited) = (early.best_epoch, early.epochs_without_improvement);
        let agrees = best >= 1 && best.checked_add(waited) == Some(self.position.epoch);
        let allowed = format!("{} - {waited}", self.position.epoch);
        ConfigError::check("best epoch", best, agrees, &allowed)?;
        let (has, needs) = (early.best.len(), self.members.len());
        ConfigError::check("best weights", has, has == needs, &needs.to_string())?;
        for (best, member) in early.best.iter().zip(&self.members) {
            best.validate(&member.architecture)?;
            let (has, needs) = (best.norms.len(), member.values.norms.len());
            ConfigError::check("best normalisations", has, has == needs, &needs.to_string())?;
            let (has, needs) = (best.element_name(), member.values.element_name());
            ConfigError::check("type of the best weights", has, has == needs, needs)?;
        }
        Ok(())
    }
}
