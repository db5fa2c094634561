//! Means of an image under a grid of Gaussian windows.

use std::ops::Range;

/// Standard deviation of a window, as a share of the distance to the next.
const SPREAD: f64 = 0.48;
/// Smallest standard deviation, in pixels: each window sees one at least.
const LEAST_SPREAD: f64 = 0.4;
/// Weights below this share of the largest are left out.
const LEAST_WEIGHT: f64 = 0.01;

/// So many neighbouring windows along a row are summed side by side: what a register holds everywhere.
const SIDE_BY_SIDE: usize = 4;

/// A grid of `count` x `count` Gaussian windows over an image, each with weights whose sum is 1.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    count: usize,
    /// For each row, the windows down the image that it counts in, and how much.
    down: Vec<Vec<(usize, f32)>>,
    /// The windows across, so many side by side.
    across: Vec<Neighbours>,
    /// Columns of the image.
    width: usize,
}

/// Neighbouring windows across.
#[derive(Clone, Debug)]
struct Neighbours {
    /// The columns that count in any of them.
    columns: Range<usize>,
    /// For each of those columns, how much it counts in each.
    weights: Vec<[f32; SIDE_BY_SIDE]>,
}

impl Windows {
    /// `sides`: height and width of the image.
    pub(crate) fn new(sides: [usize; 2], count: usize) -> Self {
        let of = |side: usize| (0..count).map(move |window| weights(window, count, side));
        let mut down = vec![Vec::new(); sides[0]];
        for (window, weights) in of(sides[0]).enumerate() {
            for (row, weight) in weights.into_iter().enumerate().filter(|(_, weight)| *weight > 0.0)
            {
                down[row].push((window, weight));
            }
        }
        let by_window: Vec<Vec<f32>> = of(sides[1]).collect();
        let across = by_window.chunks(SIDE_BY_SIDE).map(Neighbours::new).collect();
        Self { count, down, across, width: sides[1] }
    }

    /// Adds the `values` of a row (width) to the sums under each window down the image (count x width).
    pub(crate) fn add_row(&self, row: usize, values: &[f32], sums: &mut [f32]) {
        for &(window, weight) in &self.down[row] {
            let sums = &mut sums[window * values.len()..][..values.len()];
            for (sum, &value) in sums.iter_mut().zip(values) {
                *sum += weight * value;
            }
        }
    }

    /// The means under all windows, as bytes: `scale` times `sums` (any number of rows x width), summed across
    /// (rows x count). 1 and more is 255.
    pub(crate) fn finish(&self, sums: &[f32], scale: f32, bytes: &mut [u8]) {
        let rows = sums.chunks_exact(self.width);
        for (sums, bytes) in rows.zip(bytes.chunks_exact_mut(self.count)) {
            for (windows, bytes) in self.across.iter().zip(bytes.chunks_mut(SIDE_BY_SIDE)) {
                let means = windows.means(sums);
                for (byte, mean) in bytes.iter_mut().zip(means) {
                    *byte = (255.0 * (scale * mean).min(1.0) + 0.5) as u8;
                }
            }
        }
    }
}

impl Neighbours {
    /// Of the weights of each column in each of the windows.
    fn new(windows: &[Vec<f32>]) -> Self {
        let counts = |column: &usize| windows.iter().any(|weights| weights[*column] > 0.0);
        let width = windows.first().map_or(0, Vec::len);
        let start = (0..width).find(counts).unwrap_or(0);
        let columns = start..(0..width).rfind(counts).map_or(start, |last| last + 1);
        let of_column = |column: usize| {
            std::array::from_fn(|window| windows.get(window).map_or(0.0, |weights| weights[column]))
        };
        Self { weights: columns.clone().map(of_column).collect(), columns }
    }

    /// Their means of a row of sums.
    fn means(&self, sums: &[f32]) -> [f32; SIDE_BY_SIDE] {
        let mut means = [0.0; SIDE_BY_SIDE];
        for (&sum, weights) in sums[self.columns.clone()].iter().zip(&self.weights) {
            for (mean, &weight) in means.iter_mut().zip(weights) {
                *mean += sum * weight;
            }
        }
        means
    }
}

/// How much each of `lines` lines counts in a window of `count`.
fn weights(window: usize, count: usize, lines: usize) -> Vec<f32> {
    let step = lines as f64 / count as f64;
    let spread = (SPREAD * step).max(LEAST_SPREAD);
    let middle = (window as f64 + 0.5) * step - 0.5;
    let bare = |line: usize| (-((line as f64 - middle) / spread).powi(2) / 2.0).exp();
    let bare = (0..lines).map(bare).map(|weight| if weight < LEAST_WEIGHT { 0.0 } else { weight });
    let bare: Vec<f64> = bare.collect();
    let sum: f64 = bare.iter().sum();
    bare.into_iter().map(|weight| (weight / sum) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weights of each window sum to 1, along both sides, for images of any size.
    #[test]
    fn every_window_is_a_mean() {
        for (height, width) in [(28, 28), (8, 8), (2, 3), (1, 1), (45, 100)] {
            for count in [9, 11] {
                let windows = Windows::new([height, width], count);
                for window in 0..count {
                    let of_window = windows.down.iter().flatten().filter(|(w, _)| *w == window);
                    let down: f32 = of_window.map(|(_, weight)| weight).sum();
                    let side_by_side = &windows.across[window / SIDE_BY_SIDE].weights;
                    let place = window % SIDE_BY_SIDE;
                    let across: f32 = side_by_side.iter().map(|weights| weights[place]).sum();
                    assert!((down - 1.0).abs() < 1e-5, "{height} {window}: {down}");
                    assert!((across - 1.0).abs() < 1e-5, "{width} {window}: {across}");
                }
            }
        }
    }

    /// The mean of a plane that rises evenly is what it is in the middle of the window, where the window
    /// does not reach over the edge (closed form: a Gaussian is symmetric).
    #[test]
    fn a_slope_is_read_in_the_middle_of_a_window() {
        let windows = Windows::new([27, 27], 9);
        let mut sums = vec![0.0; 9 * 27];
        for row in 0..27 {
            let values: Vec<f32> = (0..27).map(|x| (row + 2 * x) as f32 / 100.0).collect();
            windows.add_row(row, &values, &mut sums);
        }
        let mut bytes = vec![0; 81];
        windows.finish(&sums, 1.0, &mut bytes);
        for down in 2..7 {
            for across in 2..7 {
                let truth = 255.0 * ((3 * down + 1) + 2 * (3 * across + 1)) as f32 / 100.0;
                let read = f32::from(bytes[9 * down + across]);
                assert!((read - truth).abs() < 1.0, "{down} {across}: {read} {truth}");
            }
        }
    }
}
