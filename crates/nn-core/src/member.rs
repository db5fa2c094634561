//! What a trainer is given to train: one network, or several that are trained jointly.

use crate::data_checks::{check_data, check_inputs, check_targets};
use crate::{
    Architecture, BatchSource, ConfigError, DatasetRows, Hook, NetworkError, NetworkValues,
    TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::Tensor;

/// One network to be trained: its architecture, where its inputs come from, and its hooks.
pub struct Member<T: Tensor> {
    /// Layers and activations.
    pub architecture: Architecture,
    /// The inputs of each batch.
    pub source: Box<dyn BatchSource<T>>,
    /// What happens around each update, in this order.
    pub hooks: Vec<Box<dyn Hook<T>>>,
    /// The validation set as this network sees it, where there is one.
    pub validation: Option<Dataset>,
    /// The numbers to begin with, in place of newly drawn weights. Hooks see them before the first step.
    pub initial: Option<NetworkValues>,
}

/// Distance between the seeds of two members: more than anybody counts seeds up.
const BETWEEN_SEEDS: u64 = 1 << 40;

impl<T: Tensor> Member<T> {
    /// Creates a member that sees the samples of `train` and `validation` as they are, without
    /// hooks.
    #[must_use]
    pub fn new(architecture: Architecture, train: &Dataset, validation: Option<&Dataset>) -> Self {
        let source = Box::new(DatasetRows::<T>::new(train.clone()));
        let (hooks, validation) = (Vec::new(), validation.cloned());
        Self { architecture, source, hooks, validation, initial: None }
    }

    /// Returns the seed of member `index`, counted from 0, in a training with this seed.
    #[must_use]
    pub fn seed(seed: u64, index: usize) -> u64 {
        seed.wrapping_add((index as u64).wrapping_mul(BETWEEN_SEEDS))
    }

    /// Checks that network, inputs and data go together.
    pub(crate) fn validate(
        &self,
        config: &TrainingConfig,
        train: &Dataset,
    ) -> Result<(), NetworkError> {
        let loss = config.loss;
        check_inputs(&self.architecture, self.source.sample_shape())?;
        check_targets(&self.architecture, loss, train)?;
        if let Some(values) = &self.initial {
            values.validate(&self.architecture)?;
            let (has, needs) = (!values.norms.is_empty(), config.batch_norm);
            let allowed = if needs { "with batch norm" } else { "without batch norm" };
            let what = "network to begin with";
            ConfigError::check(what, "of the other kind", has == needs, allowed)?;
        }
        match &self.validation {
            Some(validation) => check_data(&self.architecture, loss, validation),
            None => Ok(()),
        }
    }
}
