//! To and from the host: moves, all exact.

use super::compare::expect_equal;
use super::samples::{
    classes, numbers, pass_over, pixels, resident_labels, resident_pixels, tensor,
};
use crate::{Device, Element, HostSamples, HostValues, Role, Shape, Tensor};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ones, odd ones, whole registers, and those of real networks.
const SHAPES: [Shape; 9] = [
    Shape::new(1, 1),
    Shape::new(1, 19),
    Shape::new(23, 1),
    Shape::new(3, 5),
    Shape::new(7, 33),
    Shape::new(16, 16),
    Shape::new(10, 784),
    Shape::new(64, 784),
    Shape::new(300, 784),
];

/// Holds creation, moves and gathers to the truth.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for shape in SHAPES {
        for role in [Role::Activation, Role::Weight] {
            moves::<T>(device, shape, role);
            gathers::<T>(device, shape, role);
        }
        one_hot::<T>(device, shape);
        views::<T>(device, shape);
    }
    for count in [0, 1, 7, 64, 10_000] {
        every_number_once::<T>(device, count);
    }
}

fn every_number_once<T: Tensor>(device: &T::Device, count: usize) {
    let visits: Vec<AtomicUsize> = (0..count).map(|_| AtomicUsize::new(0)).collect();
    device.for_each(count, |number| {
        visits[number].fetch_add(1, Ordering::Relaxed);
    });
    let once = visits.iter().all(|visits| visits.load(Ordering::Relaxed) == 1);
    assert!(once, "conformance: for_each, {count}: each number once");
}

fn moves<T: Tensor>(device: &T::Device, shape: Shape, role: Role) {
    let case = format!("{shape} as {role:?}");
    let values: Vec<T::Elem> = numbers(shape.len() as u64, shape.len());
    let zeros = T::zeros(device, shape, role).expect("memory for a small test tensor");
    assert_eq!(zeros.shape(), shape, "conformance: shape, {case}");
    expect_equal("zeros", &case, &zeros.to_vec(), &vec![T::Elem::ZERO; shape.len()]);

    let written: T = tensor(device, shape, role, &values);
    expect_equal("write and read", &case, &written.to_vec(), &values);

    let mut copy = tensor::<T>(device, shape, role, &vec![T::Elem::ONE; shape.len()]);
    copy.copy_from(&written);
    expect_equal("copy_from", &case, &copy.to_vec(), &values);
    expect_equal("copy_from (its source)", &case, &written.to_vec(), &values);
    let mut other_role = T::zeros(device, shape, Role::Activation).expect("memory as above");
    other_role.copy_from(&written);
    expect_equal("copy_from", &format!("{case} to Activation"), &other_role.to_vec(), &values);

    let value = T::Elem::from_f64(-0.75);
    copy.fill(value);
    expect_equal("fill", &case, &copy.to_vec(), &vec![value; shape.len()]);
    device.synchronize().expect("a device that has just worked");
}

