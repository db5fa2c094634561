//! Performance cliffs: two threads slower than one, a smaller network or a larger batch slower than
//! its neighbour.

use super::point::{Point, Sweep, pair};
use nn_benches::thousands;

/// Ratio of two equal rates that noise can cause.
const NOISE: f64 = 0.97;

pub(crate) fn print(points: &[Point]) {
    let found: Vec<String> =
        Sweep::ALL.into_iter().flat_map(|sweep| of_sweep(sweep, points)).collect();
    if found.is_empty() {
        println!(
            "\nNo performance cliff: nothing is more than 3 % slower than its neighbour or than one thread."
        );
    }
    for line in found {
        println!("\ncliff: {line}");
    }
}

fn of_sweep(sweep: Sweep, points: &[Point]) -> Vec<String> {
    let pairs: Vec<[&Point; 2]> =
        sweep.sizes().iter().filter_map(|&size| pair(points, sweep, size)).collect();
    let mut found = Vec::new();
    for [one, two] in &pairs {
        if two.rate < NOISE * one.rate {
            found.push(format!("two threads slower than one: {}", both(one, two)));
        }
    }
    for neighbours in pairs.windows(2) {
        for (&small, &large) in neighbours[0].iter().zip(&neighbours[1]) {
            // More neurons mean more work per image; a larger batch does not.
            let (should_be_faster, other) =
                if sweep == Sweep::Batch { (large, small) } else { (small, large) };
            if should_be_faster.rate < NOISE * other.rate {
                found.push(format!("slower than its neighbour: {}", both(should_be_faster, other)));
            }
        }
    }
    found
}

fn both(slow: &Point, fast: &Point) -> String {
    let name = |p: &Point| {
        format!("{} {} on {}, {} images/s", p.sweep, p.size, p.threads, thousands(p.rate))
    };
    format!("{}, where {}", name(slow), name(fast))
}
