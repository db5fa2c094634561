//! Transposes blocks of as many lines as a line has numbers.
#![allow(unsafe_code, reason = "registers loaded from whole lines")]

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::split::Split;
use crate::vector::{Kernel, Vector};
use nn_tensor::Element;

/// Most numbers in a line.
pub(crate) const LINE: usize = 16;

/// Numbers that the transpose of a stored matrix takes, and those from one of its panels to the next: a
/// panel has a line for each column, and some lines of no use after the last.
pub(crate) fn transposed_len(layout: &Layout) -> (usize, usize) {
    let panel_len = layout.panels() * layout.lanes * layout.lanes;
    (layout.rows.div_ceil(layout.lanes) * panel_len, panel_len)
}

/// Writes the transpose of a stored matrix panel by panel, of [`transposed_len`] numbers.
pub(crate) fn transpose_panels<E: KernelElement>(
    device: &CpuDevice,
    layout: &Layout,
    values: &[E],
    result: &mut [E],
) {
    let (len, panel_len) = transposed_len(layout);
    let split = Split::new(result);
    device.for_each_block(len / panel_len.max(1), 2 * len, |panel| {
        // SAFETY: a block is a panel of its own.
        let result = unsafe { split.part(panel * panel_len..(panel + 1) * panel_len) };
        E::dispatch(device.simd(), TransposePanel { layout, values, panel, result });
    });
}

/// One panel of the transpose.
struct TransposePanel<'a, E> {
    layout: &'a Layout,
    values: &'a [E],
    panel: usize,
    result: &'a mut [E],
}

impl<E: KernelElement> Kernel<E> for TransposePanel<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = V::LANES;
        let first = self.panel * line;
        let height = line.min(self.layout.rows - first);
        for (panel, result) in self.result.chunks_exact_mut(line * line).enumerate() {
            let lines = &self.values[self.layout.start(panel, first)..][..height * line];
            transpose::<V>(lines, result);
        }
    }
}

/// Writes the transpose of the lines of `from` to `to`. Both are at most as many lines as a line has
/// numbers; lines that are missing in `from` count as 0, those missing in `to` are not written.
///
/// # Panics
/// When either is longer than that.
#[inline(always)]
pub(crate) fn transpose<V: Vector>(from: &[V::Elem], to: &mut [V::Elem]) {
    let whole = V::LANES * V::LANES;
    if from.len() < whole {
        let mut filled = [V::Elem::ZERO; LINE * LINE];
        filled[..from.len()].copy_from_slice(from);
        return transpose_whole::<V>(&filled[..whole], to);
    }
    transpose_whole::<V>(from, to);
}

/// [`transpose`] where `from` is whole.
#[inline(always)]
fn transpose_whole<V: Vector>(from: &[V::Elem], to: &mut [V::Elem]) {
    let whole = V::LANES * V::LANES;
    assert!(from.len() == whole && to.len() <= whole, "as many lines as a line has numbers");
    if to.len() < whole {
        let mut transposed = [V::Elem::ZERO; LINE * LINE];
        // SAFETY: both are whole blocks of lines.
        unsafe { V::transpose(from.as_ptr(), transposed.as_mut_ptr()) };
        return to.copy_from_slice(&transposed[..to.len()]);
    }
    // SAFETY: both are whole blocks of lines.
    unsafe { V::transpose(from.as_ptr(), to.as_mut_ptr()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::lanes;
    use crate::simd::Simd;
    use std::fmt::Debug;

    struct Transpose<'a, E>(&'a [E], &'a mut [E]);

    impl<E: KernelElement> Kernel<E> for Transpose<'_, E> {
        fn run<V: Vector<Elem = E>>(self) {
            transpose::<V>(self.0, self.1);
        }
    }

    fn rows_become_columns<E: KernelElement + PartialEq + Debug>(height: usize, simd: Simd) {
        let line = lanes::<E>();
        let height = height.min(line);
        let from: Vec<E> = (0..height * line).map(|at| E::from_f64(at as f64)).collect();
        let mut to = vec![E::ONE; line * line];
        E::dispatch(simd, Transpose(&from, &mut to));
        let mut back = vec![E::ONE; height * line];
        E::dispatch(simd, Transpose(&to, &mut back));
        assert_eq!(back, from);
        for (column, numbers) in to.chunks(line).enumerate() {
            for (row, &number) in numbers.iter().enumerate() {
                let expected = from.get(row * line + column).copied().unwrap_or(E::ZERO);
                assert_eq!(number, expected, "{row}, {column}");
            }
        }
    }

    #[test]
    fn rows_become_columns_and_rows_again() {
        for simd in Simd::available() {
            for height in 0..=16 {
                rows_become_columns::<f32>(height, simd);
                rows_become_columns::<f64>(height, simd);
            }
        }
    }
}
