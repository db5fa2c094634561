//! Where the inputs of a batch come from.

use crate::TrainError;
use crate::host_samples::host_inputs;
use nn_data::Dataset;
use nn_tensor::{Device, ResidentEpoch, ResidentSamples, Tensor};

/// The epoch whose batches a [`BatchSource`] is about to be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Epoch<'a> {
    /// Its number, counted from 0.
    pub number: usize,
    /// Epochs of the whole training.
    pub epochs: usize,
    /// Seed of the member that trains on the batches.
    pub seed: u64,
    /// The samples of all batches to come, in order; after a resume, the rest of the epoch.
    pub order: &'a [u32],
    /// Samples in each batch but perhaps the last.
    pub batch: usize,
}

/// Hands a trainer the inputs of each batch: rows of a data set, or samples that are prepared for
/// this batch, such as randomly changed copies.
///
/// What a batch holds must be a function of the epoch and the samples alone; otherwise a resumed
/// training is another one.
pub trait BatchSource<T: Tensor>: Send {
    /// Returns the shape of a sample as the network sees it.
    fn sample_shape(&self) -> &[usize];

    /// Prepares for the batches of an epoch, which are asked for in order.
    ///
    /// # Errors
    /// [`TrainError::Source`] where that fails.
    fn begin_epoch(&mut self, _device: &T::Device, _epoch: &Epoch<'_>) -> Result<(), TrainError> {
        Ok(())
    }

    /// Fills `input` (batch x inputs) with `samples`, the next ones of the epoch; on the device they
    /// are the batch that is next in `epoch`.
    ///
    /// # Errors
    /// [`TrainError::Source`] where the batch cannot be had.
    fn load(
        &mut self,
        samples: &[u32],
        epoch: &ResidentEpoch<T>,
        input: &mut T,
    ) -> Result<(), TrainError>;

    /// Returns whether batches are rows of resident samples, so that [`load`](Self::load) needs nothing
    /// of the host and a device may repeat it.
    fn is_resident(&self) -> bool {
        false
    }

    /// Ends the epoch, perhaps before all its batches were asked for.
    fn end_epoch(&mut self) {}
}

/// The plain source: rows of a data set, which is sent to the device once.
pub struct DatasetRows<T: Tensor> {
    data: Dataset,
    resident: Option<ResidentSamples<T>>,
}

impl<T: Tensor> DatasetRows<T> {
    /// Takes the samples of `data` as they are.
    #[must_use]
    pub fn new(data: Dataset) -> Self {
        Self { data, resident: None }
    }
}

impl<T: Tensor> BatchSource<T> for DatasetRows<T> {
    fn sample_shape(&self) -> &[usize] {
        self.data.sample_shape()
    }

    fn begin_epoch(&mut self, device: &T::Device, _epoch: &Epoch<'_>) -> Result<(), TrainError> {
        if self.resident.is_none() {
            self.resident = Some(device.upload(host_inputs(&self.data))?);
        }
        Ok(())
    }

    fn load(
        &mut self,
        _samples: &[u32],
        epoch: &ResidentEpoch<T>,
        input: &mut T,
    ) -> Result<(), TrainError> {
        let no_epoch = || TrainError::Source("no epoch was begun".to_owned());
        input.gather(self.resident.as_ref().ok_or_else(no_epoch)?, epoch);
        Ok(())
    }

    fn is_resident(&self) -> bool {
        true
    }
}
