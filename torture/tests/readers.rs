//! The corpus of the fuzzers and noise: every reader keeps its properties in bounded memory. It is one
//! test, because the allocator counts the memory of the whole process.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use nn_testing::CountingAllocator;
use nn_torture::noise::{self, try_one};
use nn_torture::readers::READERS;
use nn_torture::trial::Effort;
use std::path::Path;
use xtask::corpus;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

#[test]
fn the_corpus_of_the_fuzzers_and_noise_break_no_reader() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("fuzz").join("corpus");
    for reader in READERS {
        for input in corpus::inputs(&corpus::archive_path(&corpora, reader.0)).unwrap() {
            let result = try_one(reader, &MEMORY, &input);
            assert_eq!(result, Ok(()));
        }
    }
    // The replay would notice: a reader that panics, and one that takes more memory than its bound.
    let panics = try_one(("settings", |_| panic!("on purpose")), &MEMORY, b"any");
    assert!(panics.unwrap_err().contains(" 3 bytes 616e79"));
    let greedy = try_one(
        ("settings", |_| drop(std::hint::black_box(vec![1_u8; 17 << 20]))),
        &MEMORY,
        b"any",
    );
    assert!(greedy.unwrap_err().contains("bytes for 3 bytes"));
    let effort =
        Effort { nn: "nn".into(), victim: "nn-torture".into(), seed: 1, rounds: 300, until: None };
    noise::run(&effort, &MEMORY, &corpora).assert_nothing_lost();
}
