//! What the kernels need of a number type: arithmetic, and a way to the registers that hold it.
#![allow(unsafe_code, reason = "code compiled for instructions that the CPU was asked for")]

use crate::exponential::ExpRange;
use crate::simd::{Instructions, Simd};
use crate::vector::{Kernel, Line, Portable};
#[cfg(target_arch = "x86_64")]
use crate::vector::{avx2, avx512};

/// A number type that kernels compute with: `f32` and `f64`.
///
/// It is public only as the bound of [`CpuElement`](crate::CpuElement), which it seals.
pub trait KernelElement: ExpRange + faer::traits::RealField {
    /// Runs a kernel compiled for these instructions, which this CPU has.
    #[allow(private_bounds, private_interfaces, reason = "sealed")]
    fn dispatch(simd: Simd, kernel: impl Kernel<Self>);
}

impl KernelElement for f32 {
    #[inline(always)]
    #[allow(private_bounds, private_interfaces, reason = "sealed")]
    fn dispatch(simd: Simd, kernel: impl Kernel<Self>) {
        match simd.instructions() {
            Instructions::Portable => kernel.run::<Line<Portable<f32, 8>, 2>>(),
            // SAFETY: a `Simd` is only made where the CPU has its instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::run_f32(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::run_f32(kernel) },
        }
    }
}

impl KernelElement for f64 {
    #[inline(always)]
    #[allow(private_bounds, private_interfaces, reason = "sealed")]
    fn dispatch(simd: Simd, kernel: impl Kernel<Self>) {
        match simd.instructions() {
            Instructions::Portable => kernel.run::<Line<Portable<f64, 4>, 2>>(),
            // SAFETY: a `Simd` is only made where the CPU has its instructions.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::run_f64(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::run_f64(kernel) },
        }
    }
}
