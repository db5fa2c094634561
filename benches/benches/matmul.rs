//! The matrix product, in operations a second (2 m n k each): `CpuTensor` beside raw faer and
//! `matrixmultiply`, on the shapes that training the four networks asks for, and on squares.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::Orientation::{self, Keep, Transpose};
use nn_tensor::{Element, Role, Shape, Tensor};

/// A product op(a) op(b) of m x k and k x n.
struct Product {
    name: &'static str,
    m: usize,
    k: usize,
    n: usize,
    a: Orientation,
    b: Orientation,
}

/// Forward X Wᵀ, backward Δ W, gradient Δᵀ X of each network's largest layer, and squares.
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

    /// Stored shapes of a and b.
    fn shapes(&self) -> (Shape, Shape) {
        (Shape::new(self.m, self.k).oriented(self.a), Shape::new(self.k, self.n).oriented(self.b))
    }
}

/// Numbers between -1 and 1, none of them zero.
fn numbers<E: Element>(count: usize) -> Vec<E> {
    (0..count).map(|index| E::from_f64((index as f64 * 0.7 + 0.1).sin())).collect()
}

fn cpu<E: Element>(criterion: &mut Criterion, product: &Product, threads: usize)
where
    CpuTensor<E>: Tensor<Elem = E, Device = CpuDevice>,
{
    let device = CpuDevice::new(threads).expect("a small number of threads");
    let tensor = |shape: Shape, role| {
        CpuTensor::<E>::from_values(&device, shape, role, &numbers(shape.len())).expect("memory")
    };
    let (a_shape, b_shape) = product.shapes();
    let (a, b) = (tensor(a_shape, Role::Activation), tensor(b_shape, Role::Activation));
    let mut c = tensor(Shape::new(product.m, product.n), Role::Activation);
    let mut group = criterion.benchmark_group(product.name);
    group.throughput(Throughput::Elements(product.operations()));
    let id = BenchmarkId::new(format!("nn-cpu {}", E::NAME), threads);
    group.bench_function(id, |bencher| {
        CpuTensor::<E>::run_on(&device, || {
            bencher.iter(|| c.matmul(E::ONE, &a, product.a, &b, product.b, E::ZERO));
        });
    });
}

fn raw_faer(criterion: &mut Criterion, product: &Product, threads: usize) {
    let (a_shape, b_shape) = product.shapes();
    let fill = |shape: Shape| {
        Mat::from_fn(shape.columns, shape.rows, |i, j| ((i * 31 + j * 17) % 19) as f32 - 9.0)
    };
    // Column-major matrices of the transposed shape hold the same bytes as row-major ones.
    let (a, b) = (fill(a_shape), fill(b_shape));
    let mut c = Mat::<f32>::zeros(product.n, product.m);
    let parallel = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
    let a = if product.a == Keep { a.as_ref() } else { a.transpose() };
    let b = if product.b == Keep { b.as_ref() } else { b.transpose() };
    let mut group = criterion.benchmark_group(product.name);
    group.throughput(Throughput::Elements(product.operations()));
    group.bench_function(BenchmarkId::new("faer f32", threads), |bencher| {
        bencher.iter(|| matmul(c.as_mut(), Accum::Replace, b, a, 1.0_f32, parallel));
    });
}

#[allow(unsafe_code, reason = "matrixmultiply has no other interface; it is here to compare with")]
fn other(criterion: &mut Criterion, product: &Product) {
    let (a_shape, b_shape) = product.shapes();
    let (a, b) = (numbers::<f32>(a_shape.len()), numbers::<f32>(b_shape.len()));
    let mut c = vec![0.0_f32; product.m * product.n];
    let strides = |shape: Shape, orientation| match orientation {
        Keep => (shape.columns as isize, 1),
        Transpose => (1, shape.columns as isize),
    };
    let (row_a, column_a) = strides(a_shape, product.a);
    let (row_b, column_b) = strides(b_shape, product.b);
    let (m, k, n) = (product.m, product.k, product.n);
    let mut group = criterion.benchmark_group(product.name);
    group.throughput(Throughput::Elements(product.operations()));
    group.bench_function(BenchmarkId::new("matrixmultiply f32", 1), |bencher| {
        bencher.iter(|| {
            // SAFETY: a, b and c hold m k, k n and m n elements, and the strides are theirs.
            unsafe {
                matrixmultiply::sgemm(
                    m,
                    k,
                    n,
                    1.0,
                    a.as_ptr(),
                    row_a,
                    column_a,
                    b.as_ptr(),
                    row_b,
                    column_b,
                    0.0,
                    c.as_mut_ptr(),
                    n as isize,
                    1,
                );
            }
        });
    });
}

fn products(criterion: &mut Criterion) {
    for product in &PRODUCTS {
        for threads in [1, 2] {
            cpu::<f32>(criterion, product, threads);
            cpu::<f64>(criterion, product, threads);
            raw_faer(criterion, product, threads);
        }
        other(criterion, product);
    }
}

criterion_group!(benches, products);
criterion_main!(benches);
