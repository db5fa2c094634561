//! The one kernel behind all products of a layer: a tile of the result held in registers.
//!
//! A tile is up to six rows of one line: 12 registers of sums, two for the line of b, one or two
//! for numbers of a. Each step takes one line of b and one number of a for each row:
//! `sum[row][lane] += a[row] · b[lane]`. Numbers of a come in one of two orders, see [`Order`].
#![allow(unsafe_code, reason = "raw pointers into buffers whose sizes the callers have checked")]

use crate::lines::prefetch;
use crate::vector::Vector;

/// Most rows of a tile: with two registers each, as many sums as AVX2 has registers to spare.
pub(crate) const MOST_ROWS: usize = 6;

/// The sums of `R` rows of one line.
pub(crate) type Tile<V, const R: usize> = [[V; 2]; R];

/// Where the numbers of a for the rows of a tile lie.
pub(crate) trait Order: Copy {
    /// Distance from row to row, in numbers.
    fn row_step(self, line: usize) -> usize;
}

/// The rows' numbers side by side.
#[derive(Clone, Copy)]
pub(crate) struct SideBySide;

/// The rows' numbers a line apart, as rows of a panel are.
#[derive(Clone, Copy)]
pub(crate) struct LineApart;

/// The rows' numbers this far apart.
#[derive(Clone, Copy)]
pub(crate) struct Apart(pub(crate) usize);

impl Order for SideBySide {
    #[inline(always)]
    fn row_step(self, _line: usize) -> usize {
        1
    }
}

impl Order for LineApart {
    #[inline(always)]
    fn row_step(self, line: usize) -> usize {
        line
    }
}

impl Order for Apart {
    #[inline(always)]
    fn row_step(self, _line: usize) -> usize {
        self.0
    }
}

/// Which lines of b the steps take.
pub(crate) trait Steps: Copy {
    /// The line of this step.
    ///
    /// # Safety
    /// `step` is below the number of steps.
    unsafe fn line(self, step: usize) -> usize;
    /// A line to ask for in this step, because it will soon be needed and may be far away.
    ///
    /// # Safety
    /// `step` is below the number of steps.
    unsafe fn soon(self, step: usize) -> Option<usize>;
}

/// Line after line.
#[derive(Clone, Copy)]
pub(crate) struct All;

/// The lines that a list names, of a matrix that is in the nearest cache.
#[derive(Clone, Copy)]
pub(crate) struct Listed(pub(crate) *const u32);

/// The lines that a list names, of a larger matrix. What comes next in it is not to be guessed by the
/// CPU, so it is asked for: the forward product of 784 inputs takes 8 % less time for it. The list that
/// it points to goes on for [`AHEAD`] entries of any value.
#[derive(Clone, Copy)]
pub(crate) struct ListedAhead(*const u32);

impl ListedAhead {
    /// Names the lines of all but the last [`AHEAD`] entries of a list.
    ///
    /// # Panics
    /// When the list is shorter.
    pub(crate) fn new(list: &[u32]) -> Self {
        assert!(list.len() >= AHEAD, "a list and what follows it");
        Self(list.as_ptr())
    }
}

/// Steps from asking for a line to using it.
pub(crate) const AHEAD: usize = 8;

impl Steps for All {
    #[inline(always)]
    unsafe fn line(self, step: usize) -> usize {
        step
    }

    #[inline(always)]
    unsafe fn soon(self, _: usize) -> Option<usize> {
        None
    }
}

impl Steps for Listed {
    #[inline(always)]
    unsafe fn line(self, step: usize) -> usize {
        // SAFETY: the list has as many entries as there are steps.
        unsafe { *self.0.add(step) as usize }
    }

    #[inline(always)]
    unsafe fn soon(self, _: usize) -> Option<usize> {
        None
    }
}

impl Steps for ListedAhead {
    #[inline(always)]
    unsafe fn line(self, step: usize) -> usize {
        // SAFETY: the list has as many entries as there are steps.
        unsafe { *self.0.add(step) as usize }
    }

    #[inline(always)]
    unsafe fn soon(self, step: usize) -> Option<usize> {
        // SAFETY: the list goes on for that much.
        Some(unsafe { *self.0.add(step + AHEAD) as usize })
    }
}

/// Adds `count` steps to the sums; from step to step a, whose numbers for the rows lie in `order`,
/// advances by `advance` numbers.
///
/// # Safety
/// a and b hold every number that the steps name.
#[inline(always)]
pub(crate) unsafe fn accumulate<V: Vector, O: Order, S: Steps, const R: usize>(
    sums: &mut Tile<V, R>,
    count: usize,
    (mut a, order, advance): (*const V::Elem, O, usize),
    b: *const V::Elem,
    steps: S,
) {
    let line = 2 * V::LANES;
    // A copy, so that the sums stay in registers.
    let mut held = *sums;
    for step in 0..count {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(soon) = steps.soon(step) {
                prefetch(b.wrapping_add(soon * line));
            }
            let b = b.add(steps.line(step) * line);
            let low = V::load(b);
            let high = V::load(b.add(V::LANES));
            for (row, sum) in held.iter_mut().enumerate() {
                let factor = V::splat(*a.add(row * order.row_step(line)));
                sum[0] = factor.mul_add(low, sum[0]);
                sum[1] = factor.mul_add(high, sum[1]);
            }
        }
        a = a.wrapping_add(advance); // beyond the end, after the last step
    }
    *sums = held;
}

/// Adds a whole row of panels of a (`columns` numbers for each row of the tile) times as many lines
/// of b. `a` points to the tile's first row in the first panel, panels are `stride` lines apart.
///
/// # Safety
/// a and b hold that much.
#[inline(always)]
pub(crate) unsafe fn accumulate_panels<V: Vector, const R: usize>(
    sums: &mut Tile<V, R>,
    columns: usize,
    a: *const V::Elem,
    stride: usize,
    b: *const V::Elem,
) {
    let line = 2 * V::LANES;
    let mut panel = 0;
    while panel * line < columns {
        let width = line.min(columns - panel * line);
        // SAFETY: the caller's promise.
        unsafe {
            let a = a.add(panel * stride * line);
            let b = b.add(panel * line * line);
            accumulate::<V, _, _, R>(sums, width, (a, LineApart, 1), b, All);
        }
        panel += 1;
    }
}

/// Sums that start at 0.
#[inline(always)]
pub(crate) fn zeros<V: Vector, const R: usize>() -> Tile<V, R> {
    [[V::splat(nn_tensor::Element::from_f64(0.0)); 2]; R]
}

/// First row of piece number `piece` of `len` rows cut into pieces of [`MOST_ROWS`], the last of
/// which may be lower; of the piece after the last, the end.
#[inline(always)]
pub(crate) fn piece_start(len: usize, piece: usize) -> usize {
    len.min(piece * MOST_ROWS)
}

/// Number of pieces of that cut.
#[inline(always)]
pub(crate) fn pieces(len: usize) -> usize {
    len.div_ceil(MOST_ROWS)
}
