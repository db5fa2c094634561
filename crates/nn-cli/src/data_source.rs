//! Where data comes from when nobody, or somebody, says so.

use crate::error::CliError;
use crate::stderr;
use nn_data::{Inputs, TrainTest, embedded_sample, folder_files, load_folder};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Where `cargo xtask fetch-data` puts MNIST.
const FETCHED: &str = "data/mnist";
/// The word for the digits inside this program.
const SAMPLE: &str = "sample";

/// A place to load data from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DataSource {
    /// A folder with the four IDX files.
    Folder(PathBuf),
    /// The digits inside this program.
    Sample,
}

impl DataSource {
    /// What `given` names; without it MNIST where it was fetched, else the sample.
    pub(crate) fn choose(given: Option<&str>) -> Self {
        match given {
            Some(SAMPLE) => Self::Sample,
            Some(folder) => Self::Folder(folder.into()),
            None if folder_files(Path::new(FETCHED)).is_ok() => Self::Folder(FETCHED.into()),
            None => Self::Sample,
        }
    }

    /// Says plainly which data a command without `--data` took.
    pub(crate) fn announce_choice(&self) {
        let hint = if folder_files(Path::new(FETCHED)).is_err() {
            "; `cargo xtask fetch-data` fetches all 70,000 into data/mnist"
        } else {
            ""
        };
        stderr::note(match self {
            Self::Folder(folder) => format!("data: {}", folder.display()),
            Self::Sample => {
                format!("data: the sample inside this program, 6,000 + 1,000 digits of MNIST{hint}")
            }
        });
    }

    pub(crate) fn load(&self) -> Result<TrainTest, CliError> {
        Ok(match self {
            Self::Folder(folder) => load_folder(folder)?,
            Self::Sample => embedded_sample()?,
        })
    }

    /// What to write into settings, so that it is found from any folder.
    pub(crate) fn to_setting(&self) -> String {
        match self {
            Self::Folder(folder) => {
                let absolute = folder.canonicalize().unwrap_or_else(|_| folder.clone());
                absolute.display().to_string()
            }
            Self::Sample => SAMPLE.to_owned(),
        }
    }

    /// A word for names of files and folders.
    pub(crate) fn short_name(&self) -> String {
        let folder = match self {
            Self::Folder(folder) => folder.canonicalize().unwrap_or_else(|_| folder.clone()),
            Self::Sample => return SAMPLE.to_owned(),
        };
        let name = folder.file_name().map_or("data".into(), |name| name.to_string_lossy());
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
            Self::Sample => formatter.write_str("the sample inside this program"),
        }
    }
}

fn file_hash(path: &Path) -> Result<String, CliError> {
    let failed = |cause| CliError::io("read", path, cause);
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Sha256::new();
    io::copy(&mut file, &mut HashWriter(&mut hasher)).map_err(failed)?;
    Ok(hexadecimal(&hasher.finalize()))
}

fn pixel_hash(set: &nn_data::Dataset) -> String {
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
        assert_eq!(DataSource::choose(Some("sample")), DataSource::Sample);
        assert_eq!(DataSource::choose(Some("./sample")), DataSource::Folder("./sample".into()));
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
