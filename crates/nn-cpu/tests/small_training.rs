//! A training so small that an interpreter can follow every access to memory:
//! `cargo +nightly miri test -p nn-cpu --test small_training`.

mod network;

use network::{Data, Extras, Network, epoch, images, update_by};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{Activation, Device, ReferenceTensor, StepNumbers, Tensor, UpdateRule};

/// Odd sizes, so that tiles, panels and lines of pixels all have a partial end; the first layer is
/// just large enough to be shared among threads.
const SIZES: [usize; 4] = [67, 29, 11, 3];
const BATCH: usize = 17;

/// Everything that two steps come to.
fn trained<X: Tensor<Elem = f32>>(device: &X::Device, extras: Extras) -> Vec<f32> {
    let labels = (0..2 * BATCH as u32).map(|row| row % 3).collect();
    let data = Data::<X>::new(device, images(2 * BATCH, SIZES[0]), SIZES[0], labels);
    let row = |at: usize| ((at % BATCH * 3 + at / BATCH) % (2 * BATCH)) as u32;
    let numbers = StepNumbers { learning_rate: 0.01, corrected_rate: 0.1, root_correction: 30.0 };
    let order = (0..2 * BATCH).map(row).collect();
    let mut epoch = epoch::<X>(device, order, BATCH, numbers, SIZES.len());
    let mut network = Network::<X>::new(device, &SIZES, BATCH);
    let rule = UpdateRule::adam(0.9, 0.999, 1e-8);
    device.run(|| {
        for _ in 0..2 {
            network.step(&data, &mut epoch, &update_by(rule), extras);
        }
        network.contents()
    })
}

#[test]
fn a_small_training_agrees_with_the_reference_on_any_device() {
    let rich = Extras { activation: Activation::Gelu, dropout: 0.2, clip: true, smoothing: 0.1 };
    for extras in [Extras::NONE, rich] {
        let expected = trained::<ReferenceTensor<f32>>(&(), extras);
        let named = ["avx512", "avx2", "portable"];
        let devices = named.iter().flat_map(|name| [1, 2].map(|n| CpuDevice::with_simd(n, name)));
        for device in devices {
            let Ok(device) = device else { continue }; // this CPU has not got them
            let found = trained::<CpuTensor<f32>>(&device, extras);
            assert_eq!(found.len(), expected.len());
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let near = (found - expected).abs() <= 1e-3 * expected.abs().max(1.0);
                assert!(near, "element {index}: {found} for {expected}");
            }
        }
    }
}
