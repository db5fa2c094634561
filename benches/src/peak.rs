//! The most that the machine's multiply-add units give: the rate that everything else is a share of.
#![allow(
    unsafe_code,
    reason = "instructions that only some CPUs have, called where they are there"
)]

use nn_tensor::Element;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

/// Independent chains of multiply-adds: more than one instruction takes cycles times the units there
/// are, and few enough for the registers.
const CHAINS: usize = 12;
/// Multiply-adds of each chain in one round: about 10 ms.
const TURNS: u64 = 5_000_000;
/// The fastest of these rounds counts: no round is faster than the machine.
const ROUNDS: usize = 5;

/// Measured peaks in operations a second (a multiply-add is two), on one thread and on two at once.
#[derive(Clone, Copy, Debug)]
pub struct Peak {
    /// Of 32-bit numbers.
    pub f32: [f64; 2],
    /// Of 64-bit numbers.
    pub f64: [f64; 2],
}

impl Peak {
    /// Takes about a third of a second.
    #[must_use]
    pub fn measure() -> Self {
        let of_f32 = |threads| operations_a_second(threads, 8, chains::<f32, 8>);
        let of_f64 = |threads| operations_a_second(threads, 4, chains::<f64, 4>);
        Self { f32: [of_f32(1), of_f32(2)], f64: [of_f64(1), of_f64(2)] }
    }

    /// The peak for this type of number, by its [`Element::NAME`], on one thread or on two.
    #[must_use]
    pub fn of(&self, element: &str, threads: usize) -> f64 {
        let peaks = if element == f64::NAME { self.f64 } else { self.f32 };
        peaks[threads.clamp(1, 2) - 1]
    }
}

/// `threads` threads that run `work` at once, each chain `lanes` numbers wide.
fn operations_a_second(threads: usize, lanes: usize, work: fn(u64)) -> f64 {
    let operations = (2 * lanes * CHAINS * threads) as f64 * TURNS as f64;
    (0..ROUNDS).map(|_| operations / together(threads, || work(TURNS))).fold(0.0, f64::max)
}

/// Seconds that `threads` threads take, all doing `work`, from the first's start to the last's end.
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

fn chains<E: Element, const LANES: usize>(turns: u64) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has both.
        return unsafe { chains_fma::<E, LANES>(turns) };
    }
    run_chains::<E, LANES>(turns);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn chains_fma<E: Element, const LANES: usize>(turns: u64) {
    run_chains::<E, LANES>(turns);
}

/// The compiler keeps each chain's lanes in one register.
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
