//! Means of an image under a grid of Gaussian windows.

use std::ops::Range;

/// Standard deviation of a window, as a share of the distance to the next.
const SPREAD: f64 = 0.48;
/// Smallest standard deviation, in pixels: each window sees one at least.
const LEAST_SPREAD: f64 = 0.4;
/// Weights below this share of the largest are left out.
const LEAST_WEIGHT: f64 = 0.01;

/// Numbers that are summed side by side: what two registers hold on every CPU.
const SIDE_BY_SIDE: usize = 8;

/// A grid of `count` x `count` Gaussian windows over an image whose pixels hold `DEPTH` numbers each.
#[derive(Clone, Debug)]
pub(crate) struct Grid<const DEPTH: usize> {
    down: Windows,
    across: Windows,
    /// Means of each column: count x width.
    of_columns: Vec<[f32; DEPTH]>,
    /// The same column by column: width x count.
    by_column: Vec<[f32; DEPTH]>,
    /// Means under all windows: count (across) x count (down).
    means: Vec<[f32; DEPTH]>,
}

/// Rows and columns outside of which all pixels hold 0.
#[derive(Clone, Debug)]
pub(crate) struct Area {
    pub(crate) rows: Range<usize>,
    pub(crate) columns: Range<usize>,
}

/// Gaussian windows along one side of an image.
#[derive(Clone, Debug)]
struct Windows(Vec<Window>);

/// The lines (rows or columns) that count in a window: those from the first on, with weights whose sum is 1.
#[derive(Clone, Debug)]
struct Window {
    first: usize,
    weights: Vec<f32>,
}

impl<const DEPTH: usize> Grid<DEPTH> {
    pub(crate) fn new([height, width]: [usize; 2], count: usize) -> Self {
        Self {
            down: Windows::new(height, count),
            across: Windows::new(width, count),
            of_columns: vec![[0.0; DEPTH]; count * width],
            by_column: vec![[0.0; DEPTH]; count * width],
            means: vec![[0.0; DEPTH]; count * count],
        }
    }

    /// Returns the means of `pixels` (height x width) under all windows, from the left to the right and in each
    /// column from the top down (count x count). Only what lies in `area` is read.
    pub(crate) fn means(&mut self, pixels: &[[f32; DEPTH]], area: &Area) -> &[[f32; DEPTH]] {
        let (count, Area { rows, columns }) = (self.down.0.len(), area);
        let places = columns.start * DEPTH..columns.end * DEPTH;
        self.down.average(pixels.as_flattened(), rows, places, self.of_columns.as_flattened_mut());
        let width = self.of_columns.len() / count;
        for (row, means) in self.of_columns.chunks_exact(width).enumerate() {
            let by_column = self.by_column.chunks_exact_mut(count).zip(means);
            for (column, &mean) in by_column.take(columns.end).skip(columns.start) {
                column[row] = mean;
            }
        }
        let by_column = self.by_column.as_flattened();
        self.across.average(by_column, columns, 0..count * DEPTH, self.means.as_flattened_mut());
        &self.means
    }
}

impl Windows {
    /// Along a side of `lines` rows or columns.
    fn new(lines: usize, count: usize) -> Self {
        Self((0..count).map(|window| Window::new(window, count, lines)).collect())
    }

    /// Writes the `means` at some `places` of each line, under all windows (windows x numbers of a line), of those
    /// `lines` of `values` (lines x numbers of a line) that are not 0.
    fn average(
        &self,
        values: &[f32],
        lines: &Range<usize>,
        places: Range<usize>,
        means: &mut [f32],
    ) {
        let length = means.len() / self.0.len();
        for (window, means) in self.0.iter().zip(means.chunks_exact_mut(length)) {
            let (first, weights) = window.within(lines);
            let values = values.get(first * length + places.start..).unwrap_or_default();
            weighted_sums(weights, values, length, &mut means[places.clone()]);
        }
    }
}

