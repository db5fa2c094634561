//! The forward product of the first layer for a batch of few rows: Z = X Wᵀ + b, each half of the
//! columns summed for itself, the two sums added at the end.
#![allow(unsafe_code, reason = "panels of the result go to several threads")]

use crate::element::KernelElement;
use crate::elementwise;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::panels::{OnPanels, OnTile, for_panels, on_tile, panel_blocks, panels_of};
use crate::pixels::{Few, HALVES, Half};
use crate::split::Split;
use crate::tile::{Apart, ListedAhead, Tile, accumulate, piece_start, pieces, zeros};
use crate::vector::{Kernel, Vector};
use std::ops::Range;

/// As [`forward::forward`](crate::forward::forward).
pub(crate) fn forward<E: KernelElement>(
    result: &mut CpuTensor<E>,
    few: &Few,
    weight: &CpuTensor<E>,
    bias: &CpuTensor<E>,
    rectify: bool,
) {
    let layout = result.layout;
    let device = result.device.clone();
    let (panels, bias) = (layout.panels(), bias.values());
    let operations = 2 * layout.rows * layout.columns * weight.layout.rows;
    let result = result.values_mut();
    let len = result.len();
    device.with_scratch((HALVES - 1) * len, |others: &mut [E]| {
        let (first, second) = (Split::new(result), Split::new(others));
        let blocks = panel_blocks(panels);
        device.for_each_block(HALVES * blocks, operations, |block| {
            let (half, panels) = (block / blocks, panels_of(block % blocks, panels));
            let result = if half == 0 { &first } else { &second };
            let bias = (half == 0).then_some(bias);
            let block = Block { half: few.half(half), weight, layout, panels, bias, result };
            E::dispatch(device.simd(), block);
        });
        // SAFETY: all blocks are done.
        let (first, second) = unsafe { (first.part(0..len), second.part(0..len)) };
        elementwise::zip(&device, 1, first, second, |first, second| {
            let sum = first + second;
            // Not max(): a NaN must stay a NaN, so that divergence is seen.
            if rectify && sum < E::ZERO { E::ZERO } else { sum }
        });
    });
}

/// One half of some panels of the result.
struct Block<'a, E> {
    half: &'a Half,
    weight: &'a CpuTensor<E>,
    /// That of the result.
    layout: Layout,
    panels: Range<usize>,
    /// What the sums start with; 0 without.
    bias: Option<&'a [E]>,
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
        let rows = self.half.rows();
        for tile in 0..pieces(rows) {
            let (row, end) = (piece_start(rows, tile), piece_start(rows, tile + 1));
            let rows_of_tile = end - row;
            on_tile::<V, P>(self, rows_of_tile, panel, row);
        }
    }
}

impl<E: KernelElement> OnTile<E> for Block<'_, E> {
    /// Computes one tile: `R` rows from `row` on, of `P` panels from `panel` on.
    #[inline(always)]
    fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(&self, panel: usize, row: usize) {
        let layout = self.weight.layout;
        let b = self.weight.values()[layout.start(panel, 0)..].as_ptr();
        let b = (b, layout.stride * V::LANES);
        let indices = self.half.indices();
        let (values, stride) = self.half.values::<E>();
        let values = values[row * stride..].as_ptr();
        let mut sums: Tile<V, R, P> = zeros();
        // SAFETY: the weight's panels have a line for each column that the list names, and each listed
        // column a value for each row. The bias has a line for each panel. Panels are disjoint, and each
        // half has sums of its own; a row of a panel is a line.
        unsafe {
            if let Some(bias) = self.bias {
                let bias = bias[panel * V::LANES..][..P * V::LANES].as_ptr();
                for sums in &mut sums {
                    for (panel, sum) in sums.iter_mut().enumerate() {
                        *sum = V::load(bias.add(panel * V::LANES));
                    }
                }
            }
            let a = (values, Apart(stride), 1);
            let listed = ListedAhead::new(self.half.indices_ahead());
            accumulate::<V, _, _, R, P>(&mut sums, indices.len(), a, b, listed);
            for index in 0..P {
                let first = self.layout.start(panel + index, row);
                let result = self.result.part(first..first + R * V::LANES);
                for (sums, line) in sums.iter().zip(result.chunks_exact_mut(V::LANES)) {
                    sums[index].store(line.as_mut_ptr());
                }
            }
        }
    }
}
