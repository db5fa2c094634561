//! Input and output of the parts.

use std::path::{Path, PathBuf};
use std::time::Instant;

/// The programs under test, a seed, and how much to do.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Path of the command `nn`.
    pub nn: PathBuf,
    /// Path of a program that first runs [`crate::writers::abort_if_requested`].
    pub victim: PathBuf,
    /// Seed of all random choices.
    pub seed: u64,
    /// Number of rounds.
    pub rounds: u64,
    /// Time at which the part stops, if limited.
    pub until: Option<Instant>,
}

impl Effort {
    /// Returns whether a part continues after `done` rounds.
    #[must_use]
    pub fn continues(&self, done: u64) -> bool {
        done < self.rounds && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// What was tried, and what was lost.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Counts of what was tried.
    pub tried: Vec<(u64, &'static str)>,
    /// Descriptions of all losses.
    pub lost: Vec<String>,
}

impl Tally {
    /// Runs a part in a temporary folder; an error that ends it is a loss.
    pub fn in_folder(part: impl FnOnce(&Path, &mut Self) -> Result<(), String>) -> Self {
        let mut tally = Self::default();
        let result = tempfile::tempdir()
            .map_err(|error| error.to_string())
            .and_then(|folder| part(folder.path(), &mut tally));
        tally.check(result);
        tally
    }

    /// Adds `count` to the count of `what`.
    pub fn count(&mut self, count: u64, what: &'static str) {
        match self.tried.iter_mut().find(|(_, name)| *name == what) {
            Some((sum, _)) => *sum += count,
            None => self.tried.push((count, what)),
        }
    }

    /// Records a loss.
    pub fn check(&mut self, result: Result<(), String>) {
        self.lost.extend(result.err());
    }

    /// Panics if anything was lost or nothing was tried.
    pub fn assert_nothing_lost(&self) {
        assert!(self.lost.is_empty(), "lost: {:#?}", self.lost);
        assert!(!self.tried.is_empty(), "nothing was tried");
        assert!(self.tried.iter().all(|(count, _)| *count > 0), "{:?}", self.tried);
    }
}

/// Returns an error if two values that must be equal differ.
///
/// # Errors
/// Names `what` if `found` is not `expected`.
pub fn same<T: PartialEq>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} differs")) }
}

/// Reads a file.
///
/// # Errors
/// Names the file and the cause.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// A seeded random number generator: Marsaglia's xorshift64*.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Creates a generator from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns a number below `limit`, which is above 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % limit
    }

    /// Returns an index into a list of `count` elements.
    pub fn index(&mut self, count: usize) -> usize {
        self.below(count as u64) as usize
    }
}
