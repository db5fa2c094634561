//! δ of a hidden layer: (next δ · W) ⊙ σ'.
//!
//! Weights are stored with their outputs along a line, and the sum runs over outputs. So a tile is
//! computed transposed: its rows are inputs, its lanes samples, and b is the next δ, transposed before.
//! A block of the result is transposed back when it is complete.
#![allow(unsafe_code, reason = "tiles of the result go to several threads")]

use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::split::Split;
use crate::tile::{accumulate_panels, piece_start, pieces, zeros};
use crate::transpose::{LINE, transpose};
use crate::vector::{Kernel, Vector};

/// Panels of samples in one block of work.
const PANELS_IN_BLOCK: usize = 4;

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
    let outputs = next_delta.layout.panels() * layout.lanes;
    let sample_panels = layout.rows.div_ceil(layout.lanes);
    device.with_scratch(sample_panels * outputs * layout.lanes, |transposed: &mut [E]| {
        let split = Split::new(transposed);
        let panel_len = outputs * layout.lanes;
        device.for_each_block(sample_panels, 2 * sample_panels * panel_len, |panel| {
            // SAFETY: a block is a panel of its own.
            let result = unsafe { split.part(panel * panel_len..(panel + 1) * panel_len) };
            E::dispatch(device.is_portable(), Transpose { next_delta, panel, result });
        });
        // SAFETY: all blocks are done, and only read from now on.
        let transposed: &[E] = unsafe { split.part(0..sample_panels * panel_len) };

        let blocks = sample_panels.div_ceil(PANELS_IN_BLOCK);
        let operations = 2 * layout.rows * layout.columns * next_delta.layout.columns;
        let rectified = rectified.map(CpuTensor::values);
        let split = Split::new(delta.values_mut());
        device.for_each_block(blocks * layout.panels(), operations, |index| {
            let (panel, first) = (index / blocks, index % blocks * PANELS_IN_BLOCK);
            for samples in first..sample_panels.min(first + PANELS_IN_BLOCK) {
                let row = samples * layout.lanes;
                let end = layout.rows.min(row + layout.lanes);
                let range = layout.start(panel, row)..layout.start(panel, end);
                let rectified = rectified.map(|values| &values[range.clone()]);
                // SAFETY: blocks are disjoint ranges of rows in disjoint panels.
                let result = unsafe { split.part(range) };
                let transposed = &transposed[samples * panel_len..][..panel_len];
                let block = Block { next_weight, layout, panel, transposed, rectified, result };
                E::dispatch(device.is_portable(), block);
            }
        });
    });
}

/// Writes the next δ of one panel of samples with a line for each output, and some lines of no use
/// after the last.
struct Transpose<'a, E> {
    next_delta: &'a CpuTensor<E>,
    /// Number of the panel of samples.
    panel: usize,
    result: &'a mut [E],
}

impl<E: KernelElement> Kernel<E> for Transpose<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = 2 * V::LANES;
        let layout = self.next_delta.layout;
        let first = self.panel * line;
        let height = line.min(layout.rows - first);
        for (panel, result) in self.result.chunks_exact_mut(line * line).enumerate() {
            let lines = &self.next_delta.values()[layout.start(panel, first)..][..height * line];
            transpose::<V>(lines, result);
        }
    }
}

/// One panel of samples by one panel of inputs.
struct Block<'a, E> {
    next_weight: &'a CpuTensor<E>,
    layout: Layout,
    panel: usize,
    transposed: &'a [E],
    rectified: Option<&'a [E]>,
    result: &'a mut [E],
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = 2 * V::LANES;
        let width = self.layout.width(self.panel);
        // Rows are inputs, columns samples.
        let mut inputs_by_samples = [E::ZERO; LINE * LINE];
        for piece in 0..pieces(width) {
            let (first, end) = (piece_start(width, piece), piece_start(width, piece + 1));
            let to = inputs_by_samples[first * line..end * line].as_mut_ptr();
            let input = self.panel * line + first;
            // SAFETY: `to` has room for as many lines as the piece has rows.
            unsafe {
                match end - first {
                    1 => self.tile::<V, 1>(input, to),
                    2 => self.tile::<V, 2>(input, to),
                    3 => self.tile::<V, 3>(input, to),
                    4 => self.tile::<V, 4>(input, to),
                    5 => self.tile::<V, 5>(input, to),
                    _ => self.tile::<V, 6>(input, to),
                }
            }
        }
        let mut back = [E::ZERO; LINE * LINE];
        transpose::<V>(&inputs_by_samples[..line * line], &mut back[..line * line]);
        let Some(rectified) = self.rectified else {
            return self.result.copy_from_slice(&back[..self.result.len()]);
        };
        for ((result, &delta), &activated) in self.result.iter_mut().zip(&back).zip(rectified) {
            *result = delta * if activated > E::ZERO { E::ONE } else { E::ZERO };
        }
    }
}

impl<E: KernelElement> Block<'_, E> {
    /// Sums of `R` inputs, from `input` on, for all samples of the panel.
    ///
    /// # Safety
    /// `to` has room for `R` lines.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize>(&self, input: usize, to: *mut E) {
        let weight = self.next_weight.layout;
        let a = self.next_weight.values()[weight.start(0, input)..].as_ptr();
        let mut sums = zeros::<V, R>();
        // SAFETY: the weight has a row for each input, and `transposed` a line for each output.
        unsafe {
            accumulate_panels::<V, R>(
                &mut sums,
                weight.columns,
                a,
                weight.stride,
                self.transposed.as_ptr(),
            );
            for (row, sum) in sums.iter().enumerate() {
                sum[0].store(to.add(row * 2 * V::LANES));
                sum[1].store(to.add(row * 2 * V::LANES + V::LANES));
            }
        }
    }
}
