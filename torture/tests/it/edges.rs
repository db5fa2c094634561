//! Numerical edge cases on both backends, compared with closed forms.

use nn_core::{
    Activation, Architecture, Initializer, Loss, Network, NetworkValues, Optimizer, Schedule,
    Trainer, TrainingConfig, evaluate,
};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use nn_tensor::{
    ClassTarget, Device, Element, HostEpoch, HostSamples, HostValues, Linear, Matrix,
    ReferenceTensor, Role, Shape, TALLY_WIDTH, Tally, Tensor,
};
use std::sync::Arc;

/// A check for every backend and element type.
trait OnAnyBackend {
    fn run<T: Tensor>(device: &T::Device);
}

fn on_every_backend<W: OnAnyBackend>() {
    W::run::<ReferenceTensor<f32>>(&());
    W::run::<ReferenceTensor<f64>>(&());
    for threads in [1, 2] {
        let device = CpuDevice::oversubscribed(threads).unwrap();
        W::run::<CpuTensor<f32>>(&device);
        W::run::<CpuTensor<f64>>(&device);
    }
}

/// Returns the distance from 1 to the next number.
fn rounding_of<E: Element>() -> f64 {
    E::epsilon().to_f64()
}

fn smallest_normal<E: Element>() -> f64 {
    E::min_positive_value().to_f64()
}

fn row<T: Tensor>(device: &T::Device, values: &[f64]) -> T {
    let values: Vec<T::Elem> = values.iter().map(|&value| T::Elem::from_f64(value)).collect();
    T::from_values(device, Shape::new(1, values.len()), Role::Activation, &values).unwrap()
}

fn numbers<T: Tensor>(tensor: &T) -> Vec<f64> {
    tensor.to_vec().iter().map(|value| value.to_f64()).collect()
}

/// Returns gradient and loss of softmax cross-entropy for one row of logits.
fn cross_entropy<T: Tensor>(device: &T::Device, logits: &[f64], class: u32) -> (Vec<f64>, f64) {
    let logits: T = row(device, logits);
    let mut gradient = T::zeros(device, logits.shape(), Role::Activation).unwrap();
    let mut tally = T::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Activation).unwrap();
    let labels =
        HostValues::Classes { labels: Arc::new(vec![class]), classes: logits.shape().columns };
    let labels = device.upload(HostSamples::new(labels)).unwrap();
    let epoch = device.begin_epoch(HostEpoch::without_steps(vec![0])).unwrap();
    let target = ClassTarget::plain(T::Elem::ONE);
    gradient.softmax_cross_entropy(&logits, &labels, &epoch, &target, &mut tally);
    let tally = Tally::from_values(&tally.to_vec());
    (numbers(&gradient), tally.loss)
}

struct Softmax;
impl OnAnyBackend for Softmax {
    fn run<T: Tensor>(device: &T::Device) {
        let rounding = rounding_of::<T::Elem>();
        // p = (1, 0, 0): the gradient is p - y, the loss the distance of the logits.
        let logits = [1e30, -1e30, 0.0];
        for (class, loss) in [(0, 0.0), (1, 2e30), (2, 1e30)] {
            let (gradient, found) = cross_entropy::<T>(device, &logits, class);
            let mut expected = [1.0, 0.0, 0.0];
            expected[class as usize] -= 1.0;
            assert_eq!(gradient, expected, "class {class}");
            assert!((found - loss).abs() <= 4.0 * rounding * loss, "{found} for {loss}");
        }
        // Equal logits of any size: p = 1/k, loss ln k.
        for classes in [1, 2, 10, 65_536] {
            for logit in [0.0, 1e30, -1e30, 1e-40] {
                let (gradient, found) = cross_entropy::<T>(device, &vec![logit; classes], 0);
                let (share, loss) = (1.0 / classes as f64, (classes as f64).ln());
                assert!((gradient[0] - (share - 1.0)).abs() < 16.0 * rounding, "{classes} {logit}");
                let rest_is_right = |value: &f64| (value - share).abs() <= 1e-3 * share;
                assert!(gradient[1..].iter().all(rest_is_right), "{classes} {logit}");
                // The sum of k exponentials is rounded at most k times.
                let bound = rounding * (64.0 + classes as f64 / 16.0);
                assert!((found - loss).abs() <= bound, "{classes} {logit}: {found} for {loss}");
            }
        }
    }
}

