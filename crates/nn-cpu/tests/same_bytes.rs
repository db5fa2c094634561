//! The number of threads changes the time and nothing else.

mod network;

use network::{Data, Extras, Network, epoch, images, update_by};
use nn_cpu::{CpuDevice, CpuElement, CpuTensor};
use nn_tensor::{Activation, Device, Element, StepNumbers, UpdateRule};
use std::panic::AssertUnwindSafe;

/// The networks that are measured, and their batches.
const NETWORKS: [(&[usize], usize); 4] = [
    (&[784, 30, 10], 10),
    (&[784, 128, 10], 64),
    (&[784, 800, 10], 128),
    (&[784, 512, 512, 10], 256),
];

/// A training of some steps; everything it has come to.
fn trained<E: CpuElement>(
    device: &CpuDevice,
    (sizes, batch): (&[usize], usize),
    rule: UpdateRule<E>,
    extras: Extras,
) -> Vec<E> {
    let labels = (0..2 * batch as u32).map(|row| row % 10).collect();
    let data = Data::<CpuTensor<E>>::new(device, images(2 * batch, sizes[0]), sizes[0], labels);
    let row = |at: usize| ((at % batch * 3 + at / batch) % (2 * batch)) as u32;
    let order = (0..5 * batch).map(row).collect();
    let numbers = StepNumbers { learning_rate: 0.05, correction1: 0.1, correction2: 0.01 };
    let mut epoch = epoch::<CpuTensor<E>>(device, order, batch, numbers, sizes.len());
    let mut network = Network::<CpuTensor<E>>::new(device, sizes, batch);
    device.run(|| {
        for _ in 0..5 {
            network.step(&data, &mut epoch, &update_by(rule), extras);
        }
        network.contents()
    })
}

fn bits<E: Element>(values: &[E]) -> Vec<u64> {
    values.iter().map(|&value| value.to_f64().to_bits()).collect()
}

fn same_at_any_number_of_threads<E: CpuElement>(rules: &[UpdateRule<E>]) {
    let devices = [1, 2, 3].map(|threads| CpuDevice::new(threads).expect("three threads"));
    let plain = Extras::NONE;
    let rich = Extras { activation: Activation::Gelu, dropout: 0.2, clip: true, smoothing: 0.1 };
    for network in NETWORKS {
        for &rule in rules {
            for extras in [plain, rich] {
                let one = bits(&trained::<E>(&devices[0], network, rule, extras));
                for device in &devices[1..] {
                    let more = bits(&trained::<E>(device, network, rule, extras));
                    assert!(one == more, "{network:?} {rule:?} differs on {device:?}");
                }
            }
        }
    }
}

fn adam<E: CpuElement>() -> UpdateRule<E> {
    UpdateRule::adam(0.9, 0.999, 1e-8)
}

#[test]
fn f32_same_bytes() {
    same_at_any_number_of_threads::<f32>(&[UpdateRule::Descent, adam()]);
}

#[test]
fn f64_same_bytes() {
    same_at_any_number_of_threads::<f64>(&[UpdateRule::Descent]);
}

/// Two trainings at once, each with its own threads, and two on the same device.
#[test]
fn trainings_at_the_same_time_do_not_disturb_each_other() {
    let network = NETWORKS[1];
    let alone = bits(&trained::<f32>(&CpuDevice::new(1).unwrap(), network, adam(), Extras::NONE));
    let devices = [CpuDevice::new(2).unwrap(), CpuDevice::new(3).unwrap()];
    std::thread::scope(|scope| {
        let runs: Vec<_> = [0, 1, 1, 0]
            .map(|index| {
                let device = &devices[index];
                scope.spawn(move || {
                    (0..5)
                        .map(|_| bits(&trained::<f32>(device, network, adam(), Extras::NONE)))
                        .collect::<Vec<_>>()
                })
            })
            .into();
        for run in runs {
            assert!(run.join().unwrap().iter().all(|result| *result == alone));
        }
    });
}

/// A run inside a run, and a panic inside a run, leave the device usable.
#[test]
fn runs_nest_and_survive_a_panic() {
    let device = CpuDevice::new(2).unwrap();
    let nested =
        device.run(|| device.run(|| trained::<f32>(&device, NETWORKS[1], adam(), Extras::NONE)));
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| device.run(|| panic!("as planned"))));
    assert!(panic.is_err());
    let after = trained::<f32>(&device, NETWORKS[1], adam(), Extras::NONE);
    assert_eq!(bits(&nested), bits(&after));
}
