//! δ of a hidden layer, eq. (119): (next δ · W) ⊙ σ'.
//!
//! Weights are stored with their outputs along a line, and the sum runs over outputs. So a tile is
//! computed transposed: its rows are inputs, its lanes samples, and b is the next δ, transposed before.
//! A block of the result is transposed back when it is complete.
#![allow(unsafe_code, reason = "tiles of the result go to several threads")]

use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::panels::{OnPanels, for_panels, panel_blocks, panels_of};
use crate::split::Split;
use crate::tile::{accumulate_panels, piece_start, pieces, zeros};
use crate::transpose::{LINE, transpose, transpose_panels, transposed_len};
use crate::vector::{Kernel, Vector};
use std::ops::Range;

/// δ = next δ · W, times the rectifier's slope at `rectified`, if that is given. All are in the
/// layouts of their roles, and fit.
pub(crate) fn hidden_delta<E: KernelElement>(
    delta: &mut CpuTensor<E>,
    next_delta: &CpuTensor<E>,
    next_weight: &CpuTensor<E>,
    rectified: Option<&CpuTensor<E>>,
) {
    let layout = delta.layout;
    let device = delta.device.clone();
    let sample_panels = layout.rows.div_ceil(layout.lanes);
    let (len, panel_len) = transposed_len(&next_delta.layout);
    device.with_scratch(len, |transposed: &mut [E]| {
        transpose_panels(&device, &next_delta.layout, next_delta.values(), transposed);
        let transposed: &[E] = transposed;
        let blocks = panel_blocks(sample_panels);
        let operations = 2 * layout.rows * layout.columns * next_delta.layout.columns;
        let rectified = rectified.map(CpuTensor::values);
        let result = &Split::new(delta.values_mut());
        device.for_each_block(blocks * layout.panels(), operations, |index| {
            let panel = index / blocks;
            let samples = panels_of(index % blocks, sample_panels);
            let block = Block {
                next_weight,
                layout,
                panel,
                samples,
                transposed,
                panel_len,
                rectified,
                result,
            };
            E::dispatch(device.simd(), block);
        });
    });
}

/// Some panels of samples by one panel of inputs.
struct Block<'a, E> {
    next_weight: &'a CpuTensor<E>,
    /// That of the result.
    layout: Layout,
    panel: usize,
    samples: Range<usize>,
    /// The next δ, one panel of samples after the other, `panel_len` numbers each.
    transposed: &'a [E],
    panel_len: usize,
    rectified: Option<&'a [E]>,
    result: &'a Split<'a, E>,
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(mut self) {
        let samples = self.samples.clone();
        for_panels::<V>(&mut self, samples);
    }
}

impl<E: KernelElement> OnPanels<E> for Block<'_, E> {
    /// Does `P` panels of samples, from `first` on.
    #[inline(always)]
    fn on_panels<V: Vector<Elem = E>, const P: usize>(&mut self, first: usize) {
        let width = self.layout.width(self.panel);
        // Rows are inputs, columns samples.
        let mut inputs_by_samples = [[E::ZERO; LINE * LINE]; P];
        for piece in 0..pieces(width) {
            let (input, end) = (piece_start(width, piece), piece_start(width, piece + 1));
            match end - input {
                1 => self.tile::<V, 1, P>(first, input, &mut inputs_by_samples),
                2 => self.tile::<V, 2, P>(first, input, &mut inputs_by_samples),
                3 => self.tile::<V, 3, P>(first, input, &mut inputs_by_samples),
                4 => self.tile::<V, 4, P>(first, input, &mut inputs_by_samples),
                5 => self.tile::<V, 5, P>(first, input, &mut inputs_by_samples),
                _ => self.tile::<V, 6, P>(first, input, &mut inputs_by_samples),
            }
        }
        for (index, inputs_by_samples) in inputs_by_samples.iter().enumerate() {
            self.finish::<V>(first + index, inputs_by_samples);
        }
    }
}

impl<E: KernelElement> Block<'_, E> {
    /// Sums of `R` inputs of the panel, from `input` on, for all samples of `P` panels.
    #[inline(always)]
    fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(
        &self,
        first: usize,
        input: usize,
        sums_of: &mut [[E; LINE * LINE]; P],
    ) {
        let weight = self.next_weight.layout;
        let row = self.panel * V::LANES + input;
        let a = self.next_weight.values()[weight.start(0, row)..].as_ptr();
        let b = self.transposed[first * self.panel_len..][..P * self.panel_len].as_ptr();
        let mut sums = zeros::<V, R, P>();
        // SAFETY: the weight has a row for each input, and `transposed` a line for each output in each
        // panel of samples. Each square has a line for each input of the panel.
        unsafe {
            let (a, b) = ((a, weight.stride), (b, self.panel_len));
            accumulate_panels::<V, R, P>(&mut sums, weight.columns, a, b);
            for (index, sums_of) in sums_of.iter_mut().enumerate() {
                let lines = sums_of[input * V::LANES..][..R * V::LANES].chunks_exact_mut(V::LANES);
                for (sums, line) in sums.iter().zip(lines) {
                    sums[index].store(line.as_mut_ptr());
                }
            }
        }
    }

    /// Transposes the sums of one panel of samples back, and writes them.
    #[inline(always)]
    fn finish<V: Vector<Elem = E>>(&self, samples: usize, sums: &[E; LINE * LINE]) {
        let (line, row) = (V::LANES, samples * V::LANES);
        let end = self.layout.rows.min(row + line);
        let range = self.layout.start(self.panel, row)..self.layout.start(self.panel, end);
        let mut back = [E::ZERO; LINE * LINE];
        transpose::<V>(&sums[..line * line], &mut back[..line * line]);
        // SAFETY: blocks are disjoint ranges of rows in disjoint panels.
        let result = unsafe { self.result.part(range.clone()) };
        let Some(rectified) = self.rectified else {
            return result.copy_from_slice(&back[..result.len()]);
        };
        for ((result, &delta), &activated) in result.iter_mut().zip(&back).zip(&rectified[range]) {
            *result = delta * if activated > E::ZERO { E::ONE } else { E::ZERO };
        }
    }
}
