//! How long the forward pass of one sample takes: 784-64-10 on one and on two threads, outside of any run.
//!
//! Times are microseconds for one sample, the best of some rounds.
#![allow(clippy::print_stdout, reason = "its results")]

#[path = "../tests/network/numbers.rs"]
mod numbers;

use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{Activation, Device, Linear, Matrix, Role, Shape, Tensor};
use numbers::{images, numbers};
use std::hint::black_box;
use std::time::Instant;

const SIZES: [usize; 3] = [784, 64, 10];
const ROUNDS: usize = 20;
const SAMPLES: usize = 1000;

/// A network and what its answer to one sample works in.
struct Answer {
    layers: Vec<Linear<CpuTensor<f32>>>,
    input: CpuTensor<f32>,
    outputs: Vec<CpuTensor<f32>>,
    probabilities: CpuTensor<f32>,
    host: Vec<f32>,
}

impl Answer {
    fn new(device: &CpuDevice) -> Self {
        let zeros = |rows, columns, role| {
            CpuTensor::zeros(device, Shape::new(rows, columns), role).expect("memory")
        };
        let layer = |pair: &[usize]| {
            let values = numbers(pair[1] as u64, pair[0] * pair[1]);
            let values: Vec<f32> = values.map(|unit| (unit as f32 - 0.5) / 10.0).collect();
            let mut weight = zeros(pair[1], pair[0], Role::Weight);
            weight.write(&values);
            Linear { weight, bias: zeros(1, pair[1], Role::Weight) }
        };
        Self {
            layers: SIZES.windows(2).map(layer).collect(),
            input: zeros(1, SIZES[0], Role::Activation),
            outputs: SIZES[1..].iter().map(|&size| zeros(1, size, Role::Activation)).collect(),
            probabilities: zeros(1, SIZES[2], Role::Activation),
            host: vec![0.0; SIZES[2]],
        }
    }

    fn of(&mut self, image: &[u8]) {
        self.input.write_bytes(image, 1.0 / 255.0);
        let (first, second) = self.outputs.split_at_mut(1);
        first[0].linear(&self.input, &self.layers[0], Activation::Relu, None);
        second[0].linear(&first[0], &self.layers[1], Activation::Identity, None);
        self.probabilities.softmax(&second[0]);
        self.probabilities.read(&mut self.host);
    }
}

fn main() {
    let images = images(SAMPLES, SIZES[0]);
    for threads in [1, 2] {
        let device = CpuDevice::new(threads).expect("two threads");
        let mut answer = Answer::new(&device);
        let mut round = || {
            let start = Instant::now();
            images.chunks(SIZES[0]).for_each(|image| answer.of(black_box(image)));
            start.elapsed().as_secs_f64() * 1e6 / SAMPLES as f64
        };
        let best = (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min);
        let start = Instant::now();
        (0..SAMPLES).for_each(|_| device.run(|| black_box(())));
        let run = start.elapsed().as_secs_f64() * 1e6 / SAMPLES as f64;
        println!(
            "{threads} threads: {best:.2} microseconds a sample; to enter a run takes {run:.2}"
        );
    }
}
