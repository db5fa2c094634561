//! The element types that this backend computes with.

use nn_tensor::Element;

/// `f32` and `f64`; no other type can implement it.
pub trait CpuElement: Element + faer::traits::RealField + sealed::Dispatch {}

impl CpuElement for f32 {}
impl CpuElement for f64 {}

pub(crate) mod sealed {
    #![allow(unsafe_code, reason = "code compiled for instructions that the CPU was asked for")]

    #[cfg(target_arch = "x86_64")]
    use crate::vector::avx2;
    use crate::vector::{Kernel, Portable};

    /// The way from an element type to the registers that hold it.
    pub trait Dispatch: Sized {
        /// Runs a kernel with the widest registers that this CPU has, or with plain arrays.
        #[allow(private_bounds, reason = "sealed")]
        fn dispatch(portable: bool, kernel: impl Kernel<Self>);

        /// The same number.
        fn from_byte(byte: u8) -> Self;
    }

    impl Dispatch for f32 {
        #[inline(always)]
        #[allow(private_bounds, reason = "sealed")]
        fn dispatch(portable: bool, kernel: impl Kernel<Self>) {
            #[cfg(target_arch = "x86_64")]
            if !portable && avx2::is_available() {
                // SAFETY: the CPU has AVX2 and FMA.
                return unsafe { avx2::run::<avx2::F32x8>(kernel) };
            }
            let _ = portable;
            kernel.run::<Portable<f32, 8>>();
        }

        #[inline(always)]
        fn from_byte(byte: u8) -> Self {
            byte.into()
        }
    }

    impl Dispatch for f64 {
        #[inline(always)]
        #[allow(private_bounds, reason = "sealed")]
        fn dispatch(portable: bool, kernel: impl Kernel<Self>) {
            #[cfg(target_arch = "x86_64")]
            if !portable && avx2::is_available() {
                // SAFETY: the CPU has AVX2 and FMA.
                return unsafe { avx2::run::<avx2::F64x4>(kernel) };
            }
            let _ = portable;
            kernel.run::<Portable<f64, 4>>();
        }

        #[inline(always)]
        fn from_byte(byte: u8) -> Self {
            byte.into()
        }
    }
}
