//! Is a model right as often as it says? Reliability, and temperature scaling.

use crate::error::MlpError;
use crate::model::Model;
use crate::predict::Predict;
use nn_core::{ConfigError, Loss, NetworkError, Values};
use nn_data::Dataset;

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

/// Reliability: how often answers of each probability are right (Guo et al. 2017).
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
    /// let mut calibration = nn_mlp::Calibration::default();
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

    /// Measures a model, whose answers are probabilities of the classes of `data`.
    ///
    /// # Errors
    /// [`NetworkError::Targets`] for answers that are no probabilities, otherwise as
    /// [`Predictor::evaluate`](crate::Predictor::evaluate).
    pub fn measure(model: &mut dyn Predict, data: &Dataset) -> Result<Self, MlpError> {
        let mut calibration = Self::default();
        visit_probabilities(model, data, |class, answer| {
            let said = nn_core::argmax(answer);
            calibration.add(answer[said].exp(), said == class);
        })?;
        Ok(calibration)
    }
}

/// Calls `visit` with the class of each sample and the logarithms of the probabilities of its answer.
fn visit_probabilities(
    model: &mut dyn Predict,
    data: &Dataset,
    mut visit: impl FnMut(usize, &[f64]),
) -> Result<(), MlpError> {
    if data.is_empty() {
        return Err(NetworkError::Empty { what: "test", task: "test" }.into());
    }
    let data = model.expect_probabilities(data)?;
    model.visit_answers(&data, &mut |sample, answer| {
        visit(data.label(sample).unwrap_or_default() as usize, answer);
    })
}

/// The number by which logits are divided so that probabilities say how often answers are right (Guo et al. 2017).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature(pub f64);

/// Temperatures are searched between one over this and this.
const MOST: f64 = 100.0;

impl Temperature {
    /// Finds the temperature with the lowest cross-entropy on `data`, which should be nothing that the model was trained on.
    /// (The loss has one minimum in 1/T, and is convex there.)
    ///
    /// # Errors
    /// As [`Calibration::measure`]; [`MlpError::NoTemperature`] where the loss has no minimum, as when all answers on
    /// `data` are right.
    pub fn fit(model: &mut dyn Predict, data: &Dataset) -> Result<Self, MlpError> {
        let mut answers: Vec<(Vec<f64>, usize)> = Vec::with_capacity(data.len());
        visit_probabilities(model, data, |class, answer| answers.push((answer.to_vec(), class)))?;
        let no_temperature = || MlpError::NoTemperature {
            right: answers
                .iter()
                .filter(|(answer, class)| nn_core::argmax(answer) == *class)
                .count(),
            count: answers.len(),
        };
        best_temperature(&answers).map(Self).ok_or_else(no_temperature)
    }

    /// Returns the model whose logits are divided by this temperature: weights and biases of its last layers are.
    ///
    /// # Errors
    /// [`NetworkError::Config`] for a temperature that is not above 0, or a loss without logits.
    pub fn apply(self, model: &Model) -> Result<Model, MlpError> {
        let Self(temperature) = self;
        let positive = temperature > 0.0 && temperature.is_finite();
        ConfigError::check("temperature", temperature, positive, "above 0")?;
        let (loss, logits) = (model.loss(), model.loss() == Loss::CrossEntropy);
        ConfigError::check("loss", loss.name(), logits, "cross-entropy for a temperature")?;
        let mut parts = model.clone().into_parts();
        for last in parts.members.iter_mut().filter_map(|member| member.values.layers.last_mut()) {
            last.weight = divided(&last.weight, temperature);
            last.bias = divided(&last.bias, temperature);
        }
        Model::from_parts(parts)
    }
}

fn divided(values: &Values, divisor: f64) -> Values {
    values.with_numbers(values.to_elements::<f64>().iter().map(|value| value / divisor).collect())
}

/// Golden-section search for ln T; `None` where it ends at a bound, so that the minimum, if there is one, lies beyond.
fn best_temperature(answers: &[(Vec<f64>, usize)]) -> Option<f64> {
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
    let best = 0.5 * (low + high);
    (best.abs() < MOST.ln() - 1e-6).then(|| best.exp())
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
            let found = best_temperature(&answers).unwrap();
            assert!((found - truth).abs() < 1e-6 * truth, "{found} {truth}");
        }
    }

    /// With all answers right the loss falls with T, and with all wrong it falls with 1/T.
    #[test]
    fn without_a_minimum_there_is_no_temperature() {
        let all = |class: usize| vec![(vec![2.0, 0.0], class); 10];
        assert_eq!(best_temperature(&all(0)), None);
        assert_eq!(best_temperature(&all(1)), None);
    }
}
