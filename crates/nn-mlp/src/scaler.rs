//! The scale of a model's inputs: from numbers as they are given to those that its networks see.

use nn_core::{ConfigError, NetworkValues};
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

/// The scale of a regression's targets in training: mean 0 and deviation 1 for each value. In the model it is part of the
/// last layer, so that answers are on the scale of the targets.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TargetScale {
    mean: Vec<f64>,
    deviation: Vec<f64>,
}

impl TargetScale {
    /// Returns the scale of the targets of `data`, which are values.
    pub(crate) fn of(data: &Dataset) -> Result<Self, DataError> {
        let width = data.output_width();
        let targets = (0..data.len()).filter_map(|sample| data.target(sample)).flatten().copied();
        let table = Dataset::regression(targets.collect(), width, vec![0.0; data.len()], 1)?;
        match Scaler::standardise(&table)? {
            Scaler::Standardise { mean, deviation } => Ok(Self { mean, deviation }),
            Scaler::Range { .. } => Err(DataError::NotNumbers),
        }
    }

    /// Returns the samples of `data` with targets on this scale.
    pub(crate) fn apply(&self, data: &Dataset) -> Result<Dataset, DataError> {
        let samples = 0..data.len();
        let inputs = samples.clone().filter_map(|sample| data.values(sample)).flatten().copied();
        let mut targets = Vec::with_capacity(data.len() * self.mean.len());
        for target in samples.filter_map(|sample| data.target(sample)) {
            let scales = self.mean.iter().zip(&self.deviation);
            targets.extend(target.iter().zip(scales).map(|(y, (mean, s))| (y - mean) / s));
        }
        let (width, target_width) = (data.input_width(), self.mean.len());
        let scaled = Dataset::regression(inputs.collect(), width, targets, target_width)?;
        scaled.with_sample_shape(data.sample_shape())
    }

    /// Returns the numbers of a network that answers on the scale of the targets, where `values` answers on this one.
    pub(crate) fn undone_in(&self, mut values: NetworkValues) -> NetworkValues {
        self.change_last(&mut values, |number, mean, deviation| number * deviation + mean);
        values
    }

    /// Returns the numbers of a network that answers on this scale, where `values` answers on that of the targets.
    pub(crate) fn done_in(&self, mut values: NetworkValues) -> NetworkValues {
        self.change_last(&mut values, |number, mean, deviation| (number - mean) / deviation);
        values
    }

    /// Changes the weights of the last layer, for which the mean counts as 0, and its biases.
    fn change_last(&self, values: &mut NetworkValues, change: impl Fn(f64, f64, f64) -> f64) {
        let Some(last) = values.layers.last_mut() else { return };
        let mut weight = last.weight.to_elements::<f64>();
        let mut bias = last.bias.to_elements::<f64>();
        let inputs = weight.len() / bias.len().max(1);
        let scales = self.mean.iter().zip(&self.deviation);
        let rows = weight.chunks_mut(inputs.max(1)).zip(&mut bias).zip(scales);
        for ((row, bias), (&mean, &deviation)) in rows {
            row.iter_mut().for_each(|weight| *weight = change(*weight, 0.0, deviation));
            *bias = change(*bias, mean, deviation);
        }
        last.weight = last.weight.with_numbers(weight);
        last.bias = last.bias.with_numbers(bias);
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
