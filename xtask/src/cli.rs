//! The command line of `cargo xtask`: each command defines its own options.

use clap::{Parser, Subcommand};

use crate::{compare, corpus, fetch_data, pipeline, speed, torture};

/// Tasks of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Download a data set and verify it
    #[command(after_help = "Examples:
  cargo xtask fetch-data                      MNIST into data/mnist
  cargo xtask fetch-data fashion-mnist        Fashion-MNIST into data/fashion-mnist
  cargo xtask fetch-data --from ~/downloads   copy and verify files that you have
  cargo xtask fetch-data --mirror https://files.example/mnist/ --dir /tmp/mnist
  cargo xtask fetch-data --offline            verify what is there, without the network

HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured. The next run resumes an interrupted download.")]
    FetchData(fetch_data::Options),

    /// Select the digits that nn-data embeds: data/mnist into data/sample
    #[command(after_help = "Example:
  cargo xtask fetch-data && cargo xtask sample")]
    Sample,

    /// Fetch MNIST, train, test and report
    #[command(after_help = "Examples:
  cargo xtask pipeline                        train with the default settings
  cargo xtask pipeline --seed 7 --floor 98    another seed, a higher floor
  cargo xtask pipeline -- --hidden 800 --epochs 20

Arguments after `--` are passed to `nn train`. If MNIST cannot be fetched, a warning says so and the committed
sample is used.")]
    Pipeline(pipeline::Options),

    /// Run the CI checks: format, lints, tests, documentation, pipeline
    #[command(after_help = "Example:
  cargo xtask ci")]
    Ci,

    /// Compare the training speed with PyTorch, JAX, TensorFlow, scikit-learn, burn and candle
    #[command(after_help = "Examples:
  cargo xtask compare                         all networks, all frameworks
  cargo xtask compare --networks 1,2 --peers jax,burn --rounds 1
  cargo xtask compare --no-install            only what is installed and built
  PEERS_PYTHON=~/venv/bin/python cargo xtask compare

Everything is installed and built before the first measurement: Python packages into target/peers-venv, burn and
candle into target/peers. Set PEERS_PYTHON to use a Python that has the packages. A framework that is not available
is reported and left out. Run nothing else meanwhile.")]
    Compare(compare::Options),

    /// Run the torture tests: kills, damaged files, full disks, failing servers
    #[command(after_help = "Examples:
  cargo xtask torture                         all parts, in at most 15 minutes
  cargo xtask torture --minutes 2             all parts, in at most 2 minutes
  cargo xtask torture --only kill,writers     some parts
  cargo xtask torture --seed 7                another seed

Prints a table of what was tried and what was lost, and exits with 1 if anything was lost. docs/reliability.md
describes each part.")]
    Torture(torture::Options),

    /// Pack or unpack the inputs of the fuzz targets
    #[command(after_help = "Examples:
  cargo xtask corpus unpack                   fuzz/corpus/TARGET.tar.gz into fuzz/corpus/TARGET/, for cargo-fuzz
  cargo xtask corpus unpack idx picture       some targets
  cargo xtask corpus pack idx                 fuzz/corpus/idx/ into the archive, which replaces the old one

The tests replay the archives; the folders are not part of the repository.")]
    Corpus(corpus::Options),

    /// Measure speed where cargo bench cannot: floor, latency, ratios, scaling
    #[command(after_help = "Examples:
  cargo xtask speed floor                     what the machine gives at most, what each network asks of it
  cargo xtask speed latency                   loading, first step, test, one prediction; memory of a training
  cargo xtask speed ratios                    Adam, dropout, f64 and others beside plain descent; exit code 1
                                              if one takes longer than it should
  cargo xtask speed scaling --only width      rate against width, depth, batch, threads: tables and figures
  cargo xtask speed scaling --help            options of a part

Run nothing else meanwhile. cargo bench measures products, steps, evaluation and loading.")]
    Speed(speed::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
