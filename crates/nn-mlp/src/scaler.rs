//! The scale of a model's inputs: from numbers as they are given to those that its networks see.

use nn_core::ConfigError;
use nn_data::{DataError, Dataset, Inputs};
use serde::{Deserialize, Serialize};

/// How inputs that are numbers are scaled before the networks see them, in training and ever after.
///
/// ```
/// use nn_mlp::Scaler;
/// let data = nn_data::Dataset::regression(vec![1.0, 50.0, 3.0, 70.0], 2, vec![0.0, 1.0], 1)?;
/// let scaler = Scaler::standardise(&data)?;
/// let mut sample = [3.0, 60.0];
/// scaler.scale(&mut sample);
/// assert_eq!(sample, [1.0, 0.0]); // means are 2 and 60, deviations 1 and 10
/// # Ok::<(), nn_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum Scaler {
    /// Mean 0 and standard deviation 1 for each input.
    Standardise {
        /// Mean of each input over the training set.
        mean: Vec<f64>,
        /// Standard deviation of each input; 1 for one that is constant.
        deviation: Vec<f64>,
    },
    /// `low` to 0 and `high` to 1, for all inputs alike. A byte then means its share of 255.
    Range {
        /// What becomes 0.
        low: f64,
        /// What becomes 1.
        high: f64,
    },
}

impl Scaler {
    /// Returns the scaler that gives each input of `data` mean 0 and standard deviation 1.
    ///
    /// # Errors
    /// [`DataError::NotNumbers`] where inputs are bytes, which have a scale already.
    pub fn standardise(data: &Dataset) -> Result<Self, DataError> {
        if matches!(data.inputs(), Inputs::Bytes(_)) {
            return Err(DataError::NotNumbers);
        }
        let samples = || (0..data.len()).filter_map(|sample| data.values(sample));
        let (count, width) = (data.len().max(1) as f64, data.input_width());
        let (mut mean, mut deviation) = (vec![0.0; width], vec![0.0; width]);
        for sample in samples() {
            mean.iter_mut().zip(sample).for_each(|(mean, x)| *mean += x / count);
        }
        for sample in samples() {
            for ((sum, x), mean) in deviation.iter_mut().zip(sample).zip(&mean) {
                *sum += (x - mean).powi(2) / count;
            }
        }
        for variance in &mut deviation {
            *variance = if *variance > 0.0 { variance.sqrt() } else { 1.0 };
        }
        Ok(Self::Standardise { mean, deviation })
    }

    /// Scales a sample in place.
    pub fn scale(&self, sample: &mut [f64]) {
        match self {
            Self::Standardise { mean, deviation } => {
                for ((x, mean), deviation) in sample.iter_mut().zip(mean).zip(deviation) {
                    *x = (*x - mean) / deviation;
                }
            }
            Self::Range { low, high } => {
                sample.iter_mut().for_each(|x| *x = (*x - low) / (high - low));
            }
        }
    }

    /// Returns the samples of `data`, scaled.
    ///
    /// # Errors
    /// [`DataError::NotNumbers`] where inputs are bytes.
    pub fn apply(&self, data: &Dataset) -> Result<Dataset, DataError> {
        data.map_values(|given, scaled| {
            scaled.copy_from_slice(given);
            self.scale(scaled);
        })
    }

    /// Checks that the scale is one, and for samples of `inputs` numbers.
    pub(crate) fn validate(&self, inputs: usize) -> Result<(), ConfigError> {
        let check = |what: &str, holds: bool, allowed: &str| {
            ConfigError::check("scaler", what, holds, allowed)
        };
        match self {
            Self::Standardise { mean, deviation } => {
                let counts = format!("of {} means and {} deviations", mean.len(), deviation.len());
                let fits = mean.len() == inputs && deviation.len() == inputs;
                check(&counts, fits, &format!("of one of each for {inputs} inputs"))?;
                let finite = mean.iter().chain(deviation).all(|number| number.is_finite());
                let positive = deviation.iter().all(|&deviation| deviation > 0.0);
                check(
                    "of unusable numbers",
                    finite && positive,
                    "of finite ones, deviations above 0",
                )
            }
            Self::Range { low, high } => {
                let fits = low.is_finite() && high.is_finite() && high > low;
                check(&format!("from {low} to {high}"), fits, "from a number to a greater one")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against `sklearn.preprocessing.StandardScaler` on [[1, 2, 5], [2, 4, 5], [4, 9, 5]].
    #[test]
    fn means_and_deviations_are_those_of_scikit_learn() {
        let inputs = vec![1., 2., 5., 2., 4., 5., 4., 9., 5.];
        let data = Dataset::regression(inputs, 3, vec![0.0; 3], 1).unwrap();
        let scaled = Scaler::standardise(&data).unwrap().apply(&data).unwrap();
        let expected = [-1.069_044_967_65, -1.019_049_330_73, 0.0];
        for (x, expected) in scaled.values(0).unwrap().iter().zip(expected) {
            assert!((x - expected).abs() < 1e-10, "{x} {expected}");
        }
    }

    #[test]
    fn what_is_no_scale_is_refused() {
        assert!(Scaler::Range { low: 1.0, high: 1.0 }.validate(3).is_err());
        let flat = Scaler::Standardise { mean: vec![0.0], deviation: vec![0.0] };
        assert!(flat.validate(1).is_err());
        assert!(Scaler::Standardise { mean: vec![0.0], deviation: vec![1.0] }.validate(2).is_err());
    }
}
