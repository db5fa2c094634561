//! The suite that holds a backend to the reference (feature `conformance`).
//!
//! One line in a backend's tests runs all of it:
//!
//! ```no_run
//! # use nn_tensor::{ReferenceTensor as MyTensor, conformance};
//! // in a #[test] function; `&()` is the device
//! conformance::run::<MyTensor<f32>>(&());
//! ```
//!
//! It panics at the first disagreement and names the operation, the case, the element and both
//! values. Its parts can be called alone while a backend is being built: [`host`] and [`products`]
//! first, they are all that the required methods need.
//!
//! [`report`] says what is left to do for speed: which provided bodies a default training step still runs
//! on a backend, and how many bytes cross between host and device in it.
//!
//! ```
//! use nn_tensor::conformance::counting::{CountingDevice, CountingTensor};
//! let report = nn_tensor::conformance::report::<CountingTensor<f32>>(&CountingDevice::default());
//! assert!(report.provided.is_empty(), "{report}");
//! report.expect_resident();
//! ```
//!
//! What is compared how: moves (gather, one-hot, copy, the dropout mask) exactly; element-wise
//! functions within [`ELEMENT_ULPS`] roundings; sums of n products within `2 (n + 4)` roundings of
//! the sum of the magnitudes, against a product computed in `f64`; the same operation twice on one
//! backend to the bit.

pub mod backward;
pub mod batch_norm;
mod compare;
pub mod counting;
pub mod empty;
pub mod epochs;
pub mod forward;
pub mod host;
pub mod losses;
pub mod products;
pub mod regularisation;
pub mod repeat;
pub mod report;
mod samples;
pub mod steps;
pub mod training;

pub use compare::ELEMENT_ULPS;
pub use report::{StepReport, report};

use crate::{Device, Tensor};

/// Runs every part on `device` inside [`Device::run`](crate::Device::run), and the first and last outside it too.
///
/// # Panics
/// At the first disagreement with the reference, naming operation, case, element and both values.
pub fn run<T: Tensor>(device: &T::Device) {
    device.run(|| run_here::<T>(device));
    host::run::<T>(device);
    training::run::<T>(device);
}

/// Runs every part on `device` from where the caller stands.
///
/// # Panics
/// As [`run`].
pub fn run_here<T: Tensor>(device: &T::Device) {
    host::run::<T>(device);
    products::run::<T>(device);
    forward::run::<T>(device);
    losses::run::<T>(device);
    backward::run::<T>(device);
    batch_norm::run::<T>(device);
    regularisation::run::<T>(device);
    steps::run::<T>(device);
    epochs::run::<T>(device);
    empty::run::<T>(device);
    repeat::run::<T>(device);
    training::run::<T>(device);
}
