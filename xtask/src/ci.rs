//! `cargo xtask ci`: runs the CI checks step by step until one fails.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::workspace::{cargo, line};
use crate::{pipeline, say};

/// A step: its name, the arguments of `cargo`, environment variables.
struct Step {
    name: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

/// The steps that are cargo commands, the quickest to fail first.
const STEPS: [Step; 5] = [
    Step { name: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        name: "lints",
        arguments: &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"],
        environment: &[],
    },
    Step { name: "tests", arguments: &["test", "--workspace", "--locked"], environment: &[] },
    Step {
        name: "pool models",
        arguments: &[
            "test",
            "--release",
            "--locked",
            "--manifest-path",
            "crates/nn-cpu/models/Cargo.toml",
            "--target-dir",
            "target/models",
        ],
        environment: &[("RUSTFLAGS", "--cfg loom"), ("LOOM_MAX_PREEMPTIONS", "3")],
    },
    Step {
        name: "documentation",
        arguments: &["doc", "--workspace", "--no-deps", "--locked"],
        environment: &[("RUSTDOCFLAGS", "-Dwarnings")],
    },
];

/// Runs every step and prints how long each took; the output of the steps is passed through.
///
/// # Errors
/// If a step fails. The steps after it are not run.
pub fn run(root: &Path) -> Result<(), Error> {
    let mut times = Vec::new();
    let result = run_steps(root, &mut times);
    say::result(&table(&times));
    result
}

fn run_steps(root: &Path, times: &mut Vec<(&'static str, Duration)>) -> Result<(), Error> {
    for step in &STEPS {
        let mut command = cargo(root);
        command.args(step.arguments).envs(step.environment.iter().copied());
        timed(step.name, times, || run_step(step, &mut command))?;
    }
    let options = pipeline::Options { floor: None, seed: 0, train: Vec::new() };
    timed("pipeline", times, || pipeline::run(root, &options))
}

/// Runs one step and records its time, even if it fails.
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

/// Formats one line a step, and the total.
fn table(times: &[(&str, Duration)]) -> String {
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    let rows = times.iter().copied().chain([("total", total)]);
    let lines: Vec<String> =
        rows.map(|(name, time)| format!("{name:<14} {:>8.1} s", time.as_secs_f64())).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_a_line_for_each_step_and_the_total() {
        let times = [("format", Duration::from_millis(1500)), ("lints", Duration::from_secs(20))];
        assert_eq!(
            table(&times),
            "format              1.5 s\nlints              20.0 s\ntotal              21.5 s"
        );
    }
}
