//! Test-time augmentation: which views there are, and where in a pipeline they are made.
#![allow(clippy::unwrap_used)] // a step that fails must fail the test

use nn_data::{Dataset, embedded_sample};
use nn_images::{
    Augment, Augmenter, Deskew, GradientEncoder, GradientFeatures, ImageError, Pipeline, Step,
    TestViews, deskewed,
};

fn digits() -> Dataset {
    embedded_sample().unwrap().test.subset(&[5, 10, 15]).unwrap()
}

fn strong() -> Augment {
    Augment { rotation: 30.0, elastic: 1.5, ..Augment::default() }
}

fn views(settings: TestViews, pipeline: &Pipeline, data: &Dataset) -> Vec<Dataset> {
    let mut views = settings.prepare(pipeline, data.sample_shape()).unwrap();
    let seen: Vec<Dataset> = views.of(data).unwrap().collect::<Result<_, ImageError>>().unwrap();
    assert_eq!(seen.len(), settings.count());
    seen
}

fn images(data: &Dataset) -> Vec<Vec<u8>> {
    (0..data.len()).map(|sample| data.image(sample).unwrap().to_vec()).collect()
}

/// By the definition: deskewed, then shifted or augmented, then described.
#[test]
fn views_are_made_between_deskewing_and_features() {
    let pipeline = Pipeline::new([
        Deskew {}.into(),
        strong().into(),
        GradientFeatures { sqrt: false, second_order: true }.into(),
    ]);
    let settings = TestViews { shifts: 1, copies: 2, strength: 0.5 };
    let seen = views(settings, &pipeline, &digits());
    let mut encoder = GradientEncoder::new(28, 28).unwrap().with_second_order(true);
    let mut features = |image: &[u8]| {
        let mut features = vec![0; 1569];
        encoder.encode(image, &mut features);
        features
    };
    let upright = images(&deskewed(&digits()).unwrap());
    let moved = |image: &[u8], [down, right]: [i32; 2]| -> Vec<u8> {
        let at = |y: i32, x: i32| {
            let inside = (0..28).contains(&y) && (0..28).contains(&x);
            if inside { image[(28 * y + x) as usize] } else { 0 }
        };
        (0..784).map(|pixel| at(pixel / 28 - down, pixel % 28 - right)).collect()
    };
    let shifts = (-1..=1).flat_map(|down| (-1..=1).map(move |right| [down, right]));
    for (view, shift) in shifts.enumerate() {
        let truth: Vec<_> = upright.iter().map(|image| features(&moved(image, shift))).collect();
        assert_eq!(images(&seen[view]), truth, "{shift:?}");
    }
    let mut augmenter = Augmenter::new(28, 28, strong()).unwrap();
    for copy in 0..2 {
        let mut augmented = |image: &Vec<u8>| {
            let mut augmented = vec![0; 784];
            augmenter.augment(image, &mut augmented, 0.5, 0, copy, 0);
            features(&augmented)
        };
        let truth: Vec<_> = upright.iter().map(&mut augmented).collect();
        assert_eq!(images(&seen[9 + copy as usize]), truth, "{copy}");
    }
}

#[test]
fn the_image_as_it_is_stands_in_the_middle() {
    let features = || Step::from(GradientFeatures::default());
    for pipeline in [
        Pipeline::default(),
        Pipeline::new([features()]),
        Pipeline::new([Deskew {}.into(), features()]),
        Pipeline::new([strong().into(), Deskew {}.into()]),
    ] {
        let shown = images(&pipeline.apply(&digits()).unwrap());
        let seen = views(TestViews { shifts: 2, ..TestViews::default() }, &pipeline, &digits());
        assert_eq!((seen.len(), images(&seen[12])), (25, shown.clone()));
        let alone = views(TestViews::default(), &pipeline, &digits());
        assert_eq!((alone.len(), images(&alone[0])), (1, shown));
    }
}

/// Samples beside it change nothing, and neither does what was seen before.
#[test]
fn a_view_depends_on_its_image_alone() {
    let pipeline = Pipeline::new([strong().into()]);
    let settings = TestViews { shifts: 1, copies: 3, strength: 1.0 };
    let mut prepared = settings.prepare(&pipeline, &[28, 28]).unwrap();
    let together = views(settings, &pipeline, &digits());
    for sample in [2, 0, 1] {
        let alone = digits().subset(&[sample]).unwrap();
        for (view, together) in prepared.of(&alone).unwrap().zip(&together) {
            assert_eq!(view.unwrap().image(0), together.image(sample as usize));
        }
    }
}

#[test]
fn numbers_have_one_view() {
    let numbers = Dataset::classification(vec![0.5; 6], 3, vec![0, 1], 2).unwrap();
    let seen = views(TestViews::default(), &Pipeline::default(), &numbers);
    assert_eq!(seen[0].values(1), numbers.values(1));
    let shifts = TestViews { shifts: 1, ..TestViews::default() };
    let flat = shifts.prepare(&Pipeline::default(), &[3]);
    assert!(matches!(flat.err(), Some(ImageError::NotAnImage { .. })));
    let mut square = shifts.prepare(&Pipeline::default(), &[1, 3]).unwrap();
    assert!(matches!(square.of(&numbers).err(), Some(ImageError::NotBytes { .. })));
    let mut other = shifts.prepare(&Pipeline::default(), &[14, 56]).unwrap();
    assert!(matches!(other.of(&digits()).err(), Some(ImageError::NotAnImage { .. })));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let random = Pipeline::new([strong().into()]);
    let refused = |settings: TestViews, pipeline: &Pipeline| {
        settings.prepare(pipeline, &[28, 28]).err().unwrap().to_string()
    };
    let copies = TestViews { copies: 4, ..TestViews::default() };
    let none = Pipeline::new([Deskew {}.into(), Augment::default().into()]);
    assert!(
        refused(copies, &none)
            .contains("4 augmented copies are asked for, but no transform is random")
    );
    assert_eq!(
        refused(TestViews { strength: 1.5, ..copies }, &random),
        "test-time augmentation: strength is 1.5, must be from 0 to 1"
    );
    let read: TestViews = toml::from_str("copies = 24").unwrap();
    assert_eq!(read, TestViews { shifts: 0, copies: 24, strength: 0.25 });
    assert!(toml::from_str::<TestViews>("copy = 24").is_err());
}
