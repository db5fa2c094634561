//! Forward passes over data, with memory kept from one batch to the next.

use crate::backpropagation::forward;
use crate::batch_source::load_rows;
use crate::data_checks::check_inputs;
use crate::workspace::Trace;
use crate::{Network, NetworkError};
use nn_data::Dataset;
use nn_tensor::{Device, Element, Role, Shape, Tensor};

/// The memory of forward passes through one network, allocated when first needed.
pub(crate) struct Inference<T: Tensor> {
    batch: usize,
    softmax: bool,
    single: Option<Buffers<T>>,
    full: Option<Buffers<T>>,
    remainder: Option<Buffers<T>>,
}

impl<T: Tensor> Inference<T> {
    /// For batches of up to `batch` samples; with `softmax`, answers are probabilities.
    pub(crate) fn new(batch: usize, softmax: bool) -> Self {
        Self { batch, softmax, single: None, full: None, remainder: None }
    }

    /// Calls `visit` with the number and the answer of each sample of `dataset`, in order.
    pub(crate) fn for_each(
        &mut self,
        network: &Network<T>,
        dataset: &Dataset,
        mut visit: impl FnMut(usize, &[T::Elem]),
    ) -> Result<(), NetworkError> {
        check_inputs(network.architecture(), dataset.sample_shape())?;
        let (batch, outputs) = (self.batch, network.architecture().outputs);
        for (index, rows) in dataset.rows().chunks(batch).enumerate() {
            let buffers = self.buffers_for(network, rows.len())?;
            load_rows(&mut buffers.input, dataset, rows);
            buffers.answer(network)?;
            for (place, answer) in buffers.host.chunks_exact(outputs).enumerate() {
                visit(index * batch + place, answer);
            }
        }
        Ok(())
    }

    /// Returns the memory for a batch of `samples`, kept from the last batch of that size.
    pub(crate) fn buffers_for(
        &mut self,
        network: &Network<T>,
        samples: usize,
    ) -> Result<&mut Buffers<T>, NetworkError> {
        let kept = match samples {
            1 => &mut self.single,
            _ if samples == self.batch => &mut self.full,
            _ => &mut self.remainder,
        };
        let fitting = kept.take_if(|buffers| buffers.input.shape().rows == samples);
        let buffers = match fitting {
            Some(buffers) => buffers,
            None => Buffers::new(network, self.softmax, samples)?,
        };
        Ok(kept.insert(buffers))
    }
}

/// What a forward pass over a batch works in.
pub(crate) struct Buffers<T: Tensor> {
    /// Batch x inputs.
    pub(crate) input: T,
    traces: Vec<Trace<T>>,
    /// Batch x outputs, where the answers are probabilities.
    probabilities: Option<T>,
    /// Batch x outputs, row-major.
    pub(crate) host: Vec<T::Elem>,
}

impl<T: Tensor> Buffers<T> {
    fn new(network: &Network<T>, softmax: bool, samples: usize) -> Result<Self, NetworkError> {
        let (device, architecture) = (network.device(), network.architecture());
        let zeros = |width| T::zeros(device, Shape::new(samples, width), Role::Activation);
        Ok(Self {
            input: zeros(architecture.inputs)?,
            traces: Trace::for_network(device, architecture, samples)?,
            probabilities: softmax.then(|| zeros(architecture.outputs)).transpose()?,
            host: vec![T::Elem::ZERO; samples * architecture.outputs],
        })
    }

    /// Computes the forward pass from `input` to `host`.
    pub(crate) fn answer(&mut self, network: &Network<T>) -> Result<(), NetworkError> {
        let Self { input, traces, probabilities, host } = self;
        let last = traces.len() - 1;
        let samples = input.shape().rows;
        let mut pass = || {
            forward(network, input, traces, None);
            let output = traces[last].output();
            match probabilities {
                Some(probabilities) => {
                    probabilities.softmax(output);
                    probabilities.read(host);
                }
                None => output.read(host),
            }
        };
        // To start a run takes longer than one sample does.
        if samples == 1 {
            pass();
        } else {
            network.device().run(pass);
        }
        network.device().synchronize()?;
        if all_finite(host) { Ok(()) } else { Err(NetworkError::NotFinite) }
    }
}

/// Returns whether none is NaN or infinite.
pub(crate) fn all_finite<E: Element>(values: &[E]) -> bool {
    values.iter().all(|value| value.is_finite())
}
