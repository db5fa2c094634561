//! Trainings that are killed again and again must end with the bytes of an uninterrupted one.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use nn_mlp::Checkpoint;
use serde_json::Value;

use crate::program::{TIME_LIMIT, Waited, expect_code, spawn, start, wait};
use crate::trial::{Effort, Random, Tally, bytes_of, same};

/// A training of less than a second that uses everything a checkpoint stores.
const TRAINING: &str = "train --quiet --data sample --hidden 24 --epochs 12 --batch 64 --dropout 0.1 \
    --validation 0.1 --patience 12 --optimizer adamw --weight-decay 0.001";

/// Files of a run that must not depend on interruptions.
const RESULTS: [&str; 2] = ["model.nn", "checkpoint.nn"];

/// How a training is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `kill -9`, which the process cannot handle.
    Kill,
    /// SIGTERM, after which the process finishes its batch and saves.
    Terminate,
}

/// Ends trainings at random moments, resumes them, and compares the results.
pub fn run(effort: &Effort, ending: Ending) -> Tally {
    Tally::in_folder(|folder, tally| run_in(folder, effort, ending, tally))
}

fn run_in(folder: &Path, effort: &Effort, ending: Ending, tally: &mut Tally) -> Result<(), String> {
    let Waited { code, took } = wait(&mut begin(effort, folder, "straight")?, TIME_LIMIT)?;
    same("exit code", &code, &Some(0))?;
    let longest = took.as_micros() as u64 + 1;
    let metrics = metrics_of(&folder.join("straight"))?;

    let mut random = Random::new(effort.seed ^ ending as u64);
    let (mut interruptions, mut name) = (0, 0);
    while effort.continues(interruptions) {
        let run = folder.join(name.to_string());
        let mut child = if run.join("checkpoint.nn").exists() {
            resume(effort, folder, &name.to_string(), 1 + random.below(3))?
        } else {
            begin(effort, folder, &name.to_string())?
        };
        let timeout = Duration::from_micros(random.below(longest));
        if let Some(code) = wait(&mut child, timeout)?.code {
            if code != 0 {
                return Err(format!("round {interruptions}: ended by itself with {code}"));
            }
            compare(&folder.join("straight"), &run, &metrics)?;
            tally.count(1, "runs equal to an uninterrupted one");
            fs::remove_dir_all(&run).map_err(|error| error.to_string())?;
            name += 1;
            continue;
        }
        end(&mut child, ending)?;
        interruptions += 1;
        tally.count(1, if ending == Ending::Kill { "kills" } else { "SIGTERMs" });
        for file in RESULTS.map(|file| run.join(file)).iter().filter(|file| file.exists()) {
            Checkpoint::load(file).map_err(|error| format!("round {interruptions}: {error}"))?;
            tally.count(1, "files found whole");
        }
    }
    // Finish the last run without interruption.
    let run = folder.join(name.to_string());
    if run.join("checkpoint.nn").exists() {
        expect_code(&mut resume(effort, folder, &name.to_string(), 1)?, &[0])?;
        compare(&folder.join("straight"), &run, &metrics)?;
        tally.count(1, "runs equal to an uninterrupted one");
    }
    Ok(())
}

fn compare(straight: &Path, run: &Path, metrics: &[Value]) -> Result<(), String> {
    for file in RESULTS {
        same(file, &bytes_of(&run.join(file))?, &bytes_of(&straight.join(file))?)?;
    }
    same("metrics.jsonl", &metrics_of(run)?.as_slice(), &metrics)
}

/// Returns the metrics of each epoch, without times.
fn metrics_of(run: &Path) -> Result<Vec<Value>, String> {
    let text = bytes_of(&run.join("metrics.jsonl"))?;
    let mut epochs = Vec::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let mut event: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        if event["event"] == "epoch" {
            if let Some(object) = event.as_object_mut() {
                object.remove("seconds");
                object.remove("images_per_s");
            }
            epochs.push(event);
        }
    }
    Ok(epochs)
}

fn begin(effort: &Effort, folder: &Path, name: &str) -> Result<Child, String> {
    start(effort, folder, TRAINING.split_whitespace().chain(["--out", name]))
}

/// Resumes with this thread count, which must not change the result.
fn resume(effort: &Effort, folder: &Path, name: &str, threads: u64) -> Result<Child, String> {
    let threads = threads.to_string();
    start(effort, folder, ["train", "--quiet", "--resume", name, "--threads", &threads])
}

fn end(child: &mut Child, ending: Ending) -> Result<(), String> {
    match ending {
        Ending::Kill => {
            child.kill().map_err(|error| error.to_string())?;
            child.wait().map_err(|error| error.to_string())?;
            Ok(())
        }
        Ending::Terminate => {
            let id = child.id().to_string();
            // `kill` fails if the training has just ended.
            expect_code(&mut spawn(Command::new("kill").args(["-TERM", &id]))?, &[0, 1])?;
            // Before the handler is installed the signal ends it (no code); after the last batch it
            // may be done.
            expect_code(child, &[143, 0, -1]).map(|_| ())
        }
    }
}
