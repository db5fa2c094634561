//! `cargo xtask compare`: training with `nn` and with other frameworks, on the same data, network and machine.

mod contender;
mod install;
mod measurement;
mod network;
mod options;
mod peer;
mod table;

use std::path::{Path, PathBuf};

pub use measurement::{Lines, Measurement, median};
pub use network::{NETWORKS, Network};
pub use options::Options;
pub use peer::Peer;
pub use table::{Row, Series, table};

use contender::{Contender, Task};
use install::Installer;

use crate::error::Error;
use crate::fetch::{self, MNIST};
use crate::say;

/// How the programs are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Epochs of each training.
    pub epochs: usize,
    /// Number of runs of each peer.
    pub rounds: usize,
    /// Threads of `nn`, and the most that a peer gets.
    pub threads: usize,
}

/// Builds the programs, measures them network by network, and prints the table.
///
/// # Errors
/// If there is no data, or `nn` cannot be built or fails. A peer that is missing or fails is reported and left out.
pub fn run(root: &Path, options: &Options) -> Result<(), Error> {
    let data = data(root, options)?;
    let terms = Terms { epochs: options.epochs, rounds: options.rounds, threads: options.threads };
    let installer = Installer::new(root, !options.no_install);
    let ours = installer.ours()?;
    let (peers, missing) = peers(&installer, &options.peers);
    let rows = options
        .networks
        .iter()
        .map(|network| measure(&ours, &peers, network, &data, terms))
        .collect::<Result<Vec<Row>, Error>>()?;
    let names: Vec<&str> = peers.iter().map(|peer| peer.name).collect();
    say::result(&table(&names, &rows, terms));
    for line in missing {
        say::result(&format!("\n{line}"));
    }
    Ok(())
}

/// Returns the data folder, which must contain training images.
fn data(root: &Path, options: &Options) -> Result<PathBuf, Error> {
    let dir = options.data.clone().unwrap_or_else(|| fetch::default_dir(root, &MNIST));
    let images = &MNIST.files[0];
    let there =
        [images.name.to_owned(), images.gz_name()].iter().any(|name| dir.join(name).exists());
    if there { Ok(dir) } else { Err(Error::NoData { dir }) }
}

/// Returns the peers that are available, and a message about each of the others.
fn peers(installer: &Installer<'_>, wanted: &[Peer]) -> (Vec<Contender>, Vec<String>) {
    let (mut peers, mut missing) = (Vec::new(), Vec::new());
    for &peer in wanted {
        match installer.peer(peer) {
            Ok(contender) => peers.push(contender),
            Err(error) => {
                say::note(&format!("warning: {} is missing: {error}", peer.name()));
                missing.push(format!("Not measured: {} ({error}).", peer.name()));
            }
        }
    }
    (peers, missing)
}

/// Alternates between `nn` and the peers, so that a drift of the machine affects both alike.
fn measure(
    ours: &Contender,
    peers: &[Contender],
    network: &'static Network,
    data: &Path,
    terms: Terms,
) -> Result<Row, Error> {
    let task = Task { network, data, epochs: terms.epochs, threads: terms.threads, seed: 0 };
    let mut row = Row { network, ours: Vec::new(), peers: Vec::new() };
    row.peers = peers.iter().map(|peer| prepared(peer, &task)).collect();
    for seed in 1..=terms.rounds {
        let task = Task { seed, ..task };
        for (peer, series) in peers.iter().zip(&mut row.peers) {
            if series.failure.is_some() {
                continue;
            }
            let own = train(ours, &task)?;
            row.ours.push(own);
            match train(peer, &Task { threads: series.threads, ..task }) {
                Ok(measured) => series.pairs.push((own, measured)),
                Err(error) => series.failure = Some(failure(peer, &error)),
            }
        }
        if row.peers.iter().all(|series| series.failure.is_some()) {
            row.ours.push(train(ours, &task)?);
        }
    }
    Ok(row)
}

/// Trains briefly with one thread and with all, and chooses the faster number of threads.
fn prepared(peer: &Contender, task: &Task<'_>) -> Series {
    let mut series = Series { threads: task.threads, pairs: Vec::new(), failure: None };
    let mut fastest = 0.0;
    let counts = if task.threads > 1 { vec![1, task.threads] } else { Vec::new() };
    for threads in counts {
        match train(peer, &Task { threads, epochs: task.epochs.min(2), ..*task }) {
            Ok(measured) if measured.images_per_s > fastest => {
                (fastest, series.threads) = (measured.images_per_s, threads);
            }
            Ok(_) => {}
            Err(error) => {
                series.failure = Some(failure(peer, &error));
                break;
            }
        }
    }
    series
}

/// Trains once and prints the speed.
fn train(contender: &Contender, task: &Task<'_>) -> Result<Measurement, Error> {
    let measured = contender.train(task)?;
    let (name, sizes, threads) = (contender.name, task.network.sizes, task.threads);
    let (rate, accuracy) = (measured.images_per_s, measured.accuracy * 100.0);
    say::note(&format!("{sizes}: {name}, threads {threads}: {rate:.0} images/s, {accuracy:.2} %"));
    Ok(measured)
}

fn failure(peer: &Contender, error: &Error) -> String {
    let failure = format!("{}: {error}", peer.name);
    say::note(&format!("warning: {failure}"));
    failure
}
