//! `cargo xtask corpus`: the inputs of the fuzz targets, one archive `fuzz/corpus/TARGET.tar.gz` each.
//!
//! The tests replay the inputs from the archives. cargo-fuzz needs a folder `fuzz/corpus/TARGET` with a file an
//! input: `unpack` makes it, `pack` turns it into the archive.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::fetch::hex;
use crate::say;

/// Options of `cargo xtask corpus`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What to do
    #[arg(value_enum)]
    pub action: Action,

    /// Fuzz targets [default: all]
    #[arg(value_name = "TARGET")]
    pub targets: Vec<String>,
}

/// What `corpus` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Write the inputs of each archive into a folder, beside those that are in it already
    Unpack,
    /// Replace each archive with the inputs in the folder
    Pack,
}

/// The extension of an archive.
const EXTENSION: &str = ".tar.gz";

/// Packs or unpacks the corpora of the workspace at `root`.
pub(crate) fn run(root: &Path, options: &Options) -> Result<(), Error> {
    let corpora = root.join("fuzz").join("corpus");
    let targets = match options.targets.is_empty() {
        true => all_targets(&corpora, options.action)?,
        false => options.targets.clone(),
    };
    for target in targets {
        let (folder, archive) = (corpora.join(&target), archive_path(&corpora, &target));
        let (count, written) = match options.action {
            Action::Unpack => (unpack(&archive, &folder)?, folder),
            Action::Pack => (pack(&folder, &archive)?, archive),
        };
        say::result(&format!("{}  {count} inputs", written.display()));
    }
    Ok(())
}

/// Returns the path of a fuzz target's archive in the folder of all corpora.
#[must_use]
pub fn archive_path(corpora: &Path, target: &str) -> PathBuf {
    corpora.join(format!("{target}{EXTENSION}"))
}

/// Returns the targets that have an archive to unpack, or a folder to pack.
fn all_targets(corpora: &Path, action: Action) -> Result<Vec<String>, Error> {
    let entries = fs::read_dir(corpora).map_err(|error| Error::io("read", corpora, error))?;
    let targets = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        match action {
            Action::Unpack => name.strip_suffix(EXTENSION).map(str::to_owned),
            Action::Pack => entry.path().is_dir().then_some(name),
        }
    });
    let mut targets: Vec<String> = targets.collect();
    targets.sort();
    Ok(targets)
}

/// Returns the inputs in an archive, in the order in which they are packed.
///
/// # Errors
/// If the archive cannot be read or is empty, so that a missing corpus does not pass for one without faults.
pub fn inputs(archive: &Path) -> Result<Vec<Vec<u8>>, Error> {
    let read = |error| Error::io("read", archive, error);
    let file = File::open(archive).map_err(read)?;
    let inputs = unpacked(file).map_err(read)?;
    if inputs.is_empty() {
        return Err(read(io::Error::other("it has no inputs")));
    }
    Ok(inputs)
}

fn unpacked(file: impl Read) -> io::Result<Vec<Vec<u8>>> {
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let mut inputs = Vec::new();
    for entry in archive.entries()? {
        let mut input = Vec::new();
        entry?.read_to_end(&mut input)?;
        inputs.push(input);
    }
    Ok(inputs)
}

/// Writes each input into `folder`, named after its content; returns how many there are.
fn unpack(archive: &Path, folder: &Path) -> Result<usize, Error> {
    let inputs = inputs(archive)?;
    nn_files::create_folder(folder).map_err(|error| Error::io("create", folder, error))?;
    for input in &inputs {
        let path = folder.join(hex(&Sha256::digest(input)[..16]));
        fs::write(&path, input).map_err(|error| Error::io("write", &path, error))?;
    }
    Ok(inputs.len())
}

/// Replaces `archive` with the different inputs in `folder`; returns how many there are.
fn pack(folder: &Path, archive: &Path) -> Result<usize, Error> {
    let mut inputs = files_in(folder).map_err(|error| Error::io("read", folder, error))?;
    if inputs.is_empty() {
        return Err(Error::io("pack", folder, io::Error::other("it has no inputs")));
    }
    // Similar neighbours compress better, and the order does not depend on the file system.
    inputs.sort();
    inputs.dedup();
    nn_files::replace_file(archive, |output| packed(&inputs, output))
        .map_err(|error| Error::io("write", archive, error))?;
    Ok(inputs.len())
}

fn files_in(folder: &Path) -> io::Result<Vec<Vec<u8>>> {
    fs::read_dir(folder)?.map(|entry| fs::read(entry?.path())).collect()
}

/// Writes a gzip tar archive whose bytes depend on the inputs alone: no times, no owners, numbers as names.
fn packed(inputs: &[Vec<u8>], output: &mut dyn Write) -> io::Result<()> {
    let mut builder = tar::Builder::new(GzEncoder::new(output, flate2::Compression::best()));
    for (number, input) in inputs.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        header.set_size(input.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, format!("{number:05}"), &input[..])?;
    }
    builder.into_inner()?.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_inputs_unpack_to_the_same_without_doubles() {
        let place = tempfile::tempdir().unwrap();
        let (folder, archive) = (place.path().join("idx"), archive_path(place.path(), "idx"));
        fs::create_dir(&folder).unwrap();
        for (name, input) in
            [("b", &b"second"[..]), ("a", b"first"), ("copy", b"second"), ("e", b"")]
        {
            fs::write(folder.join(name), input).unwrap();
        }
        assert_eq!(pack(&folder, &archive).unwrap(), 3);
        let expected = [b"".to_vec(), b"first".to_vec(), b"second".to_vec()];
        assert_eq!(inputs(&archive).unwrap(), expected);

        // Unpacked twice: names depend on the content, so there are no doubles, and packing gives the same bytes.
        let (again, bytes) = (place.path().join("again"), fs::read(&archive).unwrap());
        for _ in 0..2 {
            assert_eq!(unpack(&archive, &again).unwrap(), 3);
        }
        assert_eq!(fs::read_dir(&again).unwrap().count(), 3);
        assert_eq!(pack(&again, &archive).unwrap(), 3);
        assert_eq!(fs::read(&archive).unwrap(), bytes);
    }

    #[test]
    fn a_missing_damaged_or_empty_corpus_is_an_error() {
        let place = tempfile::tempdir().unwrap();
        let archive = archive_path(place.path(), "idx");
        assert!(inputs(&archive).unwrap_err().to_string().contains("idx.tar.gz: cannot read"));
        let mut empty = Vec::new();
        packed(&[], &mut empty).unwrap();
        for bytes in [&b"no archive"[..], &empty, &empty[..empty.len() / 2]] {
            fs::write(&archive, bytes).unwrap();
            assert!(inputs(&archive).is_err());
        }
        // With nothing to pack, the archive is untouched.
        let folder = place.path().join("idx");
        fs::create_dir(&folder).unwrap();
        assert!(pack(&folder, &archive).is_err());
        assert_eq!(fs::read(&archive).unwrap(), empty[..empty.len() / 2]);
    }
}
