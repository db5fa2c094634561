//! Forward pass and backpropagation of [`nn_lecture::chain`] on a 2-2-2 network with exact numbers,
//! computed by hand: a weighted sum of 0 has a sigmoid of 1/2 with derivative 1/4.

use nn_core::Activation;
use nn_lecture::chain::{Layer, Mistake, backpropagate, cost, differences, forward};

const INPUT: [f64; 2] = [2.0, 1.0];
const TARGET: [f64; 2] = [1.0, 1.0];

fn layers() -> [Layer; 2] {
    let layer = |weight: [[f64; 2]; 2], bias: [f64; 2], activation| Layer {
        weight: weight.map(Vec::from).into(),
        bias: bias.into(),
        activation,
    };
    [
        layer([[1.0, -2.0], [3.0, -1.0]], [0.0, -5.0], Activation::Sigmoid),
        layer([[2.0, -4.0], [6.0, 8.0]], [1.0, -3.0], Activation::Identity),
    ]
}

/// z¹ = (2 - 2, 6 - 1 - 5), a¹ = (½, ½), z² = (1 - 2 + 1, 3 + 4 - 3) = a².
#[test]
fn weighted_sums_and_activations_by_hand() {
    let pass = forward(&layers(), &INPUT);
    assert_eq!(pass.weighted_sums, [[0.0, 0.0], [0.0, 4.0]]);
    assert_eq!(pass.activations, [[2.0, 1.0], [0.5, 0.5], [0.0, 4.0]]);
}

/// (1 - 0)² + (1 - 4)².
#[test]
fn the_cost_of_one_sample_by_hand() {
    assert_eq!(cost(&layers(), &INPUT, &TARGET), 10.0);
}

/// δ² = -2 (1 - 0, 1 - 4); δ¹ = ¼ (2 · -2 + 6 · 6, -4 · -2 + 8 · 6) = (8, 14); each gradient is δ
/// times the input of the layer, and δ for the bias.
#[test]
fn deltas_and_gradients_by_hand() {
    let by_hand = [[16.0, 8.0, 28.0, 14.0, 8.0, 14.0], [-1.0, -1.0, 3.0, 3.0, -2.0, 6.0]];
    assert_eq!(backpropagate(&layers(), &INPUT, &TARGET, Mistake::None), by_hand);
    let measured = differences(&layers(), &INPUT, &TARGET);
    for (measured, exact) in measured.iter().flatten().zip(by_hand.iter().flatten()) {
        assert!((measured - exact).abs() < 1e-9, "{measured} {exact}");
    }
}
