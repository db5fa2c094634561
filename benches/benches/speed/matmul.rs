//! Matrix products in operations per second (2 m n k each): `CpuTensor`, faer and `matrixmultiply`,
//! on the shapes of the four networks and on square matrices.

use crate::measure::{group, timed};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use nn_benches::{Peak, Table, giga, percent, repeat};
use nn_cpu::{CpuDevice, CpuElement, CpuTensor};
use nn_tensor::Orientation::{self, Keep, Transpose};
use nn_tensor::{Device, Element, Matrix, Role, Shape};
use std::time::Duration;

/// The libraries compared.
const LIBRARIES: [&str; 3] = ["nn-cpu", "faer", "matrixmultiply"];

/// A product op(a) op(b) of shapes m x k and k x n.
struct Product {
    name: &'static str,
    m: usize,
    k: usize,
    n: usize,
    a: Orientation,
    b: Orientation,
}

/// Forward X Wᵀ, backward Δ W and gradient Δᵀ X of the largest layer of each network, and square
/// ones.
const PRODUCTS: [Product; 11] = [
    Product { name: "forward 784-30 batch 10", m: 10, k: 784, n: 30, a: Keep, b: Transpose },
    Product { name: "gradient 784-30 batch 10", m: 30, k: 10, n: 784, a: Transpose, b: Keep },
    Product { name: "forward 784-128 batch 64", m: 64, k: 784, n: 128, a: Keep, b: Transpose },
    Product { name: "gradient 784-128 batch 64", m: 128, k: 64, n: 784, a: Transpose, b: Keep },
    Product { name: "forward 784-800 batch 128", m: 128, k: 784, n: 800, a: Keep, b: Transpose },
    Product { name: "gradient 784-800 batch 128", m: 800, k: 128, n: 784, a: Transpose, b: Keep },
    Product { name: "forward 512-512 batch 256", m: 256, k: 512, n: 512, a: Keep, b: Transpose },
    Product { name: "delta 512-512 batch 256", m: 256, k: 512, n: 512, a: Keep, b: Keep },
    Product { name: "gradient 512-512 batch 256", m: 512, k: 256, n: 512, a: Transpose, b: Keep },
    Product { name: "square 256", m: 256, k: 256, n: 256, a: Keep, b: Keep },
    Product { name: "square 1024", m: 1024, k: 1024, n: 1024, a: Keep, b: Keep },
];

impl Product {
    fn operations(&self) -> u64 {
        2 * (self.m * self.n * self.k) as u64
    }

    /// Returns the stored shapes of a and b.
    fn shapes(&self) -> (Shape, Shape) {
        (Shape::new(self.m, self.k).oriented(self.a), Shape::new(self.k, self.n).oriented(self.b))
    }
}

/// Returns numbers between -1 and 1 without zeros.
fn numbers<E: Element>(count: usize) -> Vec<E> {
    (0..count).map(|index| E::from_f64((index as f64 * 0.7 + 0.1).sin())).collect()
}

/// Benchmarks all products with all libraries and element types, on one thread and on two.
pub(crate) fn benches(criterion: &mut Criterion, peak: &Peak) {
    let mut group = group(criterion, "matmul", 0.6);
    let title = "Matrix products, in Gop/s (share of the peak)";
    let heading = [
        "product",
        "library",
        "f32, 1 thread",
        "f32, 2 threads",
        "f64, 1 thread",
        "f64, 2 threads",
    ];
    let mut table = Table::new(title, &heading);
    for product in &PRODUCTS {
        for library in LIBRARIES {
            let of_f32 =
                [1, 2].map(|threads| rate::<f32>(&mut group, product, library, threads, peak));
            let of_f64 =
                [1, 2].map(|threads| rate::<f64>(&mut group, product, library, threads, peak));
            let rates = of_f32.into_iter().chain(of_f64);
            if rates.clone().any(|rate| rate.is_some()) {
                let names = [product.name.to_owned(), library.to_owned()];
                table.row(names.into_iter().chain(rates.map(Option::unwrap_or_default)));
            }
        }
    }
    group.finish();
    table.print();
}

/// Runs one benchmark; returns rate and share of the peak, or nothing if it is filtered out.
fn rate<E: Number>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    product: &Product,
    library: &str,
    threads: usize,
    peak: &Peak,
) -> Option<String> {
    let operations = product.operations();
    group.throughput(Throughput::Elements(operations));
    let id = BenchmarkId::new(format!("{}/{library} {}", product.name, E::NAME), threads);
    let seconds = match library {
        "nn-cpu" => timed(group, id, cpu::<E>(product, threads)),
        "faer" => timed(group, id, raw_faer::<E>(product, threads)),
        _ => timed(group, id, other::<E>(product, threads)),
    }?;
    let rate = operations as f64 / seconds;
    Some(format!("{} ({})", giga(rate), percent(rate / peak.of(E::NAME, threads))))
}

