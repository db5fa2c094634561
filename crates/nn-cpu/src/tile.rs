//! The one kernel behind all products of a layer: a tile of the result held in registers.
//!
//! A tile is up to six rows of one line, or of the lines of some panels side by side: with AVX2 12
//! registers of sums, two for the line of b, one or two for numbers of a; with AVX-512 24 registers of
//! sums for four panels. Each step takes one line of b of each panel and one number of a for each row:
//! `sum[row][panel][lane] += a[row] · b[panel][lane]`. A sum adds its terms in the same order whatever the
//! tile. Numbers of a come in one of two orders, see [`Order`].
#![allow(unsafe_code, reason = "raw pointers into buffers whose sizes the callers have checked")]

use crate::lines::prefetch;
use crate::vector::Vector;
use nn_tensor::Element;

/// Most rows of a tile: with AVX2's two registers each, as many sums as there are registers to spare.
pub(crate) const MOST_ROWS: usize = 6;

/// The sums of `R` rows of `P` panels.
pub(crate) type Tile<V, const R: usize, const P: usize> = [[V; P]; R];

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
/// advances by `advance` numbers. The panels of b are `between` numbers apart.
///
/// # Safety
/// a and b hold every number that the steps name.
#[inline(always)]
pub(crate) unsafe fn accumulate<V: Vector, O: Order, S: Steps, const R: usize, const P: usize>(
    sums: &mut Tile<V, R, P>,
    count: usize,
    (mut a, order, advance): (*const V::Elem, O, usize),
    (b, between): (*const V::Elem, usize),
    steps: S,
) {
    // A copy, so that the sums stay in registers.
    let mut held = *sums;
    for step in 0..count {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(soon) = steps.soon(step) {
                for panel in 0..P {
                    prefetch(b.wrapping_add(panel * between + soon * V::LANES));
                }
            }
            let b = b.add(steps.line(step) * V::LANES);
            let mut lines = [V::splat(V::Elem::ZERO); P];
            for (panel, line) in lines.iter_mut().enumerate() {
                *line = V::load(b.add(panel * between));
            }
            for (row, sums) in held.iter_mut().enumerate() {
                let factor = V::splat(*a.add(row * order.row_step(V::LANES)));
                for (sum, line) in sums.iter_mut().zip(lines) {
                    *sum = factor.mul_add(line, *sum);
                }
            }
        }
        a = a.wrapping_add(advance); // beyond the end, after the last step
    }
    *sums = held;
}

/// Adds a whole row of panels of a (`columns` numbers for each row of the tile) times as many lines
/// of b. `a` points to the tile's first row in the first panel, panels of a are `stride` lines apart.
///
/// # Safety
/// a and b hold that much.
#[inline(always)]
pub(crate) unsafe fn accumulate_panels<V: Vector, const R: usize, const P: usize>(
    sums: &mut Tile<V, R, P>,
    columns: usize,
    (a, stride): (*const V::Elem, usize),
    (b, between): (*const V::Elem, usize),
) {
    let line = V::LANES;
    let mut panel = 0;
    while panel * line < columns {
        let width = line.min(columns - panel * line);
        // SAFETY: the caller's promise.
        unsafe {
            let a = a.add(panel * stride * line);
            let b = b.add(panel * line * line);
            accumulate::<V, _, _, R, P>(sums, width, (a, LineApart, 1), (b, between), All);
        }
        panel += 1;
    }
}

/// Sums that start at 0.
#[inline(always)]
pub(crate) fn zeros<V: Vector, const R: usize, const P: usize>() -> Tile<V, R, P> {
    [[V::splat(V::Elem::ZERO); P]; R]
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
