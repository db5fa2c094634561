//! Which activations dropout keeps: a pure function of a key and a position.

use crate::Element;

/// Whether dropout at `rate` keeps the element at `index` of the tensor with this `key`.
///
/// The decision depends on nothing else, so it is the same at any number of threads, needs no
/// memory, and the backward pass finds it again. The mixing is the finalizer of SplitMix64 (Steele,
/// Lea and Flood 2014) applied to `key + (index + 1) · golden ratio`.
///
/// ```
/// use nn_tensor::keeps;
/// let kept = (0..10_000).filter(|&index| keeps(42, index, 0.25)).count();
/// assert!((7_300..7_700).contains(&kept));
/// ```
#[must_use]
#[inline]
pub fn keeps(key: u64, index: u64, rate: f64) -> bool {
    keep_bits(key, index) >= keep_threshold(rate)
}

/// The 53 random bits by which [`keeps`] decides about the element at `index`.
#[must_use]
#[inline(always)]
pub fn keep_bits(key: u64, index: u64) -> u64 {
    let mut mixed = key.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) >> 11
}

/// The least [`keep_bits`] with which an element is kept: as a fraction of 2^53, at least `rate`.
#[must_use]
#[inline]
pub fn keep_threshold(rate: f64) -> u64 {
    (rate * (1_u64 << 53) as f64).ceil() as u64
}

/// What dropout multiplies an element by: 0, or 1 / (1 - rate), so that its expectation stays.
#[must_use]
#[inline]
pub fn dropout_factor<E: Element>(key: u64, index: u64, rate: f64) -> E {
    if keeps(key, index, rate) { E::from_f64(1.0 / (1.0 - rate)) } else { E::ZERO }
}
