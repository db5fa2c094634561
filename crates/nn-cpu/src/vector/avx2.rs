//! Registers of a CPU with AVX2 and FMA: eight `f32`, or four `f64`.

use super::{Kernel, Line, Register};
use crate::exponential::{ExpRange, Exponential, exponential, exponential_minus_one};
use std::arch::x86_64::*;

/// Whether this CPU has both; looked up once by std.
#[inline(always)]
pub(crate) fn is_available() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Eight `f32`.
#[derive(Clone, Copy)]
struct F32x8(__m256);

/// Four `f64`.
#[derive(Clone, Copy)]
struct F64x4(__m256d);

/// A register in memory at any address.
///
/// Loads and stores go through a place of this type and not through the unaligned intrinsics: those
/// check, in a program with debug assertions, that source and destination do not overlap, which makes a
/// kernel take almost twice as long.
#[derive(Clone, Copy)]
#[repr(C, packed)]
struct Unaligned<R>(R);

/// Runs a kernel compiled for AVX2 and FMA.
///
/// # Safety
/// The CPU has both.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn run_f32(kernel: impl Kernel<f32>) {
    kernel.run::<Line<F32x8, 2>>();
}

/// The same in `f64`.
///
/// # Safety
/// The CPU has both.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn run_f64(kernel: impl Kernel<f64>) {
    kernel.run::<Line<F64x4, 2>>();
}

// SAFETY of every block below: nobody but `run_f32` and `run_f64` can name these types, so a kernel
// gets them from there alone, whose callers have seen that the CPU has AVX2 and FMA; loads and stores
// pass their caller's promise on.
impl Exponential for F32x8 {
    #[inline(always)]
    fn clamp(self) -> Self {
        // SAFETY: see above. Of two operands of which one is NaN, the second is taken.
        Self(unsafe {
            let above = _mm256_max_ps(_mm256_set1_ps(f32::LEAST), self.0);
            _mm256_min_ps(_mm256_set1_ps(f32::GREATEST), above)
        })
    }

    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)
        })
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let exponent = _mm256_cvtps_epi32(exponent.0);
            let half = _mm256_srai_epi32::<1>(exponent);
            let power = |exponent| {
                let biased = _mm256_add_epi32(exponent, _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
            };
            let first = _mm256_mul_ps(self.0, power(half));
            _mm256_mul_ps(first, power(_mm256_sub_epi32(exponent, half)))
        })
    }
}

impl Exponential for F64x4 {
    #[inline(always)]
    fn clamp(self) -> Self {
        // SAFETY: see above. Of two operands of which one is NaN, the second is taken.
        Self(unsafe {
            let above = _mm256_max_pd(_mm256_set1_pd(f64::LEAST), self.0);
            _mm256_min_pd(_mm256_set1_pd(f64::GREATEST), above)
        })
    }

    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            _mm256_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)
        })
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        // SAFETY: see above.
        Self(unsafe {
            let exponent = _mm256_cvtpd_epi32(exponent.0);
            let half = _mm_srai_epi32::<1>(exponent);
            let power = |exponent| {
                let biased = _mm256_cvtepi32_epi64(_mm_add_epi32(exponent, _mm_set1_epi32(1023)));
                _mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased))
            };
            let first = _mm256_mul_pd(self.0, power(half));
            _mm256_mul_pd(first, power(_mm_sub_epi32(exponent, half)))
        })
    }
}

