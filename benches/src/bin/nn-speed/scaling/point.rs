//! Sweeps and measured points.

use serde_json::{Value, json};
use std::error::Error;
use std::fmt;
use std::io::ErrorKind;
use std::path::Path;

/// The quantity that is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Sweep {
    /// Neurons of the hidden layer
    Width,
    /// Hidden layers
    Depth,
    /// Batch size
    Batch,
}

const WIDTHS: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];
const DEPTHS: [usize; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const BATCHES: [usize; 13] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

impl Sweep {
    pub(crate) const ALL: [Self; 3] = [Self::Width, Self::Depth, Self::Batch];

    pub(crate) fn sizes(self) -> &'static [usize] {
        match self {
            Self::Width => &WIDTHS,
            Self::Depth => &DEPTHS,
            Self::Batch => &BATCHES,
        }
    }

    /// Returns hidden layers and batch size.
    pub(crate) fn network(self, size: usize) -> (Vec<usize>, usize) {
        match self {
            Self::Width => (vec![size], 64),
            Self::Depth => (vec![256; size], 64),
            Self::Batch => (vec![256], size),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Depth => "depth",
            Self::Batch => "batch",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Width => "Width of the hidden layer: 784-width-10, batch 64",
            Self::Depth => "Number of hidden layers: 784-256-...-256-10, batch 64",
            Self::Batch => "Batch size: 784-256-10",
        }
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A measurement.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) sweep: Sweep,
    /// Width, depth or batch.
    pub(crate) size: usize,
    pub(crate) threads: usize,
    /// Images per second.
    pub(crate) rate: f64,
    /// Dense operations per second.
    pub(crate) operations: f64,
    /// The same as a fraction of the peak with as many threads.
    pub(crate) share: f64,
}

/// Returns the points on one thread and on two.
pub(crate) fn pair(points: &[Point], sweep: Sweep, size: usize) -> Option<[&Point; 2]> {
    let on =
        |threads| points.iter().find(|p| (p.sweep, p.size, p.threads) == (sweep, size, threads));
    Some([on(1)?, on(2)?])
}

pub(crate) fn save(path: &Path, points: &[Point]) -> std::io::Result<()> {
    let line = |p: &Point| {
        let (sweep, size, threads) = (p.sweep.name(), p.size, p.threads);
        let (rate, operations, share) = (p.rate, p.operations, p.share);
        let value = json!({
            "sweep": sweep, "size": size, "threads": threads,
            "rate": rate, "operations": operations, "share": share,
        });
        format!("{value}\n")
    };
    let text: String = points.iter().map(line).collect();
    nn_files::replace_file(path, |file| file.write_all(text.as_bytes()))
}

/// Reads the file; a missing file is empty.
pub(crate) fn load(path: &Path) -> Result<Vec<Point>, Box<dyn Error>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    let invalid = || format!("{}: not a file of this command; delete it", path.display());
    text.lines().map(|line| point(line).ok_or_else(|| invalid().into())).collect()
}

fn point(line: &str) -> Option<Point> {
    let value: Value = serde_json::from_str(line).ok()?;
    let name = value["sweep"].as_str()?;
    Some(Point {
        sweep: Sweep::ALL.into_iter().find(|sweep| sweep.name() == name)?,
        size: usize::try_from(value["size"].as_u64()?).ok()?,
        threads: usize::try_from(value["threads"].as_u64()?).ok()?,
        rate: value["rate"].as_f64()?,
        operations: value["operations"].as_f64()?,
        share: value["share"].as_f64()?,
    })
}
