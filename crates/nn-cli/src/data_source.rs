//! Where data comes from when nobody, or somebody, says so.

use crate::error::CliError;
use crate::stderr;
use nn_data::{Dataset, Inputs, TrainTest, embedded_sample, folder_files, load_folder, load_pair};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Where `cargo xtask fetch-data` puts MNIST.
const FETCHED: &str = "data/mnist";
/// The word for the digits inside this program.
const SAMPLE: &str = "sample";
/// Share of the training set that is the test set where none was given. It is the same in every run on
/// these files, so that runs can be compared and `nn test` finds it again.
const HELD_OUT: f64 = 0.1;
const HELD_OUT_SEED: u64 = 1;

/// A place to load data from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataSource {
    /// A folder with the four IDX files.
    Folder(PathBuf),
    /// Files of any names; without a test set a share of the training set is held out.
    Files { train: FilePair, test: Option<FilePair> },
    /// The digits inside this program.
    Sample,
}

/// An image file with the label file that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePair {
    pub(crate) images: PathBuf,
    pub(crate) labels: PathBuf,
}

impl FilePair {
    pub(crate) fn load(&self) -> Result<Dataset, CliError> {
        Ok(load_pair(&self.images, &self.labels)?)
    }

    fn absolute(&self) -> Self {
        Self { images: absolute(&self.images), labels: absolute(&self.labels) }
    }
}

impl DataSource {
    /// Loads the data that is given, or the default, which is announced.
    pub(crate) fn load_given(given: Option<&Path>) -> Result<(TrainTest, Self), CliError> {
        let source = Self::choose(given);
        if given.is_none() {
            source.announce_choice();
        }
        Ok((source.load()?, source))
    }

    /// What `given` names; without it MNIST where it was fetched, else the sample.
    pub(crate) fn choose(given: Option<&Path>) -> Self {
        given.map_or_else(Self::default_choice, Self::named)
    }

    /// The folder of this name, or by its word the sample.
    pub(crate) fn named(data: &Path) -> Self {
        // As text: to a path "sample" and "sample/" are the same.
        if data.as_os_str() == SAMPLE { Self::Sample } else { Self::Folder(data.into()) }
    }

    /// MNIST where it was fetched, else the sample.
    pub(crate) fn default_choice() -> Self {
        let is_fetched = folder_files(Path::new(FETCHED)).is_ok();
        if is_fetched { Self::Folder(FETCHED.into()) } else { Self::Sample }
    }

    /// What `--data` would have to be; files have flags of their own.
    pub(crate) fn as_data(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Files { .. } => None,
            Self::Sample => Some(Path::new(SAMPLE)),
        }
    }

    /// Says plainly which data a command without `--data` took.
    pub(crate) fn announce_choice(&self) {
        let hint = if folder_files(Path::new(FETCHED)).is_err() {
            "; there is no data/mnist here, into which `cargo xtask fetch-data` fetches all 70,000"
        } else {
            ""
        };
        stderr::note(match self {
            Self::Folder(_) | Self::Files { .. } => format!("data: {self}"),
            Self::Sample => {
                format!("data: the sample inside this program, 6,000 + 1,000 digits of MNIST{hint}")
            }
        });
    }

    pub(crate) fn load(&self) -> Result<TrainTest, CliError> {
        Ok(match self {
            Self::Folder(folder) => load_folder(folder)?,
            Self::Files { train, test: Some(test) } => {
                TrainTest::matched(train.load()?, test.load()?)?
            }
            Self::Files { train, test: None } => {
                let (train, test) = train.load()?.split(HELD_OUT, HELD_OUT_SEED)?;
                TrainTest { train, test }
            }
            Self::Sample => embedded_sample()?,
        })
    }

    /// The same, found from any folder.
    pub(crate) fn absolute(&self) -> Self {
        match self {
            Self::Folder(folder) => Self::Folder(absolute(folder)),
            Self::Files { train, test } => {
                Self::Files { train: train.absolute(), test: test.as_ref().map(FilePair::absolute) }
            }
            Self::Sample => Self::Sample,
        }
    }

    /// A word for names of files and folders.
    pub(crate) fn short_name(&self) -> String {
        let path = match self {
            Self::Folder(folder) => absolute(folder),
            Self::Files { train, .. } => absolute(&train.images),
            Self::Sample => return SAMPLE.to_owned(),
        };
        let name = path.file_name().map_or("data".into(), |name| name.to_string_lossy());
        name.chars().map(|sign| if sign.is_alphanumeric() { sign } else { '-' }).collect()
    }

    /// SHA-256 of what was read: of each file as it lies there, or of the sample's content.
    pub(crate) fn hashes(&self, data: &TrainTest) -> Result<Vec<(String, String)>, CliError> {
        match self {
            Self::Folder(folder) => {
                let hash = |path: PathBuf| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    Ok((name, file_hash(&path)?))
                };
                folder_files(folder)?.into_iter().map(hash).collect()
            }
            Self::Files { train, test } => {
                let pair = |prefix: &str, pair: &FilePair| -> Result<_, CliError> {
                    Ok([
                        (format!("{prefix}images"), file_hash(&pair.images)?),
                        (format!("{prefix}labels"), file_hash(&pair.labels)?),
                    ])
                };
                let mut hashes = pair("", train)?.to_vec();
                if let Some(test) = test {
                    hashes.extend(pair("test-", test)?);
                }
                Ok(hashes)
            }
            Self::Sample => {
                let parts = [("train", &data.train), ("test", &data.test)];
                Ok(parts.map(|(name, set)| (format!("{name}-pixels"), pixel_hash(set))).into())
            }
        }
    }
}

impl fmt::Display for DataSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(formatter, "{}", folder.display()),
            Self::Files { train, test: Some(test) } => {
                let [train, test] = [train, test].map(|pair| pair.images.display());
                write!(formatter, "{train}, tested on {test}")
            }
            Self::Files { train, test: None } => {
                write!(formatter, "{}, a tenth of it held out for the test", train.images.display())
            }
            Self::Sample => formatter.write_str("the sample inside this program"),
        }
    }
}

fn absolute(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn file_hash(path: &Path) -> Result<String, CliError> {
    let failed = |cause| CliError::io("read", path, cause);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut HashWriter(&mut hasher)).map_err(failed)?;
    Ok(hexadecimal(&hasher.finalize()))
}

fn pixel_hash(set: &Dataset) -> String {
    match set.inputs() {
        Inputs::Bytes(bytes) => hexadecimal(&Sha256::digest(bytes)),
        Inputs::Values(_) => String::new(),
    }
}

struct HashWriter<'h>(&'h mut Sha256);

impl io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_sample_is_the_sample_and_a_path_is_a_folder() {
        let named = |text: &str| DataSource::named(text.as_ref());
        assert_eq!(named("sample"), DataSource::Sample);
        for folder in ["./sample", "sample/"] {
            assert_eq!(named(folder), DataSource::Folder(folder.into()));
        }
        assert_eq!(DataSource::Folder("/no/such place".into()).short_name(), "such-place");
    }

    #[test]
    fn a_hash_is_the_standards() {
        // FIPS 180-2, appendix B.1: SHA-256 of "abc".
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(file_hash(file.path()).unwrap(), expected);
    }
}
