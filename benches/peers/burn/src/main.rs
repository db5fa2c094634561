//! A multi-layer perceptron in burn on its `flex` backend: data resident as f32, plain SGD, mean
//! cross-entropy.

use std::time::Instant;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};
use peer_common::{Digits, Failure, Options, Shuffle, epoch, test};

const CLASSES: usize = 10;

#[derive(Module, Debug)]
struct Network {
    hidden: Vec<Linear>,
    last: Linear,
}

impl Network {
    /// He-uniform weights, biases drawn the same way as burn does it.
    fn new(inputs: usize, hidden: &[usize], device: &Device) -> Self {
        let he =
            Initializer::KaimingUniform { gain: std::f64::consts::SQRT_2, fan_out_only: false };
        let linear = |inputs: usize, outputs: usize| {
            LinearConfig::new(inputs, outputs).with_initializer(he.clone()).init(device)
        };
        let sizes: Vec<usize> = [&[inputs], hidden].concat();
        let last = linear(*sizes.last().unwrap_or(&inputs), CLASSES);
        Self { hidden: sizes.windows(2).map(|pair| linear(pair[0], pair[1])).collect(), last }
    }

    fn forward(&self, images: Tensor<2>) -> Tensor<2> {
        let values = self.hidden.iter().fold(images, |values, layer| relu(layer.forward(values)));
        self.last.forward(values)
    }
}

fn main() -> Result<(), Failure> {
    let options = Options::from_env()?;
    rayon::ThreadPoolBuilder::new().num_threads(options.threads).build_global()?;
    let plain = Device::flex();
    let device = plain.clone().autodiff();
    device.seed(options.seed);
    let train = Digits::read(&options.data, "train")?;
    // The data needs no gradient, so it stays outside of autodiff.
    let (images, labels) = tensors(&train, &plain);
    let mut network = Network::new(train.pixels, &options.hidden, &device);
    let mut optimizer = SgdConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(&device);
    let mut shuffle = Shuffle::new(options.seed);
    for number in 1..=options.epochs {
        let start = Instant::now();
        let order: Vec<i32> =
            shuffle.order(train.count()).into_iter().map(|index| index as i32).collect();
        for batch in order.chunks(options.batch) {
            let batch = Tensor::<1, Int>::from_ints(batch, &plain);
            let inputs = images.clone().select(0, batch.clone()).autodiff();
            let targets = labels.clone().select(0, batch);
            let value = loss.forward(network.forward(inputs), targets);
            let gradients = GradientsParams::from_grads(value.backward(), &network);
            network = optimizer.step(options.learning_rate, network, gradients);
        }
        epoch(number, train.count() as f64 / start.elapsed().as_secs_f64());
    }
    test(accuracy(&network.valid(), &Digits::read(&options.data, "t10k")?, &plain));
    Ok(())
}

/// Images and labels as resident tensors.
fn tensors(digits: &Digits, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let shape = [digits.count(), digits.pixels];
    let images = Tensor::from_data(TensorData::new(digits.images.clone(), shape), device);
    let labels: Vec<i32> = digits.labels.iter().map(|&label| i32::from(label)).collect();
    (images, Tensor::from_ints(labels.as_slice(), device))
}

fn accuracy(network: &Network, digits: &Digits, device: &Device) -> f64 {
    let (images, labels) = tensors(digits, device);
    let answers = network.forward(images).argmax(1).reshape([digits.count()]);
    let right = answers.equal(labels).int().sum().into_scalar::<i64>();
    right as f64 / digits.count() as f64
}
