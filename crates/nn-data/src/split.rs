//! Training and validation part of a data set, and smaller sets with the same mix of classes.

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::random::{Purpose, generator, shuffle};

impl Dataset {
    /// Divides this view at random into a training and a validation part.
    ///
    /// The validation part has `validation_fraction` of the samples, rounded, and of every class its
    /// exact share, rounded so that the sum fits (regression counts as one class). At least one
    /// sample stays for training. Both parts keep the order of this view and share its pixels. The
    /// same seed gives the same division, on every machine.
    ///
    /// ```
    /// let labels = vec![0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
    /// let data = nn_data::Dataset::from_images(vec![0; 10], &[1, 1], labels, 2)?;
    /// let (train, validation) = data.split(0.5, 7)?;
    /// assert_eq!(train.class_counts(), [3, 2]);
    /// assert_eq!(validation.class_counts(), [3, 2]);
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// If `validation_fraction` is not in [0, 1).
    pub fn split(
        &self,
        validation_fraction: f64,
        seed: u64,
    ) -> Result<(Dataset, Dataset), DataError> {
        if !(0.0..1.0).contains(&validation_fraction) {
            return Err(DataError::InvalidFraction { fraction: validation_fraction });
        }
        let rounded = (self.len() as f64 * validation_fraction).round() as usize;
        let total = rounded.min(self.len().saturating_sub(1));

        let mut groups = samples_by_class(self);
        let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
        let shares = proportional_shares(total, &sizes);
        let mut in_validation = vec![false; self.len()];
        for (class, (group, share)) in groups.iter_mut().zip(shares).enumerate() {
            shuffle(&mut generator(Purpose::Split, seed, class as u64), group);
            for &sample in &group[..share] {
                in_validation[sample as usize] = true;
            }
        }
        let samples = 0..self.len() as u32; // fits: a view holds at most u32::MAX samples
        let (validation, train): (Vec<u32>, Vec<u32>) =
            samples.partition(|&sample| in_validation[sample as usize]);
        Ok((self.subset(&train)?, self.subset(&validation)?))
    }
}

/// Samples of the view, by class; all in one group for regression.
pub(crate) fn samples_by_class(dataset: &Dataset) -> Vec<Vec<u32>> {
    let mut groups = vec![Vec::new(); dataset.classes().unwrap_or(1)];
    for sample in 0..dataset.len() {
        let class = dataset.label(sample).unwrap_or(0) as usize;
        groups[class].push(sample as u32); // fits: a view holds at most u32::MAX samples
    }
    groups
}

/// Divides `total` in proportion to `sizes`, by largest remainders; ties go to the lower index.
///
/// `total` is at most the sum of `sizes`; then no share is larger than its size.
fn proportional_shares(total: usize, sizes: &[usize]) -> Vec<usize> {
    let sum = sizes.iter().sum::<usize>().max(1) as u64;
    let exact = |&size: &usize| total as u64 * size as u64; // both below 2^32
    let mut shares: Vec<usize> = sizes.iter().map(|size| (exact(size) / sum) as usize).collect();
    let left_over = total - shares.iter().sum::<usize>();

    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(exact(&sizes[index]) % sum));
    for &index in &by_remainder[..left_over] {
        shares[index] += 1;
    }
    shares
}
