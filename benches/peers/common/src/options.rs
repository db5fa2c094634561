//! Flags of the peers.

use std::path::PathBuf;

use crate::Failure;

const USAGE: &str =
    "usage: --data DIR --hidden N,N --batch N --lr F --epochs N --threads N --seed N";

/// The settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Folder with the four IDX files, plain or `.gz`.
    pub data: PathBuf,
    /// Neurons of each hidden layer.
    pub hidden: Vec<usize>,
    /// Batch size.
    pub batch: usize,
    /// Learning rate of plain SGD.
    pub learning_rate: f64,
    /// Number of epochs.
    pub epochs: usize,
    /// Number of threads.
    pub threads: usize,
    /// Seed of the initial weights and the shuffles.
    pub seed: u64,
}

impl Options {
    /// Reads the flags of this process.
    ///
    /// # Errors
    /// Returns an error if a flag is unknown, has no valid value, or `--data` is missing.
    pub fn from_env() -> Result<Self, Failure> {
        Self::parse(std::env::args().skip(1))
    }

    fn parse(words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut options = Self {
            data: PathBuf::new(),
            hidden: vec![128],
            batch: 64,
            learning_rate: 0.1,
            epochs: 3,
            threads: 2,
            seed: 1,
        };
        let mut words = words;
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("{flag} has no value; {USAGE}"))?;
            options.set(&flag, &value).map_err(|error| format!("{flag} {value}: {error}"))?;
        }
        if options.data.as_os_str().is_empty() || options.batch == 0 || options.threads == 0 {
            return Err(format!("--data is missing, or a 0 where none can be; {USAGE}").into());
        }
        Ok(options)
    }

    fn set(&mut self, flag: &str, value: &str) -> Result<(), Failure> {
        match flag {
            "--data" => self.data = value.into(),
            "--hidden" => self.hidden = sizes(value)?,
            "--batch" => self.batch = value.parse()?,
            "--lr" => self.learning_rate = value.parse()?,
            "--epochs" => self.epochs = value.parse()?,
            "--threads" => self.threads = value.parse()?,
            "--seed" => self.seed = value.parse()?,
            _ => return Err(format!("no such flag; {USAGE}").into()),
        }
        Ok(())
    }
}

fn sizes(text: &str) -> Result<Vec<usize>, Failure> {
    let words = text.split(',').filter(|word| !word.is_empty());
    Ok(words.map(str::parse).collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Failure> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_become_settings() {
        let line = "--data d --hidden 512,512 --batch 256 --lr 0.5 --epochs 2 --threads 1 --seed 7";
        let options = parse(line).unwrap();
        assert_eq!(options.hidden, [512, 512]);
        assert_eq!((options.batch, options.epochs, options.threads), (256, 2, 1));
        assert_eq!((options.learning_rate, options.seed), (0.5, 7));
    }

    #[test]
    fn wrong_flags_are_errors() {
        for line in ["", "--data", "--data d --batch x", "--data d --batch 0", "--data d --x 1"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
