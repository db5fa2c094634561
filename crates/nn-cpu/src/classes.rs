//! The classes of a batch.

/// The class of each row of a batch: that of its sample.
#[derive(Clone, Copy)]
pub(crate) struct Classes<'a> {
    /// The class of each sample.
    pub(crate) labels: &'a [u32],
    /// The sample of each row.
    pub(crate) rows: &'a [u32],
}

impl Classes<'_> {
    /// The class of this row.
    #[inline(always)]
    pub(crate) fn of(self, row: usize) -> usize {
        self.labels[self.rows[row] as usize] as usize
    }
}
