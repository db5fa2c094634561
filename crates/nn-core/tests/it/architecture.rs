//! Shapes of networks, and architectures that are refused.

use nn_core::{Activation, Architecture};
use nn_tensor::Shape;

fn network(hidden: &[usize]) -> Architecture {
    Architecture::new(4, hidden, 2, Activation::Relu)
}

#[test]
fn without_hidden_layers_it_is_one_matrix() {
    assert_eq!(network(&[]).weight_shapes(), [Shape::new(2, 4)]);
    assert_eq!(network(&[]).activation_of(0), Activation::Identity);
}

#[test]
fn no_layer_may_be_empty_or_overflow() {
    assert!(network(&[3, 0]).validate().unwrap_err().to_string().contains("layer 2"));
    assert!(network(&[usize::MAX / 2]).validate().is_err());
    assert!(network(&[1]).validate().is_ok());
}

#[test]
fn depth_and_activation_differ_too() {
    let one = Architecture::new(4, [], 2, Activation::Relu);
    // Without hidden layers their activation makes no difference.
    assert_eq!(one.difference(&Architecture { activation: Activation::Tanh, ..one.clone() }), None);
    let two = Architecture { hidden: vec![3], ..one.clone() };
    let words = one.difference(&two).unwrap();
    assert!(words.ends_with("layer 2: none against 3 to 2, identity"), "{words}");
    let tanh = Architecture { output_activation: Activation::Tanh, ..one.clone() };
    let words = one.difference(&tanh).unwrap();
    assert!(words.contains("4 to 2, identity against 4 to 2, tanh"), "{words}");
}
