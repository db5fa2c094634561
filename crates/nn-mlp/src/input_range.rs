//! Which numbers a model was trained on, so that others are not taken for them.

use crate::error::MlpError;
use crate::scaler::Scaler;
use nn_core::ConfigError;
use nn_data::{Dataset, Inputs};
use serde::{Deserialize, Serialize};

/// How far beyond its ends a range reaches, in lengths of the range: a network extrapolates a little.
const REACH: f64 = 10.0;

/// From this many inputs on, a sample all of whose numbers are tiny is taken for one of another scale.
const MANY_INPUTS: usize = 16;

/// How large, as a share of the greatest number in training, the greatest of many inputs is at least.
const LEAST_SHARE: f64 = 0.01;

/// What a model was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", tag = "kind")]
pub enum InputRange {
    /// Bytes, of which 255 means 1. Numbers from 0 to 1 mean the same.
    Bytes,
    /// Numbers of this range, after the model's scaler where it has one.
    Numbers {
        /// The least.
        low: f64,
        /// The greatest.
        high: f64,
    },
    /// Not known, as of an imported model: anything is taken as it is.
    Unknown,
}

impl InputRange {
    /// Returns the range of a training set, as the networks see it.
    #[must_use]
    pub fn of(data: &Dataset) -> Self {
        if matches!(data.inputs(), Inputs::Bytes(_)) {
            return Self::Bytes;
        }
        let (low, high) = ends_of(data);
        Self::Numbers { low, high }
    }

    /// Returns "bytes", "numbers" or "anything".
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::Numbers { .. } => "numbers",
            Self::Unknown => "anything",
        }
    }

    /// Returns the range of both, which are of one kind where both are known.
    pub(crate) fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Numbers { low, high }, Self::Numbers { low: its, high: of_other }) => {
                Self::Numbers { low: low.min(its), high: high.max(of_other) }
            }
            (Self::Unknown, other) => other,
            _ => self,
        }
    }

    /// Checks that bytes, of which 255 is 1, have a meaning to networks that were trained on this range, after `scaler`.
    pub(crate) fn check_bytes(self, scaler: Option<&Scaler>) -> Result<(), MlpError> {
        match (self, scaler) {
            (Self::Numbers { low, high }, None) if low >= 0.0 && high <= 1.0 => Ok(()),
            (Self::Numbers { .. }, Some(Scaler::Range { .. })) => Ok(()),
            (Self::Numbers { low, high }, _) => Err(MlpError::BytesForNumbers { low, high }),
            (Self::Bytes | Self::Unknown, _) => Ok(()),
        }
    }

    /// Checks that the numbers of a sample, or of a whole set, are of this range.
    pub(crate) fn check_numbers(self, numbers: &[f64]) -> Result<(), MlpError> {
        if let Some(index) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(MlpError::InputNotFinite { index, value: numbers[index] });
        }
        let ends = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), widened);
        self.check_ends(ends, numbers.len())
    }

    /// Checks that all numbers of a set, which are finite, are of this range.
    pub(crate) fn check_dataset(self, data: &Dataset) -> Result<(), MlpError> {
        if data.is_empty() { Ok(()) } else { self.check_ends(ends_of(data), data.input_width()) }
    }

    fn check_ends(self, (least, greatest): (f64, f64), inputs: usize) -> Result<(), MlpError> {
        let (low, high, reach) = match self {
            // Rounding may go beyond 1 by a little.
            Self::Bytes => (0.0, 1.0, 1e-6),
            Self::Numbers { low, high } => (low, high, REACH * (high - low)),
            Self::Unknown => return Ok(()),
        };
        let refuse = |value, detail| Err(MlpError::InputRange { value, low, high, detail });
        if greatest > high + reach || least < low - reach {
            let value = if greatest > high + reach { greatest } else { least };
            let from_bytes = low >= 0.0 && high <= 1.0 && least >= 0.0 && greatest <= 255.0;
            return refuse(value, if from_bytes { " (divide by 255)" } else { "" });
        }
        let (size, usual) = (greatest.max(-least), high.max(-low));
        let tiny = size > 0.0 && size <= LEAST_SHARE * usual;
        if tiny && inputs >= MANY_INPUTS && matches!(self, Self::Numbers { .. }) {
            return refuse(size, ", and nothing greater than this");
        }
        Ok(())
    }

    /// Checks that the range is one.
    pub(crate) fn validate(self) -> Result<(), ConfigError> {
        let Self::Numbers { low, high } = self else { return Ok(()) };
        let holds = low.is_finite() && high.is_finite() && low <= high;
        let value = format!("from {low} to {high}");
        ConfigError::check("input range", value, holds, "from a number to one that is no less")
    }
}

/// Returns the least and the greatest number of a set.
pub(crate) fn ends_of(data: &Dataset) -> (f64, f64) {
    let samples = (0..data.len()).filter_map(|sample| data.values(sample));
    let ends = samples.flatten().fold((f64::INFINITY, f64::NEG_INFINITY), widened);
    if ends.0 <= ends.1 { ends } else { (0.0, 0.0) }
}

fn widened((low, high): (f64, f64), number: &f64) -> (f64, f64) {
    (low.min(*number), high.max(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_in_place_of_fractions_are_refused_with_the_way_out() {
        for range in [InputRange::Bytes, InputRange::Numbers { low: 0.0, high: 1.0 }] {
            assert!(range.check_numbers(&[0.0, 1.0, 0.5]).is_ok());
            let error = range.check_numbers(&[0.0, 255.0]).unwrap_err().to_string();
            assert!(error.contains("255") && error.contains("divide by 255"), "{error}");
        }
    }

    #[test]
    fn fractions_in_place_of_pixels_are_refused() {
        let range = InputRange::Numbers { low: 0.0, high: 255.0 };
        assert!(range.check_numbers(&[0.5; 784]).is_err());
        assert!(range.check_numbers(&[0.0; 784]).is_ok()); // blank
        assert!(range.check_numbers(&[0.5; 3]).is_ok()); // a table may have small numbers
        assert!(range.check_bytes(None).is_err());
        assert!(range.check_bytes(Some(&Scaler::Range { low: 0.0, high: 255.0 })).is_ok());
        let standard = Scaler::Standardise { mean: vec![0.0], deviation: vec![1.0] };
        let fractions = InputRange::Numbers { low: 0.0, high: 1.0 };
        assert!(fractions.check_bytes(None).is_ok());
        assert!(fractions.check_bytes(Some(&standard)).is_err());
    }

    #[test]
    fn numbers_a_little_beyond_the_range_are_taken() {
        let range = InputRange::Numbers { low: -1.0, high: 1.0 };
        assert!(range.check_numbers(&[5.0, -20.0]).is_ok());
        assert!(range.check_numbers(&[22.0]).is_err());
        assert!(InputRange::Unknown.check_numbers(&[1e9]).is_ok());
        assert!(InputRange::Unknown.check_numbers(&[f64::NAN]).is_err());
    }
}