impl Window {
    fn new(window: usize, count: usize, lines: usize) -> Self {
        let step = lines as f64 / count as f64;
        let spread = (SPREAD * step).max(LEAST_SPREAD);
        let middle = (window as f64 + 0.5) * step - 0.5;
        let bare = |line: usize| (-((line as f64 - middle) / spread).powi(2) / 2.0).exp();
        let counts = |line: &usize| bare(*line) >= LEAST_WEIGHT;
        // The weights fall off to both sides, so the lines that count are neighbours.
        let first = (0..lines).find(counts).unwrap_or(0);
        let bare: Vec<f64> = (first..lines).take_while(counts).map(bare).collect();
        let sum: f64 = bare.iter().sum();
        Self { first, weights: bare.into_iter().map(|weight| (weight / sum) as f32).collect() }
    }

    /// Returns those of its lines that are among `lines`: the first, and the weights from there on.
    fn within(&self, lines: &Range<usize>) -> (usize, &[f32]) {
        let first = self.first.max(lines.start);
        let behind = (self.first + self.weights.len()).min(lines.end);
        let weights = self.weights.get(first - self.first..behind.saturating_sub(self.first));
        (first, weights.unwrap_or_default())
    }
}

/// sums = Σ weight · line over lines whose beginnings stand `length` apart in `values`.
fn weighted_sums(weights: &[f32], values: &[f32], length: usize, sums: &mut [f32]) {
    let (blocks, rest) = sums.as_chunks_mut::<SIDE_BY_SIDE>();
    let start = SIDE_BY_SIDE * blocks.len();
    for (block, sums) in blocks.iter_mut().enumerate() {
        let mut whole = [0.0; SIDE_BY_SIDE];
        for (line, &weight) in weights.iter().enumerate() {
            let values = &values[line * length + block * SIDE_BY_SIDE..][..SIDE_BY_SIDE];
            for (sum, &value) in whole.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
        *sums = whole;
    }
    for (place, sum) in (start..).zip(rest) {
        *sum = 0.0;
        for (line, &weight) in weights.iter().enumerate() {
            *sum += weight * values[line * length + place];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights of each window sum to 1, for sides of any length: the mean of what is the same everywhere is that.
    #[test]
    fn every_window_is_a_mean() {
        for lines in [1, 2, 3, 8, 28, 45, 100] {
            for count in [9, 11] {
                for length in [1, 8, 13] {
                    let mut means = vec![0.0; count * length];
                    let values = vec![1.0; lines * length];
                    Windows::new(lines, count).average(&values, &(0..lines), 0..length, &mut means);
                    assert!(means.iter().all(|mean| (mean - 1.0).abs() < 1e-5), "{lines}");
                }
            }
        }
    }

    /// The mean of what rises evenly is what it is in the middle of the window, where the window
    /// does not reach over the edge (closed form: a Gaussian is symmetric).
    #[test]
    fn a_slope_is_read_in_the_middle_of_a_window() {
        let length = 13;
        let values: Vec<f32> =
            (0..27 * length).map(|index| (index / length + 2 * (index % length)) as f32).collect();
        let mut means = vec![0.0; 9 * length];
        Windows::new(27, 9).average(&values, &(0..27), 0..length, &mut means);
        for window in 2..7 {
            for place in 0..length {
                let (read, truth) = (means[window * length + place], 3 * window + 1 + 2 * place);
                assert!((read - truth as f32).abs() < 1e-4, "{window} {place}: {read} {truth}");
            }
        }
    }

    /// What lies outside the area does not count, and what was there before is forgotten.
    #[test]
    fn only_the_area_is_read() {
        let (height, width) = (20, 23);
        let ink = |row: usize, column: usize| [(row * column % 7) as f32, 1.0];
        let mut grid = Grid::<2>::new([height, width], 9);
        let everywhere: Vec<_> =
            (0..height * width).map(|at| ink(at / width, at % width)).collect();
        let all = Area { rows: 0..height, columns: 0..width };
        for (rows, columns) in [(3..12, 5..18), (0..20, 22..23), (7..7, 4..4), (19..20, 0..23)] {
            let inside =
                |at: usize| rows.contains(&(at / width)) && columns.contains(&(at % width));
            let cut: Vec<_> = (0..height * width)
                .map(|at| if inside(at) { everywhere[at] } else { [0.0; 2] })
                .collect();
            let truth = grid.means(&cut, &all).to_vec();
            let area = Area { rows: rows.clone(), columns: columns.clone() };
            assert_eq!(grid.means(&everywhere, &area), truth, "{area:?}");
        }
    }
}
