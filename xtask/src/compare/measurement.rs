//! Reads speed and accuracy of a training from its JSON lines on stdout.

use serde_json::Value;

use crate::json::{fraction, number, object};

/// The result of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measurement {
    /// Images per second: the median over the epochs, without the first, the warm-up, if there are more.
    pub images_per_s: f64,
    /// Accuracy on the test set, 0 to 1.
    pub accuracy: f64,
}

/// Collects the values in the lines of a training. The lines of `nn` and of the peers differ only in other values.
#[derive(Debug, Default)]
pub struct Lines {
    rates: Vec<f64>,
    accuracy: Option<f64>,
}

impl Lines {
    /// Reads one line.
    ///
    /// # Errors
    /// If it is not a JSON object, a rate is not positive or an accuracy not between 0 and 1.
    pub fn read(&mut self, line: &str) -> Result<(), String> {
        let event = object(line)?;
        if has(&event, "images_per_s") {
            let rate = number(&event, "images_per_s")?;
            if rate.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
                return Err(format!("\"images_per_s\" is {rate}, not positive"));
            }
            self.rates.push(rate);
        }
        if has(&event, "test_accuracy") {
            self.accuracy = Some(fraction(&event, "test_accuracy")?);
        }
        Ok(())
    }

    /// Returns the result if there was a line for every epoch and one for the test.
    ///
    /// # Errors
    /// If an epoch or the accuracy is missing.
    pub fn finished(&self, epochs: usize) -> Result<Measurement, String> {
        if self.rates.len() != epochs {
            let lines = self.rates.len();
            return Err(format!("{lines} lines with \"images_per_s\" for {epochs} epochs"));
        }
        let accuracy = self.accuracy.ok_or("no line with \"test_accuracy\"")?;
        let counted = if epochs > 1 { &self.rates[1..] } else { &self.rates[..] };
        Ok(Measurement { images_per_s: median(counted), accuracy })
    }
}

fn has(event: &Value, name: &str) -> bool {
    event.get(name).is_some_and(|value| !value.is_null())
}

/// Returns the median; NaN if there are no values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str], epochs: usize) -> Result<Measurement, String> {
        let mut read = Lines::default();
        lines.iter().try_for_each(|line| read.read(line))?;
        read.finished(epochs)
    }

    #[test]
    fn a_peer_is_read_from_its_lines() {
        let lines = [
            r#"{"epoch":1,"images_per_s":10.0}"#,
            r#"{"epoch":2,"images_per_s":40}"#,
            r#"{"epoch":3,"images_per_s":20.0}"#,
            r#"{"test_accuracy":0.9375}"#,
        ];
        let measured = Measurement { images_per_s: 30.0, accuracy: 0.9375 };
        assert_eq!(read(&lines, 3), Ok(measured));
        let single = [r#"{"epoch":1,"images_per_s":10.5}"#, r#"{"test_accuracy":0}"#];
        assert_eq!(read(&single, 1), Ok(Measurement { images_per_s: 10.5, accuracy: 0.0 }));
    }

    #[test]
    fn nn_is_read_from_its_events() {
        let epoch = |rate: f64, accuracy: f64| {
            format!(
                r#"{{"event":"epoch","epoch":1,"train_loss":0.25,"validation_loss":null,"test_accuracy":{accuracy},"images_per_s":{rate:.1},"seconds":0.5}}"#
            )
        };
        let lines = [
            r#"{"event":"start","network":[784,128,10]}"#,
            &epoch(100.0, 0.5),
            &epoch(300.0, 0.75),
            r#"{"event":"done","test_accuracy":0.75,"seconds":1.5,"model":"runs/a/model.nn"}"#,
        ];
        assert_eq!(read(&lines, 2), Ok(Measurement { images_per_s: 300.0, accuracy: 0.75 }));
    }

    #[test]
    fn missing_or_absurd_values_are_errors() {
        let (epoch, test) = (r#"{"epoch":1,"images_per_s":10.0}"#, r#"{"test_accuracy":0.5}"#);
        for (lines, expected) in [
            (&[epoch][..], "no line with \"test_accuracy\""),
            (&[test], "0 lines with \"images_per_s\" for 1 epochs"),
            (&[epoch, epoch, test], "2 lines"),
            (&["Downloading"], "not a JSON object: \"Downloading\""),
            (&[r#"{"images_per_s":0}"#], "not positive"),
            (&[r#"{"images_per_s":-1}"#], "not positive"),
            (&[r#"{"images_per_s":"fast"}"#], "not a number"),
            (&[r#"{"test_accuracy":93.5}"#], "not between 0 and 1"),
        ] {
            let problem = read(lines, 1).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
