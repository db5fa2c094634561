//! The corpus of the fuzzers and noise: every reader keeps its properties in bounded memory. It is
//! one test, because the allocator counts the memory of the whole process.

use nn_torture::memory::CountingAllocator;
use nn_torture::noise::{self, files_in, try_one};
use nn_torture::readers::READERS;
use nn_torture::trial::Effort;
use std::path::Path;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

#[test]
fn the_corpus_of_the_fuzzers_and_noise_break_no_reader() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("fuzz").join("corpus");
    for reader in READERS {
        let inputs = files_in(&corpus.join(reader.0));
        assert!(!inputs.is_empty(), "no corpus for {}", reader.0);
        for input in inputs {
            let result = try_one(reader, &MEMORY, &input);
            assert_eq!(result, Ok(()));
        }
    }
    let effort =
        Effort { nn: "nn".into(), victim: "nn-torture".into(), seed: 1, rounds: 300, until: None };
    noise::run(&effort, &MEMORY, &corpus).assert_nothing_lost();
}
