//! Figures of a run, from its events and its network.

use nn_core::ConfusionMatrix;
use nn_plot::{Axis, Bars, Curves, Figure, HeatMap, Scale, Series};
use nn_tensor::{Element, Linear, Tensor};
use serde_json::Value;

/// Loss and accuracy by epoch.
pub(crate) fn curves(epochs: &[Value]) -> Vec<(String, Figure)> {
    let loss =
        [("training", "train_loss"), ("validation", "validation_loss"), ("test", "test_loss")];
    let accuracy = [
        ("training", "train_accuracy"),
        ("validation", "validation_accuracy"),
        ("test", "test_accuracy"),
    ];
    let figure = |title: &str, y: Axis, names: &[(&str, &str)], factor: f64| {
        let series =
            names.iter().map(|(name, key)| Series::line(name, points(epochs, key, factor)));
        let series: Vec<Series> = series.filter(|series| !series.points.is_empty()).collect();
        Figure::Curves(Curves { title: title.to_owned(), x: Axis::linear("epoch"), y, series })
    };
    let mut figures =
        vec![("loss".to_owned(), figure("Loss by epoch", Axis::log("loss"), &loss, 1.0))];
    if epochs.iter().any(|epoch| epoch["test_accuracy"].is_number()) {
        let axis = Axis::linear("accuracy in %");
        figures.push(("accuracy".to_owned(), figure("Accuracy by epoch", axis, &accuracy, 100.0)));
    }
    figures
}

fn points(epochs: &[Value], key: &str, factor: f64) -> Vec<(f64, f64)> {
    let point = |event: &Value| Some((event["epoch"].as_f64()?, factor * event[key].as_f64()?));
    epochs.iter().filter_map(point).collect()
}

/// Which class was taken for which, on the test set.
pub(crate) fn confusion(matrix: &ConfusionMatrix) -> Figure {
    let classes = matrix.classes();
    let names: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    let fields = (0..classes * classes).map(|field| (field / classes, field % classes));
    Figure::HeatMap(HeatMap {
        title: "Confusion matrix on the test set".to_owned(),
        x: "answer of the network".to_owned(),
        y: "true class".to_owned(),
        column_names: names.clone(),
        row_names: names,
        values: fields.map(|(actual, answer)| matrix.count(actual, answer) as f64).collect(),
        scale: Scale::Log,
    })
}

/// The length of each layer's gradient, over `samples` training samples; of which network the title says by `whose`.
pub(crate) fn gradient_norms<T: Tensor>(
    gradients: &[Linear<T>],
    samples: u32,
    whose: &str,
) -> Figure {
    let norm = |gradient: &Linear<T>| {
        let values = gradient.weight.to_vec().into_iter().chain(gradient.bias.to_vec());
        values.map(|value| value.to_f64().powi(2)).sum::<f64>().sqrt()
    };
    Figure::Bars(Bars {
        title: format!("Gradient norm by layer{whose}, over {samples} training samples"),
        x: "layer".to_owned(),
        y: Axis::linear("norm of the gradient"),
        names: (1..=gradients.len()).map(|layer| layer.to_string()).collect(),
        series: vec![("gradient".to_owned(), gradients.iter().map(norm).collect())],
    })
}
