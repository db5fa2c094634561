//! Registers of a CPU with AVX-512: sixteen `f32`, or eight `f64`.

use super::{Kernel, Line, Register, avx2};
use crate::exponential::{ExpRange, Exponential, exponential, exponential_minus_one};
use std::arch::x86_64::*;

/// Whether this CPU has what the kernels use, all of it since Skylake-X and Zen 4; looked up once by
/// std.
#[inline(always)]
pub(crate) fn is_available() -> bool {
    avx2::is_available()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
}

/// Sixteen `f32`.
#[derive(Clone, Copy)]
struct F32x16(__m512);

/// Eight `f64`.
#[derive(Clone, Copy)]
struct F64x8(__m512d);

/// A register in memory at any address, as in [`avx2`].
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned<R>(R);

/// Runs a kernel compiled for AVX-512.
///
/// # Safety
/// The CPU has what [`is_available`] asks for.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
pub(crate) unsafe fn run_f32(kernel: impl Kernel<f32>) {
    kernel.run::<Line<F32x16, 1>>();
}

/// The same in `f64`.
///
/// # Safety
/// The CPU has what [`is_available`] asks for.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
pub(crate) unsafe fn run_f64(kernel: impl Kernel<f64>) {
    kernel.run::<Line<F64x8, 1>>();
}

// SAFETY of every block below: nobody but `run_f32` and `run_f64` can name these types, so a kernel
// gets them from there alone, whose callers have seen that the CPU has AVX-512; loads and stores pass
// their caller's promise on.
impl Exponential for F32x16 {
    #[inline(always)]
    fn clamp(self) -> Self {
        // SAFETY: see above. Of two operands of which one is NaN, the second is taken.
        Self(unsafe {
            let above = _mm512_max_ps(_mm512_set1_ps(f32::LEAST), self.0);
            _mm512_min_ps(_mm512_set1_ps(f32::GREATEST), above)
        })
    }

    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)
        })
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let exponent = _mm512_cvtps_epi32(exponent.0);
            let half = _mm512_srai_epi32::<1>(exponent);
            let rest = _mm512_sub_epi32(exponent, half);
            let bias = _mm512_set1_epi32(127);
            let first = _mm512_slli_epi32::<23>(_mm512_add_epi32(half, bias));
            let second = _mm512_slli_epi32::<23>(_mm512_add_epi32(rest, bias));
            let product = _mm512_mul_ps(self.0, _mm512_castsi512_ps(first));
            _mm512_mul_ps(product, _mm512_castsi512_ps(second))
        })
    }
}

impl Register for F32x16 {
    type Elem = f32;
    const LANES: usize = 16;
    const PANELS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { (*from.cast::<Unaligned<__m512>>()).0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { *to.cast() = Unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn store_bytes(word: u64, scale: f32, to: *mut f32) {
        // SAFETY: the caller's promise, and a CPU with AVX-512 has AVX2.
        unsafe { avx2::store_bytes_f32(word, scale, to) };
    }

    #[inline(always)]
    fn choose(word: u64, places: [u8; 8]) -> u64 {
        // SAFETY: see above, and a CPU with AVX-512 has AVX2.
        unsafe { avx2::choose(word, places) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, to: *mut f32) {
        // Rows four apart share a register, each a quarter of it, so that what is left are transposes of
        // 4 x 4: pairs of numbers first, then pairs of pairs.
        // SAFETY: see above.
        unsafe {
            for quarter in [0, 4, 8, 12] {
                let mut rows = [_mm512_setzero_ps(); 4];
                for (row, four) in rows.iter_mut().enumerate() {
                    let part = from.wrapping_add(row * 16 + quarter).cast::<Unaligned<__m128>>();
                    let first = _mm512_castps128_ps512((*part).0);
                    let second = _mm512_insertf32x4::<1>(first, (*part.wrapping_add(16)).0);
                    let third = _mm512_insertf32x4::<2>(second, (*part.wrapping_add(32)).0);
                    *four = _mm512_insertf32x4::<3>(third, (*part.wrapping_add(48)).0);
                }
                let first = _mm512_unpacklo_ps(rows[0], rows[1]);
                let second = _mm512_unpackhi_ps(rows[0], rows[1]);
                let third = _mm512_unpacklo_ps(rows[2], rows[3]);
                let fourth = _mm512_unpackhi_ps(rows[2], rows[3]);
                let to = to.wrapping_add(quarter * 16);
                Self(_mm512_shuffle_ps::<0x44>(first, third)).store(to);
                Self(_mm512_shuffle_ps::<0xee>(first, third)).store(to.wrapping_add(16));
                Self(_mm512_shuffle_ps::<0x44>(second, fourth)).store(to.wrapping_add(32));
                Self(_mm512_shuffle_ps::<0xee>(second, fourth)).store(to.wrapping_add(48));
            }
        }
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_div_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sqrt_ps(self.0) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    fn where_positive(self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let positive = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, _mm512_setzero_ps());
            _mm512_mask_blend_ps(positive, otherwise.0, then.0)
        })
    }

    #[inline(always)]
    fn flushed(self) -> Self {
        // SAFETY: see above. Subnormal numbers, and 0, have an exponent of no bits.
        Self(unsafe {
            let exponent = _mm512_set1_epi32(0x7f80_0000);
            let normal = _mm512_test_epi32_mask(_mm512_castps_si512(self.0), exponent);
            _mm512_maskz_mov_ps(normal, self.0)
        })
    }

    #[inline(always)]
    fn nonzero(self) -> u32 {
        // SAFETY: see above.
        let places = unsafe { _mm512_cmp_ps_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_ps()) };
        u32::from(places)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        exponential(self)
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        exponential_minus_one(self)
    }
}

