//! The weight gradient of the first layer for a batch of few rows: tiles of neighbours in the list of
//! columns that are not 0 everywhere. The others have no gradient.
#![allow(unsafe_code, reason = "parts of the weights go to several threads")]

use crate::CpuDevice;
use crate::changed::{Changed, Parts, step_bias};
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::pixels::{Few, HALVES, Half};
use crate::step::{Step, StepLine};
use crate::tile::{All, Apart, MOST_ROWS, Tile, accumulate, zeros};
use crate::vector::{Kernel, Vector};

/// As [`gradient::apply`](crate::gradient::apply).
pub(crate) fn apply<E: KernelElement>(
    device: &CpuDevice,
    (weights, layout): (Changed<'_, E>, Layout),
    biases: Changed<'_, E>,
    (delta, few): (&CpuTensor<E>, &Few),
    (step, bias_step): (&Step<E>, &Step<E>),
) {
    let operations = 2 * delta.layout.rows * layout.rows * layout.columns;
    let (weights, biases) = (Parts::new(weights), Parts::new(biases));
    let panels = layout.panels();
    device.for_each_block(HALVES * panels, operations, |block| {
        let (half, panel) = (few.half(block / panels), block % panels);
        let columns = half.columns();
        let range = layout.start(panel, columns.start)..layout.start(panel, columns.end);
        // SAFETY: blocks are disjoint ranges of rows in disjoint panels.
        let lines = unsafe { weights.part(range) }.lines();
        E::dispatch(device.is_portable(), Block { half, delta, panel, step, lines });
        if block < panels {
            // SAFETY: each panel of the bias is done by one block of the first half alone.
            unsafe { step_bias(device, (delta, panel), bias_step, &biases) };
        }
    });
}

/// One half of one panel of outputs.
struct Block<'a, E> {
    half: &'a Half,
    delta: &'a CpuTensor<E>,
    panel: usize,
    step: &'a Step<E>,
    /// The line of the first column of the half, and the others after it.
    lines: StepLine<E>,
}

impl<E: KernelElement> Kernel<E> for Block<'_, E> {
    #[inline(always)]
    fn run<V: Vector<Elem = E>>(self) {
        let listed = self.half.indices().len();
        // SAFETY: the list has these entries.
        unsafe {
            for at in (0..listed).step_by(MOST_ROWS) {
                match listed - at {
                    1 => self.tile::<V, 1>(at),
                    2 => self.tile::<V, 2>(at),
                    3 => self.tile::<V, 3>(at),
                    4 => self.tile::<V, 4>(at),
                    5 => self.tile::<V, 5>(at),
                    _ => self.tile::<V, 6>(at),
                }
            }
        }
        if !self.step.is_nothing_without_gradient() {
            self.unlisted::<V>();
        }
    }
}

impl<E: KernelElement> Block<'_, E> {
    /// The line of this column.
    #[inline(always)]
    fn line<V: Vector>(&self, column: usize) -> StepLine<E> {
        self.lines.at((column - self.half.columns().start) * 2 * V::LANES)
    }

    /// Sums the gradient of `R` columns, from entry `at` of the list on, and applies the step.
    ///
    /// # Safety
    /// The list has these entries.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize>(&self, at: usize) {
        let rows = self.half.rows();
        let columns = &self.half.indices()[at..at + R];
        let delta = self.delta.values()[self.delta.layout.start(self.panel, 0)..].as_ptr();
        let mut sums: Tile<V, R> = zeros();
        // SAFETY: the panel of δ has a line for each row of the batch, and each listed column a value
        // for each row. What is listed lies in the half, which `lines` has lines for.
        unsafe {
            let a = (self.half.values::<E>()[at * rows..].as_ptr(), Apart(rows), 1);
            accumulate::<V, _, _, R>(&mut sums, rows, a, delta, All);
            self.step.apply(&sums, |row| self.line::<V>(columns[row] as usize));
        }
    }

    /// Applies the step without a gradient to all columns that are not listed.
    #[inline(always)]
    fn unlisted<V: Vector<Elem = E>>(&self) {
        let columns = self.half.columns();
        let none = zeros::<V, 1>();
        let mut column = columns.start;
        for next in self.half.indices().iter().map(|&at| at as usize).chain([columns.end]) {
            for unlisted in column..next {
                // SAFETY: a column of the half, which `lines` has lines for.
                unsafe { self.step.apply(&none, |_| self.line::<V>(unlisted)) };
            }
            column = next + 1;
        }
    }
}
