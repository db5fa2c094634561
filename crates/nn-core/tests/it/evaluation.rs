//! Metrics, against scikit-learn (`golden/make_golden.py`) and by hand.

use nn_core::{
    Activation, Architecture, ConfusionMatrix, Initializer, Loss, Network, NetworkError, evaluate,
};
use nn_data::Dataset;
use nn_tensor::{Element, Matrix, ReferenceTensor};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    classes: usize,
    scores: Vec<f64>,
    actual: Vec<u32>,
    confusion: Vec<Vec<usize>>,
    accuracy: f64,
    precision: Vec<Option<f64>>,
    recall: Vec<Option<f64>>,
    f1: Vec<Option<f64>>,
    support: Vec<usize>,
    top_k: Vec<usize>,
    log_loss: f64,
}

/// A network of one layer that gives out what it takes in.
fn unit_network<E: Element>(width: usize) -> Network<ReferenceTensor<E>> {
    let architecture = Architecture::new(width, [], width, Activation::Relu);
    let start = Initializer::HeUniform;
    let mut network = Network::<ReferenceTensor<E>>::new(&(), &architecture, start, 1).unwrap();
    let unit = |index| if index % (width + 1) == 0 { E::ONE } else { E::ZERO };
    let weights: Vec<E> = (0..width * width).map(unit).collect();
    network.layers_mut()[0].weight.write(&weights);
    network
}

fn close(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0)
}

fn close_where_defined(ours: Option<f64>, theirs: Option<f64>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => close(ours, theirs),
        (None, None) => true,
        _ => false,
    }
}

#[test]
fn scikit_learn_finds_the_same() {
    let golden: Golden = serde_json::from_str(include_str!("golden/metrics.json")).unwrap();
    let (classes, count) = (golden.classes, golden.actual.len());
    let data =
        Dataset::classification(golden.scores, classes, golden.actual.clone(), classes).unwrap();
    let network = unit_network::<f64>(classes);
    let found = evaluate(&network, &data, Loss::CrossEntropy).unwrap();

    assert_eq!(found.samples, count);
    assert!(close(found.loss, golden.log_loss), "{} {}", found.loss, golden.log_loss);
    assert!(close(found.accuracy().unwrap(), golden.accuracy));
    let classification = found.classification.unwrap();
    assert_eq!(classification.top_k, golden.top_k);
    let confusion = classification.confusion;
    assert_eq!((confusion.total(), confusion.classes()), (count, classes));
    for actual in 0..classes {
        assert_eq!(confusion.support(actual), golden.support[actual]);
        for predicted in 0..classes {
            assert_eq!(confusion.count(actual, predicted), golden.confusion[actual][predicted]);
        }
        assert!(close_where_defined(confusion.precision(actual), golden.precision[actual]));
        assert!(close_where_defined(confusion.recall(actual), golden.recall[actual]));
        assert!(close_where_defined(confusion.f1(actual), golden.f1[actual]));
    }
}

#[test]
fn an_empty_matrix_has_no_shares() {
    let confusion = ConfusionMatrix::new(2);
    assert_eq!((confusion.total(), confusion.correct()), (0, 0));
    assert_eq!(confusion.accuracy(), None);
    assert_eq!((confusion.precision(0), confusion.recall(0), confusion.f1(0)), (None, None, None));
}

/// 65,536 classes: a full table would have four thousand million counts.
#[test]
fn many_classes_take_little_memory() {
    let mut confusion = ConfusionMatrix::new(65_536);
    confusion.add(65_535, 0);
    confusion.add(7, 7);
    assert_eq!((confusion.count(65_535, 0), confusion.correct()), (1, 1));
    assert_eq!(confusion.f1(7), Some(1.0));
}

#[test]
fn of_equal_outputs_the_first_is_the_answer() {
    let data = Dataset::classification(vec![1.0, 1.0, 1.0, 1.0], 2, vec![0, 1], 2).unwrap();
    let found = evaluate(&unit_network::<f64>(2), &data, Loss::CrossEntropy).unwrap();
    assert_eq!(found.classification.unwrap().top_k, [1, 2]);
    // Both classes at probability 1/2.
    assert!(close(found.loss, 2_f64.ln()));
}