/// Rows in any order, some twice, from samples of another height; then again over the old content.
fn gathers<T: Tensor>(device: &T::Device, shape: Shape, role: Role) {
    let case = format!("{shape} as {role:?}");
    let source_shape = Shape::new(shape.rows + 7, shape.columns);
    let rows = classes(3, shape.rows, source_shape.rows);

    let mut gathered = T::zeros(device, shape, role).expect("memory for a small test tensor");
    let mut last = Vec::new();
    let all_bytes: Vec<u8> = (0..source_shape.len()).map(|index| (index * 89) as u8).collect();
    for source in [11, 12, 13].map(|seed| pixels(seed, source_shape)).iter().chain([&all_bytes]) {
        let samples = resident_pixels::<T>(device, source, shape.columns);
        gathered.gather(&samples, &pass_over::<T>(device, &rows));
        let truth = |row: &u32| {
            let start = *row as usize * shape.columns;
            source[start..start + shape.columns].iter().map(|&byte| of_byte(byte))
        };
        last = rows.iter().flat_map(truth).collect();
        expect_equal("gather (bytes)", &case, &gathered.to_vec(), &last);
    }

    // What a backend remembers of the bytes must not outlive them.
    let mut copy = T::zeros(device, shape, role).expect("memory for a small test tensor");
    copy.copy_from(&gathered);
    expect_equal("copy_from", &format!("{case}, gathered"), &copy.to_vec(), &last);
    let values: Vec<T::Elem> = numbers(17, shape.len());
    gathered.write(&values);
    expect_equal("write", &format!("{case}, over gathered"), &gathered.to_vec(), &values);

    let bytes = pixels(14, shape);
    gathered.write_bytes(&bytes, T::Elem::from_f64(1.0 / 255.0));
    let truth: Vec<T::Elem> = bytes.iter().map(|&byte| of_byte(byte)).collect();
    expect_equal("write_bytes", &case, &gathered.to_vec(), &truth);

    let source: Vec<f64> = numbers::<f64>(5, source_shape.len()).iter().map(|x| x / 3.0).collect();
    let numbers = HostValues::Numbers { numbers: Arc::new(source.clone()), width: shape.columns };
    let samples = device.upload(HostSamples::new(numbers)).expect("memory for small test data");
    gathered.gather(&samples, &pass_over::<T>(device, &rows));
    let truth = |row: &u32| {
        let start = *row as usize * shape.columns;
        source[start..start + shape.columns].iter().map(|&value| T::Elem::from_f64(value))
    };
    let truth: Vec<T::Elem> = rows.iter().flat_map(truth).collect();
    expect_equal("gather (values)", &case, &gathered.to_vec(), &truth);
}

/// Samples that are some rows of what is stored, in another order, gathered in yet another.
fn views<T: Tensor>(device: &T::Device, shape: Shape) {
    let stored = Shape::new(shape.rows + 5, shape.columns);
    let (bytes, labels) = (pixels(23, stored), classes(24, stored.rows, shape.columns));
    let (view, order) =
        (classes(25, shape.rows + 2, stored.rows), classes(26, shape.rows, shape.rows + 2));
    let row_of = |sample: &u32| view[*sample as usize] as usize;
    let mut gathered = T::zeros(device, shape, Role::Activation).expect("memory for a test");
    let values = [
        HostValues::Bytes {
            bytes: Arc::new(bytes.clone()),
            width: shape.columns,
            scale: 1.0 / 255.0,
        },
        HostValues::Classes { labels: Arc::new(labels.clone()), classes: shape.columns },
    ];
    for (index, values) in values.into_iter().enumerate() {
        let samples = HostSamples::new(values).with_rows(view.clone());
        let samples = device.upload(samples).expect("memory for small test data");
        gathered.gather(&samples, &pass_over::<T>(device, &order));
        let element = |row: usize, column: usize| match index {
            0 => of_byte(bytes[row * shape.columns + column]),
            _ if labels[row] as usize == column => T::Elem::ONE,
            _ => T::Elem::ZERO,
        };
        let row = |sample| (0..shape.columns).map(move |column| element(row_of(sample), column));
        let truth: Vec<T::Elem> = order.iter().flat_map(row).collect();
        expect_equal("gather (a view)", &format!("{shape}, {index}"), &gathered.to_vec(), &truth);
    }
}

/// What a byte of an image means.
fn of_byte<E: Element>(byte: u8) -> E {
    E::from_f64(1.0 / 255.0) * E::from_f64(f64::from(byte))
}

/// Classes become one-hot rows.
fn one_hot<T: Tensor>(device: &T::Device, shape: Shape) {
    let labels = classes(21, shape.rows + 3, shape.columns);
    let rows = classes(22, shape.rows, labels.len());
    let ones = vec![T::Elem::ONE; shape.len()];
    let mut gathered: T = tensor(device, shape, Role::Activation, &ones);
    let samples = resident_labels::<T>(device, &labels, shape.columns);
    gathered.gather(&samples, &pass_over::<T>(device, &rows));
    let mut truth = vec![T::Elem::ZERO; shape.len()];
    for (row, &sample) in truth.chunks_mut(shape.columns).zip(&rows) {
        row[labels[sample as usize] as usize] = T::Elem::ONE;
    }
    expect_equal("gather (classes)", &shape.to_string(), &gathered.to_vec(), &truth);
}
