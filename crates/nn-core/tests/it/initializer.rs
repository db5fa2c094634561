//! Weight initialisation against the closed forms of its distributions.

use nn_core::Initializer;
use nn_tensor::Shape;

/// Mean and variance of each distribution, against the closed forms.
#[test]
fn moments_are_those_of_the_distribution() {
    let (inputs, outputs) = (300.0, 200.0);
    for (initializer, mean, variance) in [
        (Initializer::GlorotUniform, 0.0, 2.0 / (inputs + outputs)),
        (Initializer::GlorotNormal, 0.0, 2.0 / (inputs + outputs)),
        (Initializer::HeUniform, 0.0, 2.0 / inputs),
        (Initializer::HeNormal, 0.0, 2.0 / inputs),
        (Initializer::LecunNormal, 0.0, 1.0 / inputs),
        (Initializer::UniformPositive, 0.5, 1.0 / 12.0),
        (Initializer::StandardNormal, 0.0, 1.0),
    ] {
        let weights: Vec<f64> = initializer.weights(Shape::new(200, 300), 1, 7);
        let count = weights.len() as f64;
        let seen_mean = weights.iter().sum::<f64>() / count;
        let seen = weights.iter().map(|w| (w - seen_mean).powi(2)).sum::<f64>() / count;
        // Five standard errors of the mean, 3 % of the variance.
        let bound = 5.0 * (variance / count).sqrt();
        assert!((seen_mean - mean).abs() < bound, "{initializer:?} mean {seen_mean}");
        assert!((seen / variance - 1.0).abs() < 0.03, "{initializer:?} variance {seen}");
    }
}

#[test]
fn biases_are_drawn_apart_from_weights() {
    let normal: Vec<f64> = Initializer::StandardNormal.biases(10_000, 1, 7);
    let variance = normal.iter().map(|b| b * b).sum::<f64>() / 10_000.0;
    assert!((variance - 1.0).abs() < 0.06, "{variance}");
    let weights: Vec<f64> = Initializer::StandardNormal.weights(Shape::new(1, 5), 1, 7);
    assert_ne!(weights[..], normal[..5]);
    assert_eq!(Initializer::UniformPositive.biases::<f64>(2, 0, 1), [0.1, 0.1]);
    assert_eq!(Initializer::HeNormal.biases::<f64>(2, 0, 1), [0.0, 0.0]);
}

#[test]
fn layers_and_seeds_have_streams_of_their_own() {
    let draw = |layer, seed| Initializer::HeNormal.weights::<f64>(Shape::new(2, 2), layer, seed);
    assert_eq!(draw(0, 1), draw(0, 1));
    assert_ne!(draw(0, 1), draw(1, 1));
    assert_ne!(draw(0, 1), draw(0, 2));
}
