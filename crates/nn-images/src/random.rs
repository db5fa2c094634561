//! The random streams of augmentation. Their values are pinned by a test: they never change.

use crate::draw::Draw;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Number of this purpose among those of random streams; nn-data has 1 to 3.
const AUGMENTATION: u64 = 4;

/// Returns a generator that depends on seed, epoch and sample of `draw`, and on `stream`.
///
/// xoshiro256++, its 256 bits of state filled by SplitMix64 from the numbers mixed into one.
pub(crate) fn generator(draw: &Draw, stream: u32) -> Xoshiro256PlusPlus {
    let purpose = AUGMENTATION | u64::from(stream) << 32;
    let index = (draw.epoch << 32) ^ u64::from(draw.sample);
    let mixed = split_mix(split_mix(split_mix(purpose) ^ draw.seed) ^ index);
    Xoshiro256PlusPlus::seed_from_u64(mixed)
}

/// Returns the output of SplitMix64 for state `x`: a bijection in which every input bit moves every output bit.
fn split_mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Draws uniformly from [0, 1).
pub(crate) fn uniform(random: &mut Xoshiro256PlusPlus) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of an independent program, which computes xoshiro256++ and SplitMix64 with whole numbers of any size.
    #[test]
    fn streams_are_pinned() {
        for ((seed, epoch, sample, stream), numbers) in [
            ((0, 0, 0, 0), [0x08fd_01b5_69ce_750b, 0xea30_335c_94f6_ad87]),
            ((7, 3, 41, 0), [0x7e28_baf0_7e29_f7c5, 0xa1c3_5be8_e533_b06c]),
            ((7, 3, 41, 1), [0xd3fa_8823_aab3_729a, 0x7d04_e183_de66_bee1_u64]),
            ((1 << 40, 1 << 31, u32::MAX, 2), [0x2c5d_1c85_94a3_99fd, 0xd342_7409_4b21_b209]),
        ] {
            let draw = Draw { seed, epoch, sample, ..Draw::default() };
            let mut random = generator(&draw, stream);
            assert_eq!([random.next_u64(), random.next_u64()], numbers, "{draw:?}");
        }
    }
}
