//! Hostile lengths in a checkpoint take no memory. Alone in its file, because it counts what the
//! whole process allocates.

#![expect(unsafe_code, reason = "a counting allocator")]

use nn_core::Checkpoint;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = NOW.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most bytes in use at once while `work` runs, beyond those before it.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = NOW.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

#[test]
fn hostile_lengths_take_no_memory() {
    const HEADER: usize = 24;
    // serde reserves at most 1 MiB on the word of a length, and lengths nest three deep.
    const BOUND: usize = 4 << 20;
    let whole = include_bytes!("golden/checkpoint-v1.nn");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.nn");

    for hostile in [1_u64 << 30, 1 << 33, 1 << 40, 1 << 60, u64::MAX] {
        // Any eight bytes of the payload, so every length in it, behind a right checksum.
        for start in HEADER..whole.len() - 8 {
            let mut bytes = whole.to_vec();
            bytes[start..start + 8].copy_from_slice(&hostile.to_le_bytes());
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(&bytes[..HEADER - 4]);
            hasher.update(&bytes[HEADER..]);
            bytes[HEADER - 4..HEADER].copy_from_slice(&hasher.finalize().to_le_bytes());
            let peak = peak_of(|| drop(Checkpoint::from_bytes(&bytes)));
            assert!(peak < BOUND, "{hostile} at byte {start}: {peak} bytes");
        }
        // The length in the header, of a file on disk.
        let mut bytes = whole.to_vec();
        bytes[12..20].copy_from_slice(&hostile.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        let peak = peak_of(|| assert!(Checkpoint::load(&path).is_err()));
        assert!(peak < BOUND, "header says {hostile}: {peak} bytes");
    }
}
