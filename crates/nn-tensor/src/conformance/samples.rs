//! The values that the suite feeds to a backend: fixed, and awkward on purpose.

use crate::{
    Device, Element, HostEpoch, HostSamples, HostValues, MemberSteps, Orientation, ReferenceTensor,
    ResidentEpoch, ResidentSamples, Role, Shape, StepNumbers, Tensor,
};
use std::sync::Arc;

/// `len` numbers from [-1, 1), the same for the same seed, exactly representable in `f32`.
pub(super) fn numbers<E: Element>(seed: u64, len: usize) -> Vec<E> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    (0..len)
        .map(|_| {
            // Knuth's MMIX generator; its upper bits are good enough to stir a matrix.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let unit = (state >> 41) as f64 / f64::from(1_u32 << 23);
            E::from_f64(2.0 * unit - 1.0)
        })
        .collect()
}

/// As [`numbers`], but from [0.1, 1.1): mean squares, which are never negative.
pub(super) fn squares<E: Element>(seed: u64, len: usize) -> Vec<E> {
    let numbers: Vec<E> = numbers(seed, len);
    numbers.iter().map(|&number| E::from_f64(0.6 + 0.5 * number.to_f64())).collect()
}

/// Bytes as images have them: most are 0, whole columns are 0 in every row, and some rows are 0.
pub(super) fn pixels(seed: u64, shape: Shape) -> Vec<u8> {
    let noise: Vec<f64> = numbers(seed, shape.len());
    let mut pixels = Vec::with_capacity(shape.len());
    for row in 0..shape.rows {
        for column in 0..shape.columns {
            let value = noise[row * shape.columns + column];
            let blank_column = column % 11 < 4 || column < shape.columns / 10;
            let blank = blank_column || row % 9 == 5 || value < 0.3;
            pixels.push(if blank { 0 } else { (value * 255.0) as u8 });
        }
    }
    pixels
}

/// Numbers with the zeros of [`pixels`]: zero columns, zero rows, scattered zeros.
pub(super) fn sparse_numbers<E: Element>(seed: u64, shape: Shape) -> Vec<E> {
    pixels(seed, shape).iter().map(|&byte| E::from_f64(f64::from(byte) / 255.0)).collect()
}

/// Class of each row of a batch.
pub(super) fn classes(seed: u64, rows: usize, count: usize) -> Vec<u32> {
    let noise: Vec<f64> = numbers(seed, rows);
    noise
        .iter()
        .map(|value| (((value + 1.0) / 2.0 * count as f64) as u32).min(count as u32 - 1))
        .collect()
}

/// A tensor on the device under test.
#[track_caller]
pub(super) fn tensor<T: Tensor>(
    device: &T::Device,
    shape: Shape,
    role: Role,
    values: &[T::Elem],
) -> T {
    T::from_values(device, shape, role, values).expect("memory for a small test tensor")
}

/// The same values as a reference tensor of any element type.
#[track_caller]
pub(super) fn reference<E: Element, F: Element>(shape: Shape, values: &[F]) -> ReferenceTensor<E> {
    let values: Vec<E> = values.iter().map(|&value| E::from_f64(value.to_f64())).collect();
    tensor(&(), shape, Role::Activation, &values)
}

/// The values of a `shape` matrix as they are stored when seen through `orientation`.
pub(super) fn stored<E: Element>(shape: Shape, values: &[E], orientation: Orientation) -> Vec<E> {
    match orientation {
        Orientation::Keep => values.to_vec(),
        Orientation::Transpose => (0..shape.len())
            .map(|index| values[(index % shape.rows) * shape.columns + index / shape.rows])
            .collect(),
    }
}

/// Bytes that are resident on the device under test, each worth 1/255 of itself.
#[track_caller]
pub(super) fn resident_pixels<T: Tensor>(
    device: &T::Device,
    bytes: &[u8],
    width: usize,
) -> ResidentSamples<T> {
    let bytes = Arc::new(bytes.to_vec());
    let values = HostValues::Bytes { bytes, width, scale: 1.0 / 255.0 };
    device.upload(HostSamples::new(values)).expect("memory for small test data")
}

/// Classes that are resident on the device under test.
#[track_caller]
pub(super) fn resident_labels<T: Tensor>(
    device: &T::Device,
    labels: &[u32],
    classes: usize,
) -> ResidentSamples<T> {
    let values = HostValues::Classes { labels: Arc::new(labels.to_vec()), classes };
    device.upload(HostSamples::new(values)).expect("memory for small test data")
}

/// A pass over these rows.
#[track_caller]
pub(super) fn pass_over<T: Tensor>(device: &T::Device, rows: &[u32]) -> ResidentEpoch<T> {
    device.begin_epoch(HostEpoch::without_steps(rows.to_vec())).expect("memory for a small epoch")
}

/// An epoch of steps over batches that need no order, all with the same numbers.
#[track_caller]
pub(super) fn steps_alone<T: Tensor>(
    device: &T::Device,
    numbers: StepNumbers<f64>,
    steps: usize,
) -> ResidentEpoch<T> {
    let member = MemberSteps { numbers: vec![numbers; steps], dropout_keys: Vec::new() };
    device.begin_epoch(HostEpoch::new(Vec::new(), vec![member])).expect("memory for a small epoch")
}

/// One step with dropout in one layer.
#[track_caller]
pub(super) fn dropout_step<T: Tensor>(device: &T::Device, key: u64) -> ResidentEpoch<T> {
    let numbers = vec![StepNumbers::with_learning_rate(0.0)];
    let member = MemberSteps { numbers, dropout_keys: vec![key] };
    device.begin_epoch(HostEpoch::new(Vec::new(), vec![member])).expect("memory for a small epoch")
}
