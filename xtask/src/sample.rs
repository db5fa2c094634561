//! `cargo xtask sample`: selects the digits that nn-data embeds from the full MNIST.

use std::fs;
use std::path::Path;

use nn_data::Compression;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::fetch::{self, MNIST, Present, hex};
use crate::say;

/// Writes `data/sample` and prints the checksum of each file.
pub(crate) fn run(root: &Path) -> Result<(), Error> {
    let full = fetch::default_dir(root, &MNIST);
    require_mnist(&full)?;
    let sample = nn_data::make_sample(&nn_data::load_folder(&full)?)?;
    let dir = root.join("data").join("sample");
    nn_data::write_folder(&dir, &sample, Compression::Gzip)?;
    for file in &MNIST.files {
        let path = dir.join(file.gz_name());
        say::result(&format!("{}  {}", sha256_of(&path)?, path.display()));
    }
    Ok(())
}

/// Requires valid MNIST files, so that nothing else ends up in the sample.
fn require_mnist(dir: &Path) -> Result<(), Error> {
    let mut missing = Vec::new();
    for file in &MNIST.files {
        match fetch::present(dir, file)? {
            Present::Valid(_) => {}
            Present::Invalid(path, mismatch) => return Err(Error::WrongFile { path, mismatch }),
            Present::Absent => missing.push(file.name),
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(nn_data::DataError::FilesMissing { dir: dir.into(), missing }.into())
}

/// Returns the SHA-256 of a file, packed as it is.
fn sha256_of(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, error))?;
    Ok(hex(&Sha256::digest(bytes)))
}
