//! Laws of pipelines: however one is cut and applied, an image becomes the same.
#![allow(clippy::unwrap_used)] // a step that fails must fail the test

use nn_data::{Dataset, embedded_sample};
use nn_images::{
    Augment, Augmenter, Deskew, Draw, GradientEncoder, GradientFeatures, ImageError, Pipeline,
    Step, deskew,
};

fn digits() -> Dataset {
    embedded_sample().unwrap().test.subset(&[3, 141, 592, 653, 589]).unwrap()
}

fn strong() -> Augment {
    Augment {
        rotation: 30.0,
        scale: 0.3,
        shift: 2.0,
        elastic: 1.5,
        fade: 0.5,
        ..Augment::default()
    }
}

fn augment() -> Step {
    strong().into()
}

fn features() -> Step {
    GradientFeatures { sqrt: true, second_order: false }.into()
}

/// One without each of the three, in the usual order, and unusual ones.
fn pipelines() -> Vec<Pipeline> {
    let nothing = || Step::from(Augment::default());
    let mut pipelines = vec![
        Pipeline::new([augment(), Deskew {}.into(), augment(), features()]),
        Pipeline::new([Deskew {}.into(), Deskew {}.into(), augment()]),
        Pipeline::new([nothing(), Deskew {}.into(), augment(), features()]),
        Pipeline::new([nothing()]),
    ];
    for taken in 0..8 {
        let all = [Deskew {}.into(), augment(), features()];
        let taken = all.into_iter().enumerate().filter(|(index, _)| taken >> index & 1 == 1);
        pipelines.push(taken.map(|(_, step)| step).collect());
    }
    pipelines
}

fn applied(pipeline: &Pipeline, shape: &[usize], image: &[u8], draw: &Draw) -> Vec<u8> {
    let mut worker = pipeline.worker(shape).unwrap();
    let mut output = vec![99; worker.output_width()];
    worker.apply(image, &mut output, draw);
    output
}

fn draw(sample: u32) -> Draw {
    Draw { seed: 3, epoch: 8, epochs: 10, sample, strength: None }
}

#[test]
fn the_parts_of_a_split_make_the_whole() {
    let data = digits();
    for pipeline in pipelines() {
        let (once, rest) = pipeline.split();
        assert_eq!([once.steps(), rest.steps()].concat(), pipeline.steps());
        assert!(!once.has_random() && rest.has_random() == pipeline.has_random());
        assert!(rest.is_empty() || rest.steps()[0].transform().is_random());
        let kept = once.apply(&data).unwrap();
        for sample in 0..data.len() {
            let draw = draw(sample as u32);
            let whole = applied(&pipeline, &[28, 28], data.image(sample).unwrap(), &draw);
            let parts = applied(&rest, kept.sample_shape(), kept.image(sample).unwrap(), &draw);
            assert_eq!(whole, parts, "{pipeline:?}");
            let width: usize = pipeline.output_shape(&[28, 28]).unwrap().iter().product();
            assert_eq!(whole.len(), width);
        }
    }
}

#[test]
fn fixed_transforms_are_the_same_for_a_set_and_for_a_worker() {
    let data = digits();
    for pipeline in pipelines() {
        let fixed = pipeline.fixed();
        let shown = pipeline.apply(&data).unwrap();
        assert_eq!(shown.sample_shape(), pipeline.output_shape(&[28, 28]).unwrap());
        assert_eq!((shown.len(), shown.label(2)), (data.len(), data.label(2)));
        for sample in 0..data.len() {
            let image = data.image(sample).unwrap();
            for draw in [Draw::default(), draw(7)] {
                assert_eq!(applied(&fixed, &[28, 28], image, &draw), shown.image(sample).unwrap());
            }
        }
    }
}

/// Against the functions one after the other, by hand.
#[test]
fn a_pipeline_is_its_transforms_in_order() {
    let pipeline = Pipeline::new([Deskew {}.into(), augment(), features()]);
    let mut augmenter = Augmenter::new(28, 28, strong()).unwrap();
    let mut encoder = GradientEncoder::new(28, 28).unwrap().with_sqrt(true);
    let data = digits();
    for sample in 0..data.len() {
        let upright = deskew(data.image(sample).unwrap(), 28, 28).unwrap();
        let (mut copy, mut truth) = (vec![0; 784], vec![0; 769]);
        // The second but last of ten epochs, of which five fade: 1 of 5 is still to come.
        augmenter.augment(&upright, &mut copy, 0.2, 3, 8, sample as u32);
        encoder.encode(&copy, &mut truth);
        let draw = draw(sample as u32);
        assert_eq!(applied(&pipeline, &[28, 28], data.image(sample).unwrap(), &draw), truth);
        augmenter.augment(&upright, &mut copy, 0.7, 3, 8, sample as u32);
        encoder.encode(&copy, &mut truth);
        let draw = Draw { strength: Some(0.7), ..draw };
        assert_eq!(applied(&pipeline, &[28, 28], data.image(sample).unwrap(), &draw), truth);
    }
}

