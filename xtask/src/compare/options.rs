//! What can be typed after `cargo xtask compare`.

use std::path::PathBuf;

use clap::Args;

use super::network::{NETWORKS, Network};
use super::peer::Peer;

/// Options of `compare`.
#[derive(Debug, Clone, Args)]
pub struct Options {
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

/// Reads the number of a network.
fn network(text: &str) -> Result<&'static Network, String> {
    let number: Option<usize> = text.parse().ok();
    let network = number.and_then(|number| NETWORKS.get(number.checked_sub(1)?));
    network.ok_or_else(|| format!("the networks have the numbers 1 to {}", NETWORKS.len()))
}

/// Reads a number above 0.
fn positive(text: &str) -> Result<usize, String> {
    let value = text.parse().ok().filter(|&value| value > 0);
    value.ok_or_else(|| "a whole number above 0".to_owned())
}
