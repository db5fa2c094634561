//! The lists of a batch that the gradient runs over are left out where no gradient asks; one that asks
//! all the same must be right.

use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{
    Device, HostEpoch, HostSamples, HostValues, Linear, ReferenceTensor, Role, Shape, Tensor,
};
use std::sync::Arc;

const INPUTS: usize = 50;
const OUTPUTS: usize = 19;
const BATCH: usize = 21;

/// Three fifths of them 0, as in images.
fn bytes() -> Vec<u8> {
    (0..4 * BATCH * INPUTS).map(|at| (at * 7 % 251) as u8 * u8::from(at * 3 % 5 > 2)).collect()
}

/// The weight gradients of the last batch of each row of `asked`: batches are gathered one after the
/// other, and a gradient is taken of those where it says so.
fn gradients<X: Tensor<Elem = f64>>(device: &X::Device, asked: &[bool]) -> Vec<Vec<f64>> {
    let zeros = |rows, columns, role| {
        X::zeros(device, Shape::new(rows, columns), role).expect("memory for little")
    };
    let delta_values: Vec<f64> = (0..BATCH * OUTPUTS).map(|at| (at as f64).sin()).collect();
    let mut delta = zeros(BATCH, OUTPUTS, Role::Activation);
    delta.write(&delta_values);
    let mut input = zeros(BATCH, INPUTS, Role::Activation);
    let mut gradient = Linear {
        weight: zeros(OUTPUTS, INPUTS, Role::Weight),
        bias: zeros(1, OUTPUTS, Role::Weight),
    };
    let bytes = HostValues::Bytes { bytes: Arc::new(bytes()), width: INPUTS, scale: 1.0 / 255.0 };
    let samples = device.upload(HostSamples::new(bytes)).expect("memory for little");
    let mut found = Vec::new();
    for (batch, &asked) in asked.iter().enumerate() {
        let rows: Vec<u32> =
            (0..BATCH).map(|row| ((row * 3 + batch) % (4 * BATCH)) as u32).collect();
        let pass = device.begin_epoch(HostEpoch::without_steps(rows)).expect("memory for little");
        input.gather(&samples, &pass);
        if asked {
            X::linear_gradient(&mut gradient, &delta, &input);
            found.push(gradient.weight.to_vec());
        }
    }
    found
}

#[test]
fn a_gradient_of_a_batch_that_was_gathered_for_use_alone_is_right() {
    let asked = [true, false, false, true, true, false, true];
    let expected = gradients::<ReferenceTensor<f64>>(&Default::default(), &asked);
    for threads in [1, 2] {
        let device = CpuDevice::oversubscribed(threads).expect("two threads at most");
        let found = gradients::<CpuTensor<f64>>(&device, &asked);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
    }
}
