//! A training so small that an interpreter can follow every access to memory:
//! `cargo +nightly miri test -p nn-cpu --test small_training`.

mod network;

use network::{Extras, Network, images, update_with};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{Activation, Device, ReferenceTensor, Tensor, UpdateRule};

/// Odd sizes, so that tiles, panels and lines of pixels all have a partial end; the first layer is
/// just large enough to be shared among threads.
const SIZES: [usize; 4] = [67, 29, 11, 3];
const BATCH: usize = 17;

/// Everything that two steps come to.
fn trained<X: Tensor<Elem = f32>>(device: &X::Device, extras: Extras) -> Vec<f32> {
    let images = images(2 * BATCH, SIZES[0]);
    let mut network = Network::<X>::new(device, &SIZES, BATCH);
    let rule = UpdateRule::Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        correction1: 0.1,
        correction2: 0.001,
    };
    device.run(|| {
        for step in 0..2 {
            let rows: Vec<u32> =
                (0..BATCH).map(|row| ((row * 3 + step) % (2 * BATCH)) as u32).collect();
            let classes: Vec<u32> = rows.iter().map(|row| row % 3).collect();
            network.step(&images, &rows, &classes, &update_with(rule, 0.01), extras, step as u64);
        }
        network.contents()
    })
}

#[test]
fn a_small_training_agrees_with_the_reference_on_any_device() {
    let rich = Extras { activation: Activation::Gelu, dropout: 0.2, clip: true, smoothing: 0.1 };
    for extras in [Extras::NONE, rich] {
        let expected = trained::<ReferenceTensor<f32>>(&(), extras);
        let devices =
            [CpuDevice::new(1), CpuDevice::new(2), CpuDevice::portable(1), CpuDevice::portable(2)];
        for device in devices {
            let found = trained::<CpuTensor<f32>>(&device.expect("two threads"), extras);
            assert_eq!(found.len(), expected.len());
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let near = (found - expected).abs() <= 1e-3 * expected.abs().max(1.0);
                assert!(near, "element {index}: {found} for {expected}");
            }
        }
    }
}