impl Exponential for F64x8 {
    #[inline(always)]
    fn clamp(self) -> Self {
        // SAFETY: see above. Of two operands of which one is NaN, the second is taken.
        Self(unsafe {
            let above = _mm512_max_pd(_mm512_set1_pd(f64::LEAST), self.0);
            _mm512_min_pd(_mm512_set1_pd(f64::GREATEST), above)
        })
    }

    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            _mm512_roundscale_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)
        })
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let exponent = _mm512_cvtpd_epi32(exponent.0);
            let half = _mm256_srai_epi32::<1>(exponent);
            let rest = _mm256_sub_epi32(exponent, half);
            let bias = _mm256_set1_epi32(1023);
            let first = _mm512_cvtepi32_epi64(_mm256_add_epi32(half, bias));
            let second = _mm512_cvtepi32_epi64(_mm256_add_epi32(rest, bias));
            let power = _mm512_castsi512_pd(_mm512_slli_epi64::<52>(first));
            let product = _mm512_mul_pd(self.0, power);
            _mm512_mul_pd(product, _mm512_castsi512_pd(_mm512_slli_epi64::<52>(second)))
        })
    }
}

impl Register for F64x8 {
    type Elem = f64;
    const LANES: usize = 8;
    const PANELS: usize = 4;

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { (*from.cast::<Unaligned<__m512d>>()).0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: see above.
        unsafe { *to.cast() = Unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn store_bytes(word: u64, scale: f64, to: *mut f64) {
        // SAFETY: the caller's promise, and a CPU with AVX-512 has AVX2.
        unsafe { avx2::store_bytes_f64(word, scale, to) };
    }

    #[inline(always)]
    fn choose(word: u64, places: [u8; 8]) -> u64 {
        // SAFETY: see above, and a CPU with AVX-512 has AVX2.
        unsafe { avx2::choose(word, places) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f64, to: *mut f64) {
        // As above, with rows two apart.
        // SAFETY: see above.
        unsafe {
            for quarter in [0, 2, 4, 6] {
                let mut rows = [_mm512_setzero_pd(); 2];
                for (row, four) in rows.iter_mut().enumerate() {
                    let part = from.wrapping_add(row * 8 + quarter).cast::<Unaligned<__m128d>>();
                    let first = _mm512_castpd128_pd512((*part).0);
                    let second = _mm512_insertf64x2::<1>(first, (*part.wrapping_add(8)).0);
                    let third = _mm512_insertf64x2::<2>(second, (*part.wrapping_add(16)).0);
                    *four = _mm512_insertf64x2::<3>(third, (*part.wrapping_add(24)).0);
                }
                let to = to.wrapping_add(quarter * 8);
                Self(_mm512_unpacklo_pd(rows[0], rows[1])).store(to);
                Self(_mm512_unpackhi_pd(rows[0], rows[1])).store(to.wrapping_add(8));
            }
        }
    }

    #[inline(always)]
    fn splat(value: f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_set1_pd(value) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_add_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sub_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_mul_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_div_pd(self.0, other.0) })
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_sqrt_pd(self.0) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe { _mm512_fmadd_pd(self.0, factor.0, term.0) })
    }

    #[inline(always)]
    fn where_positive(self, then: Self, otherwise: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let positive = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, _mm512_setzero_pd());
            _mm512_mask_blend_pd(positive, otherwise.0, then.0)
        })
    }

    #[inline(always)]
    fn flushed(self) -> Self {
        // SAFETY: see above. Subnormal numbers, and 0, have an exponent of no bits.
        Self(unsafe {
            let exponent = _mm512_set1_epi64(0x7ff0_0000_0000_0000);
            let normal = _mm512_test_epi64_mask(_mm512_castpd_si512(self.0), exponent);
            _mm512_maskz_mov_pd(normal, self.0)
        })
    }

    #[inline(always)]
    fn nonzero(self) -> u32 {
        // SAFETY: see above.
        let places = unsafe { _mm512_cmp_pd_mask::<_CMP_NEQ_UQ>(self.0, _mm512_setzero_pd()) };
        u32::from(places)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        exponential(self)
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        exponential_minus_one(self)
    }
}
