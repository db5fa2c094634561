//! The second order of oriented gradient features: where the edges of one direction begin, end and bend.
//!
//! The plane of one direction is an image again, which has a gradient of its own: across a stroke it tells that there
//! is one, along it that the stroke ends or turns there, and whether near or far from another. This is the second order
//! of a scattering transform (Bruna and Mallat, Invariant scattering convolution networks, 2013), with Sobel's gradient
//! in place of wavelets. Gradients half a turn apart count alike: only the line matters on which they lie.

use super::windows::{Area, Grid};
use std::f32::consts::SQRT_2;
use std::ops::Range;

/// Planes of the first order, one for each direction.
pub(crate) const FIRST: usize = 8;
/// Lines on which a gradient may lie, an eighth of a turn apart: across, falling, down, rising.
pub(crate) const LINES: usize = 4;
/// Planes of the second order: for each line those of all directions.
pub(crate) const PLANES: usize = LINES * FIRST;
/// Windows along each side.
pub(crate) const REGIONS: usize = 5;

/// What the mean of a plane is multiplied by before it becomes a byte: of deskewed digits of MNIST, one number of a
/// thousand is above two thirds of the range, and one of a hundred thousand at its end.
pub(crate) const SCALE: f32 = 3.0;

/// Shares of four neighbours in the mean that stands for the middle two.
const HALVING: [f32; 4] = [0.125, 0.375, 0.375, 0.125];

/// Computes the second order for images of one size, with its scratch space.
#[derive(Clone, Debug)]
pub(crate) struct SecondOrder {
    height: usize,
    width: usize,
    /// One row of half the height.
    row: Vec<[f32; FIRST]>,
    /// The planes at half the size, in a frame of zeros one line wide.
    half: Vec<[f32; FIRST]>,
    /// The part of the gradient of each of them on each line, at half the size.
    edges: Vec<[f32; PLANES]>,
    regions: Grid<PLANES>,
}

impl SecondOrder {
    /// For planes of `height` x `width`.
    pub(crate) fn new([height, width]: [usize; 2]) -> Self {
        let half @ [rows, columns] = [height.div_ceil(2), width.div_ceil(2)];
        Self {
            height,
            width,
            row: vec![[0.0; FIRST]; width + 3],
            half: vec![[0.0; FIRST]; (rows + 2) * (columns + 2)],
            edges: vec![[0.0; PLANES]; rows * columns],
            regions: Grid::new(half, REGIONS),
        }
    }

    /// Returns the means of each plane under all windows, from the left to the right and in each column from the top
    /// down. `planes` (height x width) are taken to be 0 outside of `area`, and not read there.
    pub(crate) fn means(&mut self, planes: &[[f32; FIRST]], area: &Area) -> &[[f32; PLANES]] {
        let [height, width] = [self.height.div_ceil(2), self.width.div_ceil(2)];
        let half = Area { rows: halved(&area.rows, height), columns: halved(&area.columns, width) };
        let edged = Area { rows: grown(&half.rows, height), columns: grown(&half.columns, width) };
        self.half.fill([0.0; FIRST]);
        for row in half.rows {
            self.halve(row, planes, area, half.columns.clone());
        }
        for row in edged.rows.clone() {
            self.split_gradient(row, edged.columns.clone());
        }
        self.regions.means(&self.edges, &edged)
    }

    /// Computes some `columns` of one row at half the size: means of four by four.
    fn halve(
        &mut self,
        half_row: usize,
        planes: &[[f32; FIRST]],
        area: &Area,
        columns: Range<usize>,
    ) {
        // In `row`, column x stands at x + 1, so that none of four lies outside.
        self.row.fill([0.0; FIRST]);
        for (offset, share) in HALVING.into_iter().enumerate() {
            let Some(row) = (2 * half_row + offset).checked_sub(1) else { continue };
            if area.rows.contains(&row) {
                let line = &planes[row * self.width..][area.columns.clone()];
                let sums = &mut self.row[area.columns.start + 1..];
                for (sum, value) in sums.as_flattened_mut().iter_mut().zip(line.as_flattened()) {
                    *sum += share * value;
                }
            }
        }
        let start = (half_row + 1) * (self.width.div_ceil(2) + 2) + 1;
        for column in columns {
            let mean = &mut self.half[start + column];
            for (four, share) in self.row[2 * column..].iter().zip(HALVING) {
                mean.iter_mut().zip(four).for_each(|(mean, value)| *mean += share * value);
            }
        }
    }

    /// Computes the gradient of each plane along some `columns` of a row at half the size, and its part on each line.
    fn split_gradient(&mut self, row: usize, columns: Range<usize>) {
        let width = self.width.div_ceil(2);
        let line = |row: usize| &self.half[row * (width + 2)..][..width + 2];
        let (above, here, below) = (line(row), line(row + 1), line(row + 2));
        for x in columns {
            let across = |line: &[[f32; FIRST]]| subtract(line[x + 2], line[x]);
            let along = |line: &[[f32; FIRST]]| weigh(line[x], line[x + 1], line[x + 2]);
            let right = weigh(across(above), across(here), across(below));
            let down = subtract(along(below), along(above));
            split(down, right, &mut self.edges[row * width + x]);
        }
    }
}

/// Returns, of `all` lines at half the size, those whose means of four have one of `lines` among them.
fn halved(lines: &Range<usize>, all: usize) -> Range<usize> {
    if lines.is_empty() {
        return 0..0;
    }
    lines.start.saturating_sub(1) / 2..all.min((lines.end + 2) / 2)
}

/// Returns, of `all` lines, those that are next to one of `lines`, or among them.
fn grown(lines: &Range<usize>, all: usize) -> Range<usize> {
    if lines.is_empty() {
        return 0..0;
    }
    lines.start.saturating_sub(1)..all.min(lines.end + 1)
}

fn subtract(mut from: [f32; FIRST], what: [f32; FIRST]) -> [f32; FIRST] {
    from.iter_mut().zip(what).for_each(|(value, what)| *value -= what);
    from
}

/// Returns (a + 2 b + c) / 4, plane by plane.
fn weigh(mut a: [f32; FIRST], b: [f32; FIRST], c: [f32; FIRST]) -> [f32; FIRST] {
    for ((a, b), c) in a.iter_mut().zip(b).zip(c) {
        *a = (*a + 2.0 * b + c) / 4.0;
    }
    a
}

/// Splits the gradient of each plane onto the lines, by the parallelogram rule: `edges` are line x plane.
fn split(down: [f32; FIRST], right: [f32; FIRST], edges: &mut [f32; PLANES]) {
    let above_0 = |value: f32| if value > 0.0 { value } else { 0.0 };
    for (plane, (down, right)) in down.into_iter().zip(right).enumerate() {
        let (steep, flat) = (down.abs(), right.abs());
        let diagonal = SQRT_2 * if steep < flat { steep } else { flat };
        let falls = down * right > 0.0;
        edges[plane] = above_0(flat - steep);
        edges[FIRST + plane] = if falls { diagonal } else { 0.0 };
        edges[2 * FIRST + plane] = above_0(steep - flat);
        edges[3 * FIRST + plane] = if falls { 0.0 } else { diagonal };
    }
}
