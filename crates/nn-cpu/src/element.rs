//! The element types that this backend computes with.

use nn_tensor::Element;

/// `f32` and `f64`; no other type can implement it.
pub trait CpuElement: Element + faer::traits::RealField + sealed::Sealed {}

impl CpuElement for f32 {}
impl CpuElement for f64 {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}
