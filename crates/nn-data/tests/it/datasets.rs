//! Data sets in memory: what they refuse, what views share, how they split.

use nn_data::{DataError, Dataset, Inputs, MAX_CLASSES, Targets, TrainTest, stratified_sample};
use std::sync::Arc;

/// Six images of 1 x 2 pixels, of three classes.
fn six_images() -> Dataset {
    let pixels = (0..12).collect();
    Dataset::from_images(pixels, &[1, 2], vec![0, 1, 2, 0, 1, 0], 3).unwrap()
}

/// Whether two views have their pixels in the same memory.
fn share_pixels(one: &Dataset, other: &Dataset) -> bool {
    match (one.inputs(), other.inputs()) {
        (Inputs::Bytes(one), Inputs::Bytes(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn one_pixel_each(labels: Vec<u32>, classes: usize) -> Dataset {
    Dataset::from_images(vec![0; labels.len()], &[1, 1], labels, classes).unwrap()
}

#[test]
fn images_keep_bytes_shape_and_labels() {
    let data = six_images();
    assert_eq!((data.len(), data.input_width(), data.output_width()), (6, 2, 3));
    assert_eq!((data.sample_shape(), data.classes()), (&[1, 2][..], Some(3)));
    assert_eq!(data.inputs(), &Inputs::Bytes(Arc::new((0..12).collect())));
    assert_eq!(
        data.targets(),
        &Targets::Classes { labels: Arc::new(vec![0, 1, 2, 0, 1, 0]), classes: 3 }
    );
    assert_eq!(data.rows(), [0, 1, 2, 3, 4, 5]);
    assert_eq!((data.image(2), data.label(2)), (Some(&[4, 5][..]), Some(2)));
    assert_eq!((data.image(6), data.label(6)), (None, None));
    assert_eq!((data.values(2), data.target(2)), (None, None));
    assert_eq!(data.class_counts(), [3, 2, 1]);
}

#[test]
fn regression_keeps_values() {
    let data = Dataset::regression(vec![1.0, 2.0, 3.0], 1, vec![0.5; 6], 2).unwrap();
    assert_eq!((data.len(), data.input_width(), data.output_width()), (3, 1, 2));
    assert_eq!((data.classes(), data.label(0), data.image(0)), (None, None, None));
    assert_eq!((data.values(1), data.target(1)), (Some(&[2.0][..]), Some(&[0.5, 0.5][..])));
    assert!(data.class_counts().is_empty());
    assert!(matches!(data.with_classes(3), Err(DataError::NotClassification)));
}

#[test]
fn subsets_are_views_of_views_and_share_the_pixels() {
    let data = six_images();
    let first = data.subset(&[5, 3, 1]).unwrap();
    let second = first.subset(&[2, 0, 2]).unwrap();
    assert_eq!(second.rows(), [1, 5, 1]);
    assert_eq!(second.image(0), Some(&[2, 3][..]));
    assert!(share_pixels(&second, &data));
    assert!(matches!(
        second.subset(&[0, 3]),
        Err(DataError::SampleOutOfRange { sample: 3, count: 3 })
    ));
}

#[test]
fn with_classes_shares_the_pixels_and_leaves_other_views_alone() {
    let data = six_images();
    let wider = data.clone().with_classes(10).unwrap();
    assert_eq!((wider.classes(), data.classes()), (Some(10), Some(3)));
    assert!(share_pixels(&wider, &data));
    assert!(matches!(
        data.with_classes(2),
        Err(DataError::LabelOutOfRange { index: 2, label: 2, classes: 2 })
    ));
}

#[test]
fn a_label_without_a_class_is_refused_with_index_and_value() {
    let error = Dataset::from_images(vec![0; 3], &[1], vec![1, 9, 10], 10).unwrap_err();
    assert!(matches!(error, DataError::LabelOutOfRange { index: 2, label: 10, classes: 10 }));
    let message = error.to_string();
    assert!(message.contains("label 2 is 10") && message.contains("10 classes"), "{message}");
}

#[test]
fn as_many_classes_as_sixteen_bits_can_name() {
    let labels: Vec<u32> = (0..65_536).collect();
    let data = one_pixel_each(labels, 65_536);
    assert_eq!((data.output_width(), data.label(65_535)), (65_536, Some(65_535)));
    assert_eq!(data.split(0.5, 1).unwrap().1.len(), 32_768);
    let error = Dataset::from_images(vec![], &[1], vec![], MAX_CLASSES + 1).unwrap_err();
    assert!(matches!(error, DataError::TooManyClasses { .. }));
}

#[test]
fn wrong_counts_are_refused() {
    let error = Dataset::from_images(vec![0; 5], &[1, 2], vec![0; 3], 1).unwrap_err();
    assert!(matches!(error, DataError::ValueCount { expected: 6, actual: 5, .. }));
    let error = Dataset::classification(vec![0.0; 6], 2, vec![0; 2], 1).unwrap_err();
    assert!(matches!(error, DataError::ValueCount { expected: 4, actual: 6, .. }));
    let error = Dataset::regression(vec![0.0; 2], 1, vec![0.0; 5], 2).unwrap_err();
    assert!(matches!(error, DataError::ValueCount { what: "targets", expected: 4, actual: 5, .. }));
    let error = Dataset::regression(vec![0.0; 3], 1, vec![0.0; 4], 2).unwrap_err();
    assert!(matches!(error, DataError::ValueCount { what: "inputs", expected: 2, actual: 3, .. }));
}

#[test]
fn shapes_that_overflow_or_are_empty_are_refused() {
    let huge = [usize::MAX, 2];
    let error = Dataset::from_images(vec![0; 4], &huge, vec![0; 2], 1).unwrap_err();
    assert!(matches!(error, DataError::SizeOverflow { .. }));
    let error = Dataset::from_images(vec![], &[0, 28], vec![0; 2], 1).unwrap_err();
    assert!(matches!(error, DataError::ZeroWidth { what: "inputs" }));
    let error = Dataset::regression(vec![0.0], 1, vec![], 0).unwrap_err();
    assert!(matches!(error, DataError::ZeroWidth { what: "targets" }));
}

#[test]
fn values_that_are_not_finite_are_refused() {
    let error = Dataset::classification(vec![0.0, f64::NAN], 1, vec![0, 0], 1).unwrap_err();
    assert!(matches!(error, DataError::NotFinite { what: "inputs", index: 1, .. }));
    let error = Dataset::regression(vec![0.0], 1, vec![f64::INFINITY], 1).unwrap_err();
    assert!(matches!(error, DataError::NotFinite { what: "targets", index: 0, .. }));
}

#[test]
fn an_empty_set_is_a_set() {
    let data = Dataset::from_images(vec![], &[28, 28], vec![], 10).unwrap();
    assert!(data.is_empty());
    assert_eq!((data.input_width(), data.class_counts()), (784, vec![0; 10]));
    let (train, validation) = data.split(0.5, 0).unwrap();
    assert!(train.is_empty() && validation.is_empty());
    assert!(Dataset::regression(vec![], 3, vec![], 1).unwrap().is_empty());
}

#[test]
fn a_split_divides_every_class_in_proportion() {
    let labels = (0..1000).map(|sample| u32::from(sample % 10 < 3)).collect();
    let data = one_pixel_each(labels, 2);
    let (train, validation) = data.split(0.1, 3).unwrap();
    assert_eq!((train.class_counts(), validation.class_counts()), (vec![630, 270], vec![70, 30]));
    let mut all = [train.rows(), validation.rows()].concat();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..1000));
    assert!(train.rows().is_sorted() && validation.rows().is_sorted());
    assert!(share_pixels(&validation, &data));
}

#[test]
fn a_split_depends_on_the_seed_alone() {
    let data = one_pixel_each((0..300).map(|sample| sample % 3).collect(), 3);
    let validation = |seed| data.split(0.2, seed).unwrap().1.rows().to_vec();
    assert_eq!(validation(1), validation(1));
    assert_ne!(validation(1), validation(2));
}

#[test]
fn the_sum_of_a_split_is_rounded_once() {
    // 30 classes of one sample: rounding each class alone would give 0 or 30.
    let data = one_pixel_each((0..30).collect(), 30);
    assert_eq!(data.split(0.1, 0).unwrap().1.len(), 3);
}

#[test]
fn a_split_leaves_something_to_train_on() {
    let (train, validation) = one_pixel_each(vec![0, 0], 1).split(0.99, 0).unwrap();
    assert_eq!((train.len(), validation.len()), (1, 1));
    let (train, validation) = one_pixel_each(vec![0], 1).split(0.99, 0).unwrap();
    assert_eq!((train.len(), validation.len()), (1, 0));
}

#[test]
fn fraction_zero_gives_an_empty_validation_set() {
    let (train, validation) = six_images().split(0.0, 0).unwrap();
    assert_eq!((train.rows(), validation.len()), (&[0, 1, 2, 3, 4, 5][..], 0));
}

#[test]
fn a_fraction_outside_zero_to_one_is_refused() {
    for fraction in [1.0, 1.5, -0.1, f64::NAN, f64::INFINITY] {
        let error = six_images().split(fraction, 0).unwrap_err();
        assert!(matches!(error, DataError::InvalidFraction { .. }), "{fraction}");
    }
}

#[test]
fn regression_splits_at_random() {
    let data = Dataset::regression(vec![0.0; 50], 1, vec![0.0; 50], 1).unwrap();
    let (train, validation) = data.split(0.2, 0).unwrap();
    assert_eq!((train.len(), validation.len()), (40, 10));
    assert_ne!(validation.rows(), Vec::from_iter(0..10));
}

#[test]
fn a_sample_needs_enough_of_every_class() {
    assert_eq!(stratified_sample(&six_images(), 1, 0).unwrap().class_counts(), [1, 1, 1]);
    let error = stratified_sample(&six_images(), 2, 0).unwrap_err();
    assert!(matches!(error, DataError::ClassTooSmall { class: 2, available: 1, wanted: 2 }));
    let regression = Dataset::regression(vec![0.0], 1, vec![0.0], 1).unwrap();
    assert!(matches!(stratified_sample(&regression, 1, 0), Err(DataError::NotClassification)));
}

#[test]
fn training_and_test_set_must_fit_together() {
    let bytes = |shape: &[usize]| Dataset::from_images(vec![0; 4], shape, vec![0], 1).unwrap();
    let numbers = Dataset::classification(vec![0.0; 4], 4, vec![2], 3).unwrap();
    let error = TrainTest::matched(bytes(&[2, 2]), bytes(&[1, 4])).unwrap_err();
    assert!(error.to_string().contains("[2, 2] against [1, 4]"), "{error}");
    let error = TrainTest::matched(bytes(&[4]), numbers.clone()).unwrap_err();
    assert!(error.to_string().contains("bytes against numbers"), "{error}");
    let few = Dataset::classification(vec![0.0; 4], 4, vec![0], 1).unwrap();
    let both = TrainTest::matched(few, numbers).unwrap();
    assert_eq!((both.train.classes(), both.test.classes()), (Some(3), Some(3)));
}

#[test]
fn mapped_bytes_are_those_of_the_view() {
    let view = six_images().subset(&[4, 0, 4]).unwrap();
    let sums = view.map_bytes(&[1, 1], |old, new| new[0] += old[0] + old[1]).unwrap();
    assert_eq!(sums.inputs(), &Inputs::Bytes(Arc::new(vec![17, 1, 17])));
    assert_eq!(sums.targets(), &Targets::Classes { labels: Arc::new(vec![1, 0, 1]), classes: 3 });
    assert_eq!((sums.rows(), sums.sample_shape()), (&[0, 1, 2][..], &[1, 1][..]));

    let empty = view.subset(&[]).unwrap().map_bytes(&[5], |_, _| ()).unwrap();
    assert_eq!((empty.len(), empty.sample_shape()), (0, &[5][..]));
    let numbers = Dataset::regression(vec![1.0, 2.0], 1, vec![0.5; 2], 1).unwrap();
    assert!(matches!(numbers.map_bytes(&[1], |_, _| ()), Err(DataError::NotBytes)));
    assert!(matches!(view.map_bytes(&[0], |_, _| ()), Err(DataError::ZeroWidth { .. })));
    let huge = view.map_bytes(&[usize::MAX, 2], |_, _| ());
    assert!(matches!(huge, Err(DataError::SizeOverflow { .. })));
    let many = view.map_bytes(&[usize::MAX], |_, _| ());
    assert!(matches!(many, Err(DataError::SizeOverflow { .. })));
}
