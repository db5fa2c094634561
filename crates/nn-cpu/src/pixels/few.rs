//! The list of a batch of few rows: its columns that are not 0 everywhere.
#![allow(unsafe_code, reason = "numbers written eight at a time, halves filled by two threads")]

use super::bytes::{GROUP, Row, Source, choice, prefetch_row};
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

/// The columns of one half in which any row is not 0, with the values that each row has there. Of ten
/// digits of MNIST, 49 % remain.
#[derive(Default)]
pub(crate) struct Half {
    /// All columns of the half.
    columns: Range<usize>,
    rows: usize,
    /// Numbers from the values of one row to those of the next.
    stride: usize,
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

    /// Rows of the batch.
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

    /// The values of the listed columns, row by row, and the distance from row to row.
    #[inline]
    pub(crate) fn values<E: KernelElement>(&self) -> (&[E], usize) {
        (&self.values.numbers()[..self.rows * self.stride], self.stride)
    }

    /// Makes room; false when there is no memory for it.
    fn fit<E: KernelElement>(&mut self, rows: usize, columns: Range<usize>) -> bool {
        // Entries are written a whole group at a time, and some more indices are read.
        let lines_a_row = (columns.len() + GROUP).div_ceil(lanes::<E>());
        let missing = (columns.len() + GROUP + AHEAD).saturating_sub(self.indices.len());
        if self.indices.try_reserve_exact(missing).is_err() || !self.values.grow(rows * lines_a_row)
        {
            return false;
        }
        self.indices.resize(self.indices.len() + missing, 0);
        (self.rows, self.columns, self.stride) = (rows, columns, lines_a_row * lanes::<E>());
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
            let (values, stride) = half.values::<E>();
            for (row, values) in values.chunks_exact(stride).enumerate() {
                for (&column, &value) in half.indices().iter().zip(values) {
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
        let Self { source, half } = self;
        let (height, stride) = (source.rows.len(), half.stride);
        (0..height).for_each(|row| prefetch_row(&source.row(row)[half.columns.clone()]));
        let mut rows = [Row::default(); MOST_ROWS];
        let rows = &mut rows[..height];
        for (index, row) in rows.iter_mut().enumerate() {
            *row = Row::new(source.row(index));
        }
        let (indices, values) = (&mut half.indices[..], half.values.numbers_mut::<E>());
        let mut count = 0;
        for block in half.columns.start.div_ceil(GROUP)..half.columns.end.div_ceil(GROUP) {
            let any = rows.iter().fold(0, |any, row| any | row.word(block));
            if any == 0 {
                continue;
            }
            let (choice, chosen) = choice(any);
            for (index, offset) in indices[count..count + GROUP].iter_mut().zip(choice) {
                *index = (block * GROUP) as u32 + u32::from(offset);
            }
            for (row, values) in rows.iter().zip(values.chunks_exact_mut(stride)) {
                let to = values[count..count + GROUP].as_mut_ptr();
                // SAFETY: `to` points to that many numbers. Those that are not chosen are overwritten.
                unsafe { V::store_bytes(V::choose(row.word(block), choice), source.scale, to) };
            }
            count += chosen;
        }
        half.count = count;
    }
}
