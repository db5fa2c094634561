//! A criterion benchmark whose time comes back as a number.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use std::time::Duration;

/// Samples of a benchmark; criterion takes no fewer.
const SAMPLES: usize = 10;

/// A group with times short enough that all groups together end in about ten minutes.
pub(crate) fn group<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    seconds: f64,
) -> BenchmarkGroup<'c, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(SAMPLES);
    group.warm_up_time(Duration::from_secs_f64(seconds / 4.0));
    group.measurement_time(Duration::from_secs_f64(seconds));
    group
}

/// Runs one benchmark; seconds a time in the fastest of its samples, or nothing where a filter left it
/// out. The fastest, because the machine may have other things to do, and no sample is faster than it.
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
    // What came before the samples was for warming up.
    samples.into_iter().rev().take(SAMPLES).reduce(f64::min)
}
