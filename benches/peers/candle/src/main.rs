//! A multi-layer perceptron in candle: data resident as f32, plain SGD, mean cross-entropy.

use std::time::Instant;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{Init, Linear, Module, Optimizer, SGD, init, loss};
use peer_common::{Digits, Failure, Options, Shuffle, epoch, test};

const CLASSES: usize = 10;

fn main() -> Result<(), Failure> {
    let options = Options::from_env()?;
    // SAFETY: no other thread runs yet. candle reads the variable for each product, rayon for its pool.
    unsafe { std::env::set_var("RAYON_NUM_THREADS", options.threads.to_string()) };
    let train = Digits::read(&options.data, "train")?;
    let (images, labels) = tensors(&train)?;
    let (layers, variables) = network(train.pixels, &options.hidden)?;
    let mut optimizer = SGD::new(variables, options.learning_rate)?;
    let mut shuffle = Shuffle::new(options.seed);
    for number in 1..=options.epochs {
        let start = Instant::now();
        let order = Tensor::from_vec(shuffle.order(train.count()), train.count(), &Device::Cpu)?;
        for first in (0..train.count()).step_by(options.batch) {
            let batch = order.narrow(0, first, options.batch.min(train.count() - first))?;
            let logits = forward(&layers, &images.index_select(&batch, 0)?)?;
            let loss = loss::cross_entropy(&logits, &labels.index_select(&batch, 0)?)?;
            optimizer.backward_step(&loss)?;
        }
        epoch(number, train.count() as f64 / start.elapsed().as_secs_f64());
    }
    test(accuracy(&layers, &Digits::read(&options.data, "t10k")?)?);
    Ok(())
}

/// Images and labels as resident tensors.
fn tensors(digits: &Digits) -> Result<(Tensor, Tensor), Failure> {
    let shape = (digits.count(), digits.pixels);
    let images = Tensor::from_slice(&digits.images, shape, &Device::Cpu)?;
    let labels: Vec<u32> = digits.labels.iter().map(|&label| u32::from(label)).collect();
    Ok((images, Tensor::from_vec(labels, digits.count(), &Device::Cpu)?))
}

/// He-uniform weights, zero biases; candle's random stream on the CPU cannot be seeded.
fn network(inputs: usize, hidden: &[usize]) -> Result<(Vec<Linear>, Vec<Var>), Failure> {
    let sizes: Vec<usize> = [&[inputs], hidden, &[CLASSES]].concat();
    let (mut layers, mut variables) = (Vec::new(), Vec::new());
    for pair in sizes.windows(2) {
        let weight =
            init::DEFAULT_KAIMING_UNIFORM.var((pair[1], pair[0]), DType::F32, &Device::Cpu)?;
        let bias = Init::Const(0.0).var(pair[1], DType::F32, &Device::Cpu)?;
        layers.push(Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone())));
        variables.extend([weight, bias]);
    }
    Ok((layers, variables))
}

fn forward(layers: &[Linear], images: &Tensor) -> candle_core::Result<Tensor> {
    let Some((last, hidden)) = layers.split_last() else { return Ok(images.clone()) };
    let mut values = images.clone();
    for layer in hidden {
        values = layer.forward(&values)?.relu()?;
    }
    last.forward(&values)
}

fn accuracy(layers: &[Linear], digits: &Digits) -> Result<f64, Failure> {
    let (images, labels) = tensors(digits)?;
    let right = forward(layers, &images)?.argmax(1)?.eq(&labels)?;
    let right = right.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
    Ok(right / digits.count() as f64)
}
