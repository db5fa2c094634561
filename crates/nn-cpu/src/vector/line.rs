//! A line made of one or more registers.
#![allow(unsafe_code, reason = "raw loads")]

use super::Vector;
use nn_tensor::Element;

/// One register, or what stands for it. Everything is as in [`Vector`], for `LANES` numbers.
pub(crate) trait Register: Copy {
    type Elem: Element;
    const LANES: usize;
    const PANELS: usize;

    /// # Safety
    /// They must be there.
    unsafe fn load(from: *const Self::Elem) -> Self;
    /// # Safety
    /// There must be room.
    unsafe fn store(self, to: *mut Self::Elem);
    /// # Safety
    /// There must be room.
    unsafe fn store_bytes(word: u64, scale: Self::Elem, to: *mut Self::Elem);
    fn choose(word: u64, places: [u8; 8]) -> u64;
    /// Writes a square of `LANES` by `LANES` numbers transposed; its rows, and those of `to`, are a
    /// cache line apart.
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
    fn mul_add(self, factor: Self, term: Self) -> Self;
    fn where_positive(self, then: Self, otherwise: Self) -> Self;
    fn flushed(self) -> Self;
    fn nonzero(self) -> u32;
    fn exp(self) -> Self;
    fn exp_m1(self) -> Self;
}

/// `N` registers that hold a cache line together.
#[derive(Clone, Copy)]
pub(crate) struct Line<R, const N: usize>([R; N]);

// Loops and no closures: a closure is not always compiled into its caller, and without that it lacks the
// caller's instructions.
impl<R: Register, const N: usize> Vector for Line<R, N> {
    type Elem = R::Elem;
    const LANES: usize = N * R::LANES;
    const PANELS: usize = R::PANELS;

    #[inline(always)]
    unsafe fn load(from: *const R::Elem) -> Self {
        let mut line = Self::splat(R::Elem::ZERO);
        for (index, register) in line.0.iter_mut().enumerate() {
            // SAFETY: the caller's promise.
            *register = unsafe { R::load(from.add(index * R::LANES)) };
        }
        line
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut R::Elem) {
        for (index, register) in self.0.into_iter().enumerate() {
            // SAFETY: the caller's promise.
            unsafe { register.store(to.add(index * R::LANES)) };
        }
    }

    #[inline(always)]
    unsafe fn store_bytes(word: u64, scale: R::Elem, to: *mut R::Elem) {
        // SAFETY: the caller's promise.
        unsafe { R::store_bytes(word, scale, to) };
    }

    #[inline(always)]
    fn choose(word: u64, places: [u8; 8]) -> u64 {
        R::choose(word, places)
    }

    #[inline(always)]
    unsafe fn transpose(from: *const R::Elem, to: *mut R::Elem) {
        let down = R::LANES * Self::LANES;
        for row in 0..N {
            for column in 0..N {
                // SAFETY: the caller's promise: the square is N by N of those of a register.
                unsafe {
                    let from = from.add(row * down + column * R::LANES);
                    R::transpose(from, to.add(column * down + row * R::LANES));
                }
            }
        }
    }

    #[inline(always)]
    fn splat(value: R::Elem) -> Self {
        Self([R::splat(value); N])
    }

    #[inline(always)]
    fn add(mut self, other: Self) -> Self {
        for (register, other) in self.0.iter_mut().zip(other.0) {
            *register = register.add(other);
        }
        self
    }

    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        for (register, other) in self.0.iter_mut().zip(other.0) {
            *register = register.sub(other);
        }
        self
    }

    #[inline(always)]
    fn mul(mut self, other: Self) -> Self {
        for (register, other) in self.0.iter_mut().zip(other.0) {
            *register = register.mul(other);
        }
        self
    }

    #[inline(always)]
    fn div(mut self, other: Self) -> Self {
        for (register, other) in self.0.iter_mut().zip(other.0) {
            *register = register.div(other);
        }
        self
    }

    #[inline(always)]
    fn sqrt(mut self) -> Self {
        for register in &mut self.0 {
            *register = register.sqrt();
        }
        self
    }

    #[inline(always)]
    fn exp(mut self) -> Self {
        for register in &mut self.0 {
            *register = register.exp();
        }
        self
    }

    #[inline(always)]
    fn exp_m1(mut self) -> Self {
        for register in &mut self.0 {
            *register = register.exp_m1();
        }
        self
    }

    #[inline(always)]
    fn mul_add(mut self, factor: Self, term: Self) -> Self {
        for (index, register) in self.0.iter_mut().enumerate() {
            *register = register.mul_add(factor.0[index], term.0[index]);
        }
        self
    }

    #[inline(always)]
    fn where_positive(mut self, then: Self, otherwise: Self) -> Self {
        for (index, register) in self.0.iter_mut().enumerate() {
            *register = register.where_positive(then.0[index], otherwise.0[index]);
        }
        self
    }

    #[inline(always)]
    fn flushed(mut self) -> Self {
        for register in &mut self.0 {
            *register = register.flushed();
        }
        self
    }

    #[inline(always)]
    fn nonzero(self) -> u32 {
        let mut places = 0;
        for (index, register) in self.0.into_iter().enumerate() {
            places |= register.nonzero() << (index * R::LANES);
        }
        places
    }
}
