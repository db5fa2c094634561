//! A batch of bytes without its zeros: what the products of the first layer run over.
//!
//! Four of five pixels of a written digit are 0, and what is multiplied by them need not be. The
//! rows of a batch are cut into pieces as high as a tile of the forward product; for each piece, the
//! columns in which any of its rows is not 0 are listed, with their values side by side. The weight
//! gradient runs over the batch instead, so for it the columns are cut into pieces, and the rows in
//! which any of a piece's columns is not 0 are listed. Of MNIST, 43 % and 34 % remain. The rest adds
//! exact zeros, so leaving it out changes no sum.
#![allow(unsafe_code, reason = "lists filled by several threads, each its own")]

use crate::layout::Layout;
use crate::lines::Lines;
use crate::split::Split;
use crate::tile::{MOST_ROWS, piece_start, pieces};
use crate::vector::{Kernel, Vector};
use crate::{CpuDevice, CpuElement};
use std::ops::Range;

/// Pieces of columns in one block of work.
const PIECES_IN_BLOCK: usize = 33;

/// Both lists of one batch.
#[derive(Default)]
pub(crate) struct Pixels {
    /// For each piece of rows: columns.
    pub(crate) by_rows: Lists,
    /// For each piece of columns: rows.
    pub(crate) by_columns: Lists,
}

/// One list for each piece of a dimension cut into pieces.
#[derive(Default)]
pub(crate) struct Lists {
    /// Length of the dimension that is cut.
    pub(crate) len: usize,
    /// Length of the other one: room in each list.
    room: usize,
    counts: Vec<u32>,
    indices: Vec<u32>,
    values: Lines,
}

/// The list of one piece: indices, and for each as many values as the piece is high.
pub(crate) struct List<'a, E> {
    pub(crate) indices: &'a [u32],
    pub(crate) values: &'a [E],
}

/// Values are written eight at a time, and may reach that far beyond a list.
const SLACK: usize = 8;

/// Eight bytes of a row.
type Bytes = [u8; 8];

impl Lists {
    /// Makes room; false when there is no memory for it.
    fn fit<E: CpuElement>(&mut self, len: usize, room: usize) -> bool {
        let fits = |vector: &mut Vec<u32>, len: usize| {
            let fits = vector.try_reserve_exact(len.saturating_sub(vector.len())).is_ok();
            if fits {
                vector.resize(len.max(vector.len()), 0);
            }
            fits
        };
        (self.len, self.room) = (len, room);
        let values = pieces(len) * self.list_len();
        fits(&mut self.counts, pieces(len))
            && fits(&mut self.indices, pieces(len) * (room + 1))
            && self.values.grow(values.div_ceil(crate::lines::lanes::<E>()))
    }

    /// Numbers from one list of values to the next.
    fn list_len(&self) -> usize {
        self.room * MOST_ROWS + SLACK
    }

    /// Number of lists.
    pub(crate) fn pieces(&self) -> usize {
        pieces(self.len)
    }

    /// The part of the dimension that this piece is.
    pub(crate) fn piece(&self, piece: usize) -> Range<usize> {
        piece_start(self.len, piece)..piece_start(self.len, piece + 1)
    }

    /// The list of piece `piece`.
    pub(crate) fn list<E: CpuElement>(&self, piece: usize) -> List<'_, E> {
        let (count, first) = (self.counts[piece] as usize, piece * self.list_len());
        List {
            indices: &self.indices[piece * (self.room + 1)..][..count],
            values: &self.values.numbers()[first..first + count * self.piece(piece).len()],
        }
    }

    /// Has `fill` fill the list of each piece.
    fn fill<E: CpuElement>(
        &mut self,
        device: &CpuDevice,
        pieces_in_block: usize,
        fill: impl Fn(Range<usize>, &mut Filling<'_, E>) + Sync,
    ) {
        let (len, room, list_len) = (self.len, self.room, self.list_len());
        let counts = Split::new(&mut self.counts);
        let indices = Split::new(&mut self.indices);
        let values = Split::new(self.values.numbers_mut::<E>());
        let blocks = pieces(len).div_ceil(pieces_in_block);
        device.for_each_block(blocks, len * room * 4, |block| {
            let first = block * pieces_in_block;
            for piece in first..pieces(len).min(first + pieces_in_block) {
                let range = piece_start(len, piece)..piece_start(len, piece + 1);
                // SAFETY: the parts of different pieces do not overlap, and each piece is filled once.
                let (count, indices, values) = unsafe {
                    (
                        counts.part(piece..piece + 1),
                        indices.part(piece * (room + 1)..(piece + 1) * (room + 1)),
                        values.part(piece * list_len..(piece + 1) * list_len),
                    )
                };
                let mut filling = Filling { indices, values, height: range.len(), count: 0 };
                fill(range, &mut filling);
                count[0] = filling.count as u32;
            }
        });
    }
}

