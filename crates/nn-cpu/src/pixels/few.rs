//! The list of a batch of few rows: its columns that are not 0 everywhere.
#![allow(unsafe_code, reason = "numbers written eight at a time, halves filled by two threads")]

use super::bytes::{GROUP, Group, Source, prefetch_row, transpose};
use crate::CpuDevice;
use crate::element::KernelElement;
use crate::lines::{Lines, lanes};
use crate::split::Split;
use crate::tile::AHEAD;
use crate::vector::{Kernel, Vector};
use std::ops::Range;

/// Most rows of such a batch.
pub(crate) const MOST_ROWS: usize = 16;

/// A batch of few rows, cut into halves by columns. Each half goes through the step with a thread of
/// its own, which so has the pixels and the weights that it works on in its own cache.
#[derive(Default)]
pub(crate) struct Few {
    rows: usize,
    halves: [Half; HALVES],
}

/// Parts into which the columns are cut, at any number of threads.
pub(crate) const HALVES: usize = 2;

/// The columns of one half in which any row is not 0, with the values of all rows side by side. Of
/// ten digits of MNIST, 49 % remain.
#[derive(Default)]
pub(crate) struct Half {
    /// All columns of the half.
    columns: Range<usize>,
    rows: usize,
    count: usize,
    indices: Vec<u32>,
    values: Lines,
}

impl Half {
    /// All columns of the half, listed or not.
    #[inline]
    pub(crate) fn columns(&self) -> Range<usize> {
        self.columns.clone()
    }

    /// Rows of the batch, which are the values of each column.
    #[inline]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The columns that are listed, in ascending order.
    #[inline]
    pub(crate) fn indices(&self) -> &[u32] {
        &self.indices[..self.count]
    }

    /// The same, and [`AHEAD`] entries of any value.
    #[inline]
    pub(crate) fn indices_ahead(&self) -> &[u32] {
        &self.indices[..self.count + AHEAD]
    }

    /// The values of the listed columns, `rows` for each.
    #[inline]
    pub(crate) fn values<E: KernelElement>(&self) -> &[E] {
        &self.values.numbers()[..self.count * self.rows]
    }

    /// Makes room; false when there is no memory for it.
    fn fit<E: KernelElement>(&mut self, rows: usize, columns: Range<usize>) -> bool {
        // Values are written a whole group at a time, and may reach that far beyond the last row.
        let room = (columns.len() + 1) * rows + MOST_ROWS;
        // One index is written beyond the last one that stays, and some more are read.
        let missing = (columns.len() + 1 + AHEAD).saturating_sub(self.indices.len());
        if self.indices.try_reserve_exact(missing).is_err()
            || !self.values.grow(room.div_ceil(lanes::<E>()))
        {
            return false;
        }
        self.indices.resize(self.indices.len() + missing, 0);
        (self.rows, self.columns) = (rows, columns);
        true
    }
}

impl Few {
    /// One half.
    #[inline]
    pub(crate) fn half(&self, half: usize) -> &Half {
        &self.halves[half]
    }

    /// See [`Pixels::gather`](super::Pixels::gather).
    pub(super) fn gather<E: KernelElement>(
        &mut self,
        device: &CpuDevice,
        source: Source<'_, E>,
    ) -> bool {
        let (rows, columns) = (source.rows.len(), source.columns);
        // A half starts with a whole word of columns.
        let middle = columns.div_ceil(2 * GROUP) * GROUP;
        let ranges = [0..columns.min(middle), columns.min(middle)..columns];
        let fits = |(half, range): (&mut Half, _)| half.fit::<E>(rows, range);
        if !self.halves.iter_mut().zip(ranges).all(fits) {
            return false;
        }
        self.rows = rows;
        let halves = Split::new(&mut self.halves);
        device.for_each_block(HALVES, rows * columns * 4, |half| {
            // SAFETY: each block is a half of its own.
            let half = unsafe { &mut halves.part(half..half + 1)[0] };
            E::dispatch(device.simd(), Fill { source, half });
        });
        true
    }

    /// Calls `visit` with row, column and value of all that is not left out.
    pub(super) fn for_each<E: KernelElement>(&self, mut visit: impl FnMut(usize, usize, E)) {
        for half in &self.halves {
            let columns = half.values::<E>().chunks_exact(self.rows.max(1));
            for (&column, values) in half.indices().iter().zip(columns) {
                for (row, &value) in values.iter().enumerate() {
                    visit(row, column as usize, value);
                }
            }
        }
    }
}

/// Makes the list.
struct Fill<'a, E> {
    source: Source<'a, E>,
    half: &'a mut Half,
}

impl<E: KernelElement> Kernel<E> for Fill<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        if self.source.rows.len() <= GROUP { self.fill::<V, 1>() } else { self.fill::<V, 2>() }
    }
}

impl<E: KernelElement> Fill<'_, E> {
    /// Lists the columns of `G` groups of rows.
    #[inline(always)]
    fn fill<V: Vector<Elem = E>, const G: usize>(self) {
        let Self { source, half } = self;
        let height = source.rows.len();
        (0..height).for_each(|row| prefetch_row(&source.row(row)[half.columns.clone()]));
        let mut groups: [Option<Group<'_>>; G] = [const { None }; G];
        for (index, group) in groups.iter_mut().enumerate() {
            *group = Some(Group::new(&source, index * GROUP..height.min((index + 1) * GROUP)));
        }
        let (indices, values) = (&mut half.indices[..], half.values.numbers_mut::<E>());
        let mut count = 0;
        for block in half.columns.start.div_ceil(GROUP)..half.columns.end.div_ceil(GROUP) {
            let mut columns = [[0; GROUP]; G];
            let mut any = 0;
            for (columns, group) in columns.iter_mut().zip(groups.iter().flatten()) {
                *columns = group.block(block);
                for word in columns {
                    any |= *word;
                }
            }
            if any == 0 {
                continue;
            }
            for columns in &mut columns {
                *columns = transpose(*columns);
            }
            for offset in 0..GROUP {
                // What is not listed is written all the same and then overwritten: that is quicker
                // than to decide.
                indices[count] = (block * GROUP + offset) as u32;
                let mut any = 0;
                for (group, columns) in columns.iter().enumerate() {
                    any |= columns[offset];
                    let start = count * height + group * GROUP;
                    let to = values[start..start + GROUP].as_mut_ptr();
                    // SAFETY: `to` points to that many numbers.
                    unsafe { V::store_bytes(columns[offset], source.scale, to) };
                }
                count += usize::from(any != 0);
            }
        }
        half.count = count;
    }
}
