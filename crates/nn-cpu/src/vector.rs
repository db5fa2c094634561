//! Registers of numbers: what the kernels need of them, with AVX2 and without.
#![allow(unsafe_code, reason = "intrinsics and raw loads")]

use crate::CpuElement;

/// Some numbers that are computed with at once. A cache line is two of them.
///
/// # Safety
/// Implementations may use instructions that not every CPU has; they are only ever run by way of
/// [`CpuElement::dispatch`], which looks first.
pub(crate) trait Vector: Copy {
    /// What it holds.
    type Elem: CpuElement;
    /// How many.
    const LANES: usize;

    /// Reads `LANES` numbers.
    ///
    /// # Safety
    /// They must be there.
    unsafe fn load(from: *const Self::Elem) -> Self;
    /// Writes `LANES` numbers.
    ///
    /// # Safety
    /// There must be room.
    unsafe fn store(self, to: *mut Self::Elem);
    fn splat(value: Self::Elem) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// self · factor + term, in one rounding where the CPU can.
    fn mul_add(self, factor: Self, term: Self) -> Self;
    /// `then` where self > 0, else `otherwise`, also where self is NaN.
    fn where_positive(self, then: Self, otherwise: Self) -> Self;
}

/// Work that can be done with any [`Vector`].
pub(crate) trait Kernel<E> {
    /// Does it. Implementations are `#[inline(always)]`, so that they are compiled anew for each
    /// instruction set.
    fn run<V: Vector<Elem = E>>(self);
}

/// `N` numbers in an array, which the compiler turns into what registers it has.
#[derive(Clone, Copy)]
pub(crate) struct Portable<E, const N: usize>([E; N]);

impl<E: CpuElement, const N: usize> Portable<E, N> {
    #[inline(always)]
    fn zip(self, other: Self, function: impl Fn(E, E) -> E) -> Self {
        let mut result = self;
        for lane in 0..N {
            result.0[lane] = function(self.0[lane], other.0[lane]);
        }
        result
    }
}

impl<E: CpuElement, const N: usize> Vector for Portable<E, N> {
    type Elem = E;
    const LANES: usize = N;

    #[inline(always)]
    unsafe fn load(from: *const E) -> Self {
        // SAFETY: the caller's promise; an array of N numbers has their alignment.
        Self(unsafe { *from.cast::<[E; N]>() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut E) {
        // SAFETY: as in `load`.
        unsafe { *to.cast::<[E; N]>() = self.0 };
    }

    #[inline(always)]
    fn splat(value: E) -> Self {
        Self([value; N])
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.zip(self, |a, _| num_traits::Float::sqrt(a))
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self.mul(factor).add(term)
    }

    #[inline(always)]
    fn where_positive(self, then: Self, otherwise: Self) -> Self {
        let mut result = otherwise;
        for lane in 0..N {
            if self.0[lane] > E::ZERO {
                result.0[lane] = then.0[lane];
            }
        }
        result
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2 {
    //! AVX2 and FMA: 256 bits.

    use super::{Kernel, Vector};
    use std::arch::x86_64::*;

    /// Whether this CPU has both; looked up once by std.
    #[inline(always)]
    pub(crate) fn is_available() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }

    /// Eight `f32`.
    #[derive(Clone, Copy)]
    pub(crate) struct F32x8(__m256);

    /// Four `f64`.
    #[derive(Clone, Copy)]
    pub(crate) struct F64x4(__m256d);

    /// Runs a kernel compiled for AVX2 and FMA.
    ///
    /// # Safety
    /// The CPU has both.
    #[target_feature(enable = "avx2,fma")]
    pub(crate) unsafe fn run<V: Vector>(kernel: impl Kernel<V::Elem>) {
        kernel.run::<V>();
    }

    // SAFETY of every block below: a kernel gets these types from `run` alone, whose caller has
    // seen that the CPU has AVX2 and FMA; loads and stores pass their caller's promise on.
    impl Vector for F32x8 {
        type Elem = f32;
        const LANES: usize = 8;

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_loadu_ps(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_ps(to, self.0) };
        }

        #[inline(always)]
        fn splat(value: f32) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_set1_ps(value) })
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_add_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_sub_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_mul_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_div_ps(self.0, other.0) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_sqrt_ps(self.0) })
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, term: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, term.0) })
        }

        #[inline(always)]
        fn where_positive(self, then: Self, otherwise: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe {
                let positive = _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, _mm256_setzero_ps());
                _mm256_blendv_ps(otherwise.0, then.0, positive)
            })
        }
    }

    impl Vector for F64x4 {
        type Elem = f64;
        const LANES: usize = 4;

        #[inline(always)]
        unsafe fn load(from: *const f64) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_loadu_pd(from) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f64) {
            // SAFETY: see above.
            unsafe { _mm256_storeu_pd(to, self.0) };
        }

        #[inline(always)]
        fn splat(value: f64) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_set1_pd(value) })
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_add_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_sub_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_mul_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn div(self, other: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_div_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_sqrt_pd(self.0) })
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, term: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe { _mm256_fmadd_pd(self.0, factor.0, term.0) })
        }

        #[inline(always)]
        fn where_positive(self, then: Self, otherwise: Self) -> Self {
            // SAFETY: see above.
            Self(unsafe {
                let positive = _mm256_cmp_pd::<_CMP_GT_OQ>(self.0, _mm256_setzero_pd());
                _mm256_blendv_pd(otherwise.0, then.0, positive)
            })
        }
    }
}
