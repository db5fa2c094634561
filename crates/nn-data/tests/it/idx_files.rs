//! IDX files made by hand, byte by byte, are read as they should be; written files are those bytes.

use crate::common::{header, idx_bytes, read_both_ways};
use nn_data::{
    Compression, DataError, ElementType, IdxArray, IdxValues, read_idx, read_idx_from, write_idx,
    write_idx_to,
};
use nn_testing::gzip;

/// Every element type with its bytes as the format wants them: big-endian.
fn one_of_each() -> Vec<(u8, IdxValues, Vec<u8>)> {
    vec![
        (0x08, IdxValues::U8(vec![0, 255]), vec![0, 255]),
        (0x09, IdxValues::I8(vec![-1, 127]), vec![0xff, 0x7f]),
        (0x0b, IdxValues::I16(vec![-2, 0x0102]), vec![0xff, 0xfe, 1, 2]),
        (0x0c, IdxValues::I32(vec![-3, 0x0102_0304]), vec![255, 255, 255, 0xfd, 1, 2, 3, 4]),
        (0x0d, IdxValues::F32(vec![1.0, -2.5]), vec![0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]),
        (
            0x0e,
            IdxValues::F64(vec![1.0, -2.5]),
            vec![0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0x04, 0, 0, 0, 0, 0, 0],
        ),
    ]
}

#[test]
fn all_element_types_read_and_write() {
    for (code, values, body) in one_of_each() {
        let file = [header(code, &[1, 2]), body].concat();
        let expected = IdxArray::new(vec![1, 2], values).unwrap();
        for bytes in [file.clone(), gzip(&file)] {
            for array in read_both_ways(&bytes) {
                assert_eq!(array.unwrap(), expected);
            }
        }
        let mut written = Vec::new();
        write_idx_to(&mut written, &expected, Compression::None, "memory").unwrap();
        assert_eq!(written, file);
    }
}

#[test]
fn codes_and_sizes_are_those_of_the_format() {
    for (code, values, body) in one_of_each() {
        let element = values.element_type();
        assert_eq!((element.code(), element.size() * 2), (code, body.len()));
        assert_eq!(ElementType::from_code(code), Some(element));
    }
    let known = (0..=255).filter(|&code| ElementType::from_code(code).is_some()).count();
    assert_eq!(known, 6);
}

#[test]
fn one_to_four_dimensions() {
    for sizes in [&[12][..], &[3, 4], &[2, 3, 2], &[2, 1, 3, 2]] {
        for array in read_both_ways(&idx_bytes(sizes, &[7; 12])) {
            let shape: Vec<usize> = sizes.iter().map(|&size| size as usize).collect();
            assert_eq!(array.unwrap(), IdxArray::new(shape, IdxValues::U8(vec![7; 12])).unwrap());
        }
    }
}

#[test]
fn empty_arrays() {
    for sizes in [&[0][..], &[0, 28, 28], &[5, 0], &[0, 0, 0, 0]] {
        for file in [idx_bytes(sizes, &[]), gzip(&idx_bytes(sizes, &[]))] {
            for array in read_both_ways(&file) {
                assert!(array.unwrap().values().is_empty());
            }
        }
    }
}

#[test]
fn a_file_packed_by_another_program() {
    // Python: gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]), 9, mtime=0)
    let packed = include_bytes!("../golden/labels-by-python.gz");
    let array = read_idx_from(&packed[..], "labels").unwrap();
    assert_eq!(array, IdxArray::new(vec![3], IdxValues::U8(vec![7, 8, 9])).unwrap());
}

#[test]
fn all_members_of_a_gzip_stream_are_read() {
    let file = idx_bytes(&[200_000], &[5; 200_000]);
    let (first, rest) = file.split_at(3);
    let (second, third) = rest.split_at(100_000);
    let members = [gzip(first), gzip(second), gzip(&[]), gzip(third)].concat();
    for array in read_both_ways(&members) {
        assert_eq!(array.unwrap().values(), &IdxValues::U8(vec![5; 200_000]));
    }
}

#[test]
fn gzip_is_known_by_its_content_not_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = idx_bytes(&[2], &[1, 2]);
    for (name, bytes) in [("plain.gz", file.clone()), ("packed", gzip(&file))] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(read_idx(&path).unwrap().shape(), [2]);
    }
}

/// Gives one byte at a time, and between them the interruption that a signal causes.
struct Trickle<'a>(&'a [u8], bool);

impl std::io::Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(std::io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn a_slow_and_interrupted_source_reads_the_same() {
    let file = idx_bytes(&[300], &[3; 300]);
    for bytes in [file.clone(), gzip(&file)] {
        let array = read_idx_from(Trickle(&bytes, false), "trickle").unwrap();
        assert_eq!(array.values(), &IdxValues::U8(vec![3; 300]));
    }
}

#[test]
fn bodies_longer_than_one_step_of_the_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let count = 3 * 64 * 1024 + 17;
    let bytes: Vec<u8> = (0..count).map(|index| (index % 251) as u8).collect();
    let doubles: Vec<f64> = (0..count).map(|index| index as f64 / 3.0).collect();
    for values in [IdxValues::U8(bytes), IdxValues::F64(doubles)] {
        let array = IdxArray::new(vec![count], values).unwrap();
        for compression in [Compression::None, Compression::Gzip] {
            write_idx(&path, &array, compression).unwrap();
            assert_eq!(read_idx(&path).unwrap(), array);
        }
    }
}

#[test]
fn equal_arrays_give_equal_gzip_files_without_a_time_stamp() {
    let array = IdxArray::new(vec![2], IdxValues::U8(vec![1, 2])).unwrap();
    let mut packed = Vec::new();
    write_idx_to(&mut packed, &array, Compression::Gzip, "memory").unwrap();
    assert_eq!(packed[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0], "magic, deflate, no flags, time 0");
}

#[test]
fn an_array_must_fit_its_shape_and_the_format() {
    let new = |shape: &[usize]| IdxArray::new(shape.to_vec(), IdxValues::U8(vec![0; 6]));
    assert!(matches!(new(&[2, 2]), Err(DataError::ValueCount { expected: 4, actual: 6, .. })));
    assert!(matches!(new(&[]), Err(DataError::DimensionCount { found: 0, .. })));
    assert!(matches!(new(&[6, 1, 1, 1, 1]), Err(DataError::DimensionCount { found: 5, .. })));
    assert!(matches!(new(&[1 << 32, 0]), Err(DataError::DimensionTooLarge { .. })));
    let large = u32::MAX as usize;
    assert!(matches!(new(&[large, large, large]), Err(DataError::SizeOverflow { .. })));
    assert!(matches!(new(&[0, large, large, large]), Err(DataError::SizeOverflow { .. })));
}