#[test]
fn softmax_and_its_loss_at_huge_and_equal_logits() {
    on_every_backend::<Softmax>();
}

struct Sigmoid;
impl OnAnyBackend for Sigmoid {
    fn run<T: Tensor>(device: &T::Device) {
        let mut values: T = row(device, &[-1e30, -50.0, 0.0, 50.0, 1e30]);
        values.activate(Activation::Sigmoid);
        let values = numbers(&values);
        // e⁻⁵⁰ = 1.9e-22; 1 - e⁻⁵⁰ rounds to 1, and so its slope a(1-a) to 0.
        let expected = [0.0, (-50.0_f64).exp(), 0.5, 1.0, 1.0];
        for (found, expected) in values.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-5 * expected, "{found} for {expected}");
        }
        assert_eq!(Activation::Sigmoid.derivative_from_output(values[3]), 0.0);
    }
}

#[test]
fn a_saturated_sigmoid_is_neither_nan_nor_beyond_its_bounds() {
    on_every_backend::<Sigmoid>();
}

struct Subnormals;
impl OnAnyBackend for Subnormals {
    fn run<T: Tensor>(device: &T::Device) {
        // Below the smallest normal number of its type, above the smallest there is.
        let tiny = smallest_normal::<T::Elem>() / 4.0;
        let input: T = row(device, &[1.0, 0.5, 0.0]);
        let parameters = Linear {
            weight: T::from_values(
                device,
                Shape::new(1, 3),
                Role::Weight,
                &[tiny, tiny, 1.0].map(T::Elem::from_f64),
            )
            .unwrap(),
            bias: T::from_values(device, Shape::new(1, 1), Role::Weight, &[T::Elem::ZERO]).unwrap(),
        };
        let mut output = T::zeros(device, Shape::new(1, 1), Role::Activation).unwrap();
        output.linear(&input, &parameters, Activation::Identity, None);
        assert_eq!(numbers(&output), [1.5 * tiny]);
    }
}

#[test]
fn subnormal_weights_are_used() {
    on_every_backend::<Subnormals>();
}

fn linear_architecture(inputs: usize, outputs: usize) -> Architecture {
    Architecture {
        inputs,
        hidden: vec![],
        outputs,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    }
}

/// Plain gradient descent with learning rate 0.5.
fn descent(batch: usize, epochs: usize) -> TrainingConfig {
    TrainingConfig {
        optimizer: Optimizer::Sgd,
        learning_rate: 0.5,
        schedule: Schedule::CONSTANT,
        batch,
        epochs,
        ..TrainingConfig::default()
    }
}

fn trained<T: Tensor>(
    device: &T::Device,
    data: &Dataset,
    config: &TrainingConfig,
) -> (Network<T>, NetworkValues) {
    let architecture = linear_architecture(data.input_width(), data.output_width());
    let mut trainer = Trainer::<T>::new(device, &architecture, config, data, None).unwrap();
    trainer.run(&mut ()).unwrap();
    (trainer.result().duplicate().unwrap(), trainer.result().to_values())
}

