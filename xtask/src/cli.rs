//! What can be typed after `cargo xtask`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::compare::{NETWORKS, Network, Peer};
use crate::fetch::{DataSet, FASHION_MNIST, KMNIST, MNIST};

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
    FetchData(FetchData),

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
    Pipeline(Pipeline),

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
    Compare(Compare),

    /// Kill, cut, fill up, flip and overload what can be, and print what was lost
    #[command(after_help = "Examples:
  cargo xtask torture                         everything, in at most 15 minutes
  cargo xtask torture --minutes 2             everything, briefly
  cargo xtask torture --only kill,writers     some parts
  cargo xtask torture --seed 7                other random choices

Ends with a table of what was tried and what was lost; exit code 1 if anything was. docs/reliability.md
says what each part does.")]
    Torture(Torture),

    /// Measure speed where cargo bench cannot: floor, latency, ratios, scaling
    #[command(after_help = "Examples:
  cargo xtask speed floor                     what the machine gives at most, what each network asks of it
  cargo xtask speed latency                   loading, first step, test, one prediction; memory of a training
  cargo xtask speed ratios                    Adam, dropout, f64 and others beside plain descent; exit code 1
                                              if one takes longer than it should
  cargo xtask speed scaling --only width      rate against width, depth, batch, threads: tables and figures
  cargo xtask speed scaling --help            options of a part

Let nothing else run meanwhile. cargo bench has the products, steps, evaluation and loading.")]
    Speed(Speed),
}

/// Options of `fetch-data`.
#[derive(Debug, Args)]
pub struct FetchData {
    /// Which data set
    #[arg(value_enum, default_value = "mnist")]
    pub set: SetName,

    /// Folder that receives the four files [default: data/NAME in the workspace]
    #[arg(long)]
    pub dir: Option<PathBuf>,

    /// Copy from this folder (plain or .gz files) instead of downloading
    #[arg(long, value_name = "DIR", conflicts_with_all = ["mirrors", "offline"])]
    pub from: Option<PathBuf>,

    /// Web folder to use instead of the built-in ones; may be given several times
    #[arg(long = "mirror", value_name = "URL", value_parser = mirror)]
    pub mirrors: Vec<String>,

    /// Make no request: succeed only if the valid files are there
    #[arg(long, conflicts_with = "mirrors")]
    pub offline: bool,
}

/// The data sets that `fetch-data` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SetName {
    /// Handwritten digits
    Mnist,
    /// Pictures of clothes
    FashionMnist,
    /// Cursive Japanese characters (no pinned hash)
    Kmnist,
}

impl SetName {
    /// The table entry of this name.
    #[must_use]
    pub fn data_set(self) -> &'static DataSet {
        match self {
            Self::Mnist => &MNIST,
            Self::FashionMnist => &FASHION_MNIST,
            Self::Kmnist => &KMNIST,
        }
    }
}

/// Options of `pipeline`.
#[derive(Debug, Clone, Args)]
pub struct Pipeline {
    /// Lowest test accuracy in percent that is a success [default: 97.5 with MNIST, 90 with the sample]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub floor: Option<f64>,

    /// Seed of the training
    #[arg(long, default_value_t = 0)]
    pub seed: u64,

    /// Further flags for `nn train`
    #[arg(last = true, value_name = "TRAIN FLAGS")]
    pub train: Vec<String>,
}

/// Options of `compare`.
#[derive(Debug, Clone, Args)]
pub struct Compare {
    /// Numbers of the networks: 1 784-30-10, 2 784-128-10, 3 784-800-10, 4 784-512-512-10
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1,2,3,4", value_parser = network)]
    pub networks: Vec<&'static Network>,

    /// Whom to train beside
    #[arg(
        long,
        value_enum,
        value_name = "NAME,NAME",
        value_delimiter = ',',
        default_value = "pytorch,jax,sklearn,burn,candle"
    )]
    pub peers: Vec<Peer>,

    /// How often each peer is measured, ours right before it each time
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    pub rounds: usize,

    /// Epochs of a training; the first is not counted when there are more
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    pub epochs: usize,

    /// Threads of ours; a peer gets as many or one, whichever makes it faster
    #[arg(long, value_name = "N", default_value = "2", value_parser = positive)]
    pub threads: usize,

    /// Folder with the four IDX files [default: data/mnist in the workspace]
    #[arg(long)]
    pub data: Option<PathBuf>,

    /// Install and build no peer: use what is there
    #[arg(long)]
    pub no_install: bool,
}

/// Options of `torture`.
#[derive(Debug, Clone, Args)]
pub struct Torture {
    /// The most minutes that it may take; each part has its share of what is left
    #[arg(long, default_value_t = 15.0, value_parser = minutes)]
    pub minutes: f64,

    /// All random choices follow from it
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Parts to run instead of all
    #[arg(long, value_name = "PART,PART", value_delimiter = ',')]
    pub only: Vec<String>,
}

/// Options of `speed`.
#[derive(Debug, Clone, Args)]
pub struct Speed {
    /// The part and its options
    #[arg(
        value_name = "PART",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub part: Vec<String>,
}

/// Reads a web folder; a missing `/` at its end is added.
fn mirror(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match rest {
        Some(host) if !host.trim_matches('/').is_empty() => {
            Ok(format!("{}/", text.trim_end_matches('/')))
        }
        _ => Err("a mirror is the address of a folder: https://HOST/PATH/".to_owned()),
    }
}

/// Reads the number of a network.
fn network(text: &str) -> Result<&'static Network, String> {
    let number: Option<usize> = text.parse().ok();
    let network = number.and_then(|number| NETWORKS.get(number.checked_sub(1)?));
    network.ok_or_else(|| format!("the networks have the numbers 1 to {}", NETWORKS.len()))
}

/// Reads a time above 0.
fn minutes(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|&value| value > 0.0 && value < 10_000.0);
    value.ok_or_else(|| "a number of minutes above 0 and below 10,000".to_owned())
}

/// Reads a number above 0.
fn positive(text: &str) -> Result<usize, String> {
    let value = text.parse().ok().filter(|&value| value > 0);
    value.ok_or_else(|| "a whole number above 0".to_owned())
}

/// Reads a bar in percent and catches a fraction given by mistake.
fn percent(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value > 0.0 && value <= 1.0 {
        return Err(format!("{text} would be a fraction; give percent, such as 97.5"));
    }
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err("a percentage lies between 0 and 100".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn mirrors_are_folders_on_the_web() {
        assert_eq!(mirror("https://a.example/x").as_deref(), Ok("https://a.example/x/"));
        assert_eq!(mirror("http://127.0.0.1:80/").as_deref(), Ok("http://127.0.0.1:80/"));
        for text in ["", "ftp://a.example/", "a.example", "https://", "http:///"] {
            assert!(mirror(text).is_err(), "{text}");
        }
    }

    #[test]
    fn floors_are_percentages() {
        assert_eq!(percent("97.5"), Ok(97.5));
        assert_eq!(percent("0"), Ok(0.0));
        for text in ["0.975", "1", "-1", "100.1", "NaN", "inf", "x"] {
            assert!(percent(text).is_err(), "{text}");
        }
    }
}
