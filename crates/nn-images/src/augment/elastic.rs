//! Smooth random displacement fields.
//!
//! Elastic deformation moves each pixel by white noise smoothed with a Gaussian of standard deviation
//! σ (Simard, Steinkraus and Platt 2003). Smoothed white noise is a Gaussian random field whose
//! covariance is known: exp(-d²/4σ²), a product of one factor for each axis. So no field is
//! smoothed here: with K = A Aᵀ along each axis, A_rows Z A_columnsᵀ has that covariance when Z
//! is white noise, and A needs few columns where σ is large: 9 for 28 pixels and σ = 5.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;

/// Share of a pixel's variance that may be missing along each axis: columns of A beyond are left out.
const MISSING: f64 = 1e-3;

/// Columns that are summed side by side: what a register holds on every CPU.
const LANES: usize = 4;

/// Draws fields of height x width displacements of root mean square 1 (the variance is within 0.2 %).
///
/// Matrices whose columns are summed side by side are kept by [`LANES`] of their columns: the rows of the first so
/// many, then those of the next.
#[derive(Clone, Debug)]
pub(super) struct SmoothField {
    /// A of the rows: height x rank.
    down: Vec<f32>,
    down_rank: usize,
    /// The transpose of A of the columns (rank x width), by columns.
    across: Vec<[f32; LANES]>,
    across_rank: usize,
    width: usize,
    /// White noise Z (`down_rank` x `across_rank`), by columns.
    noise: Vec<[f32; LANES]>,
    /// One row of A Z, by columns.
    mixed: Vec<[f32; LANES]>,
}

impl SmoothField {
    pub(super) fn new(height: usize, width: usize, sigma: f64) -> Self {
        let (down, across) = (factor(height, sigma), factor(width, sigma));
        let (down_rank, across_rank) = (down.len(), across.len());
        let down = (0..height).flat_map(|y| down.iter().map(move |column| column[y] as f32));
        let lanes = |row: &Vec<f64>, block: usize| {
            let at = |lane| row.get(block * LANES + lane).map_or(0.0, |&value| value as f32);
            std::array::from_fn(at)
        };
        let blocks = 0..width.div_ceil(LANES);
        let by_columns = blocks.flat_map(|block| across.iter().map(move |row| lanes(row, block)));
        let mixed = vec![[0.0; LANES]; across_rank.div_ceil(LANES)];
        Self {
            down: down.collect(),
            down_rank,
            across: by_columns.collect(),
            across_rank,
            width,
            noise: vec![[0.0; LANES]; mixed.len() * down_rank],
            mixed,
        }
    }

    /// Adds `amplitude` times a new field to `target` (height x width).
    pub(super) fn add_to(
        &mut self,
        target: &mut [f32],
        amplitude: f32,
        random: &mut Xoshiro256PlusPlus,
    ) {
        let Self { down, down_rank, across, across_rank, width, noise, mixed } = self;
        for row in 0..*down_rank {
            for column in 0..*across_rank {
                let value = amplitude * nearly_normal(random);
                noise[column / LANES * *down_rank + row][column % LANES] = value;
            }
        }
        for (row, weights) in target.chunks_exact_mut(*width).zip(down.chunks_exact(*down_rank)) {
            for (mixed, noise) in mixed.iter_mut().zip(noise.chunks_exact(*down_rank)) {
                *mixed = [0.0; LANES];
                add_combination(mixed, weights, noise);
            }
            let factors = &mixed.as_flattened()[..*across_rank];
            let mut across = across.chunks_exact(*across_rank);
            let (whole, rest) = row.as_chunks_mut::<LANES>();
            for (columns, across) in whole.iter_mut().zip(&mut across) {
                add_combination(columns, factors, across);
            }
            for across in across {
                let mut columns = [0.0; LANES];
                columns.iter_mut().zip(&*rest).for_each(|(column, &value)| *column = value);
                add_combination(&mut columns, factors, across);
                rest.iter_mut().zip(columns).for_each(|(value, column)| *value = column);
            }
        }
    }
}

