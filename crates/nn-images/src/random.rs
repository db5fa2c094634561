//! The random streams of augmentation. Their values are pinned by a test: they never change.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Number of this purpose among those of streams; nn-data has 1 to 3.
const AUGMENTATION: u64 = 4;

/// A generator that depends on `seed`, `epoch` and `sample`.
///
/// xoshiro256++, its 256 bits of state filled by SplitMix64 from the numbers mixed into one.
pub(crate) fn generator(seed: u64, epoch: u64, sample: u32) -> Xoshiro256PlusPlus {
    let index = (epoch << 32) ^ u64::from(sample);
    let mixed = split_mix(split_mix(split_mix(AUGMENTATION) ^ seed) ^ index);
    Xoshiro256PlusPlus::seed_from_u64(mixed)
}

/// The output of SplitMix64 for state `x`: a bijection in which every input bit moves every output bit.
fn split_mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
