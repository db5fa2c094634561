//! Images and labels from IDX files, plain or gzip.

use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::Failure;

/// Images with their labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Digits {
    /// Pixels of all images, from 0 to 1.
    pub images: Vec<f32>,
    /// The class of each image.
    pub labels: Vec<u8>,
    /// Number of pixels of an image.
    pub pixels: usize,
}

impl Digits {
    /// Reads the set `train` or `t10k` of a folder.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read, is not IDX of unsigned bytes, or the counts
    /// differ.
    pub fn read(folder: &Path, set: &str) -> Result<Self, Failure> {
        let (sizes, images) = idx(folder, &format!("{set}-images-idx3-ubyte"))?;
        let (_, labels) = idx(folder, &format!("{set}-labels-idx1-ubyte"))?;
        let pixels = sizes[1..].iter().product();
        if labels.is_empty() || labels.len() != sizes[0] {
            return Err(format!("{set}: {} images, {} labels", sizes[0], labels.len()).into());
        }
        let images = images.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        Ok(Self { images, labels, pixels })
    }

    /// Returns the number of images.
    #[must_use]
    pub fn count(&self) -> usize {
        self.labels.len()
    }
}

/// Returns the dimensions and the bytes after the header.
fn idx(folder: &Path, name: &str) -> Result<(Vec<usize>, Vec<u8>), Failure> {
    let bytes = unpacked(folder, name).map_err(|error| format!("{name}: {error}"))?;
    parse(&bytes).ok_or_else(|| format!("{name}: not IDX of unsigned bytes").into())
}

fn unpacked(folder: &Path, name: &str) -> Result<Vec<u8>, std::io::Error> {
    let plain = folder.join(name);
    if plain.exists() {
        return fs::read(plain);
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(folder.join(format!("{name}.gz")))?;
    MultiGzDecoder::new(file).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<(Vec<usize>, Vec<u8>)> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let &[0, 0, 8, dimensions @ 1..=4] = magic else { return None };
    let (header, body) = rest.split_at_checked(4 * usize::from(dimensions))?;
    let size = |word: &[u8]| word.iter().fold(0, |size, &byte| size << 8 | usize::from(byte));
    let sizes: Vec<usize> = header.chunks(4).map(size).collect();
    let count = sizes.iter().try_fold(1_usize, |count, &size| count.checked_mul(size))?;
    (count == body.len()).then(|| (sizes, body.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_sizes_and_its_bytes() {
        let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6];
        assert_eq!(parse(&bytes), Some((vec![2, 3], vec![1, 2, 3, 4, 5, 6])));
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length]), None, "{length}");
        }
    }
}
