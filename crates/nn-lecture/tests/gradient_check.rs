//! Every derivative of every loss, activation and regulariser against central differences.

use nn_lecture::gradient_check::{TOLERANCE, check_all};
use nn_tensor::ReferenceTensor;

#[test]
fn every_combination_agrees_with_central_differences() {
    let checks = check_all::<ReferenceTensor<f64>>(&()).unwrap();
    // 4 losses x 7 trainable activations x 5 regularisers, and 2 that are for cross-entropy alone.
    assert_eq!(checks.len(), 4 * 7 * 5 + 7 * 2);
    let wrong: Vec<_> =
        checks.iter().filter(|check| check.worst_relative_error >= TOLERANCE).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
