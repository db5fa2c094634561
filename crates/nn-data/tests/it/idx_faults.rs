//! Every fault that an IDX file can have gives its own error, with the path and the numbers in it.

use crate::common::{errors_of, header, idx_bytes};
use nn_data::{DataError, read_idx, read_idx_from};
use nn_testing::gzip;

#[test]
fn bad_magic() {
    for bytes in [&b"PNG or whatever"[..], &[1, 0, 8, 1], &[0, 1, 8, 1], &[9, 9]] {
        for error in errors_of(bytes) {
            assert!(matches!(error, DataError::BadMagic { .. }), "{error}");
        }
        for error in errors_of(&gzip(bytes)) {
            assert!(matches!(error, DataError::BadMagic { .. }), "{error}");
        }
    }
}

#[test]
fn a_web_page_is_called_that() {
    let pages =
        ["<!DOCTYPE html><html>404</html>", "\r\n \t<html>", "\u{feff}<html></html>", "<a>"];
    for page in pages {
        for error in errors_of(page.as_bytes()).into_iter().chain(errors_of(&gzip(page.as_bytes())))
        {
            assert!(matches!(error, DataError::HtmlPage { .. }), "{error}");
            assert!(error.to_string().contains("HTML page"), "{error}");
        }
    }
}

#[test]
fn unknown_element_type() {
    for code in [0x00, 0x07, 0x0a, 0x0f, 0xff] {
        for error in errors_of(&header(code, &[1])) {
            assert!(
                matches!(error, DataError::UnknownElementType { code: found, .. } if found == code)
            );
        }
    }
}

#[test]
fn no_dimension_and_too_many() {
    for dimensions in [0, 5, 255] {
        for error in errors_of(&[0, 0, 8, dimensions, 0, 0, 0, 0]) {
            let expected = usize::from(dimensions);
            assert!(matches!(error, DataError::DimensionCount { found, .. } if found == expected));
        }
    }
}

#[test]
fn dimensions_whose_product_overflows() {
    let largest = u32::MAX;
    let shapes = [[largest; 4], [0, largest, largest, largest], [largest, largest, largest, 0]];
    for shape in shapes {
        for error in errors_of(&header(0x08, &shape)) {
            assert!(matches!(error, DataError::SizeOverflow { .. }), "{error}");
        }
    }
    // 2^62 values fit memory's addresses as bytes, but not as numbers of 8 bytes.
    for error in errors_of(&header(0x0e, &[1 << 31, 1 << 31])) {
        assert!(matches!(error, DataError::SizeOverflow { .. }), "{error}");
    }
}

#[test]
fn a_short_body_gives_both_counts() {
    // 12 bytes of header, 6 of body, of which 5 are there.
    for error in errors_of(&idx_bytes(&[2, 3], &[1; 5])) {
        assert!(matches!(error, DataError::Truncated { expected: 18, actual: 17, .. }), "{error}");
        assert!(error.to_string().contains("18 bytes expected, 17 found"), "{error}");
    }
    // A well-formed gzip stream of a short file.
    for error in errors_of(&gzip(&idx_bytes(&[2, 3], &[1; 5]))) {
        assert!(matches!(error, DataError::Truncated { expected: 18, actual: 17, .. }), "{error}");
    }
    // 8 bytes of header, 12 of body, of which 7 are there.
    let shorts = [header(0x0c, &[3]), vec![0; 7]].concat();
    for error in errors_of(&shorts) {
        assert!(matches!(error, DataError::Truncated { expected: 20, actual: 15, .. }), "{error}");
    }
}

#[test]
fn bytes_after_the_end_give_both_counts() {
    let [as_file, as_stream] = errors_of(&idx_bytes(&[2, 3], &[1; 9]));
    assert!(matches!(as_file, DataError::TrailingBytes { expected: 18, actual: 21, .. }));
    assert!(matches!(as_stream, DataError::TrailingBytes { expected: 18, actual: 19, .. }));
    assert!(as_file.to_string().contains("18 bytes expected, at least 21 found"), "{as_file}");
    for error in errors_of(&gzip(&idx_bytes(&[2, 3], &[1; 9]))) {
        assert!(matches!(error, DataError::TrailingBytes { expected: 18, actual: 19, .. }));
    }
}

