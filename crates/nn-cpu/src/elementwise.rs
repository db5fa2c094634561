//! What is done number by number: loops over whole buffers, which the compiler turns into vectors
//! where no exponential is in them.
//!
//! The buffers hold more than the matrix (see [`Layout`](crate::layout::Layout)); computing that too
//! does no harm and keeps the loops plain.
#![allow(unsafe_code, reason = "blocks of a buffer go to several threads")]

use crate::CpuDevice;
use crate::changed::{Changed, Parts};
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::split::Split;
use crate::step::{Action, StepLine};
use crate::vector::{Kernel, Vector};
use nn_tensor::{Activation, Element, Penalty, keep_bits, keep_threshold};
use std::ops::Range;

/// Numbers in a block; a multiple of every line.
const BLOCK: usize = 8192;

/// The range of each block of a buffer, shared among the threads when `cost` operations a number
/// make it worth it.
fn for_each_range(device: &CpuDevice, len: usize, cost: usize, task: impl Fn(Range<usize>) + Sync) {
    device.for_each_block(len.div_ceil(BLOCK), len * cost, |block| {
        task(block * BLOCK..len.min((block + 1) * BLOCK));
    });
}

/// values[i] = function(values[i]).
pub(crate) fn map<E: KernelElement>(
    device: &CpuDevice,
    cost: usize,
    values: &mut [E],
    function: impl Fn(E) -> E + Sync,
) {
    let (len, values) = (values.len(), Split::new(values));
    for_each_range(device, len, cost, |range| {
        // SAFETY: blocks are disjoint.
        for value in unsafe { values.part(range) } {
            *value = function(*value);
        }
    });
}

/// values[i] = function(values[i], others[i]).
pub(crate) fn zip<E: KernelElement>(
    device: &CpuDevice,
    cost: usize,
    values: &mut [E],
    others: &[E],
    function: impl Fn(E, E) -> E + Sync,
) {
    let (len, values) = (values.len(), Split::new(values));
    for_each_range(device, len, cost, |range| {
        // SAFETY: blocks are disjoint.
        let part = unsafe { values.part(range.clone()) };
        for (value, &other) in part.iter_mut().zip(&others[range]) {
            *value = function(*value, other);
        }
    });
}

/// Lines in a block of what goes along lines.
const LINES_IN_BLOCK: usize = 64;

/// Has `task` do the lines of each panel, some at a time: panel and rows. `cost` operations a number.
fn for_each_lines(
    device: &CpuDevice,
    layout: &Layout,
    cost: usize,
    task: impl Fn(usize, Range<usize>) + Sync,
) {
    let blocks = layout.rows.div_ceil(LINES_IN_BLOCK);
    let operations = layout.rows * layout.columns * cost;
    device.for_each_block(blocks * layout.panels(), operations, |block| {
        let (panel, first) = (block / blocks, block % blocks * LINES_IN_BLOCK);
        task(panel, first..layout.rows.min(first + LINES_IN_BLOCK));
    });
}

/// Dropout: each number times [`dropout_factor`](nn_tensor::dropout_factor) of its index.
pub(crate) fn drop_out<E: KernelElement>(
    device: &CpuDevice,
    layout: &Layout,
    values: &mut [E],
    rate: f64,
    key: u64,
) {
    let values = Split::new(values);
    let (threshold, factor) = (keep_threshold(rate), E::from_f64(1.0 / (1.0 - rate)));
    for_each_lines(device, layout, 10, |panel, rows| {
        let range = layout.start(panel, rows.start)..layout.start(panel, rows.end);
        // SAFETY: blocks are disjoint.
        let lines = unsafe { values.part(range) };
        let mask = Mask { layout, panel, first: rows.start, lines, key, threshold, factor };
        E::dispatch(device.simd(), mask);
    });
}

/// [`drop_out`] of some lines of one panel, from row `first` on.
struct Mask<'a, E> {
    layout: &'a Layout,
    panel: usize,
    first: usize,
    lines: &'a mut [E],
    key: u64,
    threshold: u64,
    factor: E,
}

