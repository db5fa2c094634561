//! The forward product of a layer for one sample, z = W x + b, without the zeros of x.
//!
//! The sums of several panels are held side by side: one panel alone would wait for each of its sums.
#![allow(unsafe_code, reason = "lines of the weight by the places of numbers that are not 0")]

use crate::element::KernelElement;
use crate::packed::CpuTensor;
use crate::split::Split;
use crate::vector::{Kernel, Vector};

/// Panels whose sums are held in registers at once: two registers each with AVX2.
const PANELS: usize = 4;

/// One block: some panels of the result.
struct Block<'a, E> {
    /// The sample, in whole lines.
    sample: &'a [E],
    /// Its numbers; what follows them in the last line may be anything.
    inputs: usize,
    weight: &'a CpuTensor<E>,
    bias: &'a [E],
    rectify: bool,
    first_panel: usize,
    /// The lines of the panels.
    result: &'a mut [E],
}

/// As [`forward::forward`](crate::forward::forward), for a batch of one.
pub(crate) fn forward<E: KernelElement>(
    result: &mut CpuTensor<E>,
    input: &CpuTensor<E>,
    weight: &CpuTensor<E>,
    bias: &CpuTensor<E>,
    rectify: bool,
) {
    let (layout, device) = (result.layout, result.device.clone());
    let (sample, inputs) = (input.values(), input.layout.columns);
    let (lanes, panels, bias) = (layout.lanes, layout.panels(), bias.values());
    let split = Split::new(result.values_mut());
    device.for_each_block(panels.div_ceil(PANELS), 2 * layout.columns * inputs, |block| {
        let (first_panel, end) = (block * PANELS, panels.min((block + 1) * PANELS));
        // SAFETY: blocks are disjoint ranges of panels, which are one line each.
        let result = unsafe { split.part(first_panel * lanes..end * lanes) };
        let block = Block { sample, inputs, weight, bias, rectify, first_panel, result };
        E::dispatch(device.simd(), block);
    });
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        match self.result.len() / V::LANES {
            1 => self.panels::<V, 1>(),
            2 => self.panels::<V, 2>(),
            3 => self.panels::<V, 3>(),
            _ => self.panels::<V, 4>(),
        }
    }
}

impl<E: KernelElement> Block<'_, E> {
    /// Computes `P` panels.
    #[inline(always)]
    fn panels<V: Vector<Elem = E>, const P: usize>(self) {
        let layout = self.weight.layout;
        let weight = self.weight.values()[layout.start(self.first_panel, 0)..].as_ptr();
        let bias = self.bias[self.first_panel * V::LANES..][..P * V::LANES].as_ptr();
        let mut sums = [V::splat(E::ZERO); P];
        for (panel, sum) in sums.iter_mut().enumerate() {
            // SAFETY: the bias has a line for each panel.
            *sum = unsafe { V::load(bias.add(panel * V::LANES)) };
        }
        for (place, numbers) in self.sample.chunks_exact(V::LANES).enumerate() {
            let first = place * V::LANES;
            let left = self.inputs.saturating_sub(first);
            // SAFETY: a whole line of numbers, and a line of each panel of the weight for each of them.
            unsafe {
                let places = V::load(numbers.as_ptr()).nonzero();
                let mut places = if left < V::LANES { places & ((1 << left) - 1) } else { places };
                while places != 0 {
                    let offset = places.trailing_zeros() as usize;
                    places &= places - 1;
                    let factor = V::splat(*numbers.as_ptr().add(offset));
                    for (panel, sum) in sums.iter_mut().enumerate() {
                        let b = (panel * layout.stride + first + offset) * V::LANES;
                        *sum = factor.mul_add(V::load(weight.add(b)), *sum);
                    }
                }
            }
        }
        let zero = V::splat(E::ZERO);
        for (line, sum) in self.result.chunks_exact_mut(V::LANES).zip(sums) {
            // Not max(): a NaN must stay a NaN, so that divergence is seen.
            let positive = if self.rectify { zero.sub(sum).where_positive(zero, sum) } else { sum };
            // SAFETY: a chunk is a line.
            unsafe { positive.store(line.as_mut_ptr()) };
        }
    }
}
