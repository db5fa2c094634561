//! The JSON lines that `nn train` and `nn test` print with `--format json`.

use serde_json::Value;

use crate::json::{count, fraction, number, object, string};

/// What a training said about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trained {
    /// Sizes of the layers, where the training says them, e.g. `784-128-10`.
    pub network: Option<String>,
    /// Epochs that were trained.
    pub epochs: u64,
    /// Images a second in each epoch.
    pub rates: Vec<f64>,
    /// Seconds that the training took.
    pub seconds: f64,
    /// Path of the saved model; empty until the training is done.
    pub model: String,
}

impl Trained {
    /// Takes in one line; gives back a sentence about the epoch if the line tells of one.
    ///
    /// # Errors
    /// If the line is no JSON object, or lacks what its event must have.
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
            // Other events may come with later versions.
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

    /// The training, if it came to its end.
    ///
    /// # Errors
    /// If no `done` line with a model came.
    pub fn finished(self) -> Result<Self, String> {
        if self.model.is_empty() {
            return Err("no line with \"event\":\"done\"".to_owned());
        }
        Ok(self)
    }

    /// Images a second over all epochs, which are equally many each; 0 without epochs.
    #[must_use]
    pub fn mean_rate(&self) -> f64 {
        let seconds_an_image: f64 = self.rates.iter().map(|rate| 1.0 / rate).sum();
        if seconds_an_image > 0.0 { self.rates.len() as f64 / seconds_an_image } else { 0.0 }
    }
}

/// What a test found.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// Share of right answers, 0 to 1.
    pub accuracy: f64,
    /// Wrong answers.
    pub errors: u64,
    /// All answers.
    pub count: u64,
}

impl Tested {
    /// The result, if `line` is the one that tells it.
    ///
    /// # Errors
    /// If the line is no JSON object, or lacks what a `test` event must have.
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

/// Layer sizes as one word, from an array of numbers or a string.
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
    fn the_network_is_read_where_it_is_said() {
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
    fn lines_that_break_the_contract_are_errors() {
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
