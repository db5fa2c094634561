//! Where the time of a training step goes, operation by operation: `step_times [IMAGES]`.
//!
//! The file is an unpacked IDX file of images; without it, images are made up. Times are
//! microseconds a step, the best of some rounds, plain descent.
#![allow(clippy::print_stdout, reason = "its results")]

#[path = "../tests/network/numbers.rs"]
mod numbers;

use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{
    Activation, Device, Linear, Matrix, Moments, Penalty, Role, Shape, TALLY_WIDTH, Tensor, Update,
    UpdateRule,
};
use numbers::{images, numbers};
use std::time::Instant;

const NETWORKS: [(&[usize], usize); 4] = [
    (&[784, 30, 10], 10),
    (&[784, 128, 10], 64),
    (&[784, 800, 10], 128),
    (&[784, 512, 512, 10], 256),
];
const ROUNDS: usize = 9;
const IMAGES_IN_ROUND: usize = 12_800;

fn main() {
    let images = match std::env::args().nth(1) {
        Some(path) => std::fs::read(path).expect("a readable file").split_off(16),
        None => images(6000, 784),
    };
    for (sizes, batch) in NETWORKS {
        for threads in [1, 2] {
            let device = CpuDevice::new(threads).expect("two threads");
            let rounds = device.run(|| {
                let mut step = Step::new(&device, sizes, batch);
                (0..ROUNDS).map(|_| step.round(&images)).collect::<Vec<_>>()
            });
            let best = rounds.into_iter().min_by(|a, b| total(a).total_cmp(&total(b)));
            let best = best.expect("some rounds");
            let parts: Vec<String> =
                best.iter().map(|(name, time)| format!("{name} {time:.2}")).collect();
            println!(
                "{sizes:?} at {batch}, threads {threads}: {:.2} microseconds: {}",
                total(&best),
                parts.join(", ")
            );
        }
    }
}

fn total(times: &[(String, f64)]) -> f64 {
    times.iter().map(|(_, time)| time).sum()
}

/// A network and the operations of its step.
struct Step {
    input: CpuTensor<f32>,
    layers: Vec<Linear<CpuTensor<f32>>>,
    gradients: Vec<Linear<CpuTensor<f32>>>,
    activated: Vec<CpuTensor<f32>>,
    deltas: Vec<CpuTensor<f32>>,
    tally: CpuTensor<f32>,
    times: Vec<(String, f64)>,
    batch: usize,
}

const RELU: Activation = Activation::Relu;

impl Step {
    fn new(device: &CpuDevice, sizes: &[usize], batch: usize) -> Self {
        let zeros = |rows, columns, role| {
            CpuTensor::zeros(device, Shape::new(rows, columns), role).expect("memory")
        };
        let layer = |pair: &[usize]| {
            let weight = zeros(pair[1], pair[0], Role::Weight);
            Linear { weight, bias: zeros(1, pair[1], Role::Weight) }
        };
        let mut layers: Vec<_> = sizes.windows(2).map(layer).collect();
        for (seed, layer) in layers.iter_mut().enumerate() {
            let shape = layer.weight.shape();
            let scale = (6.0 / shape.columns as f64).sqrt();
            let start = numbers(seed as u64, shape.len());
            let start: Vec<f32> = start.map(|unit| ((2.0 * unit - 1.0) * scale) as f32).collect();
            layer.weight.write(&start);
        }
        let rows = |size: &usize| zeros(batch, *size, Role::Activation);
        Self {
            input: rows(&sizes[0]),
            gradients: sizes.windows(2).map(layer).collect(),
            layers,
            activated: sizes[1..].iter().map(rows).collect(),
            deltas: sizes[1..].iter().map(rows).collect(),
            tally: zeros(1, TALLY_WIDTH, Role::Activation),
            times: Vec::new(),
            batch,
        }
    }

    /// Some steps; the mean time of each operation.
    fn round(&mut self, images: &[u8]) -> Vec<(String, f64)> {
        self.times.clear();
        let steps = IMAGES_IN_ROUND / self.batch;
        let count = images.len() / self.input.shape().columns;
        for step in 0..steps {
            let rows: Vec<u32> =
                numbers(step as u64, self.batch).map(|unit| (unit * count as f64) as u32).collect();
            let classes: Vec<u32> = rows.iter().map(|row| row % 10).collect();
            self.step(images, &rows, &classes);
        }
        let mean = |(name, time): &(String, f64)| (name.clone(), time / steps as f64);
        self.times.iter().map(mean).collect()
    }

    fn time(&mut self, name: &str, from: Instant) {
        let time = from.elapsed().as_secs_f64() * 1e6;
        match self.times.iter_mut().find(|(known, _)| known == name) {
            Some((_, sum)) => *sum += time,
            None => self.times.push((name.to_owned(), time)),
        }
    }

    fn step(&mut self, images: &[u8], rows: &[u32], classes: &[u32]) {
        let start = Instant::now();
        self.input.gather_bytes(images, rows, 1.0 / 255.0);
        self.time("gather", start);
        let last = self.layers.len() - 1;
        for layer in 0..=last {
            let start = Instant::now();
            let (before, rest) = self.activated.split_at_mut(layer);
            let input = before.last().unwrap_or(&self.input);
            let activation = if layer == last { Activation::Identity } else { RELU };
            rest[0].linear(input, &self.layers[layer], activation, None);
            self.time(&format!("forward{layer}"), start);
        }
        let start = Instant::now();
        let factor = 1.0 / self.batch as f32;
        let (delta, output) = (&mut self.deltas[last], &self.activated[last]);
        delta.softmax_cross_entropy(output, classes, factor, &mut self.tally);
        self.time("loss", start);
        let penalty = Penalty::NONE;
        let rule = UpdateRule::Descent;
        let update = Update { rule, learning_rate: 0.01, penalty, decay: 0.0 };
        for layer in (0..=last).rev() {
            if layer > 0 {
                let start = Instant::now();
                let (here, next) = self.deltas.split_at_mut(layer);
                let (weight, activated) = (&self.layers[layer].weight, &self.activated[layer - 1]);
                here[layer - 1].hidden_delta(&next[0], weight, RELU, activated, None);
                self.time(&format!("delta{}", layer - 1), start);
            }
            let start = Instant::now();
            let input = if layer == 0 { &self.input } else { &self.activated[layer - 1] };
            let none = || Moments { first: None, second: None };
            CpuTensor::linear_update(
                &mut self.layers[layer],
                &mut Linear { weight: none(), bias: none() },
                &mut self.gradients[layer],
                &self.deltas[layer],
                input,
                &update,
            );
            self.time(&format!("update{layer}"), start);
        }
    }
}