/// Logits that no exponential survives: -ln p = 2000 - 0.
#[test]
fn large_logits_do_not_overflow() {
    let data = Dataset::classification(vec![0.0, 2000.0], 2, vec![0], 2).unwrap();
    let found = evaluate(&unit_network::<f32>(2), &data, Loss::CrossEntropy).unwrap();
    assert_eq!(found.loss, 2000.0);
}

/// A network that has diverged answers nothing: no accuracy is counted from NaN or infinity.
#[test]
fn outputs_that_are_not_finite_are_refused() {
    let data = Dataset::classification(vec![0.0, 1.0, 2.0], 3, vec![0], 3).unwrap();
    for broken in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut network = unit_network::<f64>(3);
        network.layers_mut()[0].bias.write(&[broken, 0.0, 0.0]);
        for loss in Loss::ALL {
            let refused = evaluate(&network, &data, loss).unwrap_err();
            assert!(matches!(refused, NetworkError::NotFinite), "{broken} {loss:?}: {refused}");
        }
    }
    // Finite in the file, infinite as f32.
    let data = Dataset::classification(vec![0.0, 1e300], 2, vec![0], 2).unwrap();
    let refused = evaluate(&unit_network::<f32>(2), &data, Loss::CrossEntropy).unwrap_err();
    assert!(matches!(refused, NetworkError::NotFinite), "{refused}");
    // Finite outputs, an infinite loss.
    let data = Dataset::classification(vec![0.0, 1e200], 2, vec![0], 2).unwrap();
    let refused = evaluate(&unit_network::<f64>(2), &data, Loss::SquaredError).unwrap_err();
    assert!(matches!(refused, NetworkError::NotFinite), "{refused}");
}

/// Outputs (1, 2) and (3, 5), targets (1, 0) and (0, 1): squared distances 4 and 9 + 16.
#[test]
fn squared_losses_by_hand() {
    let inputs = vec![1.0, 2.0, 3.0, 5.0];
    let classes = Dataset::classification(inputs.clone(), 2, vec![0, 1], 2).unwrap();
    let values = Dataset::regression(inputs, 2, vec![1.0, 0.0, 0.0, 1.0], 2).unwrap();
    let network = unit_network::<f64>(2);
    for (loss, by_hand) in [
        (Loss::SquaredError, 29.0 / 2.0),
        (Loss::HalfSquaredError, 29.0 / 4.0),
        (Loss::HalfSumOfSquares, 29.0 / 2.0),
    ] {
        let of_classes = evaluate(&network, &classes, loss).unwrap();
        let of_values = evaluate(&network, &values, loss).unwrap();
        assert_eq!((of_classes.loss, of_values.loss), (by_hand, by_hand), "{loss:?}");
        assert_eq!((of_classes.errors(), of_values.errors()), (Some(1), None));
        assert_eq!(of_values.accuracy(), None);
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let network = unit_network::<f32>(2);
    let empty = Dataset::classification(vec![], 2, vec![], 2).unwrap();
    let refused = evaluate(&network, &empty, Loss::CrossEntropy).unwrap_err();
    assert!(matches!(refused, NetworkError::Empty { .. }), "{refused}");

    let wide = Dataset::from_images(vec![0; 6], &[2, 3], vec![0], 2).unwrap();
    let message = evaluate(&network, &wide, Loss::CrossEntropy).unwrap_err().to_string();
    assert!(message.contains("takes 2 inputs") && message.contains("2 x 3"), "{message}");

    let classes = Dataset::classification(vec![0.0, 0.0], 2, vec![2], 3).unwrap();
    let refused = evaluate(&network, &classes, Loss::CrossEntropy).unwrap_err();
    assert!(matches!(refused, NetworkError::OutputWidth { expected: 2, actual: 3 }), "{refused}");

    let values = Dataset::regression(vec![0.0, 0.0], 2, vec![0.0, 0.0], 2).unwrap();
    let refused = evaluate(&network, &values, Loss::CrossEntropy).unwrap_err();
    assert!(matches!(refused, NetworkError::Targets { .. }), "{refused}");
}
