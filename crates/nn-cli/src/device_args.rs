//! Where a computation runs: backend and threads, as flags and as settings.

use crate::parsers::whole;
use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Most threads.
pub(crate) const MOST_THREADS: u64 = 1024;

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Backend {
    /// Fast, on all cores
    #[default]
    Cpu,
    /// Plain loops, slow and easy to verify
    Reference,
}

impl Backend {
    /// Every backend's name.
    pub(crate) const NAMES: [&'static str; 2] = ["cpu", "reference"];
}

/// Where a computation runs.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DeviceArgs {
    /// Compute on this backend [default: cpu]
    #[arg(long, value_enum)]
    pub(crate) backend: Option<Backend>,
    /// Use this many threads, 1 to 1024, but no more than one per core; results do not depend on it [default: one per core]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1, MOST_THREADS))]
    pub(crate) threads: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_flag_and_of_the_file() {
        let names = Backend::value_variants().iter().map(|backend| {
            let name = backend.to_possible_value().unwrap().get_name().to_owned();
            assert_eq!(toml::Value::try_from(backend).unwrap().as_str(), Some(&name[..]));
            name
        });
        assert!(names.eq(Backend::NAMES));
    }
}
