//! Reads the JSON lines that `nn train` and `nn test` print with `--format json`.

use serde_json::Value;

use crate::json::{count, fraction, number, object, string};

/// The result of a training, from its JSON lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trained {
    /// Sizes of the layers, such as `784-128-10`, if they were printed.
    pub network: Option<String>,
    /// Number of epochs.
    pub epochs: u64,
    /// Images per second of each epoch.
    pub rates: Vec<f64>,
    /// Duration in seconds.
    pub seconds: f64,
    /// Path of the saved model; empty until the training has finished.
    pub model: String,
}

impl Trained {
    /// Reads one line; returns a summary of the epoch if the line is an `epoch` event.
    ///
    /// # Errors
    /// If the line is not a JSON object, or a value of its event is missing.
    pub fn read(&mut self, line: &str) -> Result<Option<String>, String> {
        let event = object(line)?;
        if let Some(network) = event.get("network").and_then(network) {
            self.network = Some(network);
        }
        match event.get("event").and_then(Value::as_str) {
            Some("epoch") => self.epoch(&event).map(Some),
            Some("done") => {
                self.seconds = number(&event, "seconds")?;
                self.model = string(&event, "model")?;
                Ok(None)
            }
            // Later versions may print other events.
            _ => Ok(None),
        }
    }

    fn epoch(&mut self, event: &Value) -> Result<String, String> {
        let epoch = number(event, "epoch")?;
        let loss = number(event, "train_loss")?;
        let accuracy = fraction(event, "test_accuracy")? * 100.0;
        self.rates.push(number(event, "images_per_s")?);
        self.epochs += 1;
        Ok(format!("epoch {epoch}: train loss {loss:.4}, test accuracy {accuracy:.2} %"))
    }

    /// Returns the result if the training has finished.
    ///
    /// # Errors
    /// If there was no `done` event with a model.
    pub fn finished(self) -> Result<Self, String> {
        if self.model.is_empty() {
            return Err("no line with \"event\":\"done\"".to_owned());
        }
        Ok(self)
    }

    /// Returns the images per second over all epochs, which have the same number of images; 0 without epochs.
    #[must_use]
    pub fn mean_rate(&self) -> f64 {
        let seconds_an_image: f64 = self.rates.iter().map(|rate| 1.0 / rate).sum();
        if seconds_an_image > 0.0 { self.rates.len() as f64 / seconds_an_image } else { 0.0 }
    }
}

/// The result of a test, from its JSON line.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// Fraction of correct predictions.
    pub accuracy: f64,
    /// Number of wrong predictions.
    pub errors: u64,
    /// Number of predictions.
    pub count: u64,
}

impl Tested {
    /// Returns the result if `line` is a `test` event.
    ///
    /// # Errors
    /// If the line is not a JSON object, or a value of the event is missing.
    pub fn read(line: &str) -> Result<Option<Self>, String> {
        let event = object(line)?;
        if event.get("event").and_then(Value::as_str) != Some("test") {
            return Ok(None);
        }
        let accuracy = fraction(&event, "accuracy")?;
        let (errors, count) = (count(&event, "errors")?, count(&event, "count")?);
        Ok(Some(Self { accuracy, errors, count }))
    }
}

/// Formats layer sizes, an array of numbers or a string, as `784-128-10`.
fn network(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(sizes) => {
            let sizes: Vec<String> = sizes.iter().map(Value::to_string).collect();
            Some(sizes.join("-"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: &str = r#"{"event":"epoch","epoch":1,"train_loss":0.25,"test_loss":0.125,"test_accuracy":0.9625,"images_per_s":200000.0,"seconds":0.5}"#;
    const DONE: &str =
        r#"{"event":"done","test_accuracy":0.9625,"seconds":1.5,"model":"runs/a/model.nn"}"#;

    #[test]
    fn a_training_is_read_from_its_lines() {
        let mut trained = Trained::default();
        let epoch = trained.read(EPOCH).unwrap();
        assert_eq!(epoch.as_deref(), Some("epoch 1: train loss 0.2500, test accuracy 96.25 %"));
        assert_eq!(trained.read(r#"{"event":"later","new":true}"#), Ok(None));
        trained.read(&EPOCH.replace("200000.0", "100000")).unwrap();
        trained.read(DONE).unwrap();
        let trained = trained.finished().unwrap();
        // One image in 1/200,000 s, one in 1/100,000 s: two in 3/200,000 s.
        assert_eq!((trained.epochs, trained.mean_rate().round()), (2, 133_333.0));
        assert_eq!((trained.seconds, trained.model.as_str()), (1.5, "runs/a/model.nn"));
    }

    #[test]
    fn the_layer_sizes_are_read_from_an_array_or_a_string() {
        let mut trained = Trained::default();
        trained.read(r#"{"event":"start","network":[784,128,10]}"#).unwrap();
        assert_eq!(trained.network.as_deref(), Some("784-128-10"));
        trained.read(r#"{"event":"start","network":"784-30-10"}"#).unwrap();
        assert_eq!(trained.network.as_deref(), Some("784-30-10"));
    }

    #[test]
    fn a_training_without_an_end_is_an_error() {
        let mut trained = Trained::default();
        trained.read(EPOCH).unwrap();
        assert!(trained.finished().unwrap_err().contains("done"));
    }

    #[test]
    fn unexpected_lines_are_errors() {
        let mut trained = Trained::default();
        for line in [
            "",
            "epoch 1",
            "[1]",
            r#"{"event":"epoch"}"#,
            r#"{"event":"done","seconds":1}"#,
            r#"{"event":"done","seconds":1,"model":""}"#,
        ] {
            assert!(trained.read(line).is_err(), "{line}");
        }
        assert!(trained.read(&EPOCH.replace("0.9625", "96.25")).is_err());
        assert!(trained.read(&EPOCH.replace("0.9625", "null")).is_err());
    }

    #[test]
    fn a_test_is_read_from_its_last_line() {
        assert_eq!(Tested::read(r#"{"event":"class","class":1}"#), Ok(None));
        let line = r#"{"event":"test","accuracy":0.98,"errors":200,"count":10000}"#;
        let tested = Tested { accuracy: 0.98, errors: 200, count: 10_000 };
        assert_eq!(Tested::read(line), Ok(Some(tested)));
        assert!(Tested::read(r#"{"event":"test","accuracy":1.5,"errors":0,"count":1}"#).is_err());
        assert!(Tested::read(r#"{"event":"test","accuracy":1,"errors":-1,"count":1}"#).is_err());
    }
}
