//! Lines of numbers in registers: what the kernels need of them, with AVX-512, AVX2, and without.
#![allow(unsafe_code, reason = "intrinsics and raw loads")]

use crate::exponential::{ExpRange, Exponential, exponential, exponential_minus_one};
use nn_tensor::Element;

/// A cache line of numbers in registers: what kernels compute with, whatever registers there are.
///
/// Implementations that use instructions which not every CPU has are private to their module, which
/// hands them to kernels alone, and only where the CPU has the instructions.
pub(crate) trait Vector: Copy {
    /// What it holds.
    type Elem: Element;
    /// How many: as many as a cache line, on every CPU.
    const LANES: usize;
    /// Panels whose sums a tile of six rows holds in registers at once.
    const PANELS: usize;

    /// Reads a line.
    ///
    /// # Safety
    /// It must be there.
    unsafe fn load(from: *const Self::Elem) -> Self;
    /// Writes a line.
    ///
    /// # Safety
    /// There must be room.
    unsafe fn store(self, to: *mut Self::Elem);
    /// Writes eight numbers: the bytes of a little-endian word, times `scale`.
    ///
    /// # Safety
    /// There must be room.
    unsafe fn store_bytes(word: u64, scale: Self::Elem, to: *mut Self::Elem);
    /// The bytes of a little-endian word at these places, which are below 8, as another.
    fn choose(word: u64, places: [u8; 8]) -> u64;
    /// Writes as many lines as a line has numbers transposed.
    ///
    /// # Safety
    /// They must be there, and there must be room.
    unsafe fn transpose(from: *const Self::Elem, to: *mut Self::Elem);
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
    /// +0 for each number that is subnormal or -0.
    fn flushed(self) -> Self;
    /// A bit for each number that is not 0, the first one lowest; NaN is not 0.
    fn nonzero(self) -> u32;
    /// eˣ of each number; see [`exponential`](crate::exponential).
    fn exp(self) -> Self;
    /// eˣ - 1 of each number, exact to the last places near 0 too.
    fn exp_m1(self) -> Self;
}

/// Work that can be done with any [`Vector`].
pub(crate) trait Kernel<E> {
    /// Does it. Implementations are `#[inline(always)]`, so that they are compiled anew for each
    /// instruction set.
    fn run<V: Vector<Elem = E>>(self);
}

mod line;
pub(crate) use line::{Line, Register};

/// `N` numbers in an array, which the compiler turns into what registers it has.
#[derive(Clone, Copy)]
pub(crate) struct Portable<E, const N: usize>([E; N]);

impl<E: Element, const N: usize> Portable<E, N> {
    #[inline(always)]
    fn zip(self, other: Self, function: impl Fn(E, E) -> E) -> Self {
        let mut result = self;
        for lane in 0..N {
            result.0[lane] = function(self.0[lane], other.0[lane]);
        }
        result
    }
}

/// Whether the program is compiled for a CPU that multiplies and adds in one rounding, as each aarch64
/// does: then the bytes are those of AVX2 and AVX-512.
const HAS_FMA: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

impl<E: ExpRange, const N: usize> Exponential for Portable<E, N> {
    #[inline(always)]
    fn clamp(self) -> Self {
        self.zip(self, |x, _| {
            if x < E::LEAST {
                E::LEAST
            } else if x > E::GREATEST {
                E::GREATEST
            } else {
                x
            }
        })
    }

    #[inline(always)]
    fn round(self) -> Self {
        // Adding and taking off 1.5 · 2^(digits - 1) leaves whole numbers, ties to even.
        let shift = E::from_f64(1.5) / E::epsilon();
        self.zip(self, |x, _| (x + shift) - shift)
    }

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        self.zip(exponent, E::times_power_of_two)
    }
}

impl<E: ExpRange, const N: usize> Register for Portable<E, N> {
    type Elem = E;
    const LANES: usize = N;
    const PANELS: usize = 1;

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
    unsafe fn store_bytes(word: u64, scale: E, to: *mut E) {
        // SAFETY: the caller's promise.
        let to = unsafe { &mut *to.cast::<[E; 8]>() };
        for (value, byte) in to.iter_mut().zip(word.to_le_bytes()) {
            *value = scale * E::from_f64(f64::from(byte));
        }
    }

    #[inline(always)]
    fn choose(word: u64, places: [u8; 8]) -> u64 {
        u64::from_le_bytes(places.map(|place| (word >> (8 * place)) as u8))
    }

    #[inline(always)]
    unsafe fn transpose(from: *const E, to: *mut E) {
        for row in 0..N {
            for column in 0..N {
                // SAFETY: the caller's promise.
                unsafe { *to.add(column * 2 * N + row) = *from.add(row * 2 * N + column) };
            }
        }
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
        if !HAS_FMA {
            return self.mul(factor).add(term);
        }
        let mut result = term;
        for lane in 0..N {
            let sum = num_traits::Float::mul_add(self.0[lane], factor.0[lane], term.0[lane]);
            result.0[lane] = sum;
        }
        result
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

    #[inline(always)]
    fn flushed(mut self) -> Self {
        for value in &mut self.0 {
            if value.abs() < E::min_positive_value() {
                *value = E::ZERO;
            }
        }
        self
    }

    #[inline(always)]
    fn nonzero(self) -> u32 {
        let bit = |(lane, &value): (usize, &E)| u32::from(value != E::ZERO) << lane;
        self.0.iter().enumerate().map(bit).sum()
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

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
