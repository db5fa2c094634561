//! The bytes of a batch, eight at a time.
#![allow(unsafe_code, reason = "instructions that turn rows into columns")]

use crate::element::KernelElement;
use crate::lines::{LINE_BYTES, prefetch};
use crate::vector::{Kernel, Vector};
use std::ops::Range;

/// Rows that are read side by side.
pub(super) const GROUP: usize = 8;

/// Where the bytes are.
#[derive(Clone, Copy)]
pub(super) struct Source<'a, E> {
    pub(super) bytes: &'a [u8],
    pub(super) columns: usize,
    pub(super) rows: &'a [u32],
    /// What a byte of 1 is worth.
    pub(super) scale: E,
}

impl<'a, E> Source<'a, E> {
    /// The bytes of this row of the batch.
    pub(super) fn row(&self, row: usize) -> &'a [u8] {
        &self.bytes[self.rows[row] as usize * self.columns..][..self.columns]
    }

    /// Up to eight bytes of row `index` of the source, from column `start` on, as a little-endian
    /// word; the rest is 0.
    #[inline(always)]
    pub(super) fn word(&self, index: u32, start: usize, count: usize) -> u64 {
        let at = index as usize * self.columns + start;
        let mask = u64::MAX >> (64 - 8 * count);
        match self.bytes.get(at..at + 8) {
            Some(bytes) => word(bytes) & mask,
            None => word_of_few(&self.bytes[at..]) & mask,
        }
    }
}

/// Eight bytes as a word.
#[inline(always)]
pub(super) fn word(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// Fewer bytes as a word.
#[cold]
fn word_of_few(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// Some rows of a batch side by side, read in words of eight columns. Rows that it has not got are 0.
pub(super) struct Group<'a> {
    words: [&'a [[u8; 8]]; GROUP],
    /// All ones, or 0 for a row that is not there.
    masks: [u64; GROUP],
    /// The columns after the last whole word.
    tails: [u64; GROUP],
}

impl<'a> Group<'a> {
    /// At most [`GROUP`] rows, and at least one.
    pub(super) fn new<E>(source: &Source<'a, E>, rows: Range<usize>) -> Self {
        let (first, _) = source.row(rows.start).as_chunks();
        let mut group = Self { words: [first; GROUP], masks: [0; GROUP], tails: [0; GROUP] };
        for (index, row) in rows.enumerate() {
            let (words, tail) = source.row(row).as_chunks();
            group.words[index] = words;
            group.masks[index] = u64::MAX;
            group.tails[index] = word_of_few(tail);
        }
        group
    }

    /// The word of each row from column `8 * block` on.
    #[inline(always)]
    pub(super) fn block(&self, block: usize) -> [u64; GROUP] {
        if block >= self.words[0].len() {
            return self.tails;
        }
        let mut words = [0; GROUP];
        for ((word, row), mask) in words.iter_mut().zip(&self.words).zip(self.masks) {
            // SAFETY: all rows of a source are equally long, and the first is longer than `block`.
            *word = u64::from_le_bytes(unsafe { *row.get_unchecked(block) }) & mask;
        }
        words
    }
}

/// One row of a batch, read in words of eight columns.
#[derive(Clone, Copy, Default)]
pub(super) struct Row<'a> {
    words: &'a [[u8; 8]],
    /// The columns after the last whole word.
    tail: u64,
}

impl<'a> Row<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let (words, tail) = bytes.as_chunks();
        Self { words, tail: word_of_few(tail) }
    }

    /// The word from column `8 * block` on.
    #[inline(always)]
    pub(super) fn word(&self, block: usize) -> u64 {
        self.words.get(block).map_or(self.tail, |&word| u64::from_le_bytes(word))
    }
}

/// Which bytes of a word are not 0, in ascending order, and how many they are.
#[inline(always)]
pub(super) fn choice(word: u64) -> ([u8; 8], usize) {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // The highest bit of each byte that is not 0; then those bits side by side.
    let high = (((word & LOW) + LOW) | word) & !LOW;
    let places = (high >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    (CHOICES[places as usize], high.count_ones() as usize)
}

/// For each set of places, the places in it in ascending order, and zeros after them.
static CHOICES: [[u8; 8]; 256] = {
    let mut choices = [[0; 8]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut place, mut count) = (0, 0);
        while place < 8 {
            if set >> place & 1 == 1 {
                choices[set][count] = place as u8;
                count += 1;
            }
            place += 1;
        }
        set += 1;
    }
    choices
};

