//! Whether a JPEG file is whole: decoders fill up with grey what a cut file lacks.

use std::io::{BufRead, Result, Seek};

/// Whether the picture that starts here has its end marker. A thumbnail's marker is not taken for
/// it, and what a camera put behind it does not matter.
pub(crate) fn has_end_marker(file: &mut (impl BufRead + Seek)) -> Result<bool> {
    while file.skip_until(0xff)? > 0 {
        match next_byte_but_fill(file)? {
            None => return Ok(false),
            Some(0xd9) => return Ok(true),
            // A data byte FF, a restart, the start of the picture: nothing with a length.
            Some(0x00 | 0x01 | 0xd0..=0xd8) => {}
            Some(_) => {
                let mut length = [0; 2];
                if file.read(&mut length[..1])? + file.read(&mut length[1..])? < 2 {
                    return Ok(false);
                }
                // The length counts its own two bytes.
                file.seek_relative(i64::from(u16::from_be_bytes(length).saturating_sub(2)))?;
            }
        }
    }
    Ok(false)
}

/// Any number of FF may stand before the byte that says which marker it is.
fn next_byte_but_fill(file: &mut impl BufRead) -> Result<Option<u8>> {
    let mut byte = [0xff];
    while byte == [0xff] {
        if file.read(&mut byte)? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(byte[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn is_whole(bytes: &[u8]) -> bool {
        has_end_marker(&mut Cursor::new(bytes)).unwrap()
    }

    #[test]
    fn the_end_of_the_picture_counts_not_that_of_its_thumbnail() {
        let start = [0xff, 0xd8, 0xff, 0xe1, 0, 6, 0xff, 0xd9, 0xff, 0xd9]; // both in a segment
        let scan = [0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd0, 3];
        let cut = [&start[..], &scan].concat();
        assert!(!is_whole(&cut));
        let whole = [&cut[..], &[0xff, 0xff, 0xd9]].concat();
        assert!(is_whole(&whole));
        assert!(is_whole(&[&whole[..], &[0; 5000]].concat()), "trailing bytes do no harm");
        for length in 0..whole.len() {
            assert!(!is_whole(&whole[..length]), "{length} bytes");
        }
    }
}
