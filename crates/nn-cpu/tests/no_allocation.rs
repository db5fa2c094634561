//! After the first steps, a training step asks the allocator for nothing.

mod network;

use network::{Data, Extras, Network, epoch, images, update_by};
use nn_cpu::{CpuDevice, CpuElement, CpuTensor};
use nn_tensor::{Activation, Device, StepNumbers, UpdateRule};
use nn_testing::CountingAllocator;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

/// Requests during steps 4 to 10 of a training with each rule.
fn requests_of_steps<E: CpuElement>(
    device: &CpuDevice,
    sizes: &[usize],
    batch: usize,
    extras: Extras,
) -> usize {
    let of = E::from_f64;
    let rules = [
        UpdateRule::Descent,
        UpdateRule::Momentum { momentum: of(0.9), nesterov: true },
        UpdateRule::rms_prop(0.99, 1e-8),
        UpdateRule::adam(0.9, 0.999, 1e-8),
    ];
    let labels = (0..2 * batch as u32).map(|row| row % 10).collect();
    let data = Data::<CpuTensor<E>>::new(device, images(2 * batch, sizes[0]), sizes[0], labels);
    let order = (0..10 * rules.len() * batch).map(|at| (2 * (at % batch)) as u32).collect();
    let numbers = StepNumbers { learning_rate: 0.01, corrected_rate: 0.1, root_correction: 30.0 };
    let mut epoch = epoch::<CpuTensor<E>>(device, order, batch, numbers, sizes.len());
    let mut network = Network::<CpuTensor<E>>::new(device, sizes, batch);
    device.run(|| {
        let mut before = 0;
        for step in 0..10 {
            if step == 3 {
                before = MEMORY.requests();
            }
            for rule in rules {
                network.step(&data, &mut epoch, &update_by(rule), extras);
            }
        }
        MEMORY.requests() - before
    })
}

/// One test, because the counter counts everything that the process does.
#[test]
fn a_step_allocates_nothing() {
    let rich = Extras { activation: Activation::Gelu, dropout: 0.2, clip: true, smoothing: 0.1 };
    // All devices live to the end: threads that are going home may ask for memory.
    let devices = [1, 2].map(|threads| CpuDevice::oversubscribed(threads).unwrap());
    for device in &devices {
        for extras in [Extras::NONE, rich] {
            for (sizes, batch) in
                [(&[784, 30, 10][..], 10), (&[784, 128, 10], 64), (&[784, 256, 200, 10], 128)]
            {
                let requests = requests_of_steps::<f32>(device, sizes, batch, extras);
                assert_eq!(requests, 0, "f32, {sizes:?} on {device:?}");
                let requests = requests_of_steps::<f64>(device, sizes, batch, extras);
                assert_eq!(requests, 0, "f64, {sizes:?} on {device:?}");
            }
        }
    }
}