/// Writes bytes times `scale`, as a sample for one prediction: not listed, because a list that is read
/// once costs more than it saves.
pub(crate) struct WriteBytes<'a, E> {
    pub(crate) bytes: &'a [u8],
    pub(crate) scale: E,
    pub(crate) numbers: &'a mut [E],
}

impl<E: KernelElement> Kernel<E> for WriteBytes<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let (words, rest) = self.bytes.as_chunks::<8>();
        let (whole, last) = self.numbers.split_at_mut(8 * words.len());
        for (word, numbers) in words.iter().zip(whole.chunks_exact_mut(8)) {
            // SAFETY: there is room for eight numbers.
            unsafe { V::store_bytes(u64::from_le_bytes(*word), self.scale, numbers.as_mut_ptr()) };
        }
        for (number, &byte) in last.iter_mut().zip(rest) {
            *number = self.scale * E::from_f64(f64::from(byte));
        }
    }
}

/// Asks for a row to be brought into the cache. Rows of a shuffled set lie all over main memory; to
/// ask for several at once takes as long as to wait for one.
#[inline(always)]
pub(super) fn prefetch_row(row: &[u8]) {
    for line in row.chunks(LINE_BYTES) {
        prefetch(line.as_ptr());
    }
}

/// Eight rows of eight bytes turned into eight columns.
#[inline(always)]
pub(super) fn transpose(rows: [u64; 8]) -> [u64; 8] {
    #[cfg(target_arch = "x86_64")]
    {
        // SAFETY: SSE2 is part of x86-64.
        unsafe { transpose_sse2(rows) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let rows = rows.map(u64::to_le_bytes);
        std::array::from_fn(|column| {
            u64::from_le_bytes(std::array::from_fn(|row| rows[row][column]))
        })
    }
}

/// By interleaving, with instructions that every CPU of this kind has.
#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "sse2")]
fn transpose_sse2(rows: [u64; 8]) -> [u64; 8] {
    use std::arch::x86_64::{
        _mm_cvtsi64_si128, _mm_cvtsi128_si64, _mm_unpackhi_epi16, _mm_unpackhi_epi32,
        _mm_unpackhi_epi64, _mm_unpacklo_epi8, _mm_unpacklo_epi16, _mm_unpacklo_epi32,
    };
    let mut pairs = [_mm_cvtsi64_si128(0); 4];
    for (pair, rows) in pairs.iter_mut().zip(rows.as_chunks::<2>().0) {
        let [even, odd] = rows.map(u64::cast_signed);
        *pair = _mm_unpacklo_epi8(_mm_cvtsi64_si128(even), _mm_cvtsi64_si128(odd));
    }
    let low = [_mm_unpacklo_epi16(pairs[0], pairs[1]), _mm_unpackhi_epi16(pairs[0], pairs[1])];
    let high = [_mm_unpacklo_epi16(pairs[2], pairs[3]), _mm_unpackhi_epi16(pairs[2], pairs[3])];
    let mut columns = [0; 8];
    for half in 0..2 {
        let four =
            [_mm_unpacklo_epi32(low[half], high[half]), _mm_unpackhi_epi32(low[half], high[half])];
        for (pair, two) in four.into_iter().enumerate() {
            let first = 4 * half + 2 * pair;
            columns[first] = _mm_cvtsi128_si64(two).cast_unsigned();
            columns[first + 1] = _mm_cvtsi128_si64(_mm_unpackhi_epi64(two, two)).cast_unsigned();
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_that_are_not_0_are_chosen() {
        for set in 0..256_u64 {
            let bytes: [u8; 8] = std::array::from_fn(|place| (set >> place & 1) as u8 * 128);
            let expected: Vec<u8> = (0..8).filter(|&place| bytes[place as usize] > 0).collect();
            let (places, count) = choice(u64::from_le_bytes(bytes));
            assert_eq!(places[..count], expected);
            assert_eq!(choice(u64::from_le_bytes(bytes.map(|byte| byte >> 7))), (places, count));
        }
    }

    #[test]
    fn transposing_turns_rows_into_columns() {
        let rows: [[u8; 8]; 8] =
            std::array::from_fn(|r| std::array::from_fn(|c| (r * 8 + c) as u8));
        let columns = transpose(rows.map(u64::from_le_bytes));
        for (column, word) in columns.iter().enumerate() {
            for (row, &byte) in word.to_le_bytes().iter().enumerate() {
                assert_eq!(byte, rows[row][column]);
            }
        }
    }
}
