//! How good a model is on a data set.

use nn_core::Classification;
use nn_data::Dataset;

/// How good a model is on a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Samples looked at; never 0.
    pub samples: usize,
    /// The model's loss over all of them, without penalties.
    pub loss: f64,
    /// Right and wrong answers; `None` for a regression.
    pub classification: Option<Classification>,
    /// How far answers are off; `None` for a classification.
    pub regression: Option<Regression>,
}

/// How far answers are off, over all samples and values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// Mean of |a - y|.
    pub mean_absolute_error: f64,
    /// Square root of the mean of (a - y)².
    pub root_mean_square_error: f64,
    /// R² = 1 - Σ(a - y)² / Σ(y - ȳ)², the mean over the values of a sample; `None` where a target is constant.
    pub r_squared: Option<f64>,
}

impl Evaluation {
    /// Returns the share of right answers, from 0 to 1; NaN for a regression, which has none.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        let accuracy = self.classification.as_ref().and_then(|counts| counts.confusion.accuracy());
        accuracy.unwrap_or(f64::NAN)
    }

    /// Returns the number of wrong answers; `None` for a regression.
    #[must_use]
    pub fn errors(&self) -> Option<usize> {
        let confusion = &self.classification.as_ref()?.confusion;
        Some(confusion.total() - confusion.correct())
    }

    /// Returns R², the share of the targets' variance that the answers explain; NaN for a classification or where a
    /// target is constant.
    #[must_use]
    pub fn r_squared(&self) -> f64 {
        self.regression.as_ref().and_then(|regression| regression.r_squared).unwrap_or(f64::NAN)
    }

    /// Returns the mean distance of answers from targets; NaN for a classification.
    #[must_use]
    pub fn mean_absolute_error(&self) -> f64 {
        self.regression.as_ref().map_or(f64::NAN, |regression| regression.mean_absolute_error)
    }

    pub(crate) fn new(core: nn_core::Evaluation, regression: Option<Regression>) -> Self {
        let nn_core::Evaluation { samples, loss, classification } = core;
        Self { samples, loss, classification, regression }
    }
}

/// The distances of answers from targets, added up sample by sample.
pub(crate) struct RegressionCount {
    samples: usize,
    absolute: f64,
    /// By value: Σ(a - y)².
    squares: Vec<f64>,
    /// By value: Σ(y - ȳ)².
    spread: Vec<f64>,
}

impl RegressionCount {
    /// Begins with the targets of `data`, which are values.
    pub(crate) fn new(data: &Dataset) -> Self {
        let width = data.output_width();
        let targets = || (0..data.len()).filter_map(|sample| data.target(sample));
        let (mut mean, mut spread) = (vec![0.0; width], vec![0.0; width]);
        for target in targets() {
            mean.iter_mut().zip(target).for_each(|(mean, y)| *mean += y / data.len() as f64);
        }
        for target in targets() {
            for ((sum, y), mean) in spread.iter_mut().zip(target).zip(&mean) {
                *sum += (y - mean).powi(2);
            }
        }
        Self { samples: data.len(), absolute: 0.0, squares: vec![0.0; width], spread }
    }

    pub(crate) fn add(&mut self, answer: &[f64], target: &[f64]) {
        for ((sum, a), y) in self.squares.iter_mut().zip(answer).zip(target) {
            *sum += (a - y).powi(2);
            self.absolute += (a - y).abs();
        }
    }

    pub(crate) fn finish(self) -> Regression {
        let width = self.squares.len().max(1) as f64;
        let count = self.samples.max(1) as f64 * width;
        let explained = self
            .squares
            .iter()
            .zip(&self.spread)
            .map(|(squares, spread)| (*spread > 0.0).then(|| 1.0 - squares / spread));
        let explained: Option<Vec<f64>> = explained.collect();
        Regression {
            mean_absolute_error: self.absolute / count,
            root_mean_square_error: (self.squares.iter().sum::<f64>() / count).sqrt(),
            r_squared: explained.map(|shares| shares.iter().sum::<f64>() / width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against `sklearn.metrics`: `r2_score`, `mean_absolute_error` and `mean_squared_error` of the example in their
    /// documentation, y = [[0.5, 1], [-1, 1], [7, -6]], a = [[0, 2], [-1, 2], [8, -5]].
    #[test]
    fn errors_are_those_of_scikit_learn() {
        let targets = vec![0.5, 1.0, -1.0, 1.0, 7.0, -6.0];
        let data = Dataset::regression(vec![0.0; 3], 1, targets, 2).unwrap();
        let mut count = RegressionCount::new(&data);
        for (sample, answer) in [[0.0, 2.0], [-1.0, 2.0], [8.0, -5.0]].iter().enumerate() {
            count.add(answer, data.target(sample).unwrap());
        }
        let regression = count.finish();
        assert!((regression.mean_absolute_error - 0.75).abs() < 1e-12);
        assert!((regression.root_mean_square_error.powi(2) - 0.708_333_333_333).abs() < 1e-9);
        let r_squared = regression.r_squared.unwrap();
        assert!((r_squared - (0.965_437_788 + 0.908_163_265) / 2.0).abs() < 1e-8, "{r_squared}");
    }

    #[test]
    fn a_constant_target_has_no_variance_to_explain() {
        let data = Dataset::regression(vec![0.0; 2], 1, vec![3.0; 2], 1).unwrap();
        let count = RegressionCount::new(&data);
        assert_eq!(count.finish().r_squared, None);
    }
}
