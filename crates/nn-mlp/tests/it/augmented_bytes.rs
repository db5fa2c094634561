//! What a training with augmentation sends to a device with memory of its own.

use nn_core::{
    Activation, Architecture, Control, Member, Observer, StepEvent, Trainer, TrainingConfig,
};
use nn_images::{Augment, Pipeline};
use nn_mlp::AugmentedSource;
use nn_tensor::Device;
use nn_tensor::conformance::counting::{CountingDevice, CountingTensor};

type Counting = CountingTensor<f32>;

const BATCH: usize = 20;

/// The bytes that were sent before each step, and after the last.
struct Sent(CountingDevice, Vec<u64>);

impl Observer<Counting> for Sent {
    fn on_step(&mut self, _: &StepEvent, _: &Trainer<Counting>) -> Control {
        self.1.push(self.0.traffic().unwrap().to_device);
        Control::Continue
    }
}

#[test]
fn a_step_sends_the_augmented_images_alone() {
    let samples: Vec<u32> = (0..200).collect();
    let data = nn_mlp::data::sample().unwrap().train.subset(&samples).unwrap();
    let pipeline = Pipeline::new([Augment::default().into()]);
    let member = Member {
        source: Box::new(AugmentedSource::new(&data, &pipeline).unwrap()),
        ..Member::new(Architecture::new(784, [8], 10, Activation::Relu), &data, None)
    };
    let config = TrainingConfig { epochs: 1, batch: BATCH, ..Default::default() };
    let device = CountingDevice::default();
    let mut sent = Sent(device.clone(), Vec::new());
    Trainer::with_members(&device, &config, &data, vec![member]).unwrap().run(&mut sent).unwrap();
    assert_eq!(sent.1.len(), 200 / BATCH);
    for pair in sent.1.windows(2) {
        assert_eq!(pair[1] - pair[0], 784 * BATCH as u64);
    }
}
