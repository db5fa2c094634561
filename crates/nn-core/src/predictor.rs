//! Using a network.

use crate::batch_source::BYTE_SCALE;
use crate::inference::{Buffers, Inference};
use crate::{ConfigError, Loss, Network, NetworkError};
use nn_data::Dataset;
use nn_tensor::{Element, Tensor};

/// A network ready to answer, with all the memory that answers need kept from one call to the next.
///
/// It sees samples as they are given: the preprocessing that a model was trained with is not its
/// business.
///
/// An answer is one number an output: under cross-entropy the probability of each class, otherwise
/// what the last layer gives.
///
/// ```
/// use nn_core::{Activation, Architecture, Initializer, Loss, Network, Predictor};
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), nn_core::NetworkError> {
/// let architecture = Architecture::new(4, [3], 2, Activation::Relu);
/// let network = Network::<ReferenceTensor<f64>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
/// let mut predictor = Predictor::new(network, Loss::CrossEntropy, 1)?;
/// let probabilities = predictor.predict_bytes(&[0, 128, 255, 0])?;
/// assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub struct Predictor<T: Tensor> {
    /// Batch normalisation is folded in.
    network: Network<T>,
    inference: Inference<T>,
}

impl<T: Tensor> Predictor<T> {
    /// Takes over `network`, to answer up to `batch` samples at once.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a batch of 0, [`NetworkError::Tensor`] where the device has not
    /// got the memory.
    pub fn new(network: Network<T>, loss: Loss, batch: usize) -> Result<Self, NetworkError> {
        Self::with_softmax(network, loss == Loss::CrossEntropy, batch)
    }

    /// Takes over `network`; its answers are what the last layer returns, under any loss.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn without_softmax(network: Network<T>, batch: usize) -> Result<Self, NetworkError> {
        Self::with_softmax(network, false, batch)
    }

    fn with_softmax(
        network: Network<T>,
        softmax: bool,
        batch: usize,
    ) -> Result<Self, NetworkError> {
        ConfigError::check("batch", batch, batch > 0, "at least 1")?;
        let network = network.folded()?.unwrap_or(network);
        let mut inference = Inference::new(batch, softmax);
        inference.buffers_for(&network, 1)?;
        Ok(Self { network, inference })
    }

    /// Returns the network, its batch normalisation folded in.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// Returns the answer for one sample of bytes, 255 meaning 1. It allocates nothing itself.
    ///
    /// # Errors
    /// [`NetworkError::InputWidth`] for a sample of another size, [`NetworkError::NotFinite`] where
    /// an output is not finite, [`NetworkError::Tensor`] where the device fails.
    pub fn predict_bytes(&mut self, sample: &[u8]) -> Result<&[T::Elem], NetworkError> {
        self.answer(sample.len(), |input| {
            input.gather_bytes(sample, &[0], T::Elem::from_f64(BYTE_SCALE));
        })
    }

    /// Returns the answer for one sample of numbers, taken as they are.
    ///
    /// # Errors
    /// As [`predict_bytes`](Self::predict_bytes).
    pub fn predict_values(&mut self, sample: &[f64]) -> Result<&[T::Elem], NetworkError> {
        self.answer(sample.len(), |input| input.gather_values(sample, &[0]))
    }

    /// Calls `visit` with the number and the answer of each sample of `dataset`, in order.
    ///
    /// # Errors
    /// [`NetworkError::InputWidth`] for samples of another size, [`NetworkError::NotFinite`] where an
    /// output is not finite, [`NetworkError::Tensor`] where the device fails or has not got the memory.
    pub fn for_each(
        &mut self,
        dataset: &Dataset,
        visit: impl FnMut(usize, &[T::Elem]),
    ) -> Result<(), NetworkError> {
        self.inference.for_each(&self.network, dataset, visit)
    }

    /// Answers one sample of `actual` numbers, which `load` writes into the input.
    fn answer(
        &mut self,
        actual: usize,
        load: impl FnOnce(&mut T),
    ) -> Result<&[T::Elem], NetworkError> {
        let expected = self.network.architecture().inputs;
        if actual != expected {
            let sample = actual.to_string();
            return Err(NetworkError::InputWidth { expected, actual, sample });
        }
        let buffers: &mut Buffers<T> = self.inference.buffers_for(&self.network, 1)?;
        load(&mut buffers.input);
        buffers.answer(&self.network)?;
        Ok(&buffers.host)
    }
}
