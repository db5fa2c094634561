//! What a training says on stdout and into its metrics: a table for people, events for programs.

use crate::error::CliError;
use crate::milestones::times_to_accuracy;
use crate::progress::{Progress, seconds, thousands};
use crate::run_folder::RunFolder;
use crate::stderr;
use crate::stdout;
use crate::table::{self, Side};
use nn_core::{EpochRecord, Outcome};
use nn_mlp::Evaluation;
use serde_json::{Value, json};
use std::time::Duration;

/// Writes the report of a training as it goes on.
pub(crate) struct TrainingReport<'r> {
    pub(crate) folder: &'r RunFolder,
    pub(crate) json: bool,
    pub(crate) progress: Progress,
    pub(crate) has_validation: bool,
    /// Whether this is one of several trainings, which are summed up in a table of their own.
    pub(crate) brief: bool,
    /// Operations of the products that one epoch takes.
    pub(crate) operations_an_epoch: f64,
    /// Seconds of training, those before a resume included.
    pub(crate) seconds: f64,
    /// From the start of the process to the end of the first step in it.
    pub(crate) seconds_to_first_step: Option<f64>,
    pub(crate) metrics_failed: bool,
}

/// A column of the table: heading, width.
type Column = (&'static str, usize);

const EPOCH: Column = ("epoch", 5);
const FIGURES: [Column; 2] = [("train loss", 10), ("train acc.", 10)];
const VALIDATION: [Column; 2] = [("valid. loss", 11), ("valid. acc.", 11)];
const REST: [Column; 4] = [("test loss", 9), ("test acc.", 9), ("images/s", 9), ("time", 8)];

impl TrainingReport<'_> {
    /// Before the first step.
    pub(crate) fn start(&mut self, event: &Value) -> Result<(), CliError> {
        self.emit(event)?;
        if self.json || self.brief {
            return Ok(());
        }
        let heads: Vec<String> = self.columns().iter().map(|column| column.0.to_owned()).collect();
        self.print_row(&heads)
    }

    /// After an epoch.
    pub(crate) fn epoch(
        &mut self,
        record: &EpochRecord,
        test: &Evaluation,
    ) -> Result<(), CliError> {
        self.progress.epoch(record.train_loss);
        self.seconds += record.seconds;
        self.emit(&epoch_event(record, test))?;
        if self.json || self.brief {
            return Ok(());
        }
        self.print_row(&self.epoch_row(record, test))
    }

    /// After the last epoch: `test` looked at each image in so many ways.
    pub(crate) fn done(
        &mut self,
        test: &Evaluation,
        views: usize,
        epochs: usize,
        outcome: Outcome,
    ) -> Result<(), CliError> {
        self.progress.finish();
        let model = self.folder.model();
        self.emit(&json!({
            "event": "done",
            "test_accuracy": accuracy(test),
            "test_loss": test.loss,
            "test_errors": test.errors(),
            "test_count": test.samples,
            "test_views": views,
            "epochs": epochs,
            "best_epoch": outcome.best_epoch(),
            "seconds": self.seconds,
            "seconds_to_first_step": self.seconds_to_first_step,
            "seconds_to_accuracy": times_to_accuracy(&self.folder.events()),
            "operations": self.operations_an_epoch * epochs as f64,
            "model": model.display().to_string(),
        }))?;
        if self.json || self.brief {
            return Ok(());
        }
        let mut rows = vec![
            ("test accuracy", accuracy_in_words(test) + &views_in_words(views)),
            ("training time", seconds_in_words(self.seconds)),
            ("model", model.display().to_string()),
            ("next", format!("nn test --model {}", self.folder.path().display())),
        ];
        if let Some(epoch) = outcome.best_epoch() {
            let stopped = matches!(outcome, Outcome::StoppedEarly { .. });
            let name = if stopped { "stopped early" } else { "best epoch" };
            rows.insert(0, (name, format!("the weights of epoch {epoch} are kept")));
        }
        let rows: Vec<_> =
            rows.into_iter().map(|(name, text)| vec![name.to_owned(), text]).collect();
        stdout::line("")?;
        table::lines(&rows, &[Side::Left]).iter().try_for_each(stdout::line)
    }

    /// When a signal ended it before its time.
    pub(crate) fn interrupted(&mut self, epoch: usize, epochs: usize) -> Result<(), CliError> {
        let folder = self.folder.path().display();
        self.emit(&json!({
            "event": "interrupted",
            "epochs_done": epoch,
            "checkpoint": self.folder.checkpoint().display().to_string(),
        }))?;
        self.progress.aside(|| {
            stderr::note(format!(
                "interrupted after {epoch} of {epochs} epochs; the state is saved. Go on with:\n  \
                 nn train --resume {folder}"
            ));
        });
        Ok(())
    }

    /// When a signal ended a solver before its time: its weights are kept as they are.
    pub(crate) fn stopped(&mut self, iteration: usize, iterations: usize) -> Result<(), CliError> {
        let model = self.folder.model().display().to_string();
        self.emit(&json!({
            "event": "interrupted",
            "epochs_done": iteration,
            "model": model,
        }))?;
        self.progress.aside(|| {
            stderr::note(format!(
                "interrupted after {iteration} of {iterations} iterations; the weights so far are \
                 kept in {model}"
            ));
        });
        Ok(())
    }

    /// A line of JSON on stdout if that is wanted, and in the metrics.
    fn emit(&mut self, event: &Value) -> Result<(), CliError> {
        if let Err(error) = self.folder.append_metrics(event)
            && !std::mem::replace(&mut self.metrics_failed, true)
        {
            self.progress.aside(|| stderr::warning(format!("{error}; the training goes on")));
        }
        if self.json { self.progress.aside(|| stdout::line(event.to_string())) } else { Ok(()) }
    }

    fn columns(&self) -> Vec<Column> {
        let validation: &[Column] = if self.has_validation { &VALIDATION } else { &[] };
        [&[EPOCH], &FIGURES[..], validation, &REST].concat()
    }

    fn print_row(&self, row: &[String]) -> Result<(), CliError> {
        let widths: Vec<usize> = self.columns().iter().map(|column| column.1).collect();
        self.progress.aside(|| stdout::line(table::line(row, &widths, &[Side::Right])))
    }

    fn epoch_row(&self, record: &EpochRecord, test: &Evaluation) -> Vec<String> {
        let mut row = vec![
            record.epoch.to_string(),
            format!("{:.5}", record.train_loss),
            percent(record.train_accuracy),
        ];
        if self.has_validation {
            row.push(record.validation_loss.map_or("-".to_owned(), |loss| format!("{loss:.5}")));
            row.push(percent(record.validation_accuracy));
        }
        row.extend([
            format!("{:.5}", test.loss),
            percent(accuracy(test)),
            thousands(record.samples_per_s as u64),
            format!("{:.2} s", record.seconds),
        ]);
        row
    }
}

