//! What the kernels need of a number type: arithmetic, and a way to the registers that hold it.
#![allow(unsafe_code, reason = "code compiled for instructions that the CPU was asked for")]

#[cfg(target_arch = "x86_64")]
use crate::vector::avx2;
use crate::vector::{Kernel, Portable};
use nn_tensor::Element;

/// A number type that kernels compute with: `f32` and `f64`.
///
/// It is public only as the bound of [`CpuElement`](crate::CpuElement), which it seals.
pub trait KernelElement: Element + faer::traits::RealField {
    /// Runs a kernel with the widest registers that this CPU has, or with plain arrays.
    #[allow(private_bounds, reason = "sealed")]
    fn dispatch(portable: bool, kernel: impl Kernel<Self>);
}

impl KernelElement for f32 {
    #[inline(always)]
    #[allow(private_bounds, reason = "sealed")]
    fn dispatch(portable: bool, kernel: impl Kernel<Self>) {
        #[cfg(target_arch = "x86_64")]
        if !portable && avx2::is_available() {
            // SAFETY: the CPU has AVX2 and FMA.
            return unsafe { avx2::run_f32(kernel) };
        }
        let _ = portable;
        kernel.run::<Portable<f32, 8>>();
    }
}

impl KernelElement for f64 {
    #[inline(always)]
    #[allow(private_bounds, reason = "sealed")]
    fn dispatch(portable: bool, kernel: impl Kernel<Self>) {
        #[cfg(target_arch = "x86_64")]
        if !portable && avx2::is_available() {
            // SAFETY: the CPU has AVX2 and FMA.
            return unsafe { avx2::run_f64(kernel) };
        }
        let _ = portable;
        kernel.run::<Portable<f64, 4>>();
    }
}
