//! The conformance suite, in both element types and at several numbers of threads.

use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::conformance;

#[test]
fn f32_on_one_thread() {
    conformance::run::<CpuTensor<f32>>(&CpuDevice::new(1).unwrap());
}

#[test]
fn f32_on_two_threads() {
    conformance::run::<CpuTensor<f32>>(&CpuDevice::oversubscribed(2).unwrap());
}

#[test]
fn f32_on_three_threads() {
    conformance::run::<CpuTensor<f32>>(&CpuDevice::oversubscribed(3).unwrap());
}

#[test]
fn f64_on_one_thread() {
    conformance::run::<CpuTensor<f64>>(&CpuDevice::new(1).unwrap());
}

#[test]
fn f64_on_two_threads() {
    conformance::run::<CpuTensor<f64>>(&CpuDevice::oversubscribed(2).unwrap());
}

#[test]
fn f64_on_three_threads() {
    conformance::run::<CpuTensor<f64>>(&CpuDevice::oversubscribed(3).unwrap());
}

/// As on a CPU without AVX-512, and as on one without AVX2.
#[test]
fn f32_and_f64_with_other_instructions() {
    for name in ["avx2", "portable"] {
        let Ok(device) = CpuDevice::with_simd(2, name) else { continue };
        conformance::run::<CpuTensor<f32>>(&device);
        conformance::run::<CpuTensor<f64>>(&device);
    }
}

/// Every operation of a default training step is made for this backend.
#[test]
fn no_provided_body_runs_in_a_default_step() {
    let report = conformance::report::<CpuTensor<f32>>(&CpuDevice::new(1).unwrap());
    assert!(report.provided.is_empty(), "{report}");
}