fn epoch_event(record: &EpochRecord, test: &Evaluation) -> Value {
    json!({
        "event": "epoch",
        "epoch": record.epoch,
        "train_loss": record.train_loss,
        "train_accuracy": record.train_accuracy,
        "validation_loss": record.validation_loss,
        "validation_accuracy": record.validation_accuracy,
        "test_loss": test.loss,
        "test_accuracy": accuracy(test),
        "learning_rate": record.learning_rate,
        "images_per_s": record.samples_per_s,
        "seconds": record.seconds,
    })
}

/// A fraction as `98.12 %`; `-` where there is none.
pub(crate) fn percent(fraction: Option<f64>) -> String {
    fraction.map_or("-".to_owned(), |fraction| format!("{:.2} %", fraction * 100.0))
}

/// The share of right answers; `None` for a regression.
pub(crate) fn accuracy(test: &Evaluation) -> Option<f64> {
    test.classification.as_ref()?.confusion.accuracy()
}

/// `98.12 % (188 errors in 10,000)`.
pub(crate) fn accuracy_in_words(test: &Evaluation) -> String {
    let count = thousands(test.samples as u64);
    match test.errors() {
        Some(errors) => {
            let errors = thousands(errors as u64);
            format!("{} ({errors} errors in {count})", percent(accuracy(test)))
        }
        None => format!("- (loss {:.5} over {count})", test.loss),
    }
}

/// `, mean over 25 test views`; nothing of a single one.
pub(crate) fn views_in_words(views: usize) -> String {
    if views == 1 { String::new() } else { format!(", mean over {views} test views") }
}

fn seconds_in_words(number: f64) -> String {
    if number < 60.0 {
        return format!("{number:.1} s");
    }
    seconds(Duration::try_from_secs_f64(number).unwrap_or_default())
}
