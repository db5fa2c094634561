//! `nn-torture MINUTES SEED [PART...]`, the program behind `cargo xtask torture`.
//!
//! Exits with code 1 if anything was lost.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is the output")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nn_testing::CountingAllocator;
use nn_torture::parts::{self, PARTS, Resources, table};
use nn_torture::trial::Effort;
use nn_torture::writers::abort_if_requested;

#[global_allocator]
static MEMORY: CountingAllocator = CountingAllocator::new();

fn main() -> ExitCode {
    match abort_if_requested() {
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

/// Runs the requested parts and returns the number of losses.
fn run() -> Result<usize, String> {
    let usage = "nn-torture MINUTES SEED [PART...]";
    let mut words = std::env::args().skip(1);
    let minutes: f64 = words.next().and_then(|word| word.parse().ok()).ok_or(usage)?;
    let seed: u64 = words.next().and_then(|word| word.parse().ok()).ok_or(usage)?;
    if !(minutes > 0.0 && minutes < 10_000.0) {
        return Err(format!("MINUTES is {minutes}, must be above 0 and below 10,000"));
    }
    let wanted: Vec<String> = words.collect();
    if let Some(unknown) = wanted.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        let names: Vec<&str> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!("there is no part {unknown}; the parts are {}", names.join(", ")));
    }
    let victim = std::env::current_exe().map_err(|error| error.to_string())?;
    let effort =
        Effort { nn: beside(&victim, "nn-under-test")?, victim, seed, rounds: 0, until: None };
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("fuzz").join("corpus");
    let resources = Resources { memory: &MEMORY, corpora: &corpora };
    // A reader that breaks its guarantee panics; the report prints it.
    std::panic::set_hook(Box::new(|_| {}));
    let mut parts = PARTS.to_vec();
    parts.retain(|part| wanted.is_empty() || wanted.iter().any(|name| name == part.name));
    let reports =
        parts::run(&parts, &effort, minutes, resources, |name| eprintln!("torture: {name}"));
    println!("{}", table(&reports));
    let lost: Vec<&String> = reports.iter().flat_map(|report| &report.tally.lost).collect();
    for loss in &lost {
        eprintln!("lost: {loss}");
    }
    Ok(lost.len())
}

/// Returns the path of another program of the same build.
fn beside(program: &Path, name: &str) -> Result<PathBuf, String> {
    let path = program.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() {
        return Ok(path);
    }
    Err(format!("{} does not exist; build it with cargo build -p nn-torture", path.display()))
}
