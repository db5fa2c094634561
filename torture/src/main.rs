//! `nn-torture MINUTES SEED [PART...]`: what `cargo xtask torture` runs. Exit code 1 if anything was lost.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nn_testing::CountingAllocator;
use nn_torture::parts::{self, Means, PARTS, table};
use nn_torture::trial::Effort;
use nn_torture::writers::die_if_asked;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

fn main() -> ExitCode {
    match die_if_asked() {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => return failure(&error),
    }
    match run() {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => failure(&error),
    }
}

fn failure(error: &str) -> ExitCode {
    eprintln!("error: {error}");
    ExitCode::FAILURE
}

/// Runs the parts that were asked for; gives back how much was lost.
fn run() -> Result<usize, String> {
    let usage = "nn-torture MINUTES SEED [PART...]";
    let mut words = std::env::args().skip(1);
    let minutes: f64 = words.next().and_then(|word| word.parse().ok()).ok_or(usage)?;
    let seed: u64 = words.next().and_then(|word| word.parse().ok()).ok_or(usage)?;
    if !(minutes > 0.0 && minutes < 10_000.0) {
        return Err(format!("{minutes} minutes: above 0 and below 10,000 it must be"));
    }
    let wanted: Vec<String> = words.collect();
    if let Some(unknown) = wanted.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!("no part is called {unknown}; there are {}", names.join(", ")));
    }
    let victim = std::env::current_exe().map_err(|error| error.to_string())?;
    let effort =
        Effort { nn: beside(&victim, "nn-under-test")?, victim, seed, rounds: 0, until: None };
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("fuzz").join("corpus");
    let means = Means { memory: &MEMORY, corpora: &corpora };
    // A reader that breaks its promise panics; the report says so in its own words.
    std::panic::set_hook(Box::new(|_| {}));
    let mut parts = PARTS.to_vec();
    parts.retain(|part| wanted.is_empty() || wanted.iter().any(|name| name == part.name));
    let reports = parts::run(&parts, &effort, minutes, means, |name| eprintln!("torture: {name}"));
    println!("{}", table(&reports));
    let lost: Vec<&String> = reports.iter().flat_map(|report| &report.tally.lost).collect();
    for loss in &lost {
        eprintln!("lost: {loss}");
    }
    Ok(lost.len())
}

/// Another program of the same build.
fn beside(program: &Path, name: &str) -> Result<PathBuf, String> {
    let path = program.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{}: not there; build it with cargo build -p nn-torture", path.display()))
}
