//! The traits of a backend: what a machine must be able to do so that networks can train on it.
//!
//! A backend is one type that implements [`Matrix`], which has six required methods, and [`Tensor`],
//! which has none: every operation of a network has a plain, correct body, and that body is its
//! specification. [`ReferenceTensor`] is those bodies and nothing more; a fast backend overrides the
//! ones worth its while, and the `conformance` suite (feature `conformance`) holds each override to the
//! reference. A [`Device`] says where tensors are stored and where work runs.
//!
//! Tensors are dense matrices of `f32` or `f64`, row-major wherever a person or a file sees them. A
//! batch is a matrix with **one sample a row**, so where the lecture writes a column vector
//! `z = W a`, a batch reads `Z = A Wᵀ`. The lecture's δ is a row already.
//!
//! ```
//! use nn_tensor::Orientation::{Keep, Transpose};
//! use nn_tensor::{Matrix, ReferenceTensor, Role, Shape};
//!
//! # fn main() -> Result<(), nn_tensor::TensorError> {
//! // Two samples of three features, two outputs: z = x Wᵀ.
//! let x = ReferenceTensor::<f32>::from_values(&(), Shape::new(2, 3), Role::Activation, &[1., 0., 2., 0., 1., 0.])?;
//! let w = ReferenceTensor::<f32>::from_values(&(), Shape::new(2, 3), Role::Weight, &[1., 2., 3., 4., 5., 6.])?;
//! let mut z = ReferenceTensor::<f32>::zeros(&(), Shape::new(2, 2), Role::Activation)?;
//! z.matmul(1.0, &x, Keep, &w, Transpose, 0.0);
//! assert_eq!(z.to_vec(), [7., 16., 2., 5.]);
//! # Ok(())
//! # }
//! ```

mod activation;
mod batch_norm;
#[cfg(feature = "conformance")]
pub mod conformance;
mod device;
mod element;
mod epoch;
mod error;
mod keep;
mod linear;
mod matrix;
mod provided;
mod reference;
mod resident;
mod rows;
mod shape;
mod tally;
mod tensor;
mod update;
mod values;

pub use activation::Activation;
pub use batch_norm::{BATCH_NORM_EPSILON, BatchNorm, BatchStatistics};
pub use device::{BatchPreparation, Device, Traffic};
pub use element::Element;
pub use epoch::{HostEpoch, MemberSteps, Step, StepNumbers};
pub use error::TensorError;
pub use keep::{dropout_factor, keep_bits, keep_threshold, keeps};
pub use linear::{Linear, Moments};
pub use matrix::Matrix;
pub use reference::ReferenceTensor;
pub use resident::{HostSamples, HostValues, Resident};
pub use rows::{argmax, class_weight_scale, weighted_entropy_row};
pub use shape::{Orientation, Role, Shape, expect_shape};
pub use tally::{TALLY_WIDTH, Tally, add_to_tally};
pub use tensor::{ClassTarget, ResidentEpoch, ResidentSamples, Tensor};
pub use update::{Penalty, Smoothing, Update, UpdateRule};
pub use values::Values;
