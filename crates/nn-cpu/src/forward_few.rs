//! The forward product of the first layer for a batch of few rows: Z = X Wᵀ + b, each half of the
//! columns summed for itself, the two sums added at the end.
#![allow(unsafe_code, reason = "panels of the result go to several threads")]

use crate::element::KernelElement;
use crate::elementwise;
use crate::packed::CpuTensor;
use crate::pixels::{Few, HALVES, Half};
use crate::split::Split;
use crate::tile::{ListedAhead, SideBySide, Tile, accumulate, piece_start, pieces, zeros};
use crate::vector::{Kernel, Vector};

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
        device.for_each_block(HALVES * panels, operations, |block| {
            let (half, panel) = (block / panels, block % panels);
            let range = layout.start(panel, 0)..layout.start(panel, layout.rows);
            let sums = if half == 0 { &first } else { &second };
            // SAFETY: panels are disjoint, and each half has sums of its own.
            let result = unsafe { sums.part(range) };
            let bias = (half == 0).then(|| &bias[panel * layout.lanes..][..layout.lanes]);
            let half = few.half(half);
            E::dispatch(device.is_portable(), Block { half, weight, panel, bias, result });
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

/// One half of one panel of the result.
struct Block<'a, E> {
    half: &'a Half,
    weight: &'a CpuTensor<E>,
    panel: usize,
    /// What the sums start with; 0 without.
    bias: Option<&'a [E]>,
    /// The panel, with a line for each row.
    result: &'a mut [E],
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(mut self) {
        let rows = self.half.rows();
        for tile in 0..pieces(rows) {
            let (row, end) = (piece_start(rows, tile), piece_start(rows, tile + 1));
            match end - row {
                1 => self.tile::<V, 1>(row),
                2 => self.tile::<V, 2>(row),
                3 => self.tile::<V, 3>(row),
                4 => self.tile::<V, 4>(row),
                5 => self.tile::<V, 5>(row),
                _ => self.tile::<V, 6>(row),
            }
        }
    }
}

impl<E: KernelElement> Block<'_, E> {
    /// Computes one tile: `R` rows from `row` on.
    #[inline(always)]
    fn tile<V: Vector<Elem = E>, const R: usize>(&mut self, row: usize) {
        let line = 2 * V::LANES;
        let result = self.result[row * line..][..R * line].as_mut_ptr();
        let weight = self.weight.values()[self.weight.layout.start(self.panel, 0)..].as_ptr();
        let indices = self.half.indices();
        let values = self.half.values::<E>().as_ptr().wrapping_add(row);
        let mut sums: Tile<V, R> = zeros();
        // SAFETY: the weight's panel has a line for each column that the list names, and each listed
        // column a value for each row. The bias is a line, and `result` has `R` lines.
        unsafe {
            if let Some(bias) = self.bias {
                let bias = bias[..line].as_ptr();
                sums = [[V::load(bias), V::load(bias.add(V::LANES))]; R];
            }
            let a = (values, SideBySide, self.half.rows());
            let listed = ListedAhead::new(self.half.indices_ahead());
            accumulate::<V, _, _, R>(&mut sums, indices.len(), a, weight, listed);
            for (row, sum) in sums.iter().enumerate() {
                sum[0].store(result.add(row * line));
                sum[1].store(result.add(row * line + V::LANES));
            }
        }
    }
}
