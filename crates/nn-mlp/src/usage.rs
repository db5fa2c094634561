//! Using a model without naming a device: on the CPU, in the model's own precision.

use crate::answer::Answer;
use crate::backend::backend_for;
use crate::calibration::Calibration;
use crate::error::MlpError;
use crate::evaluation::Evaluation;
use crate::model::Model;
use crate::predictor::Predictor;
use crate::sample::Sample;
use nn_data::Dataset;
use nn_tensor::Tensor;

impl Model {
    /// Answers one sample, on the CPU. The model stands ready from the first call on; calls from several threads wait for each
    /// other, so give each thread a [`predictor`](Self::predictor) of its own.
    ///
    /// # Errors
    /// [`MlpError::SampleShape`], [`MlpError::InputRange`], [`MlpError::InputNotFinite`] or
    /// [`MlpError::BytesForNumbers`] for a sample that is not like those of training.
    pub fn predict<'s>(&self, sample: impl Into<Sample<'s>>) -> Result<Answer, MlpError> {
        let sample = sample.into();
        let prepare = || backend_for(self)?.predictor(self);
        self.with_cached(prepare, |ready| ready.predict_sample(sample).cloned())
    }

    /// Evaluates the model on `data`, on all cores of the CPU: its own loss, and how many answers are right or how far they are
    /// off.
    ///
    /// # Errors
    /// As [`Predictor::evaluate`].
    pub fn evaluate(&self, data: &Dataset) -> Result<Evaluation, MlpError> {
        backend_for(self)?.predictor(self)?.evaluate_on(data)
    }

    /// Measures on `data` how often answers of each probability are right.
    ///
    /// # Errors
    /// As [`Calibration::measure`].
    pub fn calibration(&self, data: &Dataset) -> Result<Calibration, MlpError> {
        Calibration::measure(backend_for(self)?.predictor(self)?.as_mut(), data)
    }

    /// Puts the model onto a device, to answer many samples.
    ///
    /// # Errors
    /// As [`Predictor::new`].
    pub fn predictor<T: Tensor>(&self, device: &T::Device) -> Result<Predictor<T>, MlpError> {
        Predictor::new(self, device)
    }
}
