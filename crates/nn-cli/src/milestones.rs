//! How soon a training reached which accuracy, and what it spent: recorded in every run.

use nn_core::Architecture;
use serde_json::{Map, Value};

/// Test accuracies in percent whose first epoch is recorded.
const MILESTONES: [f64; 9] = [90.0, 95.0, 97.0, 98.0, 98.5, 99.0, 99.4, 99.5, 99.6];

/// For each milestone that was reached, the seconds of training up to the end of the first epoch that
/// had it. `events` are those of the run, in order; times of epochs add up.
pub(crate) fn times_to_accuracy(events: &[Value]) -> Map<String, Value> {
    let mut times = Map::new();
    let mut elapsed = 0.0;
    for event in events.iter().filter(|event| event["event"] == "epoch") {
        elapsed += event["seconds"].as_f64().unwrap_or(0.0);
        let accuracy = event["test_accuracy"].as_f64().unwrap_or(0.0);
        for milestone in MILESTONES.into_iter().filter(|m| accuracy * 100.0 >= *m) {
            times.entry(milestone.to_string()).or_insert_with(|| Value::from(elapsed));
        }
    }
    times
}

/// Multiplications and additions in the products of one sample's training step: one product each
/// for z, the gradient and, except in the first layer, the δ that is passed on.
pub(crate) fn operations_a_sample(architecture: &Architecture) -> f64 {
    let of_layer = |(layer, weights): (usize, usize)| {
        let products = if layer == 0 { 2.0 } else { 3.0 };
        2.0 * products * weights as f64
    };
    architecture.weight_shapes().iter().map(|shape| shape.len()).enumerate().map(of_layer).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_core::Activation;
    use serde_json::json;

    #[test]
    fn the_first_epoch_counts_and_times_add_up() {
        let epoch =
            |accuracy: f64| json!({"event": "epoch", "test_accuracy": accuracy, "seconds": 2.0});
        let events =
            [json!({"event": "start"}), epoch(0.94), epoch(0.97), epoch(0.96), epoch(0.98)];
        let expected = json!({"90": 2.0, "95": 4.0, "97": 4.0, "98": 8.0});
        assert_eq!(Value::Object(times_to_accuracy(&events)), expected);
    }

    #[test]
    fn operations_are_those_of_the_products() {
        let form = Architecture {
            inputs: 784,
            hidden: vec![30],
            outputs: 10,
            activation: Activation::Sigmoid,
            output_activation: Activation::Identity,
        };
        assert_eq!(operations_a_sample(&form), 4.0 * 784.0 * 30.0 + 6.0 * 30.0 * 10.0);
    }
}
