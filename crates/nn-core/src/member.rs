//! What a trainer is given to train: one network, or several that are trained jointly.

use crate::data_checks::{check_data, check_inputs, check_targets};
use crate::{Architecture, BatchSource, DatasetRows, Hook, Loss, NetworkError};
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
}

impl<T: Tensor> Member<T> {
    /// Creates a member that sees the samples of `train` and `validation` as they are, without
    /// hooks.
    #[must_use]
    pub fn new(architecture: Architecture, train: &Dataset, validation: Option<&Dataset>) -> Self {
        let source = Box::new(DatasetRows::new(train.clone()));
        Self { architecture, source, hooks: Vec::new(), validation: validation.cloned() }
    }

    /// Checks that network, inputs and data go together.
    pub(crate) fn validate(&self, loss: Loss, train: &Dataset) -> Result<(), NetworkError> {
        check_inputs(&self.architecture, self.source.sample_shape())?;
        check_targets(&self.architecture, loss, train)?;
        match &self.validation {
            Some(validation) => check_data(&self.architecture, loss, validation),
            None => Ok(()),
        }
    }
}
