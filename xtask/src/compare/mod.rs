//! `cargo xtask compare`: our training beside the peers', same data, same network, same machine.

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

/// How it is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Epochs of a training.
    pub epochs: usize,
    /// Runs of each peer.
    pub rounds: usize,
    /// Threads of ours, and the most that a peer gets.
    pub threads: usize,
}

/// Gets the programs, measures network by network, prints the table.
///
/// # Errors
/// If there is no data, or ours cannot be built or fails. A peer that is missing or fails is named and the rest
/// goes on.
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

/// The folder to train on, which must hold training images.
fn data(root: &Path, options: &Options) -> Result<PathBuf, Error> {
    let dir = options.data.clone().unwrap_or_else(|| fetch::default_dir(root, &MNIST));
    let images = &MNIST.files[0];
    let there =
        [images.name.to_owned(), images.gz_name()].iter().any(|name| dir.join(name).exists());
    if there { Ok(dir) } else { Err(Error::NoData { dir }) }
}

/// The peers that can be had, and a sentence about each that cannot.
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

/// Ours, a peer, ours, the next peer, ... round after round: a machine that drifts meets both alike.
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

/// Short trainings on one thread and on all, to see which suits this peer.
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

/// Trains and says how fast it was.
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