impl<E: KernelElement> Kernel<E> for Mask<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let step = self.layout.index_step() as u64;
        for (row, line) in self.lines.chunks_exact_mut(V::LANES).enumerate() {
            // Whole lines, with whatever lies after the last column, so that the compiler makes
            // registers of them.
            let mut index = self.layout.index(self.panel, self.first + row, 0) as u64;
            for value in line {
                let kept = keep_bits(self.key, index) >= self.threshold;
                *value *= if kept { self.factor } else { E::ZERO };
                index += step;
            }
        }
    }
}

/// Σ of the squares of all numbers of the matrix: each panel's first, so that it does not depend on the
/// number of threads.
pub(crate) fn sum_of_squares<E: KernelElement>(
    device: &CpuDevice,
    layout: &Layout,
    values: &[E],
) -> f64 {
    let panels = layout.panels();
    device.with_scratch(panels, |sums: &mut [f64]| {
        let split = Split::new(sums);
        device.for_each_block(panels, 2 * layout.rows * layout.columns, |panel| {
            let lines = &values[layout.start(panel, 0)..][..layout.rows * layout.lanes];
            // SAFETY: a block is one panel.
            let sum = unsafe { &mut split.part(panel..panel + 1)[0] };
            E::dispatch(device.simd(), Squares { lines, width: layout.width(panel), sum });
        });
        // SAFETY: all blocks are done.
        unsafe { split.part(0..panels) }.iter().sum()
    })
}

/// Σ of the squares of the first `width` numbers of each line.
struct Squares<'a, E> {
    lines: &'a [E],
    width: usize,
    sum: &'a mut f64,
}

impl<E: KernelElement> Kernel<E> for Squares<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        // At most sixteen numbers in a line; those after `width` may be anything, and are left out at
        // the end.
        let mut sums = [0.0; 16];
        for line in self.lines.chunks_exact(V::LANES) {
            for (sum, &value) in sums.iter_mut().zip(line) {
                let value = Element::to_f64(value);
                *sum += value * value;
            }
        }
        *self.sum = sums[..self.width].iter().sum();
    }
}

/// σ of each number.
pub(crate) fn activate<E: KernelElement>(
    device: &CpuDevice,
    values: &mut [E],
    activation: Activation,
) {
    match activation {
        Activation::Identity => {}
        // One loop a function, so that each is compiled without a choice inside.
        Activation::Heaviside => map(device, 1, values, |z| Activation::Heaviside.apply(z)),
        Activation::Relu => map(device, 1, values, |z| Activation::Relu.apply(z)),
        Activation::LeakyRelu => map(device, 1, values, |z| Activation::LeakyRelu.apply(z)),
        Activation::Sigmoid => registers(device, values, Curve::Sigmoid),
        Activation::Tanh => registers(device, values, Curve::Tanh),
        Activation::Gelu => map(device, 40, values, |z| Activation::Gelu.apply(z)),
        Activation::Softplus => map(device, 40, values, |z| Activation::Softplus.apply(z)),
    }
}

/// Activations that are computed a register at a time.
#[derive(Clone, Copy)]
enum Curve {
    Sigmoid,
    Tanh,
}

/// `curve` of each number. `values` is made of whole lines.
fn registers<E: KernelElement>(device: &CpuDevice, values: &mut [E], curve: Curve) {
    let (len, values) = (values.len(), Split::new(values));
    for_each_range(device, len, 10, |range| {
        // SAFETY: blocks are disjoint.
        let values = unsafe { values.part(range) };
        E::dispatch(device.simd(), Registers { values, curve });
    });
}

struct Registers<'a, E> {
    values: &'a mut [E],
    curve: Curve,
}

