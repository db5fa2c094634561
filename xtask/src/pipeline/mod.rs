//! `cargo xtask pipeline`: fetches MNIST, trains, tests and reports.

mod events;
mod report;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use clap::Args;

pub use events::{Tested, Trained};
pub use report::table;

use crate::error::Error;
use crate::fetch::{self, Limits, MNIST, Request};
use crate::run_lines::run_lines;
use crate::workspace::{cargo, line};
use crate::{clock, say};

/// Default floor in percent with the full MNIST: the default settings reach 98.0, with some variation over seeds.
const MNIST_FLOOR: f64 = 97.5;

/// Default floor in percent with the sample of 6,000 digits.
const SAMPLE_FLOOR: f64 = 90.0;

/// Options of `cargo xtask pipeline`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Fail below this test accuracy in percent [default: 97.5 with MNIST, 90 with the sample]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub floor: Option<f64>,

    /// Seed of the training
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    /// More flags for `nn train`
    #[arg(last = true, value_name = "TRAIN FLAGS")]
    pub train: Vec<String>,
}

/// The data set of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Data {
    /// Its name in the report.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// The floor in percent if none is given.
    pub floor: f64,
}

/// Fetches MNIST, trains and tests a network with `nn`, and prints the report.
///
/// # Errors
/// If `nn` fails or the accuracy is below the floor.
pub fn run(root: &Path, options: &Options) -> Result<(), Error> {
    let data = data(root, &Limits::default());
    let run_dir = run_dir(root);
    let trained = train(root, &data, &run_dir, options)?;
    let tested = test(root, &data, &trained.model)?;
    let model = Path::new(&trained.model).strip_prefix(root).unwrap_or(Path::new(&trained.model));
    say::result(&table(&data, &trained, &tested, model));
    let accuracy = tested.accuracy * 100.0;
    let floor = options.floor.unwrap_or(data.floor);
    // This way round, NaN is below every floor.
    if accuracy >= floor {
        return Ok(());
    }
    Err(Error::BelowFloor { accuracy, floor, model: trained.model })
}

/// Returns MNIST if it can be fetched, otherwise the committed sample, with a warning.
fn data(root: &Path, limits: &Limits) -> Data {
    let dir = fetch::default_dir(root, &MNIST);
    let request = Request {
        set: &MNIST,
        dir: &dir,
        from: None,
        mirrors: &[],
        offline: false,
        note: say::note,
    };
    match fetch::fetch(&request, limits) {
        Ok(_) => Data { name: "MNIST (60,000 + 10,000)".to_owned(), dir, floor: MNIST_FLOOR },
        Err(error) => {
            say::note(&format!("warning: {error}"));
            say::note(
                "warning: cannot fetch MNIST; training on the sample of 6,000 + 1,000 digits instead, which lowers the accuracy",
            );
            Data {
                name: "sample of MNIST (6,000 + 1,000)".to_owned(),
                dir: root.join("data").join("sample"),
                floor: SAMPLE_FLOOR,
            }
        }
    }
}

/// Returns a folder for this run that does not exist yet.
fn run_dir(root: &Path) -> PathBuf {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let stamp = clock::stamp(now.as_secs());
    let runs = root.join("runs");
    let first = runs.join(format!("pipeline-{stamp}"));
    let further = (2..).map(|number| runs.join(format!("pipeline-{stamp}-{number}")));
    std::iter::once(first.clone()).chain(further).find(|dir| !dir.exists()).unwrap_or(first)
}

fn train(root: &Path, data: &Data, run_dir: &Path, options: &Options) -> Result<Trained, Error> {
    // Not quiet: the first build takes a while, and cargo shows its progress.
    let mut command = nn(root, &[]);
    command.args(["train", "--format", "json", "--data"]).arg(&data.dir);
    command.arg("--out").arg(run_dir).arg("--seed").arg(options.seed.to_string());
    command.args(&options.train);
    let quiet = std::io::stderr().is_terminal();
    let mut trained = Trained::default();
    run_lines(&mut command, |line| {
        let epoch = trained.read(line)?;
        // On a terminal `nn` draws a progress bar; elsewhere print a line an epoch.
        if let Some(epoch) = epoch.filter(|_| !quiet) {
            say::note(&epoch);
        }
        Ok(())
    })?;
    trained.finished().map_err(|problem| Error::Output { command: line(&command), problem })
}

fn test(root: &Path, data: &Data, model: &str) -> Result<Tested, Error> {
    let mut command = nn(root, &["--quiet"]);
    command.args(["test", "--format", "json", "--model", model, "--data"]).arg(&data.dir);
    let mut tested = None;
    run_lines(&mut command, |line| {
        tested = Tested::read(line)?.or(tested.take());
        Ok(())
    })?;
    let problem = || "no line with \"event\":\"test\"".to_owned();
    tested.ok_or_else(|| Error::Output { command: line(&command), problem: problem() })
}

/// Returns a command that builds `nn` if necessary and runs it.
fn nn(root: &Path, flags: &[&str]) -> Command {
    let mut command = cargo(root);
    command.args(["run", "--locked"]).args(flags).args(["-p", "nn-cli", "--"]);
    command
}

/// Parses a percentage; refuses a fraction given by mistake.
fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 && value <= 1.0 {
        return Err(format!("expected percent, such as 97.5, but {text} looks like a fraction"));
    }
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err("expected a percentage between 0 and 100".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_are_percentages() {
        assert_eq!(percent("97.5"), Ok(97.5));
        assert_eq!(percent("0"), Ok(0.0));
        for text in ["0.975", "1", "-1", "100.1", "NaN", "inf", "x"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
