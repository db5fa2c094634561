//! [`CpuTensor`]: the [`Tensor`](nn_tensor::Tensor) trait on the CPU, made for speed.
//!
//! Matrices are stored in [packed panels](crate#layout). Products run on the panels as they are, in
//! register tiles of this crate; those with sums of more than 1,024 terms are faer's. Results are the same
//! bytes at any number of threads, and with AVX2 and AVX-512: each number is computed by one thread in one
//! order. `NN_SIMD=avx2`, `avx512` or `portable` in the environment names the instructions in place of the
//! widest that the CPU has.
//!
//! ```
//! use nn_cpu::{CpuDevice, CpuTensor};
//! use nn_tensor::Orientation::Keep;
//! use nn_tensor::{Device, Matrix, Role, Shape};
//!
//! # fn main() -> Result<(), nn_tensor::TensorError> {
//! let device = CpuDevice::new(2)?;
//! let shape = Shape::new(2, 2);
//! let a = CpuTensor::<f32>::from_values(&device, shape, Role::Activation, &[1., 2., 3., 4.])?;
//! let mut square = CpuTensor::zeros(&device, shape, Role::Activation)?;
//! device.run(|| square.matmul(1.0, &a, Keep, &a, Keep, 0.0));
//! assert_eq!(square.to_vec(), [7., 10., 15., 22.]);
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! A packed panel is as many columns of a matrix as fit into a cache line, 16 of `f32` or 8 of `f64`,
//! stored row after row; one row of a panel is a *line*. A batch of `rows` x `columns` is
//! `[columns / 16][rows][16]`; a weight matrix is the same of its transpose, because all products of a
//! layer then run along lines of outputs. [`read`](nn_tensor::Matrix::read) and
//! [`write`](nn_tensor::Matrix::write) convert to and from row-major.

mod batch_norm;
mod changed;
mod checks;
mod classes;
mod delta;
mod device;
mod direct;
mod element;
mod elementwise;
mod exponential;
mod forward;
mod forward_few;
mod forward_one;
mod gradient;
mod gradient_few;
mod layout;
mod lines;
mod losses;
mod operations;
mod packed;
mod panels;
mod pixels;
mod product;
mod simd;
mod softmax;
mod split;
mod step;
mod tensor;
mod tile;
mod transpose;
mod vector;
mod workers;

pub use device::{CpuDevice, MOST_THREADS};
pub use operations::CpuElement;
pub use packed::CpuTensor;
