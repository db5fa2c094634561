//! How long something takes on a machine that has other things to do as well.

use std::time::{Duration, Instant};

/// Rounds of which the fastest counts: others may need the machine meanwhile, and no round is faster
/// than the machine.
const ROUNDS: u32 = 10;

/// Seconds that `work` takes once, in the fastest of ten rounds which take about `seconds` together.
/// `work` does its work so many times and says how long that took.
pub fn fastest(seconds: f64, mut work: impl FnMut(u64) -> Duration) -> f64 {
    let _warm = work(1);
    let once = work(1).as_secs_f64().max(1e-9);
    let times = (seconds / f64::from(ROUNDS) / once).clamp(1.0, 1e9) as u64;
    let round = |_| work(times).as_secs_f64() / times as f64;
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

/// How long it takes to do `work` so many times.
pub fn repeat<R>(times: u64, mut work: impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        std::hint::black_box(work());
    }
    start.elapsed()
}
