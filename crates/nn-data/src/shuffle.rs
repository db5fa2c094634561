//! The order in which an epoch visits the samples.

use crate::random::{Purpose, generator, shuffle};

/// A permutation of `0..count` that depends on `seed` and `epoch` alone.
///
/// It is the same on every machine and in every version of this crate (golden values in the tests
/// pin it), so an interrupted training finds its place again.
///
/// ```
/// let mut order = nn_data::epoch_order(42, 1, 1000);
/// assert_ne!(order, nn_data::epoch_order(42, 2, 1000));
/// order.sort_unstable();
/// assert!(order.into_iter().eq(0..1000));
/// ```
///
/// # Panics
/// If `count` is more than `u32::MAX`; a [`Dataset`](crate::Dataset) never holds that many.
pub fn epoch_order(seed: u64, epoch: u64, count: usize) -> Vec<u32> {
    let mut order = Vec::new();
    epoch_order_into(&mut order, seed, epoch, count);
    order
}

/// As [`epoch_order`], into a vector that is kept: nothing is allocated once it is large enough.
///
/// # Panics
/// If `count` is more than `u32::MAX`.
pub fn epoch_order_into(order: &mut Vec<u32>, seed: u64, epoch: u64, count: usize) {
    assert!(count <= u32::MAX as usize, "epoch_order: {count} samples are more than u32::MAX");
    order.clear();
    order.extend(0..count as u32);
    shuffle(&mut generator(Purpose::EpochOrder, seed, epoch), order);
}