/// Shifts along the columns of two transforms, each drawn by itself: seldom the same.
#[test]
fn random_transforms_draw_from_streams_of_their_own() {
    let shift = || Step::from(Augment { shift: 3.0, ..Augment::default() });
    let (one, two) = (Pipeline::new([shift()]), Pipeline::new([shift(), shift()]));
    let mut image = vec![0; 41 * 41];
    image[20 * 41 + 20] = 255;
    // Column of the centre of mass, which moves as the pixel does, whatever the interpolation.
    let column = |pixels: &[u8]| {
        let ink = |(at, &byte): (usize, &u8)| ((at % 41) as f64 - 20.0) * f64::from(byte);
        let mass: f64 = pixels.iter().map(|&byte| f64::from(byte)).sum();
        pixels.iter().enumerate().map(ink).sum::<f64>() / mass
    };
    let doubled = (0..200).filter(|&sample| {
        let [once, twice] = [&one, &two]
            .map(|pipeline| column(&applied(pipeline, &[41, 41], &image, &draw(sample))));
        (twice - 2.0 * once).abs() < 0.05
    });
    assert!(doubled.count() < 20);
}

#[test]
fn a_worker_leaves_no_trace() {
    let data = digits();
    let pipeline = Pipeline::new([Deskew {}.into(), augment(), features()]);
    let mut worker = pipeline.worker(&[28, 28]).unwrap();
    let mut copy = worker.clone();
    let (mut first, mut second) = (vec![0; 769], vec![255; 769]);
    worker.apply(data.image(0).unwrap(), &mut first, &draw(0));
    worker.apply(data.image(1).unwrap(), &mut first, &draw(1));
    copy.apply(data.image(1).unwrap(), &mut second, &draw(1));
    assert_eq!(first, second);
}

#[test]
fn nothing_to_do_shares_the_data() {
    let data = digits();
    let same =
        |pipeline: Pipeline| std::ptr::eq(pipeline.apply(&data).unwrap().inputs(), data.inputs());
    assert!(same(Pipeline::default()) && same(Pipeline::new([augment()])));
    assert!(!same(Pipeline::new([Deskew {}.into()])));
    // Data of any kind and shape goes through an empty pipeline.
    let numbers = Dataset::classification(vec![0.5; 6], 3, vec![0, 1], 2).unwrap();
    assert_eq!(Pipeline::default().apply(&numbers).unwrap().values(1), numbers.values(1));
    assert_eq!(Pipeline::default().output_shape(&[2, 3, 4]).unwrap(), [2, 3, 4]);
    assert_eq!(applied(&Pipeline::default(), &[3], &[1, 2, 3], &Draw::default()), [1, 2, 3]);
}

#[test]
fn what_is_no_image_is_refused() {
    let numbers = Dataset::classification(vec![0.5; 16], 16, vec![0], 2).unwrap();
    let flat = Dataset::from_images(vec![0; 16], &[16], vec![0], 2).unwrap();
    for step in [Deskew {}.into(), features()] {
        let pipeline = Pipeline::new([step]);
        assert!(matches!(pipeline.apply(&numbers), Err(ImageError::NotBytes { .. })));
        assert!(matches!(pipeline.apply(&flat), Err(ImageError::NotAnImage { .. })));
        for shape in [&[16][..], &[4, 4, 1], &[0, 4], &[4097, 1], &[]] {
            assert!(matches!(pipeline.output_shape(shape), Err(ImageError::NotAnImage { .. })));
            assert!(matches!(pipeline.worker(shape), Err(ImageError::NotAnImage { .. })));
        }
    }
}

#[test]
fn places_are_those_of_the_output() {
    let grid: Vec<[usize; 2]> = (0..12).map(|pixel| [pixel / 4, pixel % 4]).collect();
    for pipeline in pipelines() {
        let places = pipeline.places(&[3, 4]).unwrap();
        let width: usize = pipeline.output_shape(&[3, 4]).unwrap().iter().product();
        assert_eq!(places.len(), width);
        let truth = if width == 12 { grid.clone() } else { GradientEncoder::places(3, 4, false) };
        assert_eq!(places, truth);
    }
    assert!(Pipeline::default().places(&[12]).is_err());
}

#[test]
fn pictures_are_of_features_alone() {
    let numbers: Vec<f64> = (0..769).map(f64::from).collect();
    let pipeline = Pipeline::new([Deskew {}.into(), features()]);
    let picture = pipeline.picture(&numbers).unwrap();
    assert_eq!((picture.height, picture.width, picture.values.len()), (33, 33, 33 * 33));
    assert_eq!(picture.values[33 * 16 + 16], 648.0 + 60.0); // the middle of the image
    assert_eq!(pipeline.picture(&numbers[1..]), None);
    assert_eq!(Pipeline::new([Deskew {}.into()]).picture(&[0.0; 784]), None);
}
