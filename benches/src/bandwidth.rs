//! Read bandwidth of each level of the memory hierarchy.
#![allow(unsafe_code, reason = "instructions of some CPUs only, called after detection")]

use crate::clock::{fastest, repeat};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Name and working set in bytes per thread.
pub const LEVELS: [(&str, usize); 4] = [
    ("first-level cache (16 KiB per thread)", 16 << 10),
    ("second-level cache (256 KiB per thread)", 256 << 10),
    ("third-level cache (4 MiB per thread)", 4 << 20),
    ("main memory (128 MiB per thread)", 128 << 20),
];

/// Returns the bytes per second that `threads` threads read together from working sets of `bytes`
/// each.
#[must_use]
pub fn read_rate(bytes: usize, threads: usize) -> f64 {
    let numbers = vec![1.0_f32; bytes / size_of::<f32>() * threads];
    let parts: Vec<&[f32]> = numbers.chunks(bytes / size_of::<f32>()).collect();
    let seconds = fastest(0.2, |times| together(&parts, times));
    (bytes * threads) as f64 / seconds
}

/// Measures the time to sum every part `times` times, each on its own thread.
fn together(parts: &[&[f32]], times: u64) -> Duration {
    let barrier = Barrier::new(parts.len());
    let one = |part: &[f32]| {
        barrier.wait();
        let start = Instant::now();
        let _work = repeat(times, || sum(black_box(part)));
        (start, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let threads: Vec<_> = parts.iter().map(|part| scope.spawn(|| one(part))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let start = spans.iter().map(|span| span.0).min();
    let end = spans.iter().map(|span| span.1).max();
    start.zip(end).map_or(Duration::ZERO, |(start, end)| end - start)
}

fn sum(numbers: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: AVX2 was detected.
        return unsafe { sum_avx2(numbers) };
    }
    sum_lanes(numbers)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn sum_avx2(numbers: &[f32]) -> f32 {
    sum_lanes(numbers)
}

/// Sums in eight registers of eight lanes, so that reading dominates the time.
#[inline(always)]
fn sum_lanes(numbers: &[f32]) -> f32 {
    let mut sums = [0.0; 64];
    for line in numbers.as_chunks::<64>().0 {
        for (sum, number) in sums.iter_mut().zip(line) {
            *sum += number;
        }
    }
    sums.iter().sum()
}
