//! Criterion benchmarks that return the measured time.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion};
use std::time::Duration;

/// Samples of a benchmark, the minimum of criterion.
const SAMPLES: usize = 10;

/// Creates a group with times short enough for all groups to take about ten minutes.
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

/// Runs one benchmark; returns the seconds per execution in its fastest sample, or nothing if it is
/// filtered out.
///
/// The fastest counts, since other load can only make a sample slower. `work` executes a given
/// number of times and returns the elapsed time.
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
    // Earlier samples belong to the warm-up.
    samples.into_iter().rev().take(SAMPLES).reduce(f64::min)
}
