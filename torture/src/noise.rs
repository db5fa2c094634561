//! Noise and damaged files for every reader, which must accept or refuse them within its memory
//! bound.

use std::panic::catch_unwind;
use std::path::Path;

use crate::readers::{READERS, Reader};
use crate::trial::{Effort, Random, Tally};
use nn_testing::CountingAllocator;
use xtask::corpus;

/// Maximum length of a random input.
const MAX_LENGTH: u64 = 4096;

/// Returns the maximum memory of a reader and its checks in [`crate::readers`] for inputs up to 4
/// KiB.
///
/// Gzip and PNG can expand a byte to a thousand. An image is decoded whole, with at most 512 MiB,
/// and as much again while it is scaled down.
#[must_use]
pub fn bound(reader: &str) -> usize {
    match reader {
        "picture" => 1 << 30,
        "idx" | "gzip" => 64 << 20,
        "archive" => 32 << 20,
        _ => 16 << 20,
    }
}

/// Feeds every reader with noise based on `corpora`, a folder with an archive of inputs for each reader.
pub fn run(effort: &Effort, memory: &CountingAllocator, corpora: &Path) -> Tally {
    let mut tally = Tally::default();
    let mut random = Random::new(effort.seed);
    for (number, reader) in READERS.into_iter().enumerate() {
        let seeds = corpus::inputs(&corpus::archive_path(corpora, reader.0));
        let seeds = seeds.unwrap_or_else(|error| {
            tally.check(Err(error.to_string()));
            Vec::new()
        });
        let mut done = 0;
        // Each reader has its share of the time.
        let share = Effort { until: share_of(effort, READERS.len() - number), ..effort.clone() };
        while share.continues(done) {
            let input = random_input(&mut random, &seeds);
            tally.check(try_one(reader, memory, &input));
            done += 1;
        }
        tally.count(done, "random inputs");
    }
    tally
}

/// Returns the end of the first of `left` equal parts of the remaining time.
fn share_of(effort: &Effort, left: usize) -> Option<std::time::Instant> {
    let now = std::time::Instant::now();
    let until = effort.until?;
    Some(now + until.saturating_duration_since(now) / u32::try_from(left).unwrap_or(1))
}

/// Passes one input to a reader.
///
/// # Errors
/// Returns an error if it panics or exceeds its memory bound.
pub fn try_one(
    (name, read): Reader,
    memory: &CountingAllocator,
    input: &[u8],
) -> Result<(), String> {
    let mut panicked = false;
    let peak = memory.peak_of(|| panicked = catch_unwind(|| read(input)).is_err());
    let shown = || input.iter().take(64).map(|byte| format!("{byte:02x}")).collect::<String>();
    if panicked {
        return Err(format!("{name}: panicked on {} bytes {}...", input.len(), shown()));
    }
    if peak > bound(name) + 64 * input.len() {
        return Err(format!("{name}: used {peak} bytes for {} bytes {}...", input.len(), shown()));
    }
    Ok(())
}

/// Returns noise, or a real input that is changed, truncated, extended or mixed with another.
fn random_input(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    if seeds.is_empty() || random.below(8) == 0 {
        let length = random.below(MAX_LENGTH);
        return (0..length).map(|_| random.below(256) as u8).collect();
    }
    let mut input = seeds[random.index(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        change(random, &mut input, seeds);
    }
    input
}

fn change(random: &mut Random, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    if input.is_empty() {
        input.push(random.below(256) as u8);
        return;
    }
    let place = random.index(input.len());
    match random.below(6) {
        0 => input[place] ^= 1 << random.below(8),
        1 => input[place] = random.below(256) as u8,
        2 => input.truncate(place),
        3 => input.insert(place, [0, 0xff, 0x7f, 0x80][random.index(4)]),
        4 => {
            // Critical lengths and sizes, in either byte order.
            let number = [0, 1, 0x7fff_ffff, 0xffff_ffff, u64::MAX, 1 << 40][random.index(6)];
            let bytes =
                if random.below(2) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
            let end = input.len().min(place + 8);
            input[place..end].copy_from_slice(&bytes[..end - place]);
        }
        _ => {
            let other = &seeds[random.index(seeds.len())];
            let start = place.min(other.len());
            input.truncate(place);
            input.extend_from_slice(&other[start..]);
        }
    }
}
