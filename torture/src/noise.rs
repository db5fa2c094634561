//! Every reader, fed with noise and with damaged real files: it answers or refuses, and takes no more
//! memory than its bound.

use std::panic::catch_unwind;
use std::path::Path;

use crate::readers::{READERS, Reader};
use crate::trial::{Dice, Effort, Tally};
use nn_testing::CountingAllocator;
use xtask::corpus;

/// Longest input that is made up here.
const LONGEST: u64 = 4096;

/// The most memory that a reader and the checks of [`crate::readers`] may take for an input of up to
/// 4 KiB. Gzip and PNG can make a thousand bytes of one, and a picture is decoded whole: at most
/// 512 MiB, and as much again for its reduction.
#[must_use]
pub fn bound(reader: &str) -> usize {
    match reader {
        "picture" => 1 << 30,
        "idx" | "gzip" => 64 << 20,
        "archive" => 32 << 20,
        _ => 16 << 20,
    }
}

/// Feeds every reader with noise, beginning with what is in `corpora` (an archive for each reader).
pub fn run(effort: &Effort, memory: &CountingAllocator, corpora: &Path) -> Tally {
    let mut tally = Tally::default();
    let mut dice = Dice::new(effort.seed);
    for (number, reader) in READERS.into_iter().enumerate() {
        let seeds = corpus::inputs(&corpus::archive_path(corpora, reader.0));
        let seeds = seeds.unwrap_or_else(|error| {
            tally.check(Err(error.to_string()));
            Vec::new()
        });
        let mut done = 0;
        // Each has its share of the time.
        let share = Effort { until: share_of(effort, READERS.len() - number), ..effort.clone() };
        while share.goes_on(done) {
            let input = invent(&mut dice, &seeds);
            tally.check(try_one(reader, memory, &input));
            done += 1;
        }
        tally.count(done, "inputs of noise");
    }
    tally
}

/// When the next of `left` equal parts of the remaining time is over.
fn share_of(effort: &Effort, left: usize) -> Option<std::time::Instant> {
    let now = std::time::Instant::now();
    let until = effort.until?;
    Some(now + until.saturating_duration_since(now) / u32::try_from(left).unwrap_or(1))
}

/// Gives one input to a reader.
///
/// # Errors
/// If it panics, or takes more memory than its bound.
pub fn try_one(
    (name, read): Reader,
    memory: &CountingAllocator,
    input: &[u8],
) -> Result<(), String> {
    let mut panicked = false;
    let peak = memory.peak_of(|| panicked = catch_unwind(|| read(input)).is_err());
    let shown = || input.iter().take(64).map(|byte| format!("{byte:02x}")).collect::<String>();
    if panicked {
        return Err(format!("{name}: broke its promise on {} bytes {}...", input.len(), shown()));
    }
    if peak > bound(name) + 64 * input.len() {
        return Err(format!("{name}: took {peak} bytes for {} bytes {}...", input.len(), shown()));
    }
    Ok(())
}

/// Pure noise, or a real input with some of it changed, cut, doubled or replaced by another's.
fn invent(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    if seeds.is_empty() || dice.below(8) == 0 {
        let length = dice.below(LONGEST);
        return (0..length).map(|_| dice.below(256) as u8).collect();
    }
    let mut input = seeds[dice.index(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        change(dice, &mut input, seeds);
    }
    input
}

fn change(dice: &mut Dice, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    if input.is_empty() {
        input.push(dice.below(256) as u8);
        return;
    }
    let place = dice.index(input.len());
    match dice.below(6) {
        0 => input[place] ^= 1 << dice.below(8),
        1 => input[place] = dice.below(256) as u8,
        2 => input.truncate(place),
        3 => input.insert(place, [0, 0xff, 0x7f, 0x80][dice.index(4)]),
        4 => {
            // Numbers that lengths and sizes fear, in either order of bytes.
            let number = [0, 1, 0x7fff_ffff, 0xffff_ffff, u64::MAX, 1 << 40][dice.index(6)];
            let bytes =
                if dice.below(2) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
            let end = input.len().min(place + 8);
            input[place..end].copy_from_slice(&bytes[..end - place]);
        }
        _ => {
            let other = &seeds[dice.index(seeds.len())];
            let start = place.min(other.len());
            input.truncate(place);
            input.extend_from_slice(&other[start..]);
        }
    }
}
