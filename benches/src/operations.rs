//! Operation counts of a training step and an evaluation.
//!
//! Dense layers count in full, with 2 operations per multiply-add. The first layer counts only
//! products with pixels that are not 0, in tiles: in the forward pass, columns with a pixel that is
//! not 0 in 6 rows (or in the whole batch, if it has at most 16 rows); in the update, rows with a
//! pixel that is not 0 in 6 neighbouring columns (in such a small batch, the columns of the forward
//! pass). Bias, activation, softmax and building the lists are not counted.

use nn_core::Architecture;
use nn_data::{Dataset, epoch_order};

/// Rows or columns of a tile.
const TILE: usize = 6;
/// Maximum batch size of a single tile.
const SMALL_BATCH: usize = 16;
/// Number of batches that the shares are averaged over.
const BATCHES: usize = 40;

/// Fractions of the first layer's products that must be computed.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// In the forward pass.
    pub forward: f64,
    /// In the weight gradient.
    pub update: f64,
}

impl Shares {
    /// All products, for inputs without zeros.
    pub const DENSE: Self = Self { forward: 1.0, update: 1.0 };

    /// Returns the shares in training on `data` in shuffled batches of `batch`.
    #[must_use]
    pub fn shuffled(data: &Dataset, batch: usize) -> Self {
        let order = epoch_order(1, 1, data.len());
        Self::mean(data, order.chunks_exact(batch.min(data.len())).take(BATCHES))
    }

    /// Returns the shares in evaluating `data` in order, `batch` samples at once.
    #[must_use]
    pub fn in_order(data: &Dataset, batch: usize) -> Self {
        let order: Vec<u32> = (0..data.len() as u32).collect();
        Self::mean(data, order.chunks(batch))
    }

    fn mean<'a>(data: &Dataset, batches: impl Iterator<Item = &'a [u32]>) -> Self {
        let (mut sum, mut count) = (Self { forward: 0.0, update: 0.0 }, 0.0);
        for samples in batches {
            let one = Self::of(&images(data, samples), data.input_width());
            sum.forward += one.forward;
            sum.update += one.update;
            count += 1.0;
        }
        Self { forward: sum.forward / count, update: sum.update / count }
    }

    /// Returns the shares of one batch with `columns` pixels per row.
    fn of(rows: &[&[u8]], columns: usize) -> Self {
        let all = (rows.len() * columns) as f64;
        let height = if rows.len() <= SMALL_BATCH { rows.len() } else { TILE };
        let listed = |tile: &[&[u8]]| {
            let columns = (0..columns).filter(|&column| tile.iter().any(|row| row[column] != 0));
            tile.len() * columns.count()
        };
        let forward = rows.chunks(height).map(listed).sum::<usize>() as f64 / all;
        if rows.len() <= SMALL_BATCH {
            return Self { forward, update: forward };
        }
        let of_row = |row: &&[u8]| -> usize {
            row.chunks(TILE)
                .filter(|tile| tile.iter().any(|&byte| byte != 0))
                .map(<[u8]>::len)
                .sum()
        };
        Self { forward, update: rows.iter().map(of_row).sum::<usize>() as f64 / all }
    }
}

fn images<'a>(data: &'a Dataset, samples: &[u32]) -> Vec<&'a [u8]> {
    samples.iter().filter_map(|&sample| data.image(sample as usize)).collect()
}

/// Returns the operations per image of a training step: forward and update of every layer, δ of
/// every layer but the first.
#[must_use]
pub fn step_operations(architecture: &Architecture, shares: Shares) -> f64 {
    let products = products(architecture);
    let first = products[0] * (shares.forward + shares.update);
    first + products[1..].iter().map(|product| 3.0 * product).sum::<f64>()
}

/// Returns the operations per image of an evaluation.
#[must_use]
pub fn forward_operations(architecture: &Architecture, shares: Shares) -> f64 {
    let products = products(architecture);
    products[0] * shares.forward + products[1..].iter().sum::<f64>()
}

/// Returns the operations per image of the forward product of each layer.
fn products(architecture: &Architecture) -> Vec<f64> {
    architecture.weight_shapes().iter().map(|shape| 2.0 * shape.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::architecture;

    #[test]
    fn zero_columns_of_a_tile_are_not_counted() {
        // 7 rows of 12 columns: one column of the first row is not 0, and one of the last.
        let mut rows = vec![[0_u8; 12]; 20];
        rows[0][3] = 1;
        rows[19][8] = 1;
        let rows: Vec<&[u8]> = rows.iter().map(|row| &row[..]).collect();
        let shares = Shares::of(&rows, 12);
        // Tiles of 6, 6, 6 and 2 rows: 6 rows of one column, and 2 rows of one; 6 columns of two
        // rows.
        assert_eq!((shares.forward, shares.update), (8.0 / 240.0, 12.0 / 240.0));
        let few = Shares::of(&rows[..10], 12);
        assert_eq!((few.forward, few.update), (1.0 / 12.0, 1.0 / 12.0));
    }

    #[test]
    fn dense_operation_counts() {
        assert_eq!(step_operations(&architecture(&[30]), Shares::DENSE), 95_880.0);
        assert_eq!(step_operations(&architecture(&[512, 512]), Shares::DENSE), 3_209_216.0);
        assert_eq!(forward_operations(&architecture(&[30]), Shares::DENSE), 47_640.0);
    }
}
