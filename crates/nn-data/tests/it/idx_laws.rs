//! Laws of the IDX reader and writer, tried on generated input.

use nn_data::{Compression, IdxArray, IdxValues, read_idx, read_idx_from, write_idx};
use nn_testing::gzip;
use proptest::collection::vec;
use proptest::prelude::*;

/// `count` values of any of the six types; floats are finite, because NaN equals nothing.
fn values(count: usize) -> BoxedStrategy<IdxValues> {
    prop_oneof![
        vec(any::<u8>(), count).prop_map(IdxValues::U8),
        vec(any::<i8>(), count).prop_map(IdxValues::I8),
        vec(any::<i16>(), count).prop_map(IdxValues::I16),
        vec(any::<i32>(), count).prop_map(IdxValues::I32),
        vec(proptest::num::f32::NORMAL | proptest::num::f32::ZERO, count).prop_map(IdxValues::F32),
        vec(proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL, count)
            .prop_map(IdxValues::F64),
    ]
    .boxed()
}

/// Arrays of 1 to 4 dimensions, empty ones among them.
fn arrays() -> impl Strategy<Value = IdxArray> {
    let shapes = vec(0_usize..6, 1..=4);
    shapes.prop_flat_map(|shape| {
        values(shape.iter().product())
            .prop_map(move |values| IdxArray::new(shape.clone(), values).unwrap())
    })
}

/// Bytes that get past the first checks: a header of a known type with small dimensions, then noise.
fn nearly_idx() -> impl Strategy<Value = Vec<u8>> {
    let code = prop_oneof![Just(8_u8), Just(9), Just(11), Just(12), Just(13), Just(14)];
    (code, vec(0_u32..9, 1..=4), vec(any::<u8>(), 0..200))
        .prop_map(|(code, sizes, noise)| [crate::common::header(code, &sizes), noise].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn what_is_written_is_read(array in arrays()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("array");
        for compression in [Compression::None, Compression::Gzip] {
            write_idx(&path, &array, compression).unwrap();
            prop_assert_eq!(&read_idx(&path).unwrap(), &array);
        }
    }

    #[test]
    fn any_bytes_read_or_are_refused(bytes in vec(any::<u8>(), 0..400)) {
        let _ = read_idx_from(&bytes[..], "noise");
        let _ = read_idx_from(&gzip(&bytes)[..], "packed noise");
        let _ = read_idx_from(&[&[0x1f, 0x8b, 8, 0], &bytes[..]].concat()[..], "nearly gzip");
        let _ = read_idx_from(&[&[0, 0], &bytes[..]].concat()[..], "nearly IDX");
    }

    #[test]
    fn what_reads_is_as_long_as_it_says(bytes in nearly_idx()) {
        if let Ok(array) = read_idx_from(&bytes[..], "nearly IDX") {
            let size = array.values().element_type().size();
            let body: usize = array.shape().iter().product::<usize>() * size;
            prop_assert_eq!(4 + 4 * array.shape().len() + body, bytes.len());
        }
    }
}