impl<E: KernelElement> Kernel<E> for Registers<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        for register in self.values.chunks_exact_mut(V::LANES) {
            // SAFETY: a chunk is one register.
            unsafe {
                let z = V::load(register.as_ptr());
                let activated = match self.curve {
                    Curve::Sigmoid => sigmoid(z),
                    Curve::Tanh => tanh(z),
                };
                activated.store(register.as_mut_ptr());
            }
        }
    }
}

/// -|z|.
#[inline(always)]
fn minus_absolute<V: Vector>(z: V) -> V {
    let minus = V::splat(V::Elem::ZERO).sub(z);
    z.where_positive(minus, z)
}

/// 1 / (1 + exp(-z)), computed from exp(-|z|) so that nothing overflows.
#[inline(always)]
fn sigmoid<V: Vector>(z: V) -> V {
    let one = V::splat(V::Elem::ONE);
    let decay = minus_absolute(z).exp();
    z.where_positive(one, decay).div(one.add(decay))
}

/// tanh z = ∓e / (2 + e) with e = exp(-2|z|) - 1, which keeps its places near 0.
#[inline(always)]
fn tanh<V: Vector>(z: V) -> V {
    let minus = minus_absolute(z);
    let e = minus.add(minus).exp_m1();
    let negative = e.div(V::splat(V::Elem::from_f64(2.0)).add(e));
    z.where_positive(V::splat(V::Elem::ZERO).sub(negative), negative)
}

/// δ times σ' of each number, from `kept`: a, or z for activations whose slope needs it.
pub(crate) fn multiply_by_derivative<E: KernelElement>(
    device: &CpuDevice,
    delta: &mut [E],
    activation: Activation,
    kept: &[E],
) {
    use Activation::{Gelu, Heaviside, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh};
    match activation {
        Identity => {}
        Heaviside => map(device, 1, delta, |delta| delta * E::ZERO),
        Relu => zip(device, 1, delta, kept, |delta, a| delta * Relu.derivative_from_output(a)),
        LeakyRelu => zip(device, 1, delta, kept, |d, a| d * LeakyRelu.derivative_from_output(a)),
        Sigmoid => zip(device, 2, delta, kept, |d, a| d * Sigmoid.derivative_from_output(a)),
        Tanh => zip(device, 2, delta, kept, |delta, a| delta * Tanh.derivative_from_output(a)),
        Softplus => zip(device, 20, delta, kept, |d, a| d * Softplus.derivative_from_output(a)),
        Gelu => zip(device, 40, delta, kept, |delta, z| delta * Gelu.derivative(z)),
    }
}

/// gradient += the penalty's.
pub(crate) fn add_penalty_gradient<E: KernelElement>(
    device: &CpuDevice,
    gradient: &mut [E],
    weight: &[E],
    penalty: Penalty<E>,
) {
    zip(device, 2, gradient, weight, |gradient, weight| gradient + penalty.gradient(weight));
}

/// One step on every weight, with a gradient that is in memory.
pub(crate) fn update<E: KernelElement>(
    device: &CpuDevice,
    weights: Changed<'_, E>,
    gradient: &[E],
    step: &Action<E>,
) {
    let weights = Parts::new(weights);
    for_each_range(device, gradient.len(), 10, |range| {
        // SAFETY: blocks are disjoint.
        let lines = unsafe { weights.part(range.clone()) }.lines();
        E::dispatch(device.simd(), Steps { lines, gradient: &gradient[range], step });
    });
}

/// [`update`] on one block of whole lines.
struct Steps<'a, E> {
    /// What is changed, from the first line on.
    lines: StepLine<E>,
    gradient: &'a [E],
    step: &'a Action<E>,
}

impl<E: KernelElement> Kernel<E> for Steps<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        for (index, gradient) in self.gradient.chunks_exact(V::LANES).enumerate() {
            // SAFETY: a chunk is a line, and what is changed has a line for each.
            unsafe {
                let gradient = [V::load(gradient.as_ptr())];
                self.step.apply(&gradient, |_| self.lines.at(index * V::LANES));
            }
        }
    }
}
