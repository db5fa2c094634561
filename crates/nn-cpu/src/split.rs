//! One buffer written by several threads, each in its own part.
#![allow(unsafe_code, reason = "disjoint parts of one slice go to several threads")]

use std::marker::PhantomData;
use std::ops::Range;

/// A slice of which several threads take disjoint parts.
pub(crate) struct Split<'a, E> {
    start: *mut E,
    len: usize,
    owner: PhantomData<&'a mut [E]>,
}

// SAFETY: a `Split` gives out `&mut [E]` by the promise of `part` alone; sending those to other
// threads needs `E: Send`, and nothing else is shared.
unsafe impl<E: Send> Sync for Split<'_, E> {}

impl<'a, E> Split<'a, E> {
    /// Takes the slice for as long as parts of it are out.
    pub(crate) fn new(slice: &'a mut [E]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), owner: PhantomData }
    }

    /// The numbers in `range`.
    ///
    /// # Safety
    /// No two parts that are alive at the same time overlap.
    #[allow(clippy::mut_from_ref, reason = "the parts are disjoint, by the caller's promise")]
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &mut [E] {
        assert!(range.start <= range.end && range.end <= self.len, "a part of the slice");
        // SAFETY: inside the slice, which is borrowed for 'a; disjoint by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// Where the first number of `range` is; that of a part which is no whole range, such as some
    /// columns of a matrix. Whoever writes there keeps inside the range, and what [`part`](Self::part)
    /// asks for.
    pub(crate) fn pointer(&self, range: Range<usize>) -> *mut E {
        assert!(range.start <= range.end && range.end <= self.len, "a part of the slice");
        self.start.wrapping_add(range.start)
    }
}
