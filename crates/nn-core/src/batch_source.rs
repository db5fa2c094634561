//! Where the inputs of a batch come from.

use crate::TrainError;
use nn_data::{Dataset, Inputs};
use nn_tensor::{Element, Tensor};

/// The factor by which a byte becomes a network's input, so that 255 is 1.
pub const BYTE_SCALE: f64 = 1.0 / 255.0;

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

    /// Fills `input` (batch x inputs) with `samples`, the next ones of the epoch.
    ///
    /// # Errors
    /// [`TrainError::Source`] where the batch cannot be had.
    fn load(&mut self, samples: &[u32], input: &mut T) -> Result<(), TrainError>;

    /// Ends the epoch, perhaps before all its batches were asked for.
    fn end_epoch(&mut self) {}
}

/// The plain source: rows of a data set.
#[derive(Debug)]
pub struct DatasetRows {
    data: Dataset,
    /// Rows of the current batch in the data's store.
    rows: Vec<u32>,
}

impl DatasetRows {
    /// Takes the samples of `data` as they are.
    #[must_use]
    pub fn new(data: Dataset) -> Self {
        Self { data, rows: Vec::new() }
    }
}

impl<T: Tensor> BatchSource<T> for DatasetRows {
    fn sample_shape(&self) -> &[usize] {
        self.data.sample_shape()
    }

    fn load(&mut self, samples: &[u32], input: &mut T) -> Result<(), TrainError> {
        let stored = self.data.rows();
        self.rows.clear();
        self.rows.extend(samples.iter().map(|&sample| stored[sample as usize]));
        load_rows(input, &self.data, &self.rows);
        Ok(())
    }
}

/// Fills `input` (batch x width) with the samples of `data` whose stored rows are `rows`.
pub(crate) fn load_rows<T: Tensor>(input: &mut T, data: &Dataset, rows: &[u32]) {
    match data.inputs() {
        Inputs::Bytes(bytes) => input.gather_bytes(bytes, rows, T::Elem::from_f64(BYTE_SCALE)),
        Inputs::Values(values) => input.gather_values(values, rows),
    }
}
