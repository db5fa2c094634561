//! `cargo xtask ci`: all that the gate runs, step by step, until one fails.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::workspace::{cargo, line};
use crate::{pipeline, say};

/// A step of the gate: what it is called, the words after `cargo`, variables of its environment.
struct Step {
    name: &'static str,
    words: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// The steps that are plain cargo commands, in the order in which they fail soonest.
const STEPS: [Step; 4] = [
    Step { name: "format", words: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        name: "lints",
        words: &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        environment: &[],
    },
    Step { name: "tests", words: &["test", "--workspace", "--locked"], environment: &[] },
    Step {
        name: "documentation",
        words: &["doc", "--workspace", "--no-deps", "--locked"],
        environment: &[("RUSTDOCFLAGS", "-Dwarnings")],
    },
];

/// Runs every step and prints how long each took; what the steps print is passed through.
///
/// # Errors
/// If a step fails: the steps after it are not run.
pub fn run(root: &Path) -> Result<(), Error> {
    let mut times = Vec::new();
    let result = run_steps(root, &mut times);
    say::result(&table(&times));
    result
}

fn run_steps(root: &Path, times: &mut Vec<(&'static str, Duration)>) -> Result<(), Error> {
    for step in &STEPS {
        let mut command = cargo(root);
        command.args(step.words).envs(step.environment.iter().copied());
        timed(step.name, times, || run_step(step, &mut command))?;
    }
    let options = pipeline::Options { floor: None, seed: 0, train: Vec::new() };
    timed("pipeline", times, || pipeline::run(root, &options))
}

/// Runs one step and keeps its time, also when it fails.
fn timed(
    name: &'static str,
    times: &mut Vec<(&'static str, Duration)>,
    step: impl FnOnce() -> Result<(), Error>,
) -> Result<(), Error> {
    say::note(&format!("ci: {name}"));
    let start = Instant::now();
    let result = step();
    times.push((name, start.elapsed()));
    result
}

fn run_step(step: &Step, command: &mut Command) -> Result<(), Error> {
    let status =
        command.status().map_err(|source| Error::NotStarted { command: line(command), source })?;
    if status.success() {
        return Ok(());
    }
    let variables = step.environment.iter().map(|(name, value)| format!("{name}={value} "));
    let command = format!("{}{}", variables.collect::<String>(), line(command));
    Err(Error::Step { step: step.name, command })
}

/// One line a step, and the sum.
fn table(times: &[(&str, Duration)]) -> String {
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let rows = times.iter().copied().chain([("together", total)]);
    let lines: Vec<String> =
        rows.map(|(name, time)| format!("{name:<14} {:>8.1} s", time.as_secs_f64())).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_a_step_and_the_sum() {
        let times = [("format", Duration::from_millis(1500)), ("lints", Duration::from_secs(20))];
        assert_eq!(
            table(&times),
            "format              1.5 s\nlints              20.0 s\ntogether           21.5 s"
        );
    }
}
