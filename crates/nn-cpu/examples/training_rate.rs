//! How many images a second a training step takes in: `training_rate [IMAGES LABELS]`.
//!
//! The two files are unpacked IDX files; without them, images are made up.
//!
//! A step is gather, forward, loss, backward and update. Each network is trained for some rounds on
//! one and on two threads in turn, and the fastest round of each counts: the machine may be busy
//! with other things, and no round is faster than the machine.
#![allow(clippy::print_stdout, reason = "its results")]

#[path = "../tests/network/mod.rs"]
mod network;

use network::{Data, Extras, Network, epoch, images, numbers, update_by};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{Device, StepNumbers, Update, UpdateRule};
use std::time::Instant;

const NETWORKS: [(&[usize], usize, f64); 4] = [
    (&[784, 30, 10], 10, 0.05),
    (&[784, 128, 10], 64, 0.1),
    (&[784, 800, 10], 128, 0.1),
    (&[784, 512, 512, 10], 256, 0.1),
];
const ROUNDS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (images, labels) = match arguments.as_slice() {
        [images, labels] => {
            let payload =
                |path, header| std::fs::read(path).expect("a readable file").split_off(header);
            (payload(images, 16), payload(labels, 8))
        }
        _ => (images(6000, 784), numbers(5, 6000).map(|unit| (unit * 10.0) as u8).collect()),
    };
    let classes: Vec<u32> = labels.iter().map(|&label| label.into()).collect();
    let devices = [1, 2].map(|threads| CpuDevice::new(threads).expect("two threads"));
    for (sizes, batch, learning_rate) in NETWORKS {
        for (name, rule) in
            [("descent", UpdateRule::Descent), ("adam", UpdateRule::adam(0.9, 0.999, 1e-8))]
        {
            let mut best = [0.0_f64; 2];
            let mut loss = 0.0;
            let rate = if name == "adam" { 1e-3 } else { learning_rate };
            for _ in 0..ROUNDS {
                for (best, device) in best.iter_mut().zip(&devices) {
                    let data = Data::new(device, images.clone(), 784, classes.clone());
                    let mut network = Network::<CpuTensor<f32>>::new(device, sizes, batch);
                    let seen = device.run(|| {
                        train(
                            &mut network,
                            device,
                            &data,
                            (labels.len(), batch),
                            rate,
                            &update_by(rule),
                        )
                    });
                    *best = best.max(seen);
                    loss = network.tally().loss / labels.len() as f64;
                }
            }
            println!(
                "{sizes:?} at {batch}, {name}: {:.0} images/s on 1 thread, {:.0} on 2 (loss {loss:.3})",
                best[0], best[1]
            );
        }
    }
}

/// Trains on every image once, in shuffled order; images a second.
fn train(
    network: &mut Network<CpuTensor<f32>>,
    device: &CpuDevice,
    data: &Data<CpuTensor<f32>>,
    (images, batch): (usize, usize),
    learning_rate: f64,
    update: &Update<f32>,
) -> f64 {
    let mut order: Vec<u32> = (0..images as u32).collect();
    for (index, unit) in numbers(9, order.len()).enumerate() {
        let other = index + (unit * (order.len() - index) as f64) as usize;
        order.swap(index, other);
    }
    let steps = images / batch;
    let numbers = StepNumbers::with_learning_rate(learning_rate);
    let mut epoch = epoch::<CpuTensor<f32>>(device, order, batch, numbers, 0);
    let start = Instant::now();
    for _ in 0..steps {
        network.step(data, &mut epoch, update, Extras::NONE);
    }
    (steps * batch) as f64 / start.elapsed().as_secs_f64()
}
