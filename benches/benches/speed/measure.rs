//! Runs the benchmarks that were asked for.

use std::time::Duration;

use nn_benches::fastest;

/// The benchmarks to run: those whose name contains a text.
pub(crate) struct Selection {
    filter: String,
}

impl Selection {
    /// Returns the selection of the command line: the first argument that is not a flag, else all benchmarks.
    ///
    /// cargo passes the flag `--bench`.
    pub(crate) fn from_arguments() -> Self {
        let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
        Self { filter: filter.unwrap_or_default() }
    }

    /// Times one benchmark in about `seconds`; returns the seconds of one run in the fastest of ten rounds, or `None` if
    /// the benchmark is not selected.
    ///
    /// The fastest round counts because other processes only make a round slower. `work` does its work the given number
    /// of times and returns how long that took.
    #[allow(clippy::print_stderr, reason = "progress of a long measurement")]
    pub(crate) fn time(
        &self,
        name: &str,
        seconds: f64,
        work: impl FnMut(u64) -> Duration,
    ) -> Option<f64> {
        if !name.contains(&self.filter) {
            return None;
        }
        let fastest = fastest(seconds, work);
        eprintln!("{name}: {:?}", Duration::from_secs_f64(fastest));
        Some(fastest)
    }
}