fn cpu<E: Number>(product: &Product, threads: usize) -> impl FnMut(u64) -> Duration {
    let device = CpuDevice::new(threads).expect("a small number of threads");
    let tensor = |shape: Shape| {
        CpuTensor::<E>::from_values(&device, shape, Role::Activation, &numbers(shape.len()))
            .expect("memory")
    };
    let (a_shape, b_shape) = product.shapes();
    let (a, b) = (tensor(a_shape), tensor(b_shape));
    let mut c = tensor(Shape::new(product.m, product.n));
    let (of_a, of_b) = (product.a, product.b);
    move |times| device.run(|| repeat(times, || c.matmul(E::ONE, &a, of_a, &b, of_b, E::ZERO)))
}

fn raw_faer<E: Number>(product: &Product, threads: usize) -> impl FnMut(u64) -> Duration {
    let (a_shape, b_shape) = product.shapes();
    // Column-major matrices of the transposed shape hold the same numbers as row-major ones.
    let fill = |shape: Shape| {
        let numbers = numbers::<E>(shape.len());
        Mat::from_fn(shape.columns, shape.rows, |column, row| numbers[row * shape.columns + column])
    };
    let (a, b) = (fill(a_shape), fill(b_shape));
    let mut c = Mat::<E>::zeros(product.n, product.m);
    let parallel = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
    let (of_a, of_b) = (product.a, product.b);
    move |times| {
        let a = if of_a == Keep { a.as_ref() } else { a.transpose() };
        let b = if of_b == Keep { b.as_ref() } else { b.transpose() };
        repeat(times, || matmul(c.as_mut(), Accum::Replace, b, a, E::ONE, parallel))
    }
}

/// Returns the product by `matrixmultiply`.
///
/// It reads its thread count from the environment once per process, so for two threads rayon runs
/// two halves of the result. The result is stored so that its longer side can be split.
fn other<E: Number>(product: &Product, threads: usize) -> impl FnMut(u64) -> Duration {
    let (a_shape, b_shape) = product.shapes();
    let (mut a, mut b) = (numbers::<E>(a_shape.len()), numbers::<E>(b_shape.len()));
    let view = |shape: Shape, orientation| match orientation {
        Keep => (shape.columns, 1),
        Transpose => (1, shape.columns),
    };
    let (mut of_a, mut of_b) = (view(a_shape, product.a), view(b_shape, product.b));
    let (mut m, k, mut n) = (product.m, product.k, product.n);
    if m < n {
        // The transposed product.
        (a, b) = (b, a);
        (of_a, of_b) = ((of_b.1, of_b.0), (of_a.1, of_a.0));
        (m, n) = (n, m);
    }
    let mut c = vec![E::ZERO; m * n];
    move |times| {
        let part = |first: usize, c: &mut [E]| {
            let size = (c.len() / n, k, n);
            multiply(size, (&a[first * of_a.0..], of_a), (&b, of_b), c);
        };
        repeat(times, || {
            let (upper, lower) = c.split_at_mut(if threads == 1 { m * n } else { m / 2 * n });
            if lower.is_empty() {
                part(0, upper);
            } else {
                rayon::join(|| part(0, upper), || part(m / 2, lower));
            }
        })
    }
}

/// Computes c = a b for `size` (m, k, n) by `matrixmultiply`.
///
/// a and b have strides between rows and between columns; c is row-major.
#[allow(unsafe_code, reason = "matrixmultiply has no safe interface")]
fn multiply<E: Number>(
    (m, k, n): (usize, usize, usize),
    (a, of_a): (&[E], (usize, usize)),
    (b, of_b): (&[E], (usize, usize)),
    c: &mut [E],
) {
    let last = |of: (usize, usize), rows, columns| (rows - 1) * of.0 + (columns - 1) * of.1;
    assert!(last(of_a, m, k) < a.len() && last(of_b, k, n) < b.len() && c.len() == m * n);
    let [a_row, a_column, b_row, b_column, c_row] =
        [of_a.0, of_a.1, of_b.0, of_b.1, n].map(|step| step as isize);
    let (a, b, c) = (a.as_ptr(), b.as_ptr(), c.as_mut_ptr());
    // SAFETY: the last element that the strides reach is inside each slice, as asserted.
    unsafe {
        E::GEMM(m, k, n, E::ONE, a, a_row, a_column, b, b_row, b_column, E::ZERO, c, c_row, 1);
    };
}

/// m, k, n, alpha, a and its strides, b and its strides, beta, c and its strides.
type Gemm<E> = unsafe fn(
    usize,
    usize,
    usize,
    E,
    *const E,
    isize,
    isize,
    *const E,
    isize,
    isize,
    E,
    *mut E,
    isize,
    isize,
);

/// An element type of all three libraries.
trait Number: CpuElement {
    /// The function of `matrixmultiply`.
    const GEMM: Gemm<Self>;
}

impl Number for f32 {
    const GEMM: Gemm<Self> = matrixmultiply::sgemm;
}

impl Number for f64 {
    const GEMM: Gemm<Self> = matrixmultiply::dgemm;
}
