//! Batch normalisation, and the norms of weights: what is summed down the columns of a panel.
//!
//! A block of work is one panel, so that each sum is made by one thread in one order.
#![allow(unsafe_code, reason = "panels go to several threads, and registers are loaded from them")]

use crate::CpuDevice;
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::split::Split;
use crate::vector::{Kernel, Vector};
use nn_tensor::{BATCH_NORM_EPSILON, BatchStatistics, Linear};
use std::ops::Range;

/// Operations a number that a pass there or back takes, roughly.
const COST: usize = 8;

/// The numbers of the rows of one panel, padding between panels left out.
fn panel_range(layout: &Layout, panel: usize) -> Range<usize> {
    layout.start(panel, 0)..layout.start(panel, layout.rows)
}

/// The line of a tensor of one row that belongs to this panel.
fn line_range(layout: &Layout, panel: usize) -> Range<usize> {
    panel * layout.lanes..(panel + 1) * layout.lanes
}

/// Panics unless two tensors of one shape lie alike.
#[track_caller]
fn expect_layout<E: KernelElement>(operation: &str, layout: Layout, other: &CpuTensor<E>) {
    assert!(
        layout == other.layout && !layout.transposed,
        "{operation}: a tensor of {} made for another role",
        other.shape
    );
}

/// y = γ x̂ + β in place of z, and what the way back needs. Shapes fit.
pub(crate) fn forward<E: KernelElement>(
    z: &mut CpuTensor<E>,
    affine: &Linear<CpuTensor<E>>,
    batch: &mut BatchStatistics<CpuTensor<E>>,
) {
    let (device, layout) = (z.device.clone(), z.layout);
    expect_layout("batch_norm", layout, &batch.normalized);
    let BatchStatistics { normalized, inverse_deviation, mean, variance } = batch;
    let (scale, shift) = (affine.weight.values(), affine.bias.values());
    let (values, normalized) = (Split::new(z.values_mut()), Split::new(normalized.values_mut()));
    let inverse_deviation = Split::new(inverse_deviation.values_mut());
    let (mean, variance) = (Split::new(mean.values_mut()), Split::new(variance.values_mut()));
    for_each_panel(&device, layout, |panel| {
        let (all, line) = (panel_range(&layout, panel), line_range(&layout, panel));
        // SAFETY: panels are disjoint, and so are their lines.
        let kernel = unsafe {
            Forward {
                values: values.part(all.clone()),
                normalized: normalized.part(all),
                inverse_deviation: inverse_deviation.part(line.clone()),
                mean: mean.part(line.clone()),
                variance: variance.part(line.clone()),
                scale: &scale[line.clone()],
                shift: &shift[line],
            }
        };
        E::dispatch(device.simd(), kernel);
    });
}

/// ∂C/∂z in place of ∂C/∂y, and the gradients of γ and β. Shapes fit.
pub(crate) fn gradient<E: KernelElement>(
    delta: &mut CpuTensor<E>,
    gradient: &mut Linear<CpuTensor<E>>,
    scale: &CpuTensor<E>,
    batch: &BatchStatistics<CpuTensor<E>>,
) {
    let (device, layout) = (delta.device.clone(), delta.layout);
    expect_layout("batch_norm_gradient", layout, &batch.normalized);
    let (normalized, scale) = (batch.normalized.values(), scale.values());
    let inverse_deviation = batch.inverse_deviation.values();
    let values = Split::new(delta.values_mut());
    let of_scale = Split::new(gradient.weight.values_mut());
    let of_shift = Split::new(gradient.bias.values_mut());
    for_each_panel(&device, layout, |panel| {
        let (all, line) = (panel_range(&layout, panel), line_range(&layout, panel));
        // SAFETY: panels are disjoint, and so are their lines.
        let kernel = unsafe {
            Backward {
                values: values.part(all.clone()),
                normalized: &normalized[all],
                inverse_deviation: &inverse_deviation[line.clone()],
                scale: &scale[line.clone()],
                of_scale: of_scale.part(line.clone()),
                of_shift: of_shift.part(line),
            }
        };
        E::dispatch(device.simd(), kernel);
    });
}

/// Shortens the weights that lead into each neuron to `longest`. Weights lie with their outputs
/// along a line.
pub(crate) fn limit_norms<E: KernelElement>(weight: &mut CpuTensor<E>, longest: E) {
    let (device, layout) = (weight.device.clone(), weight.layout);
    let values = Split::new(weight.values_mut());
    for_each_panel(&device, layout, |panel| {
        // SAFETY: panels are disjoint.
        let values = unsafe { values.part(panel_range(&layout, panel)) };
        E::dispatch(device.simd(), Limit { values, longest });
    });
}

