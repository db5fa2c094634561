//! Timing on a machine with other load.

use std::time::{Duration, Instant};

/// Number of rounds, of which the fastest counts, since other load can only make a round slower.
const ROUNDS: u32 = 10;

/// Returns the seconds of one execution of `work`, in the fastest of ten rounds of about `seconds`
/// in total.
///
/// `work` executes a given number of times and returns the elapsed time.
pub fn fastest(seconds: f64, mut work: impl FnMut(u64) -> Duration) -> f64 {
    let _warm = work(1);
    let once = work(1).as_secs_f64().max(1e-9);
    let times = (seconds / f64::from(ROUNDS) / once).clamp(1.0, 1e9) as u64;
    let round = |_| work(times).as_secs_f64() / times as f64;
    (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min)
}

/// Returns the time to execute `work` `times` times.
pub fn repeat<R>(times: u64, mut work: impl FnMut() -> R) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        std::hint::black_box(work());
    }
    start.elapsed()
}
