//! The weight gradient of eq. (118), transposed: dW = δᵀ X and db = Σ δ; and what is done with it while it is in registers.
#![allow(unsafe_code, reason = "tiles of the weights go to several threads")]

use crate::CpuDevice;
use crate::changed::{Changed, Parts, step_bias};
use crate::element::KernelElement;
use crate::gradient_few;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::panels::{OnPanels, OnTile, for_panels, on_tile, panel_blocks, panels_of};
use crate::pixels::{ENTRY, Lists, Pixels};
use crate::step::Action;
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
    step: &'a Action<E>,
}

/// Applies `step` with dW to `weights` and `bias_step` with db to `biases`.
pub(crate) fn apply<E: KernelElement>(
    device: &CpuDevice,
    (weights, layout): (Changed<'_, E>, Layout),
    biases: Changed<'_, E>,
    (delta, input): (&CpuTensor<E>, &CpuTensor<E>),
    (step, bias_step): (&Action<E>, &Action<E>),
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
    device.for_each_block(blocks * panel_blocks(layout.panels()), operations, |block| {
        let (panels, number) = (panels_of(block / blocks, layout.panels()), block % blocks);
        let first_tile = number * TILES_IN_BLOCK;
        let tiles = first_tile..gradient.tiles().min(first_tile + TILES_IN_BLOCK);
        if number == 0 {
            for panel in panels.clone() {
                // SAFETY: each panel of the bias is done by the first block of that panel alone.
                unsafe { step_bias(device, (delta, panel), bias_step, &biases) };
            }
        }
        E::dispatch(device.simd(), Block { gradient, layout, panels, tiles, weights });
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

/// Some tiles of some panels of outputs.
struct Block<'a, E> {
    gradient: Gradient<'a, E>,
    layout: Layout,
    panels: Range<usize>,
    tiles: Range<usize>,
    weights: &'a Parts<'a, E>,
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
        for tile in self.tiles.clone() {
            let rows_of_tile = self.gradient.tile_start(tile + 1) - self.gradient.tile_start(tile);
            on_tile::<V, P>(self, rows_of_tile, panel, tile);
        }
    }
}

impl<E: KernelElement> OnTile<E> for Block<'_, E> {
    /// Sums the gradient of `R` inputs and `P` panels of outputs over the batch, and applies the step.
    #[inline(always)]
    fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(&self, panel: usize, tile: usize) {
        let Gradient { input, pixels, delta, step } = self.gradient;
        let (lines, first) = (delta.layout, self.gradient.tile_start(tile));
        let b = delta.values()[lines.start(panel, 0)..].as_ptr();
        let b = (b, lines.stride * V::LANES);
        let mut sums: Tile<V, R, P> = zeros();
        // SAFETY: the panels of δ have a line for each sample, and the input or its list a number for
        // each sample and each input of the tile. Blocks are disjoint tiles of disjoint panels, and a tile
        // has a line of all that the step changes for each of its inputs.
        unsafe {
            if let Some(pixels) = pixels {
                let list = pixels.list::<E>(tile);
                let count = list.indices.len();
                if count == 0 && step.is_nothing_without_gradient() {
                    return;
                }
                let a = (list.values.as_ptr(), SideBySide, ENTRY);
                let listed = Listed(list.indices.as_ptr());
                accumulate::<V, _, _, R, P>(&mut sums, count, a, b, listed);
            } else {
                let start = input.layout.start(first / V::LANES, 0) + first % V::LANES;
                let a = (input.values()[start..].as_ptr(), SideBySide, V::LANES);
                accumulate::<V, _, _, R, P>(&mut sums, input.layout.rows, a, b, All);
            }
            for index in 0..P {
                let start = self.layout.start(panel + index, first);
                let lines = self.weights.part(start..start + R * V::LANES).lines();
                let mut of_panel = [V::splat(E::ZERO); R];
                for (gradient, sums) in of_panel.iter_mut().zip(&sums) {
                    *gradient = sums[index];
                }
                step.apply(&of_panel, |row| lines.at(row * V::LANES));
            }
        }
    }
}