struct BlankImages;
impl OnAnyBackend for BlankImages {
    /// For a black image only the bias learns: with p = 1/k, one step changes it by λ (y - p).
    fn run<T: Tensor>(device: &T::Device) {
        for classes in [1, 3, 65_536_usize] {
            let class = classes as u32 - 1;
            let data = Dataset::from_images(vec![0], &[1, 1], vec![class], classes).unwrap();
            let architecture = linear_architecture(1, classes);
            let start =
                Network::<T>::new(device, &architecture, Initializer::HeUniform, 1).unwrap();
            let before = evaluate(&start, &data, Loss::CrossEntropy).unwrap().loss;
            let expected = (classes as f64).ln();
            assert!((before - expected).abs() < 1e-3, "{classes} classes: {before}");
            let (network, _) = trained::<T>(device, &data, &descent(1, 1));
            let bias = numbers(&network.layers()[0].bias);
            let share = 1.0 / classes as f64;
            for (index, bias) in bias.iter().enumerate() {
                let target = if index == classes - 1 { 1.0 } else { 0.0 };
                assert!((bias - 0.5 * (target - share)).abs() < 1e-5, "{classes}, {index}: {bias}");
            }
        }
    }
}

#[test]
fn one_pixel_one_sample_and_one_class_up_to_65536() {
    on_every_backend::<BlankImages>();
}

struct OneClass;
impl OnAnyBackend for OneClass {
    /// The only class has probability 1, so not a bit may change.
    fn run<T: Tensor>(device: &T::Device) {
        let data = Dataset::from_images(vec![9, 80, 200, 255], &[2, 2], vec![0], 1).unwrap();
        let start =
            Network::<T>::new(device, &linear_architecture(4, 1), Initializer::HeUniform, 1)
                .unwrap();
        let (network, _) = trained::<T>(device, &data, &descent(1, 5));
        assert_eq!(network.layers()[0].weight.to_vec(), start.layers()[0].weight.to_vec());
        let found = evaluate(&network, &data, Loss::CrossEntropy).unwrap();
        assert_eq!((found.loss, found.accuracy()), (0.0, Some(1.0)));
    }
}

#[test]
fn one_class_is_certain_and_changes_nothing() {
    on_every_backend::<OneClass>();
}

struct MissingClass;
impl OnAnyBackend for MissingClass {
    fn run<T: Tensor>(device: &T::Device) {
        // Black is class 0, white is class 2; class 1 never occurs.
        let data =
            Dataset::from_images(vec![0, 255, 0, 255], &[1, 1], vec![0, 2, 0, 2], 3).unwrap();
        let (network, _) = trained::<T>(device, &data, &descent(3, 400));
        let found = evaluate(&network, &data, Loss::CrossEntropy).unwrap();
        let counts = found.classification.unwrap().confusion;
        assert_eq!((counts.correct(), counts.support(1), counts.recall(1)), (4, 0, None));
        assert!(found.loss < 0.05, "{}", found.loss);
    }
}

#[test]
fn a_class_that_never_occurs_is_accepted() {
    on_every_backend::<MissingClass>();
}

/// The CPU backend skips pixels that are 0, so a weight that only meets such pixels is never
/// multiplied, where the reference computes 0 · NaN = NaN. It cannot be saved, though.
#[test]
fn a_weight_that_is_not_finite_is_never_saved() {
    let data = Dataset::from_images(vec![0, 255], &[1, 2], vec![0], 2).unwrap();
    let device = CpuDevice::new(1).unwrap();
    for broken in [f32::NAN, f32::INFINITY] {
        let mut network = Network::<CpuTensor<f32>>::new(
            &device,
            &linear_architecture(2, 2),
            Initializer::HeUniform,
            1,
        )
        .unwrap();
        network.layers_mut()[0].weight.write(&[broken, 0.5, 0.25, 0.5]);
        // No model can be made of it, so there is none to save or export.
        assert!(network.to_values().validate(&linear_architecture(2, 2)).is_err());
        let mut reference = Network::<ReferenceTensor<f32>>::new(
            &(),
            &linear_architecture(2, 2),
            Initializer::HeUniform,
            1,
        )
        .unwrap();
        reference.layers_mut()[0].weight.write(&[broken, 0.5, 0.25, 0.5]);
        assert!(evaluate(&reference, &data, Loss::CrossEntropy).is_err());
    }
}
