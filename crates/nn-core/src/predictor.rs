//! Using a network.

use crate::backpropagation::{Trace, forward};
use crate::batches::{BYTE_SCALE, check_inputs, load_inputs};
use crate::{ConfigError, Loss, Network, NetworkError};
use nn_data::Dataset;
use nn_tensor::{Device, Element, Role, Shape, Tensor};

/// Answers of a network, with all the room that they need kept from one call to the next.
///
/// An answer is one number an output: under cross-entropy the probability of each class, otherwise
/// what the last layer gives.
///
/// ```
/// use nn_core::{Activation, Architecture, Initializer, Loss, Network, Predictor};
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), nn_core::NetworkError> {
/// let architecture = Architecture {
///     inputs: 4,
///     hidden: vec![3],
///     outputs: 2,
///     activation: Activation::Relu,
///     output_activation: Activation::Identity,
/// };
/// let network = Network::<ReferenceTensor<f64>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
/// let mut predictor = Predictor::new(&network, Loss::CrossEntropy, 1)?;
/// let probabilities = predictor.predict_bytes(&[0, 128, 255, 0])?;
/// assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
/// # Ok(())
/// # }
/// ```
pub struct Predictor<'n, T: Tensor> {
    given: &'n Network<T>,
    /// The given one with its batch normalisation folded in, where it has any.
    folded: Option<Network<T>>,
    softmax: bool,
    batch: usize,
    single: Room<T>,
    /// Made when a whole batch, or a last part of one, is first met.
    full: Option<Room<T>>,
    remainder: Option<Room<T>>,
}

impl<'n, T: Tensor> Predictor<'n, T> {
    /// Room for one sample at once, and later for `batch` of them.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a batch of 0, [`NetworkError::Tensor`] where the device has not
    /// got the memory.
    pub fn new(network: &'n Network<T>, loss: Loss, batch: usize) -> Result<Self, NetworkError> {
        Self::with_softmax(network, loss == Loss::CrossEntropy, batch)
    }

    /// The same, whose answers are what the last layer gives, under any loss.
    pub(crate) fn raw(network: &'n Network<T>, batch: usize) -> Result<Self, NetworkError> {
        Self::with_softmax(network, false, batch)
    }

    fn with_softmax(
        network: &'n Network<T>,
        softmax: bool,
        batch: usize,
    ) -> Result<Self, NetworkError> {
        ConfigError::check("batch", batch, batch > 0, "at least 1")?;
        let single = Room::new(network, softmax, 1)?;
        let folded = network.folded()?;
        Ok(Self { given: network, folded, softmax, batch, single, full: None, remainder: None })
    }

    /// The answer for one sample of bytes, 255 meaning 1. Allocates nothing itself.
    ///
    /// # Errors
    /// [`NetworkError::InputWidth`] for a sample of another size, [`NetworkError::Tensor`] where the
    /// device fails.
    pub fn predict_bytes(&mut self, sample: &[u8]) -> Result<&[T::Elem], NetworkError> {
        self.check_width(sample.len())?;
        self.single.input.gather_bytes(sample, &[0], T::Elem::from_f64(BYTE_SCALE));
        self.single.answer(self.folded.as_ref().unwrap_or(self.given))?;
        Ok(&self.single.host)
    }

    /// The answer for one sample of numbers, taken as they are.
    ///
    /// # Errors
    /// As [`predict_bytes`](Self::predict_bytes).
    pub fn predict_values(&mut self, sample: &[f64]) -> Result<&[T::Elem], NetworkError> {
        self.check_width(sample.len())?;
        self.single.input.gather_values(sample, &[0]);
        self.single.answer(self.folded.as_ref().unwrap_or(self.given))?;
        Ok(&self.single.host)
    }

    /// Calls `visit` with the number and the answer of each sample of `dataset`, in order.
    ///
    /// # Errors
    /// [`NetworkError::InputWidth`] for samples of another size, [`NetworkError::NotFinite`] where an
    /// output is not finite, [`NetworkError::Tensor`] where the device fails or has not got the memory.
    pub fn for_each(
        &mut self,
        dataset: &Dataset,
        mut visit: impl FnMut(usize, &[T::Elem]),
    ) -> Result<(), NetworkError> {
        check_inputs(self.given.architecture(), dataset)?;
        let batch = self.batch;
        let outputs = self.given.architecture().outputs;
        for (index, rows) in dataset.rows().chunks(batch).enumerate() {
            let (network, room) = self.room_for(rows.len())?;
            load_inputs(&mut room.input, dataset, rows);
            room.answer(network)?;
            for (place, answer) in room.host.chunks_exact(outputs).enumerate() {
                visit(index * batch + place, answer);
            }
        }
        Ok(())
    }

    /// The network that answers, and room for a batch of `samples`, kept from the last batch of that
    /// size where there was one.
    fn room_for(&mut self, samples: usize) -> Result<(&Network<T>, &mut Room<T>), NetworkError> {
        let network = self.folded.as_ref().unwrap_or(self.given);
        let kept = match samples {
            1 => return Ok((network, &mut self.single)),
            _ if samples == self.batch => &mut self.full,
            _ => &mut self.remainder,
        };
        let fitting = kept.take_if(|room| room.input.shape().rows == samples);
        let room = match fitting {
            Some(room) => room,
            None => Room::new(self.given, self.softmax, samples)?,
        };
        Ok((network, kept.insert(room)))
    }

    fn check_width(&self, actual: usize) -> Result<(), NetworkError> {
        let expected = self.given.architecture().inputs;
        if actual == expected {
            return Ok(());
        }
        Err(NetworkError::InputWidth { expected, actual, sample: actual.to_string() })
    }
}

/// What a forward pass over a batch works in.
struct Room<T: Tensor> {
    /// Batch x inputs.
    input: T,
    traces: Vec<Trace<T>>,
    /// Batch x outputs, where the answers are probabilities.
    probabilities: Option<T>,
    /// Batch x outputs, row-major.
    host: Vec<T::Elem>,
}

impl<T: Tensor> Room<T> {
    fn new(network: &Network<T>, softmax: bool, samples: usize) -> Result<Self, NetworkError> {
        let (device, architecture) = (network.device(), network.architecture());
        let room = |width| T::zeros(device, Shape::new(samples, width), Role::Activation);
        Ok(Self {
            input: room(architecture.inputs)?,
            traces: Trace::for_network(device, architecture, samples)?,
            probabilities: softmax.then(|| room(architecture.outputs)).transpose()?,
            host: vec![T::Elem::ZERO; samples * architecture.outputs],
        })
    }

    /// Forward pass from `input` to `host`.
    fn answer(&mut self, network: &Network<T>) -> Result<(), NetworkError> {
        let Self { input, traces, probabilities, host } = self;
        let last = traces.len() - 1;
        network.device().run(|| {
            forward(network, input, traces, None);
            let output = traces[last].output();
            match probabilities {
                Some(probabilities) => {
                    probabilities.softmax(output);
                    probabilities.read(host);
                }
                None => output.read(host),
            }
        });
        network.device().synchronize()?;
        if all_finite(host) { Ok(()) } else { Err(NetworkError::NotFinite) }
    }
}

/// Whether none is NaN or infinite.
pub(crate) fn all_finite<E: Element>(values: &[E]) -> bool {
    values.iter().all(|value| value.is_finite())
}
