//! Means of an image under a grid of Gaussian windows.

/// Standard deviation of a window, as a share of the distance to the next.
const SPREAD: f64 = 0.48;
/// Smallest standard deviation, in pixels: each window sees one at least.
const LEAST_SPREAD: f64 = 0.4;
/// Weights below this share of the largest are left out.
const LEAST_WEIGHT: f64 = 0.01;

/// So many numbers are summed side by side: what two registers hold everywhere.
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

    /// The means of `pixels` (height x width) under all windows, from the left to the right and in each
    /// column from the top down (count x count).
    pub(crate) fn means(&mut self, pixels: &[[f32; DEPTH]]) -> &[[f32; DEPTH]] {
        self.down.average(pixels.as_flattened(), self.of_columns.as_flattened_mut());
        let count = self.down.0.len();
        let width = self.of_columns.len() / count;
        for (row, means) in self.of_columns.chunks_exact(width).enumerate() {
            for (column, &mean) in self.by_column.chunks_exact_mut(count).zip(means) {
                column[row] = mean;
            }
        }
        self.across.average(self.by_column.as_flattened(), self.means.as_flattened_mut());
        &self.means
    }
}

impl Windows {
    /// Along a side of `lines` rows or columns.
    fn new(lines: usize, count: usize) -> Self {
        Self((0..count).map(|window| Window::new(window, count, lines)).collect())
    }

    /// The `means` under all windows (windows x any number) of the lines of `values` (lines x as many).
    fn average(&self, values: &[f32], means: &mut [f32]) {
        let length = means.len() / self.0.len();
        for (window, means) in self.0.iter().zip(means.chunks_exact_mut(length)) {
            window.average(&values[window.first * length..], means);
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

    /// The mean of the first lines of `values`.
    fn average(&self, values: &[f32], means: &mut [f32]) {
        let length = means.len();
        let (blocks, rest) = means.as_chunks_mut::<SIDE_BY_SIDE>();
        let start = SIDE_BY_SIDE * blocks.len();
        for (block, means) in blocks.iter_mut().enumerate() {
            let mut sums = [0.0; SIDE_BY_SIDE];
            for (line, &weight) in self.weights.iter().enumerate() {
                let values = &values[line * length + block * SIDE_BY_SIDE..][..SIDE_BY_SIDE];
                for (sum, &value) in sums.iter_mut().zip(values) {
                    *sum += weight * value;
                }
            }
            *means = sums;
        }
        for (place, mean) in (start..).zip(rest) {
            *mean = 0.0;
            for (line, &weight) in self.weights.iter().enumerate() {
                *mean += weight * values[line * length + place];
            }
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
                    Windows::new(lines, count).average(&vec![1.0; lines * length], &mut means);
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
        Windows::new(27, 9).average(&values, &mut means);
        for window in 2..7 {
            for place in 0..length {
                let (read, truth) = (means[window * length + place], 3 * window + 1 + 2 * place);
                assert!((read - truth as f32).abs() < 1e-4, "{window} {place}: {read} {truth}");
            }
        }
    }
}
