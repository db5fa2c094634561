//! A predictor gives what the network gives, sample by sample and set by set.

use nn_core::{Activation, Architecture, Initializer, Loss, Network, NetworkError, Predictor};
use nn_data::Dataset;
use nn_tensor::{Matrix, ReferenceTensor};

/// Two inputs, two outputs: (x + 2y + 0.5, -x).
fn network() -> Network<ReferenceTensor<f64>> {
    let architecture = Architecture::new(2, [], 2, Activation::Relu);
    let start = Initializer::HeUniform;
    let mut network = Network::<ReferenceTensor<f64>>::new(&(), &architecture, start, 1).unwrap();
    network.layers_mut()[0].weight.write(&[1.0, 2.0, -1.0, 0.0]);
    network.layers_mut()[0].bias.write(&[0.5, 0.0]);
    network
}

#[test]
fn bytes_are_parts_of_255() {
    let mut predictor = Predictor::new(network(), Loss::SquaredError, 8).unwrap();
    assert_eq!(predictor.predict_bytes(&[255, 0]).unwrap(), [1.5, -1.0]);
    assert_eq!(predictor.predict_bytes(&[0, 255]).unwrap(), [2.5, 0.0]);
    assert_eq!(predictor.predict_values(&[3.0, -1.0]).unwrap(), [1.5, -3.0]);
}

/// Under cross-entropy: softmax of (1.5, -1) is 1 / (1 + exp(-2.5)).
#[test]
fn cross_entropy_gives_probabilities() {
    let mut predictor = Predictor::new(network(), Loss::CrossEntropy, 1).unwrap();
    let probabilities = predictor.predict_bytes(&[255, 0]).unwrap();
    let expected = 1.0 / (1.0 + (-2.5_f64).exp());
    assert!((probabilities[0] - expected).abs() < 1e-15);
    assert!((probabilities[1] - (1.0 - expected)).abs() < 1e-15);
}

/// Every sample comes once and in order, whatever the batch: whole ones, a rest, a rest of one, a
/// batch larger than the set.
#[test]
fn any_batch_visits_all_samples_in_order() {
    let inputs: Vec<f64> = (0..14).map(f64::from).collect();
    let data = Dataset::regression(inputs, 2, vec![0.0; 14], 2).unwrap();
    let view = data.subset(&[6, 0, 3, 3, 5, 1, 2]).unwrap();
    for batch in 1..=9 {
        let mut predictor = Predictor::new(network(), Loss::SquaredError, batch).unwrap();
        // Twice, since memory is kept in between.
        for _ in 0..2 {
            let mut seen = Vec::new();
            let visit = |sample, answer: &[f64]| seen.push((sample, answer.to_vec()));
            predictor.for_each(&view, visit).unwrap();
            let expected: Vec<_> = (0..view.len())
                .map(|sample| {
                    let [x, y] = *view.values(sample).unwrap() else { panic!("two inputs") };
                    (sample, vec![x + 2.0 * y + 0.5, -x])
                })
                .collect();
            assert_eq!(seen, expected, "batch {batch}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    assert!(Predictor::new(network(), Loss::SquaredError, 0).is_err());
    let mut predictor = Predictor::new(network(), Loss::SquaredError, 2).unwrap();
    let refused = predictor.predict_bytes(&[1, 2, 3]).unwrap_err();
    assert!(
        matches!(refused, NetworkError::InputWidth { expected: 2, actual: 3, .. }),
        "{refused}"
    );
    let wide = Dataset::from_images(vec![0; 3], &[3], vec![0], 2).unwrap();
    assert!(predictor.for_each(&wide, |_, _| ()).is_err());
    let empty = Dataset::classification(vec![], 2, vec![], 2).unwrap();
    predictor.for_each(&empty, |_, _| panic!("there is nothing to visit")).unwrap();
}
