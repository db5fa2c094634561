//! The weight gradient dW = δᵀ X and db = Σ δ, and what is done with it while it is in registers.
#![allow(unsafe_code, reason = "tiles of the weights go to several threads")]

use crate::CpuDevice;
use crate::changed::{Changed, Parts, step_bias};
use crate::element::KernelElement;
use crate::gradient_few;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::pixels::{ENTRY, Lists, Pixels};
use crate::step::{Step, StepLine};
use crate::tile::{All, Listed, SideBySide, Tile, accumulate, piece_start, pieces, zeros};
use crate::vector::{Kernel, Vector};
use std::ops::Range;

/// Tiles in one block of work.
const TILES_IN_BLOCK: usize = 12;

/// What is read.
#[derive(Clone, Copy)]
struct Gradient<'a, E> {
    input: &'a CpuTensor<E>,
    pixels: Option<&'a Lists>,
    delta: &'a CpuTensor<E>,
    step: &'a Step<E>,
}

/// Applies `step` with dW to `weights` and `bias_step` with db to `biases`.
pub(crate) fn apply<E: KernelElement>(
    device: &CpuDevice,
    (weights, layout): (Changed<'_, E>, Layout),
    biases: Changed<'_, E>,
    (delta, input): (&CpuTensor<E>, &CpuTensor<E>),
    (step, bias_step): (&Step<E>, &Step<E>),
) {
    let pixels = match input.pixels() {
        Some(Pixels::Few(few)) => {
            let steps = (step, bias_step);
            return gradient_few::apply(device, (weights, layout), biases, (delta, few), steps);
        }
        Some(Pixels::Tiled(tiled)) => tiled.for_gradient(),
        None => None,
    };
    let gradient = Gradient { input, pixels, delta, step };
    let blocks = gradient.tiles().div_ceil(TILES_IN_BLOCK);
    let operations = 2 * delta.layout.rows * layout.rows * layout.columns;
    let weights = &Parts::new(weights);
    let biases = Parts::new(biases);
    device.for_each_block(blocks * layout.panels(), operations, |block| {
        let (panel, number) = (block / blocks, block % blocks);
        let first_tile = number * TILES_IN_BLOCK;
        let tiles = first_tile..gradient.tiles().min(first_tile + TILES_IN_BLOCK);
        let block = Block { gradient, layout, panel, tiles, weights };
        E::dispatch(device.is_portable(), block);
        if number == 0 {
            // SAFETY: each panel of the bias is done by the first block of that panel alone.
            unsafe { step_bias(device, (delta, panel), bias_step, &biases) };
        }
    });
}

impl<E: KernelElement> Gradient<'_, E> {
    /// Number of tiles into which the inputs are cut: as the lists of a gathered input are, or else
    /// so that no tile straddles two panels of the input.
    fn tiles(&self) -> usize {
        let layout = self.input.layout;
        if self.pixels.is_some() {
            return pieces(layout.columns);
        }
        let rest = layout.columns % layout.lanes;
        layout.columns / layout.lanes * pieces(layout.lanes) + pieces(rest)
    }

    /// First input of this tile; of the one after the last, the end.
    fn tile_start(&self, tile: usize) -> usize {
        let layout = self.input.layout;
        if self.pixels.is_some() {
            return piece_start(layout.columns, tile);
        }
        if tile >= self.tiles() {
            return layout.columns;
        }
        let first = tile / pieces(layout.lanes) * layout.lanes;
        let width = layout.lanes.min(layout.columns - first);
        first + piece_start(width, tile % pieces(layout.lanes))
    }
}

/// Some tiles of one panel of outputs.
struct Block<'a, E> {
    gradient: Gradient<'a, E>,
    layout: Layout,
    panel: usize,
    tiles: Range<usize>,
    weights: &'a Parts<'a, E>,
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let Self { gradient, layout, panel, tiles, weights } = self;
        for tile in tiles {
            let (first, end) = (gradient.tile_start(tile), gradient.tile_start(tile + 1));
            let range = layout.start(panel, first)..layout.start(panel, end);
            // SAFETY: blocks are disjoint tiles of disjoint panels, and a tile has a line of all that
            // the step changes for each of its inputs.
            unsafe {
                let lines = weights.part(range).lines();
                match end - first {
                    1 => gradient.tile::<V, 1>(panel, tile, lines),
                    2 => gradient.tile::<V, 2>(panel, tile, lines),
                    3 => gradient.tile::<V, 3>(panel, tile, lines),
                    4 => gradient.tile::<V, 4>(panel, tile, lines),
                    5 => gradient.tile::<V, 5>(panel, tile, lines),
                    _ => gradient.tile::<V, 6>(panel, tile, lines),
                }
            }
        }
    }
}

impl<E: KernelElement> Gradient<'_, E> {
    /// Sums the gradient of `R` inputs and one panel of outputs over the batch, and applies the step.
    ///
    /// # Safety
    /// `lines` points to `R` lines of all that the step changes.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize>(
        &self,
        panel: usize,
        tile: usize,
        lines: StepLine<E>,
    ) {
        let line = 2 * V::LANES;
        let delta = self.delta.values()[self.delta.layout.start(panel, 0)..].as_ptr();
        let mut sums: Tile<V, R> = zeros();
        // SAFETY: the panel of δ has a line for each sample, and the input or its list a number for
        // each sample and each input of the tile. `lines` by the caller's promise.
        unsafe {
            if let Some(pixels) = self.pixels {
                let list = pixels.list::<E>(tile);
                let count = list.indices.len();
                if count == 0 && self.step.is_nothing_without_gradient() {
                    return;
                }
                let a = (list.values.as_ptr(), SideBySide, ENTRY);
                let listed = Listed(list.indices.as_ptr());
                accumulate::<V, _, _, R>(&mut sums, count, a, delta, listed);
            } else {
                let layout = self.input.layout;
                let input = self.tile_start(tile);
                let start = layout.start(input / line, 0) + input % line;
                let input = self.input.values()[start..].as_ptr();
                let a = (input, SideBySide, line);
                accumulate::<V, _, _, R>(&mut sums, layout.rows, a, delta, All);
            }
            self.step.apply(&sums, |row| lines.at(row * line));
        }
    }
}