/// A list while it is being filled.
struct Filling<'a, E> {
    indices: &'a mut [u32],
    values: &'a mut [E],
    height: usize,
    count: usize,
}

impl<E: CpuElement> Filling<'_, E> {
    /// Lists `index` with the first `height` of `bytes`, unless they are all 0; the others are 0.
    /// What is not listed is written all the same and then overwritten: that is quicker than to
    /// decide.
    #[inline(always)]
    fn push(&mut self, index: usize, bytes: Bytes, scale: E) {
        self.indices[self.count] = index as u32;
        let start = self.count * self.height;
        for (value, byte) in self.values[start..start + SLACK].iter_mut().zip(bytes) {
            *value = scale * E::from_byte(byte);
        }
        self.count += usize::from(bytes != [0; 8]);
    }
}

/// Where the bytes are.
#[derive(Clone, Copy)]
struct Source<'a, E> {
    bytes: &'a [u8],
    columns: usize,
    rows: &'a [u32],
    scale: E,
}

impl<'a, E> Source<'a, E> {
    fn row(&self, row: usize) -> &'a [u8] {
        &self.bytes[self.rows[row] as usize * self.columns..][..self.columns]
    }
}

/// Up to eight bytes from `start` on, the rest 0.
#[inline(always)]
fn eight_bytes(row: &[u8], start: usize, count: usize) -> u64 {
    if let Some(bytes) = row.get(start..start + 8) {
        let mut eight = [0; 8];
        eight.copy_from_slice(bytes);
        let all = u64::from_le_bytes(eight);
        return if count < 8 { all & ((1 << (8 * count)) - 1) } else { all };
    }
    let mut eight = [0; 8];
    let bytes = &row[start..row.len().min(start + count)];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// The columns in which any row of a piece of rows is not 0.
struct FillRows<'a, 'b, E> {
    source: Source<'a, E>,
    range: Range<usize>,
    filling: &'a mut Filling<'b, E>,
}

impl<E: CpuElement> Kernel<E> for FillRows<'_, '_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let mut rows: [&[u8]; 8] = [&[]; 8];
        let height = self.range.len();
        for (row, index) in rows.iter_mut().zip(self.range) {
            *row = self.source.row(index);
        }
        for column in (0..self.source.columns).step_by(8) {
            let width = 8.min(self.source.columns - column);
            let mut words = [0; 8];
            for (word, row) in words[..height].iter_mut().zip(rows) {
                *word = eight_bytes(row, column, width);
            }
            if words.iter().fold(0, |any, word| any | word) != 0 {
                for (offset, bytes) in transpose(words).into_iter().take(width).enumerate() {
                    self.filling.push(column + offset, bytes, self.source.scale);
                }
            }
        }
    }
}

/// The rows in which any column of a piece of columns is not 0.
struct FillColumns<'a, 'b, E> {
    source: Source<'a, E>,
    range: Range<usize>,
    filling: &'a mut Filling<'b, E>,
}

impl<E: CpuElement> Kernel<E> for FillColumns<'_, '_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let (start, width) = (self.range.start, self.range.len());
        for row in 0..self.source.rows.len() {
            let bytes = eight_bytes(self.source.row(row), start, width).to_le_bytes();
            self.filling.push(row, bytes, self.source.scale);
        }
    }
}

