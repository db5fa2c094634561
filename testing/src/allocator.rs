//! An allocator that counts.
#![allow(unsafe_code, reason = "a global allocator cannot be written without")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The system's allocator, which counts requests and the bytes in use, in all threads.
///
/// It counts for the whole process, so a test that uses it is alone in its binary:
///
/// ```
/// use nn_testing::CountingAllocator;
///
/// #[global_allocator]
/// static MEMORY: CountingAllocator = CountingAllocator::new();
///
/// let before = MEMORY.requests();
/// let peak = MEMORY.peak_of(|| drop(std::hint::black_box(vec![1_u8; 1000])));
/// assert!(peak >= 1000 && MEMORY.requests() > before);
/// ```
#[derive(Debug)]
pub struct CountingAllocator {
    requests: AtomicUsize,
    used: AtomicUsize,
    peak: AtomicUsize,
}

impl CountingAllocator {
    /// Returns an allocator that has counted nothing yet.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a static needs a const function")]
    pub const fn new() -> Self {
        let [requests, used, peak] = [const { AtomicUsize::new(0) }; 3];
        Self { requests, used, peak }
    }

    /// Returns how often memory was asked for since the process began.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Returns the most bytes that `work` has in use at one time beyond those in use before it.
    pub fn peak_of(&self, work: impl FnOnce()) -> usize {
        let before = self.used.load(Ordering::Relaxed);
        self.peak.store(before, Ordering::Relaxed);
        work();
        self.peak.load(Ordering::Relaxed).saturating_sub(before)
    }
}

// SAFETY: every call is handed to the system's allocator unchanged; only requests and sizes are counted.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let used = self.used.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        self.peak.fetch_max(used, Ordering::Relaxed);
        // SAFETY: the caller upholds the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        self.used.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller upholds the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}
