//! What a model on any device can do.

use crate::answer::Answer;
use crate::error::MlpError;
use crate::evaluation::Evaluation;
use crate::sample::Sample;
use nn_data::Dataset;

/// A model on a device that is chosen when the program runs: [`Predictor`](crate::Predictor) without its type parameter.
pub trait Predict: Send {
    /// As [`Predictor::predict`](crate::Predictor::predict).
    ///
    /// # Errors
    /// As there.
    fn predict_sample(&mut self, sample: Sample<'_>) -> Result<&Answer, MlpError>;

    /// As [`Predictor::evaluate`](crate::Predictor::evaluate).
    ///
    /// # Errors
    /// As there.
    fn evaluate_on(&mut self, data: &Dataset) -> Result<Evaluation, MlpError>;

    /// Returns `data` with the model's numbers of its classes, of which the answers are probabilities.
    ///
    /// # Errors
    /// [`NetworkError::Targets`](nn_core::NetworkError::Targets) where they are not: without classes, or under another
    /// loss than cross-entropy; [`MlpError::UnknownClass`] for a class that the model does not know.
    fn expect_probabilities(&self, data: &Dataset) -> Result<Dataset, MlpError>;

    /// As [`Predictor::for_each`](crate::Predictor::for_each).
    ///
    /// # Errors
    /// As there.
    fn visit_answers(
        &mut self,
        data: &Dataset,
        visit: &mut dyn FnMut(usize, &[f64]),
    ) -> Result<(), MlpError>;
}
