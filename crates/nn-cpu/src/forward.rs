//! The forward product of a layer, with bias and rectifier: Z = X Wᵀ + b in one pass.
#![allow(unsafe_code, reason = "tiles of the result go to several threads")]

use crate::element::KernelElement;
use crate::packed::CpuTensor;
use crate::panels::{OnPanels, OnTile, for_panels, on_tile, panel_blocks, panels_of};
use crate::pixels::{ENTRY, Pixels, Tiled};
use crate::split::Split;
use crate::tile::{
    ListedAhead, SideBySide, Tile, accumulate, accumulate_panels, piece_start, pieces,
};
use crate::vector::{Kernel, Vector};
use crate::{forward_few, forward_one};
use std::ops::Range;

/// Tiles in one block of work.
const TILES_IN_BLOCK: usize = 6;

/// What the forward product reads.
#[derive(Clone, Copy)]
struct Forward<'a, E> {
    input: &'a CpuTensor<E>,
    /// The input without its zeros, if it was gathered from bytes.
    pixels: Option<&'a Tiled>,
    weight: &'a CpuTensor<E>,
    bias: &'a [E],
    rectify: bool,
}

/// One block: some tiles of some panels of the result.
struct Block<'a, E> {
    forward: Forward<'a, E>,
    panels: Range<usize>,
    tiles: Range<usize>,
    result: &'a Split<'a, E>,
}

/// result = input Wᵀ + b, rectified if asked. All are in the layouts of their roles, and fit.
pub(crate) fn forward<E: KernelElement>(
    result: &mut CpuTensor<E>,
    input: &CpuTensor<E>,
    weight: &CpuTensor<E>,
    bias: &CpuTensor<E>,
    rectify: bool,
) {
    let layout = result.layout;
    let device = result.device.clone();
    let pixels = match input.pixels() {
        Some(Pixels::Few(few)) => {
            return forward_few::forward(result, few, weight, bias, rectify);
        }
        Some(Pixels::Tiled(tiled)) => Some(tiled),
        None if layout.rows == 1 => {
            return forward_one::forward(result, input, weight, bias, rectify);
        }
        None => None,
    };
    let forward = Forward { input, pixels, weight, bias: bias.values(), rectify };
    let tiles = pieces(layout.rows);
    let blocks = tiles.div_ceil(TILES_IN_BLOCK);
    let operations = 2 * layout.rows * layout.columns * input.layout.columns;
    let result = &Split::new(result.values_mut());
    device.for_each_block(blocks * panel_blocks(layout.panels()), operations, |block| {
        let panels = panels_of(block / blocks, layout.panels());
        let first = block % blocks * TILES_IN_BLOCK;
        let tiles = first..tiles.min(first + TILES_IN_BLOCK);
        E::dispatch(device.simd(), Block { forward, panels, tiles, result });
    });
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
        let rows = self.forward.input.layout.rows;
        for tile in self.tiles.clone() {
            let rows_of_tile = piece_start(rows, tile + 1) - piece_start(rows, tile);
            on_tile::<V, P>(self, rows_of_tile, panel, tile);
        }
    }
}

impl<E: KernelElement> OnTile<E> for Block<'_, E> {
    /// Computes one tile: `R` rows of `P` panels.
    #[inline(always)]
    fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(&self, panel: usize, tile: usize) {
        let Forward { input, pixels, weight, bias, rectify } = self.forward;
        let (row, layout) = (piece_start(input.layout.rows, tile), weight.layout);
        let b = weight.values()[layout.start(panel, 0)..].as_ptr();
        let b = (b, layout.stride * V::LANES);
        let bias = bias[panel * V::LANES..][..P * V::LANES].as_ptr();
        // SAFETY: the bias has a line for each panel. The weight's panels have a line for each column
        // of the input, which are as many as its panels give and its lists name. Blocks are disjoint
        // ranges of rows in disjoint panels of the result, and a row of a panel is a line.
        unsafe {
            let mut start = [V::splat(E::ZERO); P];
            for (panel, start) in start.iter_mut().enumerate() {
                *start = V::load(bias.add(panel * V::LANES));
            }
            let mut sums: Tile<V, R, P> = [start; R];
            if let Some(pixels) = pixels {
                let list = pixels.by_rows.list::<E>(tile);
                let a = (list.values.as_ptr(), SideBySide, ENTRY);
                let indices = ListedAhead::new(list.indices_ahead);
                accumulate::<V, _, _, R, P>(&mut sums, list.indices.len(), a, b, indices);
            } else {
                let a = input.values()[input.layout.start(0, row)..].as_ptr();
                let a = (a, input.layout.stride);
                accumulate_panels::<V, R, P>(&mut sums, input.layout.columns, a, b);
            }
            let zero = V::splat(E::ZERO);
            for index in 0..P {
                let first = (panel + index) * input.layout.stride + row; // the result has as many rows
                let result = self.result.part(first * V::LANES..(first + R) * V::LANES);
                for (sums, line) in sums.iter().zip(result.chunks_exact_mut(V::LANES)) {
                    // Not max(): a NaN must stay a NaN, so that divergence is seen.
                    let sum = sums[index];
                    let sum = if rectify { zero.sub(sum).where_positive(zero, sum) } else { sum };
                    sum.store(line.as_mut_ptr());
                }
            }
        }
    }
}
