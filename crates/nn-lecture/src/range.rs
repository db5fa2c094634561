//! What a parameter may be: told to a person and checked from one and the same bounds.

use crate::LectureError;
use std::fmt::{Display, Formatter, Result as Formatted};

/// Whole numbers from the first to the second, both allowed.
#[derive(Clone, Copy)]
pub(crate) struct Whole(pub(crate) usize, pub(crate) usize);

impl Whole {
    /// An error that names `parameter` unless `value` is in the range.
    pub(crate) fn check(self, parameter: &'static str, value: usize) -> Result<(), LectureError> {
        LectureError::check(parameter, value, (self.0..=self.1).contains(&value), self)
    }
}

impl Display for Whole {
    fn fmt(&self, to: &mut Formatter<'_>) -> Formatted {
        write!(to, "a whole number from {} to {}", self.0, self.1)
    }
}

/// Numbers above 0, up to this one.
#[derive(Clone, Copy)]
pub(crate) struct Positive(pub(crate) f64);

impl Positive {
    /// An error that names `parameter` unless `value` is in the range; NaN never is.
    pub(crate) fn check(self, parameter: &'static str, value: f64) -> Result<(), LectureError> {
        LectureError::check(parameter, value, value > 0.0 && value <= self.0, self)
    }
}

impl Display for Positive {
    fn fmt(&self, to: &mut Formatter<'_>) -> Formatted {
        write!(to, "a number above 0, at most {}", self.0)
    }
}
