//! `matmul`: every orientation, scale and size, against the product in `f64`.

use super::compare::{epsilon, expect_close, expect_equal};
use super::samples::{numbers, reference, sparse_numbers, stored, tensor};
use crate::Orientation::{Keep, Transpose};
use crate::{Element, Matrix, Orientation, Role, Shape, Tensor};

/// Rows, columns and inner dimension of op(a) op(b): ones, odd ones, those of real networks, and
/// both sides of any threshold at which a backend may change its ways.
const SIZES: [(usize, usize, usize); 20] = [
    (1, 1, 1),
    (1, 1, 7),
    (1, 10, 30),
    (3, 1, 5),
    (1, 65, 1),
    (7, 5, 3),
    (5, 17, 33),
    (15, 31, 47),
    (16, 16, 16),
    (17, 16, 15),
    (48, 32, 64),
    (64, 64, 63),
    (10, 30, 784),
    (64, 128, 784),
    (64, 10, 128),
    (128, 10, 800),
    (96, 100, 101),
    (150, 160, 140),
    (256, 512, 100),
    (301, 300, 307),
];

/// α and β of each product.
const SCALES: [(f64, f64); 5] = [(1.0, 0.0), (1.0, 1.0), (-0.5, 0.25), (2.0, -1.0), (0.0, 0.5)];

/// A product whose right answer is known.
struct Product {
    name: String,
    a_shape: Shape,
    b_shape: Shape,
    /// op(a) and op(b), row-major.
    a: Vec<f64>,
    b: Vec<f64>,
    /// op(a) op(b), and the same of the magnitudes.
    product: Vec<f64>,
    magnitude: Vec<f64>,
}

impl Product {
    fn new(name: &str, (rows, columns, inner): (usize, usize, usize), a: Vec<f64>) -> Self {
        let (a_shape, b_shape) = (Shape::new(rows, inner), Shape::new(inner, columns));
        let b: Vec<f64> = numbers((rows * 31 + columns) as u64, b_shape.len());
        let product = product_of(a_shape, &a, b_shape, &b);
        let magnitudes = |values: &[f64]| values.iter().map(|x| x.abs()).collect::<Vec<_>>();
        let magnitude = product_of(a_shape, &magnitudes(&a), b_shape, &magnitudes(&b));
        let name = format!("{name} {rows} x {inner} by {inner} x {columns}");
        Self { name, a_shape, b_shape, a, b, product, magnitude }
    }
}

/// a b by the three loops of the reference.
fn product_of(a_shape: Shape, a: &[f64], b_shape: Shape, b: &[f64]) -> Vec<f64> {
    let (a, b) = (reference::<f64, f64>(a_shape, a), reference::<f64, f64>(b_shape, b));
    let mut product = reference::<f64, f64>(
        Shape::new(a_shape.rows, b_shape.columns),
        &vec![0.0; a_shape.rows * b_shape.columns],
    );
    product.matmul(1.0, &a, Keep, &b, Keep, 0.0);
    product.to_vec()
}

/// Holds `matmul` to the reference.
///
/// # Panics
/// At the first disagreement.
pub fn run<T: Tensor>(device: &T::Device) {
    for size in SIZES {
        let (rows, columns, inner) = size;
        let dense = numbers(inner as u64, rows * inner);
        check_orientations::<T>(device, &Product::new("dense", size, dense));
        if columns * inner > 1000 && rows < 300 {
            let sparse = sparse_numbers(7, Shape::new(rows, inner));
            check_orientations::<T>(device, &Product::new("zero columns", size, sparse));
        }
    }
    old_values_are_not_read_at_beta_zero::<T>(device);
    identity_is_exact::<T>(device);
}

/// All four ways to store a and b, in all roles; every scale on small products, one on large ones.
fn check_orientations<T: Tensor>(device: &T::Device, product: &Product) {
    let large = product.product.len() > 2000;
    for (count, (a, b)) in
        [(Keep, Keep), (Keep, Transpose), (Transpose, Keep), (Transpose, Transpose)]
            .into_iter()
            .enumerate()
    {
        let some = if large { &SCALES[count..=count] } else { &SCALES[..] };
        let all_roles = [
            [Role::Activation, Role::Weight, Role::Activation],
            [Role::Weight, Role::Activation, Role::Weight],
            [Role::Activation; 3],
        ];
        let roles = if large { &all_roles[count % 3..=count % 3] } else { &all_roles[..] };
        for &scales in some {
            for &roles in roles {
                check_product::<T>(device, product, (a, b), scales, roles);
            }
        }
    }
}

