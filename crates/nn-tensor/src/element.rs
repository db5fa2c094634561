//! The two number types that a tensor may hold.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::AddAssign;

/// `f32` for training, `f64` for gradient checks and second-order solvers.
///
/// Everything arithmetic comes from [`num_traits::Float`]; this adds what the libraries here need
/// besides: exact passage to and from `f64`, and the error function.
///
/// ```
/// use nn_tensor::Element;
/// assert_eq!(f32::from_f64(0.5).to_f64(), 0.5);
/// assert_eq!((f32::NAME, f64::NAME), ("f32", "f64"));
/// ```
pub trait Element:
    num_traits::Float + Default + Debug + Display + AddAssign + Sum + Send + Sync + 'static
{
    /// `"f32"` or `"f64"`, as checkpoints and messages say it.
    const NAME: &'static str;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// The nearest value to `value` that this type holds.
    fn from_f64(value: f64) -> Self;

    /// The same value, exactly.
    fn to_f64(self) -> f64;

    /// The error function `erf(x) = 2/√π ∫₀ˣ exp(-t²) dt`, which GELU needs.
    fn error_function(self) -> Self;
}

impl Element for f32 {
    const NAME: &'static str = "f32";
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn error_function(self) -> Self {
        libm::erff(self)
    }
}

impl Element for f64 {
    const NAME: &'static str = "f64";
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn from_f64(value: f64) -> Self {
        value
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn error_function(self) -> Self {
        libm::erf(self)
    }
}
