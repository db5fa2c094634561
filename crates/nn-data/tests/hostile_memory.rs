//! A header that promises gigabytes costs no more memory than the bytes that really come.

#[path = "it/common.rs"]
mod common;

use common::header;
use nn_data::{read_idx, read_idx_from};
use nn_testing::{CountingAllocator, gzip};

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

/// The reader's buffers and the state of the unpacker, well below what any of the headers promises.
const BOUND: usize = 1 << 20;

// The one test of this file: another one beside it would be counted with it.
#[test]
fn a_hostile_header_gets_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile");
    let promises: [&[u32]; 4] =
        [&[u32::MAX], &[60_000, 28, 28], &[1 << 20, 1 << 20, 1 << 20], &[u32::MAX, u32::MAX]];
    for code in [0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e] {
        for sizes in promises {
            let plain = [header(code, sizes), vec![1; 1000]].concat();
            for bytes in [gzip(&plain), plain] {
                std::fs::write(&path, &bytes).unwrap();
                let as_file = MEMORY.peak_of(|| assert!(read_idx(&path).is_err()));
                let as_stream =
                    MEMORY.peak_of(|| assert!(read_idx_from(&bytes[..], "stream").is_err()));
                assert!(as_file.max(as_stream) < BOUND, "{code} {sizes:?}: {as_file} {as_stream}");
            }
        }
    }

    // Nothing to read behind a plain file's header that is not true: not even a buffer for the body.
    std::fs::write(&path, header(0x08, &[u32::MAX])).unwrap();
    let refused = MEMORY.peak_of(|| assert!(read_idx(&path).is_err()));
    assert!(refused < 256 * 1024, "{refused}");

    // A bomb: 64 MiB packed small, behind a header of ten values.
    let bomb = gzip(&[header(0x08, &[10]), vec![0; 64 << 20]].concat());
    let peak = MEMORY.peak_of(|| assert!(read_idx_from(&bomb[..], "bomb").is_err()));
    assert!(peak < BOUND, "{peak}");

    // What really comes is kept once: no second copy, and no more room than it fills.
    let honest = gzip(&[header(0x08, &[8 << 20]), vec![7; 8 << 20]].concat());
    let mut array = None;
    let peak = MEMORY.peak_of(|| array = read_idx_from(&honest[..], "honest").ok());
    assert!(array.is_some());
    assert!(peak < 2 * (8 << 20) + BOUND, "{peak}");
}
