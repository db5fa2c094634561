//! The table that a pipeline prints at its end.

use super::{Data, Tested, Trained};
use std::path::Path;

/// Formats the result of a run, one name and value a line; `model` is the path to show.
#[must_use]
pub fn table(data: &Data, trained: &Trained, tested: &Tested, model: &Path) -> String {
    let network = trained.network.clone().unwrap_or_else(|| "see the run folder".to_owned());
    let rows = [
        ("data set", data.name.clone()),
        ("network", network),
        ("epochs", trained.epochs.to_string()),
        ("test accuracy", accuracy(tested)),
        ("training", format!("{:.1} s", trained.seconds)),
        ("images/s", format!("{:.0}", trained.mean_rate())),
        ("model", model.display().to_string()),
    ];
    let lines: Vec<String> =
        rows.iter().map(|(name, value)| format!("{name:<14} {value}")).collect();
    lines.join("\n")
}

fn accuracy(tested: &Tested) -> String {
    let percent = tested.accuracy * 100.0;
    format!("{percent:.2} % ({} errors in {})", tested.errors, tested.count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_value() {
        let data = Data { name: "MNIST".to_owned(), dir: "data".into(), floor: 97.5 };
        let trained = Trained {
            network: Some("784-128-10".to_owned()),
            epochs: 2,
            rates: vec![100_000.0, 300_000.0],
            seconds: 1.25,
            model: "runs/a/model.nn".to_owned(),
        };
        let tested = Tested { accuracy: 0.981, errors: 190, count: 10_000 };
        let expected = "\
data set       MNIST
network        784-128-10
epochs         2
test accuracy  98.10 % (190 errors in 10000)
training       1.2 s
images/s       150000
model          runs/a/model.nn";
        assert_eq!(table(&data, &trained, &tested, Path::new("runs/a/model.nn")), expected);
    }
}
