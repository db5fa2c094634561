//! [`CpuTensor`]: the [`Tensor`](nn_tensor::Tensor) trait on the CPU, made for speed.
//!
//! Matrices are kept in [panels](crate#layout) of one cache line's width. The general product is
//! faer's; the products of a layer, whose operands are in panels already, are register tiles of our
//! own. Results are the same bytes at any number of threads: work is cut into fixed blocks, and each
//! number is computed by one thread in one order.
//!
//! ```
//! use nn_cpu::{CpuDevice, CpuTensor};
//! use nn_tensor::Orientation::Keep;
//! use nn_tensor::{Role, Shape, Tensor};
//!
//! # fn main() -> Result<(), nn_tensor::TensorError> {
//! let device = CpuDevice::new(2)?;
//! let shape = Shape::new(2, 2);
//! let a = CpuTensor::<f32>::from_values(&device, shape, Role::Activation, &[1., 2., 3., 4.])?;
//! let mut square = CpuTensor::zeros(&device, shape, Role::Activation)?;
//! CpuTensor::<f32>::run_on(&device, || square.matmul(1.0, &a, Keep, &a, Keep, 0.0));
//! assert_eq!(square.to_vec(), [7., 10., 15., 22.]);
//! # Ok(())
//! # }
//! ```
//!
//! # Layout
//! A batch of `rows` x `columns` is `[columns / 16][rows][16]` for `f32`; a weight matrix the same
//! of its transpose. [`read`](nn_tensor::Tensor::read) and [`write`](nn_tensor::Tensor::write)
//! convert to and from row-major.

mod batch_norm;
mod changed;
mod checks;
mod crew;
mod delta;
mod device;
mod element;
mod elementwise;
mod exponential;
mod forward;
mod forward_few;
mod gradient;
mod gradient_few;
mod layout;
mod lines;
mod losses;
mod operations;
mod packed;
mod pixels;
mod product;
mod softmax;
mod split;
mod square;
mod step;
mod tensor;
mod tile;
mod vector;

pub use device::{CpuDevice, MOST_THREADS};
pub use operations::CpuElement;
pub use packed::CpuTensor;
