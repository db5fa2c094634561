//! The forward product of a layer, with bias and rectifier: Z = X Wᵀ + b in one pass.
#![allow(unsafe_code, reason = "tiles of the result go to several threads")]

use crate::element::KernelElement;
use crate::packed::CpuTensor;
use crate::pixels::{ENTRY, Pixels, Tiled};
use crate::split::Split;
use crate::tile::{
    ListedAhead, SideBySide, Tile, accumulate, accumulate_panels, piece_start, pieces,
};
use crate::vector::{Kernel, Vector};
use crate::{forward_few, forward_one};

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

/// One block: some tiles of one panel of the result.
struct Block<'a, E> {
    forward: Forward<'a, E>,
    panel: usize,
    first_tile: usize,
    /// The panel of the result from the first row of the block on.
    result: &'a mut [E],
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
    let split = Split::new(result.values_mut());
    device.for_each_block(blocks * layout.panels(), operations, |block| {
        let (panel, first_tile) = (block / blocks, block % blocks * TILES_IN_BLOCK);
        let last_tile = tiles.min(first_tile + TILES_IN_BLOCK);
        let (first, end) =
            (piece_start(layout.rows, first_tile), piece_start(layout.rows, last_tile));
        // SAFETY: blocks are disjoint ranges of rows in disjoint panels.
        let result = unsafe { split.part(layout.start(panel, first)..layout.start(panel, end)) };
        E::dispatch(device.is_portable(), Block { forward, panel, first_tile, result });
    });
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = 2 * V::LANES;
        let rows = self.forward.input.layout.rows;
        let mut rest = self.result;
        let mut tile = self.first_tile;
        while !rest.is_empty() {
            let height = piece_start(rows, tile + 1) - piece_start(rows, tile);
            let (result, after) = rest.split_at_mut(height * line);
            // SAFETY: `result` has `height` lines.
            unsafe {
                match height {
                    1 => self.forward.tile::<V, 1>(self.panel, tile, result.as_mut_ptr()),
                    2 => self.forward.tile::<V, 2>(self.panel, tile, result.as_mut_ptr()),
                    3 => self.forward.tile::<V, 3>(self.panel, tile, result.as_mut_ptr()),
                    4 => self.forward.tile::<V, 4>(self.panel, tile, result.as_mut_ptr()),
                    5 => self.forward.tile::<V, 5>(self.panel, tile, result.as_mut_ptr()),
                    _ => self.forward.tile::<V, 6>(self.panel, tile, result.as_mut_ptr()),
                }
            }
            rest = after;
            tile += 1;
        }
    }
}

impl<E: KernelElement> Forward<'_, E> {
    /// Computes one tile: `R` rows of one panel.
    ///
    /// # Safety
    /// `result` has room for `R` lines.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize>(
        &self,
        panel: usize,
        tile: usize,
        result: *mut E,
    ) {
        let line = 2 * V::LANES;
        let layout = self.input.layout;
        let weight = self.weight.values()[self.weight.layout.start(panel, 0)..].as_ptr();
        let bias = self.bias[panel * line..][..line].as_ptr();
        // SAFETY: the bias has a line for each panel. The weight's panel has a line for each column
        // of the input, which are as many as its panels give and its lists name.
        unsafe {
            let bias = [V::load(bias), V::load(bias.add(V::LANES))];
            let mut sums: Tile<V, R> = [bias; R];
            if let Some(pixels) = self.pixels {
                let list = pixels.by_rows.list::<E>(tile);
                let a = (list.values.as_ptr(), SideBySide, ENTRY);
                let indices = ListedAhead::new(list.indices_ahead);
                accumulate::<V, _, _, R>(&mut sums, list.indices.len(), a, weight, indices);
            } else {
                let row = piece_start(layout.rows, tile);
                let input = self.input.values()[layout.start(0, row)..].as_ptr();
                accumulate_panels::<V, R>(&mut sums, layout.columns, input, layout.stride, weight);
            }
            let zero = V::splat(E::ZERO);
            for (row, sum) in sums.iter().enumerate() {
                for (half, &sum) in sum.iter().enumerate() {
                    // Not max(): a NaN must stay a NaN, so that divergence is seen.
                    let positive =
                        if self.rectify { zero.sub(sum).where_positive(zero, sum) } else { sum };
                    positive.store(result.add(row * line + half * V::LANES));
                }
            }
        }
    }
}
