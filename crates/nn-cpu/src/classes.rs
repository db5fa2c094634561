//! The classes of a batch.

use nn_tensor::{HostSamples, HostValues};

/// The class of each row of a batch: that of its sample.
#[derive(Clone, Copy)]
pub(crate) struct Classes<'a> {
    labels: &'a [u32],
    /// The label of each sample; `None` where each label is that of the sample of its number.
    view: Option<&'a [u32]>,
    /// The sample of each row.
    rows: &'a [u32],
}

impl<'a> Classes<'a> {
    /// The classes of the samples `rows`.
    ///
    /// # Panics
    /// Where the samples are no classes: the caller's bug.
    #[expect(clippy::panic, reason = "a documented programming error")]
    pub(crate) fn new(samples: &'a HostSamples, rows: &'a [u32]) -> Self {
        match samples.values() {
            HostValues::Classes { labels, .. } => Self { labels, view: samples.rows(), rows },
            _ => panic!("classes: these samples are no classes"),
        }
    }

    /// The class of this row.
    #[inline(always)]
    pub(crate) fn of(self, row: usize) -> usize {
        let sample = self.rows[row] as usize;
        self.labels[self.view.map_or(sample, |view| view[sample] as usize)] as usize
    }
}
