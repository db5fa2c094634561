//! The report on a training step counts what crosses between host and device, and what is not overridden.

use nn_tensor::conformance::counting::{CountingDevice, CountingTensor};
use nn_tensor::conformance::{self, report};
use nn_tensor::{
    Device, HostEpoch, HostSamples, Matrix, Orientation, ReferenceTensor, Role, Shape, Tensor,
    TensorError, Traffic,
};

#[test]
fn a_backend_with_memory_of_its_own_conforms() {
    conformance::run::<CountingTensor<f32>>(&CountingDevice::default());
}

#[test]
fn a_step_sends_nothing_and_an_epoch_four_bytes_a_sample_and_a_few_a_step() {
    let report = report::<CountingTensor<f32>>(&CountingDevice::default());
    assert!(report.provided.is_empty(), "{report}");
    assert_eq!(report.step, Some(Traffic { to_device: 0, to_host: 0 }), "{report}");
    report.expect_resident();
    // A row of the order for each sample; three numbers of f64 for each step of 64 samples.
    assert_eq!(report.epoch_bytes_per_sample, Some(4.0 + 24.0 / 64.0), "{report}");
}

/// The six required methods, and every byte counted.
struct Plain(ReferenceTensor<f32>, PlainDevice);

#[derive(Clone, Debug, Default)]
struct PlainDevice(CountingDevice);

impl Device for PlainDevice {
    type Samples = HostSamples;
    type Epoch = HostEpoch;

    fn traffic(&self) -> Option<Traffic> {
        self.0.traffic()
    }
}

impl Tensor for Plain {}

impl Matrix for Plain {
    type Elem = f32;
    type Device = PlainDevice;

    fn zeros(device: &PlainDevice, shape: Shape, role: Role) -> Result<Self, TensorError> {
        Ok(Self(ReferenceTensor::zeros(&(), shape, role)?, device.clone()))
    }

    fn shape(&self) -> Shape {
        self.0.shape()
    }

    fn device(&self) -> &PlainDevice {
        &self.1
    }

    fn write(&mut self, values: &[f32]) {
        self.1.0.sent(size_of_val(values));
        self.0.write(values);
    }

    fn read(&self, values: &mut [f32]) {
        self.1.0.received(size_of_val(values));
        self.0.read(values);
    }

    fn matmul(
        &mut self,
        alpha: f32,
        a: &Self,
        a_orientation: Orientation,
        b: &Self,
        b_orientation: Orientation,
        beta: f32,
    ) {
        self.0.matmul(alpha, &a.0, a_orientation, &b.0, b_orientation, beta);
    }
}

#[test]
fn provided_bodies_are_named_and_their_bytes_counted() {
    let report = report::<Plain>(&PlainDevice::default());
    for operation in
        ["gather", "linear", "softmax_cross_entropy", "hidden_delta", "linear_update", "update"]
    {
        assert!(report.provided.contains_key(operation), "{operation}: {report}");
    }
    assert_eq!(report.provided["linear"], 3, "{report}");
    let Traffic { to_device, to_host } = report.step.expect("it counts");
    // Every weight is read and written at least once, and its two moments.
    let weights = 4 * (784 * 32 + 32 * 16 + 16 * 10);
    assert!(to_device > 3 * weights && to_host > 3 * weights, "{report}");
    let complaint = std::panic::catch_unwind(|| report.expect_resident()).is_err();
    assert!(complaint, "such a step is not resident: {report}");
}