#[test]
fn an_empty_file() {
    for error in errors_of(&[]) {
        assert!(matches!(error, DataError::Truncated { expected: 4, actual: 0, .. }), "{error}");
    }
}

#[test]
fn gzip_cut_short() {
    let packed = gzip(&idx_bytes(&[2, 3], &[1; 6]));
    for length in 2..packed.len() {
        for error in errors_of(&packed[..length]) {
            assert!(matches!(error, DataError::GzipTruncated { .. }), "{length}: {error}");
        }
    }
}

#[test]
fn gzip_with_a_wrong_checksum_or_length() {
    let packed = gzip(&idx_bytes(&[2, 3], &[1; 6]));
    for from_end in 1..=8 {
        let mut damaged = packed.clone();
        let position = damaged.len() - from_end;
        damaged[position] ^= 1;
        for error in errors_of(&damaged) {
            assert!(matches!(error, DataError::GzipCorrupt { .. }), "{from_end}: {error}");
        }
    }
}

#[test]
fn something_else_behind_a_gzip_member() {
    let packed = gzip(&idx_bytes(&[2, 3], &[1; 6]));
    for error in errors_of(&[&packed[..], b"something else, 20 b"].concat()) {
        assert!(matches!(error, DataError::GzipCorrupt { .. }), "{error}");
    }
    let again = [packed.clone(), packed].concat();
    for error in errors_of(&again) {
        assert!(matches!(error, DataError::TrailingBytes { .. }), "{error}");
    }
}

/// Counts what is taken of a stream that would go on for ever.
struct Endless {
    start: Vec<u8>,
    given: u64,
}

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count =
            if self.start.is_empty() { buffer.len() } else { self.start.len().min(buffer.len()) };
        buffer[..count].fill(0);
        let from_start = count.min(self.start.len());
        buffer[..from_start].copy_from_slice(&self.start[..from_start]);
        self.start.drain(..from_start);
        self.given += count as u64;
        Ok(count)
    }
}

#[test]
fn an_endless_file_is_left_soon_after_its_declared_end() {
    let mut endless = Endless { start: idx_bytes(&[10], &[]), given: 0 };
    let error = read_idx_from(&mut endless, "endless").unwrap_err();
    assert!(matches!(error, DataError::TrailingBytes { expected: 18, actual: 19, .. }), "{error}");
    assert!(endless.given <= 256 * 1024, "{} bytes taken", endless.given);
}

#[test]
fn a_gzip_bomb_is_left_one_byte_after_its_declared_end() {
    // 64 MiB of zeros behind a header of ten values.
    let bomb = gzip(&[idx_bytes(&[10], &[]), vec![0; 64 << 20]].concat());
    for error in errors_of(&bomb) {
        assert!(
            matches!(error, DataError::TrailingBytes { expected: 18, actual: 19, .. }),
            "{error}"
        );
    }
}

#[test]
fn what_the_system_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = read_idx(&missing).unwrap_err();
    assert!(matches!(error, DataError::Io { action: "open", .. }), "{error}");
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
    let error = read_idx(folder.path()).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }), "a folder is no file: {error}");
}

/// A disk that fails in the middle.
struct Failing<'a>(&'a [u8]);

impl std::io::Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() {
            return Err(std::io::Error::other("the disk is gone"));
        }
        self.0.read(buffer)
    }
}

#[test]
fn a_failing_disk_is_told_from_a_damaged_file() {
    let file = idx_bytes(&[2, 3], &[1; 6]);
    for bytes in [file.clone(), gzip(&file)] {
        for length in 0..bytes.len() {
            let error = read_idx_from(Failing(&bytes[..length]), "the-file").unwrap_err();
            assert!(matches!(error, DataError::Io { action: "read", .. }), "{length}: {error}");
            assert!(error.to_string().contains("the disk is gone"), "{error}");
        }
    }
}
