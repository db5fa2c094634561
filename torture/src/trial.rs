//! What a part of the torture is given, and what it reports.

use std::path::{Path, PathBuf};
use std::time::Instant;

/// The programs under test, a seed, and how much to do.
#[derive(Clone, Debug)]
pub struct Effort {
    /// The command `nn`.
    pub nn: PathBuf,
    /// A program that runs [`crate::writers::die_if_asked`] first: it is killed on purpose.
    pub victim: PathBuf,
    /// Every random choice follows from it.
    pub seed: u64,
    /// How often the part should do what it does.
    pub rounds: u64,
    /// When it stops, whatever is left to do.
    pub until: Option<Instant>,
}

impl Effort {
    /// Whether a part that has done so many rounds should do another.
    #[must_use]
    pub fn goes_on(&self, done: u64) -> bool {
        done < self.rounds && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// What was tried, and what was lost.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How often which thing was done.
    pub tried: Vec<(u64, &'static str)>,
    /// Every broken promise, in words.
    pub lost: Vec<String>,
}

impl Tally {
    /// What a part tries in a temporary folder of its own; an error that ends it is a loss.
    pub fn in_folder(part: impl FnOnce(&Path, &mut Self) -> Result<(), String>) -> Self {
        let mut tally = Self::default();
        let result = tempfile::tempdir()
            .map_err(|error| error.to_string())
            .and_then(|folder| part(folder.path(), &mut tally));
        tally.check(result);
        tally
    }

    /// Counts `count` more of `what`.
    pub fn count(&mut self, count: u64, what: &'static str) {
        match self.tried.iter_mut().find(|(_, name)| *name == what) {
            Some((sum, _)) => *sum += count,
            None => self.tried.push((count, what)),
        }
    }

    /// Notes a promise that did not hold.
    pub fn check(&mut self, result: Result<(), String>) {
        self.lost.extend(result.err());
    }

    /// For the short versions: panics where anything was lost or nothing was tried.
    pub fn assert_nothing_lost(&self) {
        assert!(self.lost.is_empty(), "lost: {:#?}", self.lost);
        assert!(!self.tried.is_empty(), "nothing was tried");
        assert!(self.tried.iter().all(|(count, _)| *count > 0), "{:?}", self.tried);
    }
}

/// An error where two things that must be the same differ.
///
/// # Errors
/// Names `what` where `found` is not `expected`.
pub fn same<T: PartialEq>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what} differs")) }
}

/// The bytes of a file, or which one cannot be read.
///
/// # Errors
/// Names the file and the cause.
pub fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Random numbers that are the same for a seed: Marsaglia's xorshift64*.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice for this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `limit`, which is above 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % limit
    }

    /// An index into a list of so many.
    pub fn index(&mut self, count: usize) -> usize {
        self.below(count as u64) as usize
    }
}
