//! Peak rate of the multiply-add units, the reference of all shares: with the registers that the kernels use.
#![allow(unsafe_code, reason = "instructions of some CPUs only, called after detection")]

use nn_cpu::CpuDevice;
use nn_tensor::Element;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

/// Number of independent chains of multiply-adds: more than latency times units, and few enough for
/// the registers.
const CHAINS: usize = 12;
/// Multiply-adds per chain and round, about 10 ms.
const TURNS: u64 = 5_000_000;
/// What a chain is multiplied by, and what is added: it stays between the two.
const FACTOR: f64 = 0.999;
const ADDEND: f64 = 0.001;
/// Number of rounds, of which the fastest counts.
const ROUNDS: usize = 5;

/// Measured peaks in operations per second (a multiply-add is two), on one thread and on two.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// Single precision.
    pub f32: [f64; 2],
    /// Double precision.
    pub f64: [f64; 2],
    /// The instructions, as [`CpuDevice::instructions`] names them.
    pub instructions: &'static str,
}

impl Peak {
    /// Measures the peaks, in about a third of a second.
    #[must_use]
    pub fn measure() -> Self {
        let instructions = CpuDevice::default().instructions();
        let of = |(lanes, work), threads| operations_per_second(threads, lanes, work);
        let (of_f32, of_f64) = (chains::<f32>(instructions), chains::<f64>(instructions));
        Self {
            f32: [of(of_f32, 1), of(of_f32, 2)],
            f64: [of(of_f64, 1), of(of_f64, 2)],
            instructions,
        }
    }

    /// Returns the peak of an element type, by its [`Element::NAME`], on one thread or two.
    #[must_use]
    pub fn of(&self, element: &str, threads: usize) -> f64 {
        let peaks = if element == f64::NAME { self.f64 } else { self.f32 };
        peaks[threads.clamp(1, 2) - 1]
    }
}

/// Measures the rate of `threads` threads running `work`, whose chains are `lanes` wide.
fn operations_per_second(threads: usize, lanes: usize, work: fn(u64)) -> f64 {
    let operations = (2 * lanes * CHAINS * threads) as f64 * TURNS as f64;
    (0..ROUNDS).map(|_| operations / together(threads, || work(TURNS))).fold(0.0, f64::max)
}

/// Measures the seconds from the first start to the last end of `threads` threads running `work`.
fn together(threads: usize, work: impl Fn() + Sync) -> f64 {
    let barrier = Barrier::new(threads);
    let one = || {
        barrier.wait();
        let start = Instant::now();
        work();
        (start, Instant::now())
    };
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let own = one();
        let others = others.into_iter().map(|other| other.join().expect("the work does not panic"));
        std::iter::once(own).chain(others).collect()
    });
    let first = spans.iter().map(|span| span.0).min().expect("at least one thread");
    let last = spans.iter().map(|span| span.1).max().expect("at least one thread");
    (last - first).as_secs_f64()
}

/// Runs chains of one type in the widest registers that `instructions` has.
fn chains<E: Element>(instructions: &str) -> (usize, fn(u64)) {
    let single = E::NAME == f32::NAME;
    #[cfg(target_arch = "x86_64")]
    match (instructions, single) {
        // SAFETY: the device has found that this CPU has these instructions.
        ("avx512", true) => return (16, |turns| unsafe { x86::avx512_f32(turns) }),
        // SAFETY: as above.
        ("avx512", false) => return (8, |turns| unsafe { x86::avx512_f64(turns) }),
        // SAFETY: as above.
        ("avx2", true) => return (8, |turns| unsafe { x86::avx2_f32(turns) }),
        // SAFETY: as above.
        ("avx2", false) => return (4, |turns| unsafe { x86::avx2_f64(turns) }),
        _ => {}
    }
    let _ = instructions;
    if single { (8, portable::<f32, 8>) } else { (4, portable::<f64, 4>) }
}

/// Multiplies each of the chains by a factor and adds an addend, again and again.
#[inline(always)]
fn run_chains<V: Copy>(start: V, turns: u64, step: impl Fn(V) -> V) {
    let mut sums = [start; CHAINS];
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = step(*sum);
        }
    }
    black_box(sums);
}

/// The compiler keeps the lanes of each chain in one register.
fn portable<E: Element, const LANES: usize>(turns: u64) {
    let (factor, addend) = black_box((E::from_f64(FACTOR), E::from_f64(ADDEND)));
    run_chains([E::ONE; LANES], turns, |sum| sum.map(|lane| lane * factor + addend));
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{ADDEND, FACTOR, run_chains};
    use std::arch::x86_64::*;
    use std::hint::black_box;

    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512_f32(turns: u64) {
        let of = |value: f64| black_box(_mm512_set1_ps(value as f32));
        let (factor, addend) = (of(FACTOR), of(ADDEND));
        run_chains(of(1.0), turns, |sum| _mm512_fmadd_ps(sum, factor, addend));
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn avx512_f64(turns: u64) {
        let of = |value: f64| black_box(_mm512_set1_pd(value));
        let (factor, addend) = (of(FACTOR), of(ADDEND));
        run_chains(of(1.0), turns, |sum| _mm512_fmadd_pd(sum, factor, addend));
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2_f32(turns: u64) {
        let of = |value: f64| black_box(_mm256_set1_ps(value as f32));
        let (factor, addend) = (of(FACTOR), of(ADDEND));
        run_chains(of(1.0), turns, |sum| _mm256_fmadd_ps(sum, factor, addend));
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn avx2_f64(turns: u64) {
        let of = |value: f64| black_box(_mm256_set1_pd(value));
        let (factor, addend) = (of(FACTOR), of(ADDEND));
        run_chains(of(1.0), turns, |sum| _mm256_fmadd_pd(sum, factor, addend));
    }
}
