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
        let wide = instructions == "avx512";
        let of_f32 = |threads| match wide {
            true => operations_per_second(threads, 16, chains_512::<f32, 16>),
            false => operations_per_second(threads, 8, chains::<f32, 8>),
        };
        let of_f64 = |threads| match wide {
            true => operations_per_second(threads, 8, chains_512::<f64, 8>),
            false => operations_per_second(threads, 4, chains::<f64, 4>),
        };
        Self { f32: [of_f32(1), of_f32(2)], f64: [of_f64(1), of_f64(2)], instructions }
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

/// Runs the chains in registers of 512 bits, where this CPU has them.
fn chains_512<E: Element, const LANES: usize>(turns: u64) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: AVX-512 was detected.
        return unsafe { chains_avx512::<E, LANES>(turns) };
    }
    run_chains::<E, LANES>(turns);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn chains_avx512<E: Element, const LANES: usize>(turns: u64) {
    run_chains::<E, LANES>(turns);
}

fn chains<E: Element, const LANES: usize>(turns: u64) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: AVX2 and FMA were detected.
        return unsafe { chains_fma::<E, LANES>(turns) };
    }
    run_chains::<E, LANES>(turns);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn chains_fma<E: Element, const LANES: usize>(turns: u64) {
    run_chains::<E, LANES>(turns);
}

/// Runs the chains; the compiler keeps the lanes of each in one register.
#[inline(always)]
fn run_chains<E: Element, const LANES: usize>(turns: u64) {
    let (factor, addend) = black_box((E::from_f64(0.999), E::from_f64(0.001)));
    let mut sums = [[E::ONE; LANES]; CHAINS];
    for _ in 0..turns {
        for sum in &mut sums {
            for lane in sum {
                *lane = lane.mul_add(factor, addend);
            }
        }
    }
    black_box(sums);
}
