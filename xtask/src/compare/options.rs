//! The command-line options of `cargo xtask compare`.

use std::path::PathBuf;

use clap::Args;

use super::network::{NETWORKS, Network};
use super::peer::Peer;

/// Options of `cargo xtask compare`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Networks to train: 1 is 784-30-10, 2 is 784-128-10, 3 is 784-800-10, 4 is 784-512-512-10
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_value = "1,2,3,4", value_parser = network)]
    pub networks: Vec<&'static Network>,

    /// Frameworks to compare with
    #[arg(
        long,
        value_enum,
        value_name = "NAME,NAME",
        value_delimiter = ',',
        default_value = "pytorch,jax,tensorflow,sklearn,burn,candle"
    )]
    pub peers: Vec<Peer>,

    /// Measurements of each peer, each right after one of `nn`
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    pub rounds: usize,

    /// Epochs of each training; the first is a warm-up if there are more
    #[arg(long, value_name = "N", default_value = "3", value_parser = positive)]
    pub epochs: usize,

    /// Threads of `nn`; a peer gets as many or one, whichever is faster
    #[arg(long, value_name = "N", default_value = "2", value_parser = positive)]
    pub threads: usize,

    /// Folder with the four IDX files [default: data/mnist in the workspace]
    #[arg(long)]
    pub data: Option<PathBuf>,

    /// Do not install or build peers; use those that are
    #[arg(long)]
    pub no_install: bool,
}

/// Parses the number of a network.
fn network(text: &str) -> Result<&'static Network, String> {
    let number: Option<usize> = text.parse().ok();
    let network = number.and_then(|number| NETWORKS.get(number.checked_sub(1)?));
    network.ok_or_else(|| format!("expected a number from 1 to {}", NETWORKS.len()))
}

/// Parses a positive integer.
fn positive(text: &str) -> Result<usize, String> {
    let value = text.parse().ok().filter(|&value| value > 0);
    value.ok_or_else(|| "expected a positive integer".to_owned())
}
