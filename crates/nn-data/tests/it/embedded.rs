//! The sample inside the crate is real MNIST digits, as many of each class.

use nn_data::{Compression, Dataset, embedded_sample, load_folder, make_sample, write_folder};

fn mean_pixel(data: &Dataset) -> f64 {
    let sum: u64 = (0..data.len())
        .flat_map(|sample| data.image(sample).unwrap())
        .map(|&pixel| u64::from(pixel))
        .sum();
    sum as f64 / (data.len() * data.input_width()) as f64 / 255.0
}

#[test]
fn counts_and_shapes() {
    let digits = embedded_sample().unwrap();
    for (data, per_class) in [(&digits.train, 600), (&digits.test, 100)] {
        assert_eq!(data.class_counts(), [per_class; 10]);
        assert_eq!((data.sample_shape(), data.classes()), (&[28, 28][..], Some(10)));
    }
}

#[test]
fn the_pixels_are_those_of_mnist() {
    // The mean of all training pixels of MNIST is 0.1307 (published many times over); of 4.7 million
    // pixels of a balanced sample it can hardly differ in the second digit.
    let digits = embedded_sample().unwrap();
    for data in [&digits.train, &digits.test] {
        assert!((mean_pixel(data) - 0.1307).abs() < 0.005, "{}", mean_pixel(data));
    }
    // 67 pixels are zero in every training image of MNIST, the corner one among them.
    let zero = |pixel: &usize| {
        (0..digits.train.len()).all(|sample| digits.train.image(sample).unwrap()[*pixel] == 0)
    };
    assert!((0..784).filter(zero).count() >= 67);
    assert!(zero(&0) && !zero(&(14 * 28 + 14)));
}

#[test]
fn no_digit_is_there_twice() {
    let digits = embedded_sample().unwrap();
    let mut seen = std::collections::HashSet::new();
    for data in [&digits.train, &digits.test] {
        assert!((0..data.len()).all(|sample| seen.insert(data.image(sample).unwrap().to_vec())));
    }
}

#[test]
fn a_sample_of_the_sample_is_itself() {
    // Choosing 600 of 600 changes nothing, and what is written is what was compiled in.
    let digits = embedded_sample().unwrap();
    let folder = tempfile::tempdir().unwrap();
    write_folder(folder.path(), &make_sample(&digits).unwrap(), Compression::Gzip).unwrap();
    let read = load_folder(folder.path()).unwrap();
    for (read, digits) in [(&read.train, &digits.train), (&read.test, &digits.test)] {
        assert!(read.inputs() == digits.inputs() && read.targets() == digits.targets());
    }
}