fn check_product<T: Tensor>(
    device: &T::Device,
    product: &Product,
    (a_orientation, b_orientation): (Orientation, Orientation),
    (alpha, beta): (f64, f64),
    roles: [Role; 3],
) {
    let given = |shape: Shape, values: &[f64], orientation, role| {
        let values: Vec<T::Elem> =
            stored(shape, values, orientation).iter().map(|&x| T::Elem::from_f64(x)).collect();
        tensor::<T>(device, shape.oriented(orientation), role, &values)
    };
    let a = given(product.a_shape, &product.a, a_orientation, roles[0]);
    let b = given(product.b_shape, &product.b, b_orientation, roles[1]);
    let shape = Shape::new(product.a_shape.rows, product.b_shape.columns);
    let old: Vec<T::Elem> = numbers(99, shape.len());
    let mut result = tensor::<T>(device, shape, roles[2], &old);
    let scale = T::Elem::from_f64;
    result.matmul(scale(alpha), &a, a_orientation, &b, b_orientation, scale(beta));

    // The bound has room for the rounding of the inputs to f32, too.
    let kept = |index: usize| beta * old[index].to_f64();
    let expected: Vec<f64> =
        product.product.iter().enumerate().map(|(index, sum)| alpha * sum + kept(index)).collect();
    let roundings = 2.0 * (product.a_shape.columns + 4) as f64 * epsilon::<T::Elem>();
    expect_close(
        "matmul",
        &format!(
            "{} stored {a_orientation:?}, {b_orientation:?}, alpha {alpha}, beta {beta}, roles {roles:?}",
            product.name
        ),
        &result.to_vec(),
        &expected,
        |index| roundings * (alpha.abs() * product.magnitude[index] + kept(index).abs()),
    );
}

/// With β = 0 a NaN in the old values does no harm.
fn old_values_are_not_read_at_beta_zero<T: Tensor>(device: &T::Device) {
    for (rows, columns, inner) in
        [(1, 1, 1), (3, 5, 2), (17, 33, 9), (64, 128, 100), (200, 210, 220)]
    {
        let (a_shape, b_shape) = (Shape::new(rows, inner), Shape::new(inner, columns));
        let ones =
            |shape: Shape, role| tensor::<T>(device, shape, role, &vec![T::Elem::ONE; shape.len()]);
        let (a, b) = (ones(a_shape, Role::Activation), ones(b_shape, Role::Activation));
        let shape = Shape::new(rows, columns);
        for role in [Role::Activation, Role::Weight] {
            let not_a_number = T::Elem::from_f64(f64::NAN);
            let mut result = tensor::<T>(device, shape, role, &vec![not_a_number; shape.len()]);
            result.matmul(T::Elem::ONE, &a, Keep, &b, Keep, T::Elem::ZERO);
            let expected = vec![inner as f64; shape.len()];
            let case = format!("beta 0 over NaN, {shape}");
            expect_close("matmul", &case, &result.to_vec(), &expected, |_| 0.0);
        }
    }
}

/// A product with the identity moves numbers and rounds none; wide values show a lost digit.
fn identity_is_exact<T: Tensor>(device: &T::Device) {
    for size in [1, 6, 16, 33] {
        let shape = Shape::new(size, size);
        let mut unit = vec![T::Elem::ZERO; shape.len()];
        unit.iter_mut().step_by(size + 1).for_each(|value| *value = T::Elem::ONE);
        let values: Vec<T::Elem> = numbers::<T::Elem>(5, shape.len())
            .iter()
            .enumerate()
            .map(|(index, value)| *value * T::Elem::from_f64(10_f64.powi(index as i32 % 40 - 20)))
            .collect();
        let unit = tensor::<T>(device, shape, Role::Weight, &unit);
        let given = tensor::<T>(device, shape, Role::Activation, &values);
        let mut result = tensor::<T>(device, shape, Role::Activation, &values);
        result.matmul(T::Elem::ONE, &given, Keep, &unit, Transpose, T::Elem::ZERO);
        expect_equal("matmul", &format!("identity of {size}"), &result.to_vec(), &values);
    }
}
