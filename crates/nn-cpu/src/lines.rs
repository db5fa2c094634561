//! Memory in cache lines: aligned, zeroed, and asked for in a way that can be refused.
#![allow(unsafe_code, reason = "lines of bytes seen as numbers")]

use crate::element::KernelElement;

/// Bytes of a cache line, and the alignment of every buffer.
pub(crate) const LINE_BYTES: usize = 64;

/// One cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE_BYTES]);

/// Numbers of type `E` in one line.
pub(crate) const fn lanes<E>() -> usize {
    LINE_BYTES / size_of::<E>()
}

/// A buffer of whole cache lines.
#[derive(Default)]
pub(crate) struct Lines(Vec<Line>);

impl Lines {
    /// `count` lines of zeros, or `None` when the machine has not got them.
    pub(crate) fn zeros(count: usize) -> Option<Self> {
        let mut lines = Self::default();
        lines.grow(count).then_some(lines)
    }

    /// Makes the buffer at least `count` lines long; says whether there was memory for it.
    pub(crate) fn grow(&mut self, count: usize) -> bool {
        let missing = count.saturating_sub(self.0.len());
        if self.0.try_reserve_exact(missing).is_err() {
            return false;
        }
        self.0.resize(self.0.len() + missing, Line([0; LINE_BYTES]));
        true
    }

    /// The lines as numbers.
    #[inline]
    pub(crate) fn numbers<E: KernelElement>(&self) -> &[E] {
        let len = self.0.len() * lanes::<E>();
        // SAFETY: `KernelElement` is sealed to f32 and f64, for which every pattern of bytes is a value;
        // `len` numbers fill exactly the initialised lines, whose alignment of 64 exceeds theirs.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast::<E>(), len) }
    }

    /// The lines as numbers that can be changed.
    #[inline]
    pub(crate) fn numbers_mut<E: KernelElement>(&mut self) -> &mut [E] {
        let len = self.0.len() * lanes::<E>();
        // SAFETY: as in `numbers`; the borrow of `self` is exclusive, and bytes have no value that
        // a number could spoil.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast::<E>(), len) }
    }
}

/// Asks for the cache line at `address`, which need not be one of ours.
#[inline(always)]
pub(crate) fn prefetch<E>(address: *const E) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: SSE is part of x86-64, and a prefetch changes nothing and never faults.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}
