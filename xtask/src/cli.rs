//! What can be typed after `cargo xtask`.

use clap::{Parser, Subcommand};

use crate::{compare, corpus, fetch_data, pipeline, speed, torture};

/// Chores of the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
pub struct Cli {
    /// The chore.
    #[command(subcommand)]
    pub command: Command,
}

/// The chores.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetch a data set: download, resume, check, put in place
    #[command(after_help = "Examples:
  cargo xtask fetch-data                      MNIST into data/mnist
  cargo xtask fetch-data fashion-mnist        Fashion-MNIST into data/fashion-mnist
  cargo xtask fetch-data --from ~/downloads   copy and check files that are here already
  cargo xtask fetch-data --mirror https://files.example/mnist/ --dir /tmp/mnist
  cargo xtask fetch-data --offline            only check what is there

HTTPS_PROXY, ALL_PROXY and NO_PROXY are honoured. An interrupted download goes on where it stopped.")]
    FetchData(fetch_data::Options),

    /// Make data/sample, the digits that nn-data embeds, from data/mnist
    #[command(after_help = "Example:
  cargo xtask fetch-data && cargo xtask sample")]
    Sample,

    /// Fetch MNIST, train, test and report, in one command
    #[command(after_help = "Examples:
  cargo xtask pipeline                        train with the defaults
  cargo xtask pipeline --seed 7 --floor 98    another seed, a higher bar
  cargo xtask pipeline -- --hidden 800 --epochs 20

What follows `--` goes to `nn train`. Without any data to be had, the embedded sample is used and said so.")]
    Pipeline(pipeline::Options),

    /// Everything that the gate runs: format, lints, tests, documentation, pipeline
    #[command(after_help = "Example:
  cargo xtask ci")]
    Ci,

    /// Train beside PyTorch, JAX, scikit-learn, burn and candle, and print who is how fast
    #[command(after_help = "Examples:
  cargo xtask compare                         all networks, all peers; takes about a quarter of an hour
  cargo xtask compare --networks 1,2 --peers jax,burn --rounds 1
  cargo xtask compare --no-install            only what is installed and built already
  PEERS_PYTHON=~/venv/bin/python cargo xtask compare

Everything is installed and built before the first measurement: Python packages into target/peers-venv
(PEERS_PYTHON names a Python that has them already), burn and candle into target/peers. A peer that cannot
be had is named and left out. Let nothing else run meanwhile.")]
    Compare(compare::Options),

    /// Kill, cut, fill up, flip and overload what can be, and print what was lost
    #[command(after_help = "Examples:
  cargo xtask torture                         everything, in at most 15 minutes
  cargo xtask torture --minutes 2             everything, briefly
  cargo xtask torture --only kill,writers     some parts
  cargo xtask torture --seed 7                other random choices

Ends with a table of what was tried and what was lost; exit code 1 if anything was. docs/reliability.md
says what each part does.")]
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

Let nothing else run meanwhile. cargo bench has the products, steps, evaluation and loading.")]
    Speed(speed::Options),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }
}
