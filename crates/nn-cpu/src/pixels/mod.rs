//! A batch of bytes without its zeros: what the products of the first layer run over.
//!
//! Four of five pixels of a written digit are 0, and what is multiplied by them need not be. What is
//! left out would add exact zeros, so leaving it out changes no sum. Lists that leave out most cost
//! most to make, so a batch of few rows has a plainer one.

mod bytes;
mod few;
mod tiled;

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use bytes::Source;
pub(crate) use bytes::WriteBytes;
pub(crate) use few::{Few, HALVES, Half};
pub(crate) use tiled::{ENTRY, Lists, Tiled};

/// The lists of one batch.
pub(crate) enum Pixels {
    /// Of a batch of at most [`few::MOST_ROWS`] rows.
    Few(Few),
    /// Of a larger batch.
    Tiled(Tiled),
}

impl Pixels {
    /// Empty lists for batches of `rows` rows.
    pub(crate) fn for_rows(rows: usize) -> Self {
        if rows <= few::MOST_ROWS {
            Self::Few(Few::default())
        } else {
            Self::Tiled(Tiled::default())
        }
    }

    /// Lists rows `rows` of a source with `columns` columns, whose bytes are worth `scale` each.
    /// Returns false, and lists nothing, when there is no memory for it, or more columns than fit into
    /// an index.
    pub(crate) fn gather<E: KernelElement>(
        &mut self,
        device: &CpuDevice,
        bytes: &[u8],
        columns: usize,
        rows: &[u32],
        scale: E,
    ) -> bool {
        if u32::try_from(columns).is_err() {
            return false;
        }
        let source = Source { bytes, columns, rows, scale };
        match self {
            Self::Few(few) => few.gather(device, source),
            Self::Tiled(tiled) => tiled.gather(device, source),
        }
    }

    /// Writes the batch out, zeros and all.
    pub(crate) fn write_out<E: KernelElement>(&self, layout: &Layout, values: &mut [E]) {
        values.fill(E::ZERO);
        let write = |row: usize, column: usize, value: E| {
            values[layout.start(column / layout.lanes, row) + column % layout.lanes] = value;
        };
        match self {
            Self::Few(few) => few.for_each(write),
            Self::Tiled(tiled) => tiled.for_each(write),
        }
    }
}
