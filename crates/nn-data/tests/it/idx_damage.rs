//! Small files cut at every length and with every single bit flipped.

use crate::common::{header, idx_bytes, read_both_ways};
use nn_data::{IdxArray, IdxValues};
use nn_testing::gzip;

/// One file of bytes and one of 16-bit integers.
fn small_files() -> Vec<Vec<u8>> {
    let bytes = idx_bytes(&[2, 3, 2], &[0, 255, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    let integers = [header(0x0b, &[2, 2]), vec![1, 2, 3, 4, 5, 6, 7, 8]].concat();
    vec![bytes, integers]
}

fn read(file: &[u8]) -> IdxArray {
    let [as_file, as_stream] = read_both_ways(file).map(Result::unwrap);
    assert_eq!(as_file, as_stream);
    as_file
}

/// The file with each of its bits flipped in turn, and the position of the byte that has it.
fn flips(file: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> + '_ {
    (0..8 * file.len()).map(|bit| {
        let mut flipped = file.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        (bit / 8, flipped)
    })
}

#[test]
fn no_cut_file_reads() {
    for file in small_files().into_iter().flat_map(|file| [gzip(&file), file]) {
        for length in 0..file.len() {
            assert!(read_both_ways(&file[..length]).iter().all(Result::is_err), "{length}");
        }
    }
}

#[test]
fn a_flipped_bit_of_a_plain_file_is_refused_or_changes_one_value() {
    for file in small_files() {
        let sound = read(&file);
        let header_length = 4 + 4 * sound.shape().len();
        for (position, flipped) in flips(&file) {
            for result in read_both_ways(&flipped) {
                match result {
                    Ok(array) if position >= header_length => {
                        assert_eq!(array.shape(), sound.shape());
                        assert_eq!(values_that_differ(&array, &sound), 1);
                    }
                    // U8 (08) and I8 (09) are one bit apart, and so is nothing else that fits.
                    Ok(array) => {
                        assert_eq!(position, 2, "a damaged header reads");
                        assert!(
                            matches!(array.values(), IdxValues::I8(values) if values.len() == 12)
                        );
                    }
                    Err(_) => {
                        assert!(position < header_length, "byte {position} holds values");
                    }
                }
            }
        }
    }
}

fn values_that_differ(left: &IdxArray, right: &IdxArray) -> usize {
    match (left.values(), right.values()) {
        (IdxValues::U8(left), IdxValues::U8(right)) => {
            left.iter().zip(right).filter(|(left, right)| left != right).count()
        }
        (IdxValues::I16(left), IdxValues::I16(right)) => {
            left.iter().zip(right).filter(|(left, right)| left != right).count()
        }
        _ => panic!("the element type changed"),
    }
}

#[test]
fn a_flipped_bit_of_a_gzip_file_is_refused_or_does_no_harm() {
    for file in small_files() {
        let sound = read(&file);
        for (position, flipped) in flips(&gzip(&file)) {
            for array in read_both_ways(&flipped).into_iter().flatten() {
                // Time, system and the padding of the last bits mean nothing; the rest is checksummed.
                assert_eq!(array, sound, "byte {position}");
            }
        }
    }
}