/// Eight rows of eight bytes turned into eight columns.
#[inline(always)]
fn transpose(rows: [u64; 8]) -> [Bytes; 8] {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { transpose_sse2(rows) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let rows = rows.map(u64::to_le_bytes);
        std::array::from_fn(|column| std::array::from_fn(|row| rows[row][column]))
    }
}

/// By interleaving, with instructions that every CPU of this kind has.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn transpose_sse2(rows: [u64; 8]) -> [Bytes; 8] {
    use std::arch::x86_64::{
        __m128i, _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_unpackhi_epi16, _mm_unpackhi_epi32,
        _mm_unpackhi_epi64, _mm_unpacklo_epi8, _mm_unpacklo_epi16, _mm_unpacklo_epi32,
    };
    let row = |index: usize| _mm_cvtsi64_si128(rows[index].cast_signed());
    let pairs: [__m128i; 4] =
        std::array::from_fn(|pair| _mm_unpacklo_epi8(row(2 * pair), row(2 * pair + 1)));
    let low = [_mm_unpacklo_epi16(pairs[0], pairs[1]), _mm_unpackhi_epi16(pairs[0], pairs[1])];
    let high = [_mm_unpacklo_epi16(pairs[2], pairs[3]), _mm_unpackhi_epi16(pairs[2], pairs[3])];
    let mut columns = [[0; 8]; 8];
    for half in 0..2 {
        let four =
            [_mm_unpacklo_epi32(low[half], high[half]), _mm_unpackhi_epi32(low[half], high[half])];
        for (pair, two) in four.into_iter().enumerate() {
            let first = 4 * half + 2 * pair;
            columns[first] = _mm_cvtsi128_si64(two).to_le_bytes();
            columns[first + 1] = _mm_cvtsi128_si64(_mm_unpackhi_epi64(two, two)).to_le_bytes();
        }
    }
    columns
}

impl Pixels {
    /// Lists rows `rows` of a `source` with `columns` columns, whose bytes are worth `scale` each.
    /// Returns false, and lists nothing, when there is no memory for it.
    pub(crate) fn gather<E: CpuElement>(
        &mut self,
        device: &CpuDevice,
        bytes: &[u8],
        columns: usize,
        rows: &[u32],
        scale: E,
    ) -> bool {
        if !self.by_rows.fit::<E>(rows.len(), columns)
            || !self.by_columns.fit::<E>(columns, rows.len())
        {
            return false;
        }
        let (source, portable) = (Source { bytes, columns, rows, scale }, device.is_portable());
        self.by_rows.fill(device, 1, |range, filling| {
            E::dispatch(portable, FillRows { source, range, filling });
        });
        self.by_columns.fill(device, PIECES_IN_BLOCK, |range, filling| {
            E::dispatch(portable, FillColumns { source, range, filling });
        });
        true
    }

    /// Writes the batch out, zeros and all.
    pub(crate) fn write_out<E: CpuElement>(&self, layout: &Layout, values: &mut [E]) {
        values.fill(E::ZERO);
        for piece in 0..self.by_rows.pieces() {
            let (rows, list) = (self.by_rows.piece(piece), self.by_rows.list::<E>(piece));
            for (&column, of_rows) in list.indices.iter().zip(list.values.chunks_exact(rows.len()))
            {
                let (panel, lane) =
                    (column as usize / layout.lanes, column as usize % layout.lanes);
                for (row, &value) in rows.clone().zip(of_rows) {
                    values[layout.start(panel, row) + lane] = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_turns_rows_into_columns() {
        let rows: [Bytes; 8] = std::array::from_fn(|r| std::array::from_fn(|c| (r * 8 + c) as u8));
        let columns = transpose(rows.map(u64::from_le_bytes));
        for (column, bytes) in columns.iter().enumerate() {
            for (row, &byte) in bytes.iter().enumerate() {
                assert_eq!(byte, rows[row][column]);
            }
        }
    }
}
