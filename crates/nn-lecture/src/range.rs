//! Ranges of parameters, which check a value and describe themselves in error messages.

use crate::LectureError;
use std::fmt::{Display, Formatter, Result as Formatted};

/// Whole numbers from the first to the second, inclusive.
#[derive(Clone, Copy)]
pub(crate) struct Whole(pub(crate) usize, pub(crate) usize);

impl Whole {
    /// Returns an error that names `parameter` unless `value` is in the range.
    pub(crate) fn check(self, parameter: &'static str, value: usize) -> Result<(), LectureError> {
        LectureError::check(parameter, value, (self.0..=self.1).contains(&value), self)
    }
}

impl Display for Whole {
    fn fmt(&self, to: &mut Formatter<'_>) -> Formatted {
        write!(to, "a whole number from {} to {}", self.0, self.1)
    }
}

/// Numbers above 0 and at most this one.
#[derive(Clone, Copy)]
pub(crate) struct Positive(pub(crate) f64);

impl Positive {
    /// Returns an error that names `parameter` unless `value` is in the range; NaN never is.
    pub(crate) fn check(self, parameter: &'static str, value: f64) -> Result<(), LectureError> {
        LectureError::check(parameter, value, value > 0.0 && value <= self.0, self)
    }
}

impl Display for Positive {
    fn fmt(&self, to: &mut Formatter<'_>) -> Formatted {
        write!(to, "a number above 0, at most {}", self.0)
    }
}