fn for_each_panel(device: &CpuDevice, layout: Layout, task: impl Fn(usize) + Sync) {
    let operations = COST * layout.rows * layout.panels() * layout.lanes;
    device.for_each_block(layout.panels(), operations, task);
}

struct Forward<'a, E> {
    values: &'a mut [E],
    normalized: &'a mut [E],
    inverse_deviation: &'a mut [E],
    mean: &'a mut [E],
    variance: &'a mut [E],
    scale: &'a [E],
    shift: &'a [E],
}

impl<E: KernelElement> Kernel<E> for Forward<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = V::LANES;
        let rows = self.values.len() / line;
        let (count, others) = (number::<E>(rows), number::<E>(rows.saturating_sub(1)));
        let (count, others) = (V::splat(count), V::splat(others));
        // SAFETY: all that is read and written is one of `rows` whole
        // lines of `values` and `normalized`, or of the one line of each other part.
        unsafe {
            let load = |row: usize| V::load(self.values[row * line..].as_ptr());
            let mut sum = V::splat(E::ZERO);
            for row in 0..rows {
                sum = sum.add(load(row));
            }
            let mean = sum.div(count);
            let mut squares = V::splat(E::ZERO);
            for row in 0..rows {
                let distance = load(row).sub(mean);
                squares = distance.mul_add(distance, squares);
            }
            let variance = squares.div(count).add(V::splat(E::from_f64(BATCH_NORM_EPSILON)));
            let inverse = V::splat(E::ONE).div(variance.sqrt());
            let scale = V::load(self.scale.as_ptr());
            let shift = V::load(self.shift.as_ptr());
            for row in 0..rows {
                let place = self.values[row * line..].as_mut_ptr();
                let normalized = V::load(place).sub(mean).mul(inverse);
                normalized.store(self.normalized[row * line..].as_mut_ptr());
                normalized.mul_add(scale, shift).store(place);
            }
            mean.store(self.mean.as_mut_ptr());
            squares.div(others).store(self.variance.as_mut_ptr());
            inverse.store(self.inverse_deviation.as_mut_ptr());
        }
    }
}

struct Backward<'a, E> {
    values: &'a mut [E],
    normalized: &'a [E],
    inverse_deviation: &'a [E],
    scale: &'a [E],
    of_scale: &'a mut [E],
    of_shift: &'a mut [E],
}

impl<E: KernelElement> Kernel<E> for Backward<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = V::LANES;
        let rows = self.values.len() / line;
        let count = V::splat(number::<E>(rows));
        // SAFETY: as in `Forward`.
        unsafe {
            let delta = |row: usize| V::load(self.values[row * line..].as_ptr());
            let normalized = |row: usize| V::load(self.normalized[row * line..].as_ptr());
            let (mut of_scale, mut of_shift) = (V::splat(E::ZERO), V::splat(E::ZERO));
            for row in 0..rows {
                of_scale = delta(row).mul_add(normalized(row), of_scale);
                of_shift = of_shift.add(delta(row));
            }
            let factor = V::load(self.scale.as_ptr()).mul(V::load(self.inverse_deviation.as_ptr()));
            let (slope, mean) = (of_scale.div(count), of_shift.div(count));
            for row in 0..rows {
                let place = self.values[row * line..].as_mut_ptr();
                let means = normalized(row).mul_add(slope, mean);
                V::load(place).sub(means).mul(factor).store(place);
            }
            of_scale.store(self.of_scale.as_mut_ptr());
            of_shift.store(self.of_shift.as_mut_ptr());
        }
    }
}

struct Limit<'a, E> {
    values: &'a mut [E],
    longest: E,
}

impl<E: KernelElement> Kernel<E> for Limit<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let line = V::LANES;
        let rows = self.values.len() / line;
        // SAFETY: as in `Forward`.
        unsafe {
            let load = |row: usize| V::load(self.values[row * line..].as_ptr());
            let mut squares = V::splat(E::ZERO);
            for row in 0..rows {
                squares = load(row).mul_add(load(row), squares);
            }
            let (norm, longest) = (squares.sqrt(), V::splat(self.longest));
            let one = V::splat(E::ONE);
            let factor = norm.sub(longest).where_positive(longest.div(norm), one);
            for row in 0..rows {
                let place = self.values[row * line..].as_mut_ptr();
                V::load(place).mul(factor).store(place);
            }
        }
    }
}

/// `count` as a divisor: at least 1.
fn number<E: KernelElement>(count: usize) -> E {
    E::from_f64(count.max(1) as f64)
}
