//! The classes of a batch.

use nn_tensor::HostSamples;

/// The class of each row of a batch: that of its sample.
#[derive(Clone, Copy)]
pub(crate) struct Classes<'a> {
    pub(crate) samples: &'a HostSamples,
    /// The sample of each row.
    pub(crate) rows: &'a [u32],
}

impl Classes<'_> {
    /// The class of this row.
    pub(crate) fn of(self, row: usize) -> usize {
        self.samples.class(self.rows[row] as usize)
    }
}
