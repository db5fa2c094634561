//! The running sums of an epoch, kept on the device and read once.

use crate::Element;

/// Columns of a tally tensor, which is 1 x `TALLY_WIDTH`.
pub const TALLY_WIDTH: usize = 4;

/// What a tally tensor says, read on the host.
///
/// A tally is a tensor of 1 x [`TALLY_WIDTH`] so that the loss of a step needs no wait for the
/// device. Its columns are the sum of the losses, the rounding error of that sum (the two together
/// are as good as about 48 bits in `f32`), the number of samples whose largest output is their
/// class, and the number of batches before the sum first ceased to be finite: so the step that
/// diverged can be named although nobody looked at it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    /// Sum over samples of -ln p (cross-entropy) or of the squared distance.
    pub loss: f64,
    /// Samples whose largest output is their class.
    pub correct: u64,
    /// Batches added while the sum was finite.
    pub finite_batches: u64,
}

impl Tally {
    /// Reads the four columns.
    ///
    /// # Panics
    /// When there are not [`TALLY_WIDTH`] of them.
    #[must_use]
    pub fn from_values<E: Element>(values: &[E]) -> Self {
        assert_eq!(values.len(), TALLY_WIDTH, "a tally has {TALLY_WIDTH} columns");
        Self {
            loss: values[0].to_f64() + values[1].to_f64(),
            correct: values[2].to_f64() as u64,
            finite_batches: values[3].to_f64() as u64,
        }
    }
}

/// Adds one batch to the four columns of a tally.
///
/// ```
/// use nn_tensor::{Tally, add_to_tally};
/// let mut columns = [0.0_f32; 4];
/// add_to_tally(&mut columns, 2.5, 3);
/// add_to_tally(&mut columns, f64::NAN, 0);
/// assert_eq!(Tally::from_values(&columns).finite_batches, 1);
/// ```
pub fn add_to_tally<E: Element>(columns: &mut [E], loss: f64, correct: usize) {
    let sum = columns[0].to_f64() + columns[1].to_f64() + loss;
    columns[0] = E::from_f64(sum);
    columns[1] =
        if columns[0].is_finite() { E::from_f64(sum - columns[0].to_f64()) } else { E::ZERO };
    columns[2] += E::from_f64(correct as f64);
    if columns[0].is_finite() {
        columns[3] += E::ONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_small_losses_are_not_lost_in_f32() {
        let mut columns = [0.0_f32; 4];
        for _ in 0..1_000_000 {
            add_to_tally(&mut columns, 0.1, 1);
        }
        let tally = Tally::from_values(&columns);
        assert!((tally.loss - 100_000.0).abs() < 1e-3, "{}", tally.loss);
        assert_eq!((tally.correct, tally.finite_batches), (1_000_000, 1_000_000));
    }
}
