//! The one line that checks a backend, and what a training step still takes from the traits' own bodies.
#![allow(clippy::print_stdout, reason = "shown by `cargo test -p own-backend -- --nocapture`")]

use nn_tensor::conformance;
use own_backend::{Counter, CountingTensor};

#[test]
fn it_is_a_backend() {
    conformance::run::<CountingTensor>(&Counter::default());
}

#[test]
fn a_step_runs_in_provided_bodies() {
    let report = conformance::report::<CountingTensor>(&Counter::default());
    println!("{report}");
    assert!(report.provided.contains_key("linear") && !report.fused, "{report}");
}
