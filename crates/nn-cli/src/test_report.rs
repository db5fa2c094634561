//! What `nn test` says.

use crate::error::CliError;
use crate::stdout;
use crate::table::{self, Side};
use crate::training_report::{accuracy, accuracy_in_words, percent, views_in_words};
use nn_core::{Classification, ConfusionMatrix};
use nn_mlp::{Evaluation, Model};
use serde_json::{Value, json};

/// Above this many classes a matrix is no longer read; the most frequent confusions are listed.
const MOST_MATRIX_CLASSES: usize = 20;
/// How many of the most frequent confusions, or worst classes, are listed.
const LISTED: usize = 20;

/// The report for people.
pub(crate) fn print(
    model: &Model,
    source: &str,
    test: &Evaluation,
    views: usize,
) -> Result<(), CliError> {
    let mut facts = vec![
        ("network", format!("{}, {}", model.networks_in_words(), model.loss().name())),
        ("test data", source.to_owned()),
        ("accuracy", accuracy_in_words(test) + &views_in_words(views)),
        ("loss", format!("{:.5}", test.loss)),
    ];
    if let Some(classification) = &test.classification {
        facts.push(("right within", top_k_in_words(classification, test.samples)));
    }
    let facts: Vec<_> = facts.into_iter().map(|(name, fact)| vec![name.to_owned(), fact]).collect();
    table::lines(&facts, &[Side::Left]).iter().try_for_each(stdout::line)?;
    let Some(Classification { confusion, .. }) = &test.classification else { return Ok(()) };
    stdout::line("")?;
    class_table(confusion).iter().try_for_each(stdout::line)?;
    stdout::line("")?;
    if confusion.classes() <= MOST_MATRIX_CLASSES {
        stdout::line("Confusion matrix: a row for each true class, a column for each answer")?;
        matrix(confusion).iter().try_for_each(stdout::line)
    } else {
        stdout::line("Most frequent confusions")?;
        confusions(confusion).iter().try_for_each(stdout::line)
    }
}

/// `top 2: 99.10 %, top 3: 99.60 %`.
fn top_k_in_words(classification: &Classification, samples: usize) -> String {
    let share = |hits: usize| percent((samples > 0).then(|| hits as f64 / samples as f64));
    let counts = classification.top_k.iter().enumerate().skip(1);
    let words: Vec<String> =
        counts.map(|(index, &hits)| format!("the first {}: {}", index + 1, share(hits))).collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

/// Precision, recall and F1 by class; of many classes, the ones with the lowest F1.
fn class_table(confusion: &ConfusionMatrix) -> Vec<String> {
    let mut classes: Vec<usize> = (0..confusion.classes()).collect();
    let mut title = None;
    if classes.len() > MOST_MATRIX_CLASSES {
        classes.retain(|&class| confusion.support(class) > 0);
        let score = |class: &usize| confusion.f1(*class).unwrap_or(0.0);
        classes.sort_by(|a, b| score(a).total_cmp(&score(b)));
        classes.truncate(LISTED);
        title = Some(format!("The {} classes with the lowest F1", classes.len()));
    }
    let mut rows =
        vec![["class", "samples", "precision", "recall", "F1"].map(str::to_owned).to_vec()];
    rows.extend(classes.into_iter().map(|class| {
        vec![
            class.to_string(),
            confusion.support(class).to_string(),
            percent(confusion.precision(class)),
            percent(confusion.recall(class)),
            percent(confusion.f1(class)),
        ]
    }));
    title.into_iter().chain(table::lines(&rows, &[Side::Right])).collect()
}

/// The whole matrix; zeros are dots, so that the mistakes are seen.
fn matrix(confusion: &ConfusionMatrix) -> Vec<String> {
    let classes = 0..confusion.classes();
    let cell = |count: usize| if count == 0 { "·".to_owned() } else { count.to_string() };
    let heads =
        std::iter::once(String::new()).chain(classes.clone().map(|class| class.to_string()));
    let mut rows = vec![heads.collect::<Vec<_>>()];
    for actual in classes.clone() {
        let counts = classes.clone().map(|predicted| cell(confusion.count(actual, predicted)));
        rows.push(std::iter::once(actual.to_string()).chain(counts).collect());
    }
    table::lines(&rows, &[Side::Right])
}

fn confusions(confusion: &ConfusionMatrix) -> Vec<String> {
    let mut found: Vec<(usize, usize, usize)> = Vec::new();
    for actual in (0..confusion.classes()).filter(|&class| confusion.support(class) > 0) {
        for predicted in (0..confusion.classes()).filter(|&class| class != actual) {
            let count = confusion.count(actual, predicted);
            if count > 0 {
                found.push((count, actual, predicted));
            }
        }
    }
    found.sort_by(|a, b| b.cmp(a));
    let mut rows = vec![["count", "true class", "answer"].map(str::to_owned).to_vec()];
    let row = |&(count, actual, predicted): &(usize, usize, usize)| {
        [count, actual, predicted].map(|number| number.to_string()).to_vec()
    };
    rows.extend(found.iter().take(LISTED).map(row));
    table::lines(&rows, &[Side::Right])
}

/// The report for programs: an event for each class, and last the whole.
pub(crate) fn events(model: &Model, source: &str, test: &Evaluation, views: usize) -> Vec<Value> {
    let mut events = Vec::new();
    let confusion = test.classification.as_ref().map(|classes| &classes.confusion);
    for class in 0..confusion.map_or(0, ConfusionMatrix::classes) {
        let Some(confusion) = confusion else { break };
        events.push(json!({
            "event": "class",
            "class": class,
            "count": confusion.support(class),
            "precision": confusion.precision(class),
            "recall": confusion.recall(class),
            "f1": confusion.f1(class),
        }));
    }
    let matrix = confusion.filter(|matrix| matrix.classes() <= MOST_MATRIX_CLASSES).map(|matrix| {
        let row = |actual| (0..matrix.classes()).map(move |answer| matrix.count(actual, answer));
        (0..matrix.classes()).map(|actual| row(actual).collect::<Vec<_>>()).collect::<Vec<_>>()
    });
    events.push(json!({
        "event": "test",
        "accuracy": accuracy(test),
        "errors": test.errors(),
        "count": test.samples,
        "loss": test.loss,
        "views": views,
        "top_k": test.classification.as_ref().map(|classes| &classes.top_k),
        "confusion": matrix,
        "network": model.networks_in_words(),
        "data": source,
    }));
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_classes_are_listed_not_drawn() {
        let mut confusion = ConfusionMatrix::new(50_000);
        confusion.add(40_000, 7);
        confusion.add(40_000, 7);
        confusion.add(3, 3);
        assert_eq!(confusions(&confusion).len(), 2);
        assert!(confusions(&confusion)[1].ends_with("40000       7"));
        assert_eq!(class_table(&confusion).len(), 2 + 2);
    }

    #[test]
    fn what_is_not_defined_is_a_dash() {
        let mut confusion = ConfusionMatrix::new(2);
        confusion.add(0, 0);
        assert!(class_table(&confusion)[2].contains('-'));
    }
}
