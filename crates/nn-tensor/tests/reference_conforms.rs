//! The reference passes the suite in both element types: the suite's own bounds are met.

use nn_tensor::{ReferenceTensor, conformance};

#[test]
fn reference_f32() {
    conformance::run::<ReferenceTensor<f32>>(&());
}

#[test]
fn reference_f64() {
    conformance::run::<ReferenceTensor<f64>>(&());
}