/// sums += Σ factor · values.
fn add_combination(sums: &mut [f32; LANES], factors: &[f32], values: &[[f32; LANES]]) {
    let mut whole = *sums;
    for (&factor, values) in factors.iter().zip(values) {
        for (sum, value) in whole.iter_mut().zip(values) {
            *sum += factor * value;
        }
    }
    *sums = whole;
}

/// Mean 0, variance 1: the sum of four uniform numbers of 16 bits. A displacement is a sum of dozens of
/// them, and as good as normal.
fn nearly_normal(random: &mut Xoshiro256PlusPlus) -> f32 {
    const SIXTEEN_BITS: f64 = 65_536.0;
    let bits = random.next_u64();
    let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    // Each has mean (n - 1)/2 and variance (n² - 1)/12 for n = 65,536.
    let deviation = ((SIXTEEN_BITS * SIXTEEN_BITS - 1.0) / 3.0).sqrt();
    ((sum as f64 - 2.0 * (SIXTEEN_BITS - 1.0)) / deviation) as f32
}

/// Columns of A, A Aᵀ = K with K_ij = exp(-(i-j)²/4σ²), by the Cholesky factorisation that takes the
/// largest remaining diagonal element first, until none lacks more than [`MISSING`].
fn factor(length: usize, sigma: f64) -> Vec<Vec<f64>> {
    let covariance = |i: usize, j: usize| (-((i.abs_diff(j)) as f64 / (2.0 * sigma)).powi(2)).exp();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut remaining = vec![1.0; length];
    loop {
        let pivot =
            (0..length).fold(0, |best, i| if remaining[i] > remaining[best] { i } else { best });
        if remaining[pivot] <= MISSING {
            return columns;
        }
        let root = remaining[pivot].sqrt();
        let entry = |i: usize| {
            let known: f64 = columns.iter().map(|column| column[i] * column[pivot]).sum();
            (covariance(i, pivot) - known) / root
        };
        let column: Vec<f64> = (0..length).map(entry).collect();
        for (rest, value) in remaining.iter_mut().zip(&column) {
            *rest -= value * value;
        }
        columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_xoshiro::rand_core::SeedableRng;

    #[test]
    fn the_factor_gives_the_covariance_of_a_smoothed_field() {
        for (length, sigma) in [(28, 5.0), (28, 8.0), (17, 1.5), (5, 0.5), (1, 3.0)] {
            let columns = factor(length, sigma);
            for i in 0..length {
                for j in 0..length {
                    let product: f64 = columns.iter().map(|column| column[i] * column[j]).sum();
                    let distance = i as f64 - j as f64;
                    let truth = (-distance * distance / (4.0 * sigma * sigma)).exp();
                    assert!((product - truth).abs() <= MISSING, "{length} {sigma} {i} {j}");
                }
            }
        }
        assert!(factor(28, 5.0).len() <= 9);
    }

    /// Against the definition: white noise summed under a Gaussian window has correlation
    /// exp(-d²/4σ²) at distance d and, scaled so, root mean square 1.
    #[test]
    fn fields_have_unit_size_and_the_right_correlation() {
        let (height, width, sigma) = (20, 28, 3.0);
        let mut field = SmoothField::new(height, width, sigma);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
        let places = [(10, 14), (10, 17), (13, 14), (14, 18), (0, 0), (19, 27)];
        let mut products = [[0.0; 6]; 6];
        let draws = 20_000;
        for _ in 0..draws {
            let mut values = vec![0.0; height * width];
            field.add_to(&mut values, 1.0, &mut random);
            let at = places.map(|(y, x)| f64::from(values[y * width + x]));
            for (i, row) in products.iter_mut().enumerate() {
                row.iter_mut().zip(at).for_each(|(sum, value)| *sum += at[i] * value);
            }
        }
        for (i, a) in places.iter().enumerate() {
            for (j, b) in places.iter().enumerate() {
                let squared = (a.0.abs_diff(b.0).pow(2) + a.1.abs_diff(b.1).pow(2)) as f64;
                let truth = (-squared / (4.0 * sigma * sigma)).exp();
                let actual = products[i][j] / f64::from(draws);
                assert!((actual - truth).abs() < 0.03, "{a:?} {b:?}: {actual} {truth}");
            }
        }
    }
}
