//! The weight gradient of the first layer for a batch of few rows: tiles of neighbours in the list of
//! columns that are not 0 everywhere. The others have no gradient.
#![allow(unsafe_code, reason = "parts of the weights go to several threads")]

use crate::CpuDevice;
use crate::changed::{Changed, Parts, step_bias};
use crate::element::KernelElement;
use crate::layout::Layout;
use crate::packed::CpuTensor;
use crate::panels::{OnPanels, for_panels, panel_blocks, panels_of};
use crate::pixels::{Few, HALVES, Half};
use crate::step::{Action, StepLine};
use crate::tile::{All, MOST_ROWS, SideBySide, Tile, accumulate, zeros};
use crate::vector::{Kernel, Vector};
use std::ops::Range;

/// As [`gradient::apply`](crate::gradient::apply).
pub(crate) fn apply<E: KernelElement>(
    device: &CpuDevice,
    (weights, layout): (Changed<'_, E>, Layout),
    biases: Changed<'_, E>,
    (delta, few): (&CpuTensor<E>, &Few),
    (step, bias_step): (&Action<E>, &Action<E>),
) {
    let operations = 2 * delta.layout.rows * layout.rows * layout.columns;
    let (weights, biases) = (Parts::new(weights), Parts::new(biases));
    let blocks = panel_blocks(layout.panels());
    device.for_each_block(HALVES * blocks, operations, |block| {
        let half = few.half(block / blocks);
        let panels = panels_of(block % blocks, layout.panels());
        if block < blocks {
            for panel in panels.clone() {
                // SAFETY: each panel of the bias is done by one block of the first half alone.
                unsafe { step_bias(device, (delta, panel), bias_step, &biases) };
            }
        }
        let weights = &weights;
        E::dispatch(device.simd(), Block { half, delta, layout, panels, step, weights });
    });
}

/// One half of some panels of outputs.
struct Block<'a, E> {
    half: &'a Half,
    delta: &'a CpuTensor<E>,
    /// That of the weight.
    layout: Layout,
    panels: Range<usize>,
    step: &'a Action<E>,
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
        let columns = self.half.columns();
        let range =
            |panel| self.layout.start(panel, columns.start)..self.layout.start(panel, columns.end);
        let mut lines = [StepLine::NOWHERE; P];
        for (index, lines) in lines.iter_mut().enumerate() {
            // SAFETY: blocks are disjoint ranges of rows in disjoint panels.
            *lines = unsafe { self.weights.part(range(panel + index)) }.lines();
        }
        let listed = self.half.indices().len();
        // SAFETY: the list has these entries, and `lines` a line for each column of the half.
        unsafe {
            for at in (0..listed).step_by(MOST_ROWS) {
                match listed - at {
                    1 => self.tile::<V, 1, P>(panel, at, &lines),
                    2 => self.tile::<V, 2, P>(panel, at, &lines),
                    3 => self.tile::<V, 3, P>(panel, at, &lines),
                    4 => self.tile::<V, 4, P>(panel, at, &lines),
                    5 => self.tile::<V, 5, P>(panel, at, &lines),
                    _ => self.tile::<V, 6, P>(panel, at, &lines),
                }
            }
            if !self.step.is_nothing_without_gradient() {
                for lines in lines {
                    self.unlisted::<V>(lines);
                }
            }
        }
    }
}

impl<E: KernelElement> Block<'_, E> {
    /// Sums the gradient of `R` columns, from entry `at` of the list on, and applies the step.
    ///
    /// # Safety
    /// The list has these entries, and each of `lines` a line for each column of the half.
    #[inline(always)]
    unsafe fn tile<V: Vector<Elem = E>, const R: usize, const P: usize>(
        &self,
        panel: usize,
        at: usize,
        lines: &[StepLine<E>; P],
    ) {
        let (rows, of_delta) = (self.half.rows(), self.delta.layout);
        let columns = &self.half.indices()[at..at + R];
        let first = self.half.columns().start;
        let b = self.delta.values()[of_delta.start(panel, 0)..].as_ptr();
        let b = (b, of_delta.stride * V::LANES);
        let mut sums: Tile<V, R, P> = zeros();
        // SAFETY: the panels of δ have a line for each row of the batch, and each listed column a value
        // for each row. What is listed lies in the half, which `lines` has lines for.
        unsafe {
            let (values, stride) = self.half.values::<E>();
            let a = (values[at..].as_ptr(), SideBySide, stride);
            accumulate::<V, _, _, R, P>(&mut sums, rows, a, b, All);
            for (index, lines) in lines.iter().enumerate() {
                let mut of_panel = [V::splat(E::ZERO); R];
                for (gradient, sums) in of_panel.iter_mut().zip(&sums) {
                    *gradient = sums[index];
                }
                let line_of = |row: usize| lines.at((columns[row] as usize - first) * V::LANES);
                self.step.apply(&of_panel, line_of);
            }
        }
    }

    /// Applies the step without a gradient to all columns that are not listed.
    ///
    /// # Safety
    /// `lines` has a line for each column of the half.
    #[inline(always)]
    unsafe fn unlisted<V: Vector<Elem = E>>(&self, lines: StepLine<E>) {
        let columns = self.half.columns();
        let mut column = columns.start;
        for next in self.half.indices().iter().map(|&at| at as usize).chain([columns.end]) {
            let lines = lines.at((column - columns.start) * V::LANES);
            // SAFETY: columns of the half, which `lines` has lines for.
            unsafe { self.step.apply_without_gradient::<V>(lines, next - column) };
            column = next + 1;
        }
    }
}
