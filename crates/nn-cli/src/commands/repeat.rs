//! `nn train --seeds N`: the same training with several seeds, and what they have in common.

use crate::backend;
use crate::error::CliError;
use crate::model_file::load_checkpoint;
use crate::output_path;
use crate::progress::thousands;
use crate::run_folder::RunFolder;
use crate::table::{self, Side};
use crate::training::{Trained, Training};
use crate::training_report::percent;
use crate::{stderr, stdout};
use nn_mlp::{Model, Summary};
use serde_json::json;
use std::path::Path;

/// Widths of the columns: seed, accuracy, errors, seconds, folder.
const WIDTHS: [usize; 4] = [6, 13, 8, 10];

/// Trains once for each of `seeds` seeds, counted on from the settings' own, and sums up.
pub(crate) fn run(base: &Training, seeds: usize) -> Result<(), CliError> {
    expect_room(base, seeds)?;
    let json = base.arguments.format.is_json();
    let heads = ["seed", "test accuracy", "errors", "training"].map(str::to_owned);
    if !json {
        stdout::line(table::line(&heads, &WIDTHS, &[Side::Right]))?;
    }
    let first = base.resolved.seed();
    let mut done = Vec::with_capacity(seeds);
    for index in 0..seeds {
        let seed = first.wrapping_add(index as u64);
        let trained = backend::run(base.resolved.device, base.with_seed(seed));
        let trained =
            trained.inspect_err(|error| say_what_is_left(error, seed, seeds - index - 1))?;
        if !json {
            stdout::line(table::line(&row(seed, &trained), &WIDTHS, &[Side::Right]))?;
        }
        done.push(trained);
    }
    sum_up(&done, json)?;
    match &base.arguments.ensemble {
        Some(path) => write_ensemble(base, &done, path),
        None => Ok(()),
    }
}

/// After a signal in the training of `seed`: the training itself has said how it goes on.
fn say_what_is_left(error: &CliError, seed: u64, left: usize) {
    if matches!(error, CliError::Interrupted { .. }) && left > 0 {
        let next = seed.wrapping_add(1);
        stderr::note(format!(
            "not begun: {left} more; train them with --seed {next} --seeds {left}"
        ));
    }
}

/// Refuses what the last training would come to, before the first.
fn expect_room(base: &Training, seeds: usize) -> Result<(), CliError> {
    let first = base.resolved.seed();
    for index in 0..seeds {
        let folder = base.with_seed(first.wrapping_add(index as u64)).arguments.out;
        folder.map_or(Ok(()), |folder| RunFolder::expect_free(&folder))?;
    }
    base.arguments.ensemble.as_deref().map_or(Ok(()), output_path::expect_writable)
}

fn row(seed: u64, trained: &Trained) -> Vec<String> {
    let errors = trained.errors.map_or("-".to_owned(), |errors| thousands(errors as u64));
    vec![seed.to_string(), percent(trained.accuracy), errors, format!("{:.2} s", trained.seconds)]
}

/// Mean, standard deviation and interval of accuracies and times.
fn sum_up(done: &[Trained], json: bool) -> Result<(), CliError> {
    let accuracies: Vec<f64> = done.iter().filter_map(|trained| trained.accuracy).collect();
    let seconds: Vec<f64> = done.iter().map(|trained| trained.seconds).collect();
    let (accuracy, time) = (Summary::of(&accuracies), Summary::of(&seconds));
    if json {
        let event = json!({
            "event": "repeat",
            "seeds": done.len(),
            "accuracies": accuracies,
            "mean": accuracy.map(|summary| summary.mean),
            "standard_deviation": accuracy.and_then(|summary| summary.deviation),
            "interval_95": accuracy.and_then(|summary| summary.interval()),
            "mean_seconds": time.map(|summary| summary.mean),
            "runs": done.iter().map(|one| one.folder.display().to_string()).collect::<Vec<_>>(),
        });
        return stdout::line(event.to_string());
    }
    let mut rows = Vec::new();
    if let Some(summary) = accuracy {
        rows.push(["mean accuracy".to_owned(), in_percent(&summary)]);
    }
    if let Some(Summary { mean, .. }) = time {
        rows.push(["mean training time".to_owned(), format!("{mean:.2} s")]);
    }
    if let [first, .., last] = done {
        let [first, last] = [first, last].map(|one| one.folder.display());
        let between = if done.len() > 2 { "to" } else { "and" };
        rows.push(["models".to_owned(), format!("in {first} {between} {last}")]);
        rows.push(["next".to_owned(), format!("nn compare {first} {last}")]);
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    stdout::line("")?;
    table::lines(&rows, &[Side::Left]).iter().try_for_each(stdout::line)
}

/// `98.02 %, standard deviation 0.08, 95 % interval 97.98 to 98.06 (20 seeds)`.
fn in_percent(summary: &Summary) -> String {
    let mean = 100.0 * summary.mean;
    let (Some(deviation), Some((low, high))) = (summary.deviation, summary.interval()) else {
        return format!("{mean:.3} %");
    };
    format!(
        "{mean:.3} %, standard deviation {:.3}, 95 % interval {:.3} to {:.3} ({} seeds)",
        100.0 * deviation,
        100.0 * low.max(0.0),
        100.0 * high.min(1.0),
        summary.count
    )
}

fn write_ensemble(base: &Training, done: &[Trained], out: &Path) -> Result<(), CliError> {
    let load = |trained: &Trained| Ok(load_checkpoint(&trained.folder)?.model);
    let models: Vec<Model> = done.iter().map(load).collect::<Result<_, CliError>>()?;
    let ensemble = Model::ensemble(models)?;
    ensemble.save(out)?;
    let test = backend::run(base.resolved.device, base.testing(ensemble))?;
    let (accuracy, errors) = (crate::training_report::accuracy(&test), test.errors());
    if base.arguments.format.is_json() {
        let path = out.display().to_string();
        let event = json!({"event": "ensemble", "model": path, "test_accuracy": accuracy, "test_errors": errors});
        return output_path::say(out, event.to_string());
    }
    let accuracy = crate::training_report::accuracy_in_words(&test);
    output_path::say(out, format!("{}: ensemble of {}, {accuracy}", out.display(), done.len()))
}
