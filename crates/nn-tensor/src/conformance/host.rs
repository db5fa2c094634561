//! To and from the host: moves, all exact.

use super::compare::expect_equal;
use super::samples::{classes, numbers, pixels, tensor};
use crate::{Device, Element, Matrix, ReferenceTensor, Role, Shape, Tensor};
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

/// Holds creation, moves, gathers and one-hot to the reference.
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

/// Rows in any order, some twice, from a source of another height; then again over the old content.
fn gathers<T: Tensor>(device: &T::Device, shape: Shape, role: Role) {
    let case = format!("{shape} as {role:?}");
    let source_shape = Shape::new(shape.rows + 7, shape.columns);
    let rows = classes(3, shape.rows, source_shape.rows);
    let scale = T::Elem::from_f64(1.0 / 255.0);

    let mut gathered = T::zeros(device, shape, role).expect("memory for a small test tensor");
    for seed in [11, 12, 13] {
        let source = pixels(seed, source_shape);
        gathered.gather_bytes(&source, &rows, scale);
        let mut truth = reference_zeros::<T::Elem>(shape);
        truth.gather_bytes(&source, &rows, scale);
        expect_equal("gather_bytes", &case, &gathered.to_vec(), &truth.to_vec());
    }
    let all_bytes: Vec<u8> = (0..source_shape.len()).map(|index| (index * 89) as u8).collect();
    gathered.gather_bytes(&all_bytes, &rows, T::Elem::ONE);
    let mut truth = reference_zeros::<T::Elem>(shape);
    truth.gather_bytes(&all_bytes, &rows, T::Elem::ONE);
    expect_equal(
        "gather_bytes",
        &format!("{case}, every byte"),
        &gathered.to_vec(),
        &truth.to_vec(),
    );

    // What a backend remembers of the bytes must not outlive them.
    let mut copy = T::zeros(device, shape, role).expect("memory for a small test tensor");
    copy.copy_from(&gathered);
    expect_equal("copy_from", &format!("{case}, gathered"), &copy.to_vec(), &truth.to_vec());
    let values: Vec<T::Elem> = numbers(17, shape.len());
    gathered.write(&values);
    expect_equal("write", &format!("{case}, over gathered"), &gathered.to_vec(), &values);

    let source: Vec<f64> = numbers::<f64>(5, source_shape.len()).iter().map(|x| x / 3.0).collect();
    gathered.gather_values(&source, &rows);
    truth.gather_values(&source, &rows);
    expect_equal("gather_values", &case, &gathered.to_vec(), &truth.to_vec());
}

fn one_hot<T: Tensor>(device: &T::Device, shape: Shape) {
    let classes = classes(21, shape.rows, shape.columns);
    let ones = vec![T::Elem::ONE; shape.len()];
    let mut written: T = tensor(device, shape, Role::Activation, &ones);
    written.write_one_hot(&classes);
    let mut truth = reference_zeros::<T::Elem>(shape);
    truth.write_one_hot(&classes);
    expect_equal("write_one_hot", &shape.to_string(), &written.to_vec(), &truth.to_vec());
}

fn reference_zeros<E: Element>(shape: Shape) -> ReferenceTensor<E> {
    ReferenceTensor::zeros(&(), shape, Role::Activation).expect("memory for a small test tensor")
}
