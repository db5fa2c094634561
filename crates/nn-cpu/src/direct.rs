//! The general product straight from the panels: they are a packed operand already, so at most one of
//! the two is copied.
#![allow(unsafe_code, reason = "tiles of the result go to several threads")]

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::panels::{OnPanels, OnTile, for_panels, on_tile, panel_blocks, panels_of};
use crate::split::Split;
use crate::tile::{
    All, SideBySide, Tile, accumulate, accumulate_panels, piece_start, pieces, zeros,
};
use crate::transpose::{transpose_panels, transposed_len};
use crate::vector::{Kernel, Vector};
use nn_tensor::Orientation;
use std::ops::Range;

/// Tiles in one block of work.
const TILES_IN_BLOCK: usize = 6;

/// Most terms of a sum. Above, lines of b no longer stay in the cache, and faer's blocks are faster.
pub(crate) const MOST_INNER: usize = 1024;

/// What one of the factors is, as it lies in memory.
#[derive(Clone, Copy)]
struct Factor<'a, E> {
    values: &'a [E],
    layout: Layout,
    /// Whether the transpose of what is stored is meant.
    transposed: bool,
}

impl<'a, E: KernelElement> Factor<'a, E> {
    fn new(tensor: &'a CpuTensor<E>, orientation: Orientation) -> Self {
        let transposed = tensor.layout.transposed != (orientation == Orientation::Transpose);
        Self { values: tensor.values(), layout: tensor.layout, transposed }
    }

    fn transpose(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }
}

/// result = α op(a) op(b) + β result. Shapes fit, and nothing is empty.
pub(crate) fn product<E: KernelElement>(
    result: &mut CpuTensor<E>,
    alpha: E,
    (a, a_orientation): (&CpuTensor<E>, Orientation),
    (b, b_orientation): (&CpuTensor<E>, Orientation),
    beta: E,
) {
    let (device, layout) = (result.device.clone(), result.layout);
    let (a, b) = (Factor::new(a, a_orientation), Factor::new(b, b_orientation));
    // (a b)ᵀ = bᵀ aᵀ
    let (a, b) = if layout.transposed { (b.transpose(), a.transpose()) } else { (a, b) };
    let result = result.values_mut();
    if !b.transposed {
        let between = b.layout.stride * layout.lanes;
        return panels(&device, (result, layout), a, (b.values, between), (alpha, beta));
    }
    let (len, between) = transposed_len(&b.layout);
    device.with_scratch(len, |lines: &mut [E]| {
        transpose_panels(&device, &b.layout, b.values, lines);
        panels(&device, (result, layout), a, (lines, between), (alpha, beta));
    });
}

/// The product with lines of b, a panel of which begins each `between` numbers.
fn panels<E: KernelElement>(
    device: &CpuDevice,
    (result, layout): (&mut [E], Layout),
    a: Factor<'_, E>,
    (b, between): (&[E], usize),
    scales: (E, E),
) {
    let inner = if a.transposed { a.layout.rows } else { a.layout.columns };
    let result = &Split::new(result);
    let tiles = Tiles { rows: layout.rows, lanes: if a.transposed { layout.lanes } else { 0 } };
    let blocks = tiles.count().div_ceil(TILES_IN_BLOCK);
    let operations = 2 * layout.rows * layout.columns * inner;
    device.for_each_block(blocks * panel_blocks(layout.panels()), operations, |block| {
        let first = block % blocks * TILES_IN_BLOCK;
        let work = Block {
            a,
            b,
            between,
            inner,
            scales,
            layout,
            tiles,
            panels: panels_of(block / blocks, layout.panels()),
            range: first..tiles.count().min(first + TILES_IN_BLOCK),
            result,
        };
        E::dispatch(device.simd(), work);
    });
}

/// How the rows are cut into tiles: where the numbers of a lie side by side in panels of `lanes`, no tile
/// straddles two of them.
#[derive(Clone, Copy)]
struct Tiles {
    rows: usize,
    /// 0 where the rows are not cut into panels.
    lanes: usize,
}

impl Tiles {
    fn count(self) -> usize {
        if self.lanes == 0 {
            return pieces(self.rows);
        }
        self.rows / self.lanes * pieces(self.lanes) + pieces(self.rows % self.lanes)
    }

    /// First row of this tile; of the one after the last, the end.
    fn start(self, tile: usize) -> usize {
        if self.lanes == 0 {
            return piece_start(self.rows, tile);
        }
        let first = tile / pieces(self.lanes) * self.lanes;
        if first >= self.rows {
            return self.rows;
        }
        let width = self.lanes.min(self.rows - first);
        first + piece_start(width, tile % pieces(self.lanes))
    }
}

/// Some tiles of some panels of the result.
struct Block<'a, E> {
    a: Factor<'a, E>,
    b: &'a [E],
    between: usize,
    inner: usize,
    /// α and β.
    scales: (E, E),
    layout: Layout,
    tiles: Tiles,
    panels: Range<usize>,
    range: Range<usize>,
    result: &'a Split<'a, E>,
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(mut self) {
        let panels = self.panels.clone();
        for_panels::<V>(&mut self, panels);
    }
}

impl<E: KernelElement> OnPanels<E> for Block<'_, E> {
    #[inline(always)]
    fn on_panels<V: Vector<Elem = E>, const P: usize>(&mut self, panel: usize) {
        for tile in self.range.clone() {
            let row = self.tiles.start(tile);
            let rows_of_tile = self.tiles.start(tile + 1) - row;
            on_tile::<V, P>(self, rows_of_tile, panel, row);
        }
    }
}

impl<E: KernelElement> OnTile<E> for Block<'_, E> {
    /// Computes `R` rows from `row` on of `P` panels.
    #[inline(always)]
    fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(&self, panel: usize, row: usize) {
        let Factor { values, layout, transposed } = self.a;
        let b = (self.b[panel * self.between..].as_ptr(), self.between);
        let mut sums: Tile<V, R, P> = zeros();
        // SAFETY: each panel of b has a line for each number of a row of a. Where a is not transposed, it
        // has `R` rows from `row` on; otherwise these are columns side by side in one panel. Blocks are
        // disjoint rows of disjoint panels of the result, and a row of a panel is a line.
        unsafe {
            if transposed {
                let start = layout.start(row / V::LANES, 0) + row % V::LANES;
                let a = (values[start..].as_ptr(), SideBySide, V::LANES);
                accumulate::<V, _, _, R, P>(&mut sums, self.inner, a, b, All);
            } else {
                let a = (values[layout.start(0, row)..].as_ptr(), layout.stride);
                accumulate_panels::<V, R, P>(&mut sums, self.inner, a, b);
            }
            let (alpha, beta) = (V::splat(self.scales.0), V::splat(self.scales.1));
            for index in 0..P {
                let first = self.layout.start(panel + index, row);
                let result = self.result.part(first..first + R * V::LANES);
                for (sums, line) in sums.iter().zip(result.chunks_exact_mut(V::LANES)) {
                    let mut value = alpha.mul(sums[index]);
                    if self.scales.1 != E::ZERO {
                        value = beta.mul_add(V::load(line.as_ptr()), value);
                    }
                    value.store(line.as_mut_ptr());
                }
            }
        }
    }
}