impl Register for F32x8 {
    type Elem = f32;
    const LANES: usize = 8;
    const PANELS: usize = 1;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: see above.
        Self(unsafe { (*from.cast::<Unaligned<__m256>>()).0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: see above.
        unsafe { *to.cast() = Unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn store_bytes(word: u64, scale: f32, to: *mut f32) {
        // SAFETY: the caller's promise, and see above.
        unsafe { store_bytes_f32(word, scale, to) };
    }

    #[inline(always)]
    fn choose(word: u64, places: [u8; 8]) -> u64 {
        // SAFETY: see above.
        unsafe { choose(word, places) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, to: *mut f32) {
        // SAFETY: the caller's promise, and see above.
        unsafe { transpose_f32(from, to) };
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

    #[inline(always)]
    fn flushed(self) -> Self {
        // SAFETY: see above. Subnormal numbers, and 0, have an exponent of no bits.
        Self(unsafe {
            let exponent = _mm256_castsi256_ps(_mm256_set1_epi32(0x7f80_0000));
            let exponent = _mm256_castps_si256(_mm256_and_ps(self.0, exponent));
            let small = _mm256_cmpeq_epi32(exponent, _mm256_setzero_si256());
            _mm256_andnot_ps(_mm256_castsi256_ps(small), self.0)
        })
    }

    #[inline(always)]
    fn nonzero(self) -> u32 {
        // SAFETY: see above.
        unsafe {
            let nonzero = _mm256_cmp_ps::<_CMP_NEQ_UQ>(self.0, _mm256_setzero_ps());
            _mm256_movemask_ps(nonzero).cast_unsigned()
        }
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

impl Register for F64x4 {
    type Elem = f64;
    const LANES: usize = 4;
    const PANELS: usize = 1;

    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        // SAFETY: see above.
        Self(unsafe { (*from.cast::<Unaligned<__m256d>>()).0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        // SAFETY: see above.
        unsafe { *to.cast() = Unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn store_bytes(word: u64, scale: f64, to: *mut f64) {
        // SAFETY: the caller's promise, and see above.
        unsafe { store_bytes_f64(word, scale, to) };
    }

    #[inline(always)]
    fn choose(word: u64, places: [u8; 8]) -> u64 {
        // SAFETY: see above.
        unsafe { choose(word, places) }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f64, to: *mut f64) {
        // SAFETY: the caller's promise, and see above.
        unsafe { transpose_f64(from, to) };
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

    #[inline(always)]
    fn flushed(self) -> Self {
        // SAFETY: see above. Subnormal numbers, and 0, have an exponent of no bits.
        Self(unsafe {
            let exponent = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7ff0_0000_0000_0000));
            let exponent = _mm256_castpd_si256(_mm256_and_pd(self.0, exponent));
            let small = _mm256_cmpeq_epi64(exponent, _mm256_setzero_si256());
            _mm256_andnot_pd(_mm256_castsi256_pd(small), self.0)
        })
    }

    #[inline(always)]
    fn nonzero(self) -> u32 {
        // SAFETY: see above.
        unsafe {
            let nonzero = _mm256_cmp_pd::<_CMP_NEQ_UQ>(self.0, _mm256_setzero_pd());
            _mm256_movemask_pd(nonzero).cast_unsigned()
        }
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

/// Writes eight numbers: the bytes of a little-endian word, times `scale`.
///
/// # Safety
/// The CPU has AVX2, and there is room.
#[inline(always)]
pub(super) unsafe fn store_bytes_f32(word: u64, scale: f32, to: *mut f32) {
    // SAFETY: the caller's promise.
    unsafe {
        let bytes = _mm_cvtsi64_si128(word.cast_signed());
        let numbers = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
        F32x8(_mm256_mul_ps(numbers, _mm256_set1_ps(scale))).store(to);
    }
}

/// The bytes of a word at these places.
///
/// # Safety
/// The CPU has AVX2.
#[inline(always)]
pub(super) unsafe fn choose(word: u64, places: [u8; 8]) -> u64 {
    // SAFETY: the caller's promise.
    unsafe {
        let places = _mm_cvtsi64_si128(i64::from_le_bytes(places));
        let chosen = _mm_shuffle_epi8(_mm_cvtsi64_si128(word.cast_signed()), places);
        _mm_cvtsi128_si64(chosen).cast_unsigned()
    }
}

/// Writes 8 x 8 numbers transposed, whose rows are a line apart.
///
/// # Safety
/// The CPU has AVX2, they are there, and there is room.
#[inline(always)]
pub(super) unsafe fn transpose_f32(from: *const f32, to: *mut f32) {
    // Rows four apart share a register, each a half of it, so that what is left are transposes
    // of 4 x 4: pairs of numbers first, then pairs of pairs.
    // SAFETY: the caller's promise.
    unsafe {
        for half in [0, 4] {
            let mut rows = [_mm256_setzero_ps(); 4];
            for (row, pair) in rows.iter_mut().enumerate() {
                let low = from.wrapping_add(row * 16 + half).cast::<Unaligned<__m128>>();
                let high = from.wrapping_add((row + 4) * 16 + half).cast::<Unaligned<__m128>>();
                *pair = _mm256_insertf128_ps::<1>(_mm256_castps128_ps256((*low).0), (*high).0);
            }
            let first = _mm256_unpacklo_ps(rows[0], rows[1]);
            let second = _mm256_unpackhi_ps(rows[0], rows[1]);
            let third = _mm256_unpacklo_ps(rows[2], rows[3]);
            let fourth = _mm256_unpackhi_ps(rows[2], rows[3]);
            let to = to.wrapping_add(half * 16);
            F32x8(_mm256_shuffle_ps::<0x44>(first, third)).store(to);
            F32x8(_mm256_shuffle_ps::<0xee>(first, third)).store(to.wrapping_add(16));
            F32x8(_mm256_shuffle_ps::<0x44>(second, fourth)).store(to.wrapping_add(32));
            F32x8(_mm256_shuffle_ps::<0xee>(second, fourth)).store(to.wrapping_add(48));
        }
    }
}

/// Writes eight numbers: the bytes of a little-endian word, times `scale`.
///
/// # Safety
/// The CPU has AVX2, and there is room.
#[inline(always)]
pub(super) unsafe fn store_bytes_f64(word: u64, scale: f64, to: *mut f64) {
    // SAFETY: the caller's promise.
    unsafe {
        let all = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(word.cast_signed()));
        let halves = [_mm256_castsi256_si128(all), _mm256_extracti128_si256::<1>(all)];
        for (half, numbers) in halves.into_iter().enumerate() {
            let scaled = _mm256_mul_pd(_mm256_cvtepi32_pd(numbers), _mm256_set1_pd(scale));
            F64x4(scaled).store(to.wrapping_add(4 * half));
        }
    }
}

/// Writes 4 x 4 numbers transposed, whose rows are a line apart.
///
/// # Safety
/// The CPU has AVX2, they are there, and there is room.
#[inline(always)]
pub(super) unsafe fn transpose_f64(from: *const f64, to: *mut f64) {
    // As above, with rows two apart.
    // SAFETY: the caller's promise.
    unsafe {
        for half in [0, 2] {
            let mut rows = [_mm256_setzero_pd(); 2];
            for (row, pair) in rows.iter_mut().enumerate() {
                let low = from.wrapping_add(row * 8 + half).cast::<Unaligned<__m128d>>();
                let high = from.wrapping_add((row + 2) * 8 + half).cast::<Unaligned<__m128d>>();
                *pair = _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256((*low).0), (*high).0);
            }
            let to = to.wrapping_add(half * 8);
            F64x4(_mm256_unpacklo_pd(rows[0], rows[1])).store(to);
            F64x4(_mm256_unpackhi_pd(rows[0], rows[1])).store(to.wrapping_add(8));
        }
    }
}
