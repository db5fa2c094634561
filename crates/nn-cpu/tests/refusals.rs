//! What operations refuse instead of computing something else.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{
    ClassTarget, Device, HostEpoch, HostSamples, HostValues, Matrix, Role, Shape, TALLY_WIDTH,
    Tensor,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

fn zeros(rows: usize, columns: usize, role: Role) -> CpuTensor<f32> {
    CpuTensor::zeros(&CpuDevice::new(1).unwrap(), Shape::new(rows, columns), role).unwrap()
}

/// The message of the panic with which `work` ends.
#[track_caller]
fn refusal(work: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).expect_err("it should be refused");
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap()
}

fn labels(of_rows: &[u32], classes: usize) -> HostSamples {
    HostSamples::new(HostValues::Classes { labels: Arc::new(of_rows.to_vec()), classes })
}

#[test]
fn rows_of_weights_are_no_samples() {
    let (batch, mut weights) = (zeros(3, 5, Role::Activation), zeros(3, 5, Role::Weight));
    let mut tally = zeros(1, TALLY_WIDTH, Role::Weight);
    let message = refusal(|| weights.softmax(&batch));
    assert!(message.contains("softmax: a tensor of 3 x 5 made for weights"), "{message}");
    let message = refusal(|| weights.squared_error(&batch, &batch, 1.0, &mut tally));
    assert!(message.contains("squared_error: a tensor of 3 x 5 made for weights"), "{message}");
    let (labels, epoch) = (labels(&[0, 1, 2], 5), HostEpoch::without_steps(vec![0, 1, 2]));
    let target = ClassTarget::plain(1.0);
    let entropy = || weights.softmax_cross_entropy(&batch, &labels, &epoch, &target, &mut tally);
    let message = refusal(entropy);
    assert!(message.contains("softmax_cross_entropy: a tensor of 3 x 5"), "{message}");
}

#[test]
fn rows_of_activations_are_no_neurons() {
    let mut batch = zeros(3, 5, Role::Activation);
    let message = refusal(|| batch.limit_row_norms(1.0));
    assert!(message.contains("3 x 5 made for activations"), "{message}");
    // One row lies alike in both roles.
    zeros(1, 5, Role::Activation).limit_row_norms(1.0);
}

/// Sixteen places lie in a line; the class must be one of the columns, not one of the places.
#[test]
fn a_class_without_a_column_is_refused() {
    let (mut delta, logits) = (zeros(1, 3, Role::Activation), zeros(1, 3, Role::Activation));
    let mut tally = zeros(1, TALLY_WIDTH, Role::Weight);
    let (labels, epoch) = (labels(&[7], 3), HostEpoch::without_steps(vec![0]));
    for smoothing in [0.0, 0.1] {
        let target = ClassTarget { smoothing, ..ClassTarget::plain(1.0) };
        refusal(|| delta.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally));
    }
}

/// Rows of 10 bytes of which the last is missing: making the lists panics half way.
#[test]
fn what_a_gather_left_half_made_is_not_used_and_is_made_anew() {
    let device = CpuDevice::new(1).unwrap();
    for batch in [4, 20] {
        let whole = |rows: usize| {
            let bytes = Arc::new(vec![255; 10 * rows]);
            HostSamples::new(HostValues::Bytes { bytes, width: 10, scale: 1.0 / 255.0 })
        };
        let shape = Shape::new(batch, 10);
        let mut input = CpuTensor::<f32>::zeros(&device, shape, Role::Activation).unwrap();
        let good = HostEpoch::without_steps((0..batch as u32).collect());
        device.run(|| input.gather(&whole(batch), &good));
        assert_eq!(input.to_vec(), vec![1.0; 10 * batch]);
        // Each row of the batch is the row after the last.
        let outside = whole(batch - 1).with_rows(vec![batch as u32 - 1; batch]);
        refusal(|| input.gather(&outside, &good));
        let message = refusal(|| drop(input.to_vec()));
        assert!(message.contains("a gather that panicked"), "{message}");
        input.gather(&whole(batch), &good);
        assert_eq!(input.to_vec(), vec![1.0; 10 * batch]);
    }
}
