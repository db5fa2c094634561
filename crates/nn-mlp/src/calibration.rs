//! Is a network right as often as it says? Reliability, and the temperature that mends it.

use crate::model::Values;
use crate::{Committee, ConfigError, Loss, Model, NetworkError};
use nn_data::Dataset;
use nn_tensor::{Element, Tensor};

/// Bins of equal width from probability 0 to 1.
const BINS: usize = 15;

/// The answers whose probability fell into one bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CalibrationBin {
    /// How many answers.
    pub count: usize,
    /// Of them, the right ones.
    pub correct: usize,
    /// Sum of the probabilities that they had.
    pub confidence_sum: f64,
}

impl CalibrationBin {
    /// Mean probability and share of right answers; `None` for an empty bin.
    #[must_use]
    pub fn means(&self) -> Option<(f64, f64)> {
        let count = self.count as f64;
        (self.count > 0).then(|| (self.confidence_sum / count, self.correct as f64 / count))
    }
}

/// How the probabilities of the answers go with how often they are right (Guo et al. 2017).
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Bins of equal width: answers with probability (i/15, (i+1)/15] are in bin i.
    pub bins: Vec<CalibrationBin>,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { bins: vec![CalibrationBin::default(); BINS] }
    }
}

impl Calibration {
    /// Counts an answer that was given with this probability.
    ///
    /// ```
    /// let mut calibration = nn_core::Calibration::default();
    /// calibration.add(0.9, true);
    /// calibration.add(0.9, false);
    /// assert!((calibration.expected_error().unwrap() - 0.4).abs() < 1e-12); // |0.5 - 0.9|
    /// ```
    pub fn add(&mut self, probability: f64, correct: bool) {
        let bin = (probability * BINS as f64).ceil() as usize; // NaN becomes 0
        let bin = &mut self.bins[bin.clamp(1, BINS) - 1];
        bin.count += 1;
        bin.correct += usize::from(correct);
        bin.confidence_sum += probability;
    }

    /// Expected calibration error: the mean over all answers of the distance between probability and
    /// share of right answers in their bin; `None` without answers.
    #[must_use]
    pub fn expected_error(&self) -> Option<f64> {
        let count: usize = self.bins.iter().map(|bin| bin.count).sum();
        let gap = |bin: &CalibrationBin| (bin.correct as f64 - bin.confidence_sum).abs();
        (count > 0).then(|| self.bins.iter().map(gap).sum::<f64>() / count as f64)
    }

    /// Of a committee on a data set.
    ///
    /// # Errors
    /// [`NetworkError::Targets`] for data without classes or a loss without probabilities, otherwise
    /// as [`Committee::expect_test_set`] and [`Committee::for_each`].
    pub fn measure<T: Tensor>(
        committee: &mut Committee<'_, T>,
        dataset: &Dataset,
    ) -> Result<Self, NetworkError> {
        committee.expect_probabilities(dataset)?;
        let mut calibration = Self::default();
        committee.for_each(dataset, |sample, answer| {
            let class = nn_tensor::argmax(answer);
            let right = dataset.label(sample) == Some(class as u32);
            calibration.add(answer[class].exp(), right);
        })?;
        Ok(calibration)
    }
}

/// The number by which logits are divided so that probabilities become as modest as they should be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature(pub f64);

/// Temperatures are looked for between one over this and this.
const MOST: f64 = 100.0;

impl Temperature {
    /// The temperature with the lowest cross-entropy on a data set, which should be none that the
    /// network was trained on. (The loss has one minimum in 1/T, and is convex there.)
    ///
    /// # Errors
    /// As [`Calibration::measure`].
    pub fn fit<T: Tensor>(
        committee: &mut Committee<'_, T>,
        dataset: &Dataset,
    ) -> Result<Self, NetworkError> {
        committee.expect_probabilities(dataset)?;
        let mut answers: Vec<(Vec<f64>, usize)> = Vec::with_capacity(dataset.len());
        committee.for_each(dataset, |sample, answer| {
            let class = dataset.label(sample).unwrap_or_default() as usize;
            answers.push((answer.to_vec(), class));
        })?;
        Ok(Self(coolest(&answers)))
    }

