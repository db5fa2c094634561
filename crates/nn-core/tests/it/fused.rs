//! The fused shortcuts of a fast backend equal the visible products of (118), (119) and (120), which
//! run on the reference backend.

use super::common::Reference;
use nn_core::{
    Activation, Architecture, FullBatch, Initializer, Loss, Network, Trainer, TrainingConfig,
};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use nn_tensor::Tensor;

type Fast = CpuTensor<f64>;

fn data() -> Dataset {
    let inputs = (0..37 * 21).map(|index| (f64::from(index) * 0.37).sin()).collect();
    Dataset::classification(inputs, 21, (0..37).map(|index| index % 5).collect(), 5).unwrap()
}

fn architecture(activation: Activation) -> Architecture {
    Architecture::new(21, [19, 18], 5, activation)
}

#[track_caller]
fn assert_close(ours: &[f64], theirs: &[f64], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let largest = theirs.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        assert!((a - b).abs() <= 1e-12 * largest, "{what}, value {index}: {a} {b}");
    }
}

#[test]
fn gradients_are_those_of_the_products() {
    const { assert!(Fast::FUSED && !Reference::FUSED) };
    let device = CpuDevice::new(2).unwrap();
    for loss in Loss::ALL {
        for activation in [Activation::Relu, Activation::Sigmoid, Activation::Gelu] {
            let (form, init) = (architecture(activation), Initializer::GlorotUniform);
            let config = TrainingConfig { loss, dropout: 0.2, ..TrainingConfig::default() };
            let fused = Network::<Fast>::new(&device, &form, init, 3).unwrap();
            let plain = Network::<Reference>::new(&(), &form, init, 3).unwrap();
            let mut fused = FullBatch::frozen(fused, &data(), &config).unwrap();
            let mut plain = FullBatch::frozen(plain, &data(), &config).unwrap();
            let mut gradients =
                [vec![0.0; form.parameter_count()], vec![0.0; form.parameter_count()]];
            fused.cost_and_gradient(&mut gradients[0]).unwrap();
            plain.cost_and_gradient(&mut gradients[1]).unwrap();
            assert_close(&gradients[0], &gradients[1], &format!("{loss:?} {activation:?}"));
        }
    }
}

/// Gradient and step in one operation, layer by layer, against all gradients first.
#[test]
fn steps_are_those_of_the_products() {
    let device = CpuDevice::new(2).unwrap();
    let form = architecture(Activation::Tanh);
    for batch_norm in [false, true] {
        let config =
            TrainingConfig { epochs: 3, batch: 12, batch_norm, ..TrainingConfig::default() };
        let mut fused = Trainer::<Fast>::new(&device, &form, &config, &data(), None).unwrap();
        let mut plain = Trainer::<Reference>::new(&(), &form, &config, &data(), None).unwrap();
        fused.run(&mut ()).unwrap();
        plain.run(&mut ()).unwrap();
        let (fused, plain) = (fused.result().to_values(), plain.result().to_values());
        for (fused, plain) in fused.layers.iter().zip(&plain.layers) {
            let what = format!("weights, batch norm {batch_norm}");
            let tolerance = |values: &nn_core::Values| values.to_elements::<f64>();
            // Roundings grow a little from step to step.
            let [a, b] = [tolerance(&fused.weight), tolerance(&plain.weight)];
            let far = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(far < 1e-9, "{what}: {far}");
        }
    }
}
