//! A criterion benchmark whose time comes back as a number.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use std::time::{Duration, Instant};

/// A group with times short enough that all groups together end in about ten minutes.
pub(crate) fn group<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    seconds: f64,
) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(10);
    group.warm_up_time(Duration::from_secs_f64(seconds / 4.0));
    group.measurement_time(Duration::from_secs_f64(seconds));
    group
}

/// Runs one benchmark; median of the samples in seconds a time, or nothing where a filter left it out.
/// `work` does its work so many times and says how long that took.
pub(crate) fn timed(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    mut work: impl FnMut(u64) -> Duration,
) -> Option<f64> {
    let mut samples = Vec::new();
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|times| {
            let elapsed = work(times);
            samples.push(elapsed.as_secs_f64() / times as f64);
            elapsed
        });
    });
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied()
}

/// How long it takes to do `work` so many times.
pub(crate) fn repeat<R>(times: u64, mut work: impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        std::hint::black_box(work());
    }
    start.elapsed()
}