    /// The model whose logits are divided by this temperature: weights and biases of its last layer
    /// are.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a temperature that is not above 0, or a loss without logits.
    pub fn apply(self, model: &Model) -> Result<Model, NetworkError> {
        let Self(temperature) = self;
        let positive = temperature > 0.0 && temperature.is_finite();
        ConfigError::check("temperature", temperature, positive, "above 0")?;
        let logits = model.loss == Loss::CrossEntropy;
        ConfigError::check("loss", model.loss.name(), logits, "cross-entropy for a temperature")?;
        let mut model = model.clone();
        let others = model.companions.iter_mut().map(|member| &mut member.layers);
        for layers in std::iter::once(&mut model.layers).chain(others) {
            if let Some(last) = layers.last_mut() {
                last.weight = divided(&last.weight, temperature);
                last.bias = divided(&last.bias, temperature);
            }
        }
        Ok(model)
    }
}

fn divided(values: &Values, divisor: f64) -> Values {
    values.with_numbers(values.to_elements::<f64>().iter().map(|value| value / divisor).collect())
}

/// Golden-section search for ln T.
fn coolest(answers: &[(Vec<f64>, usize)]) -> f64 {
    let loss = |logarithm: f64| -> f64 {
        let beta = (-logarithm).exp();
        let of = |(answer, class): &(Vec<f64>, usize)| {
            let largest = answer.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = answer.iter().map(|x| (beta * (x - largest)).exp()).sum();
            sum.ln() - beta * (answer[*class] - largest)
        };
        answers.iter().map(of).sum()
    };
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let (mut low, mut high) = (-MOST.ln(), MOST.ln());
    for _ in 0..60 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(left) <= loss(right) { high = right } else { low = left }
    }
    (0.5 * (low + high)).exp()
}

/// Elements that are logarithms of probabilities, as `f64`.
pub(crate) fn log_softmax<E: Element>(logits: &[E], result: &mut [f64]) {
    let numbers = || logits.iter().map(|&logit| Element::to_f64(logit));
    let largest = numbers().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = numbers().map(|logit| (logit - largest).exp()).sum();
    for (value, logit) in result.iter_mut().zip(numbers()) {
        *value = logit - largest - sum.ln();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probabilities that are right as often as they say have no error; bins are closed above.
    #[test]
    fn what_is_well_calibrated_has_no_error() {
        let mut calibration = Calibration::default();
        for index in 0..10 {
            calibration.add(0.8, index < 8);
            calibration.add(1.0, true);
            calibration.add(0.0, false);
        }
        assert!(calibration.expected_error().unwrap() < 1e-12);
        assert_eq!(calibration.bins[11].count, 10);
        assert_eq!((calibration.bins[0].count, calibration.bins[14].count), (10, 10));
        assert_eq!(Calibration::default().expected_error(), None);
    }

    /// Two classes whose log odds are ±d and of which a share p is right: the best temperature makes
    /// the odds p : 1 - p, in closed form T = d / ln(p / (1 - p)).
    #[test]
    fn the_temperature_is_that_of_the_closed_form() {
        for (distance, right) in [(4.0, 8), (0.5, 9), (2.0, 7)] {
            let answer = |index: usize| (vec![distance, 0.0], usize::from(index >= right));
            let answers: Vec<_> = (0..10).map(answer).collect();
            let truth = distance / (right as f64 / (10 - right) as f64).ln();
            let found = coolest(&answers);
            assert!((found - truth).abs() < 1e-6 * truth, "{found} {truth}");
        }
    }

    #[test]
    fn logarithms_of_probabilities_do_not_overflow() {
        let mut result = [0.0; 3];
        log_softmax(&[1e30_f64, 0.0, 1e30], &mut result);
        assert!((result[0] + std::f64::consts::LN_2).abs() < 1e-12);
        log_softmax(&[0.0_f32, 0.0, 0.0], &mut result);
        assert!(result.iter().all(|x| (x + 3.0_f64.ln()).abs() < 1e-12));
    }
}
