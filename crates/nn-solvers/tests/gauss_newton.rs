//! The Gauss-Newton matrix against differences of gradients.

#![allow(clippy::unwrap_used, reason = "a test")]

use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss, Network, TrainingConfig};
use nn_data::Dataset;
use nn_solvers::gauss_newton_matrix;
use nn_tensor::ReferenceTensor;

type Reference = ReferenceTensor<f64>;

/// For a linear network nothing is left out: Gauss-Newton is the Hessian, had by differences.
#[test]
fn gauss_newton_is_the_hessian_of_a_linear_network() {
    let config = TrainingConfig { weight_decay: 0.2, ..Default::default() };
    for loss in Loss::ALL {
        let inputs = (0..14).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let data = Dataset::classification(inputs, 2, vec![0, 1, 2, 0, 1, 2, 1], 3).unwrap();
        let architecture = Architecture::new(2, [], 3, Activation::Tanh);
        let network =
            Network::<Reference>::new(&(), &architecture, Initializer::LecunNormal, 3).unwrap();
        let config = TrainingConfig { loss, ..config.clone() };
        let mut full = FullBatch::new(network, &data, &config).unwrap();
        let start = full.parameters().to_vec();
        let size = start.len();
        let mut matrix = vec![0.0; size * size];
        gauss_newton_matrix(&mut full, &mut matrix).unwrap();
        let mut hessian = Vec::new();
        for index in 0..size {
            let mut at = |by: f64| {
                let (mut moved, mut gradient) = (start.clone(), vec![0.0; size]);
                moved[index] += by;
                full.set_parameters(&moved);
                full.cost_and_gradient(&mut gradient).unwrap();
                gradient
            };
            let (right, left) = (at(1e-5), at(-1e-5));
            hessian.extend(right.iter().zip(&left).map(|(r, l)| (r - l) / 2e-5));
        }
        let largest = hessian.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        for (ours, estimate) in matrix.iter().zip(&hessian) {
            assert!((ours - estimate).abs() < 1e-6 * largest, "{loss:?}: {ours} {estimate}");
        }
    }
}
