//! How long one thread takes to distort as many images as MNIST has, and to describe them by directions:
//! `cargo run --release -p nn-images --example augmentation_rate`.
#![allow(clippy::print_stdout, reason = "a program that prints its result")]

use nn_data::embedded_sample;
use nn_images::{Augment, Augmenter, GradientEncoder, ImageError, deskewed};
use std::time::Instant;

/// As many images as MNIST has: those of the sample ten times over.
const IMAGES: u32 = 60_000;

fn main() -> Result<(), ImageError> {
    let all = Augment {
        rotation: 15.0,
        scale: 0.15,
        shear: 0.1,
        shift: 1.0,
        elastic: 1.3,
        sigma: 5.0,
        ..Augment::default()
    };
    let digits = deskewed(&embedded_sample()?.train)?;
    let images: Vec<&[u8]> = (0..digits.len()).filter_map(|index| digits.image(index)).collect();
    let image = |sample: u32| images[sample as usize % images.len()];
    let mut copies = vec![0; 784 * images.len()];
    for (name, settings) in [
        ("rotation, scale, shear, shift", Augment { elastic: 0.0, ..all }),
        ("the same and elastic, sigma 5", all),
        ("the same and elastic, sigma 2", Augment { sigma: 2.0, ..all }),
    ] {
        let mut augmenter = Augmenter::new(28, 28, settings)?;
        let started = Instant::now();
        for sample in 0..IMAGES {
            let copy = &mut copies[784 * (sample as usize % images.len())..][..784];
            augmenter.augment(image(sample), copy, 1.0, 1, 0, sample);
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{name}: {seconds:.2} s for {IMAGES} images of 28 x 28, one thread");
    }
    for (name, second_order) in
        [("gradient features", false), ("gradient features, second order", true)]
    {
        let mut encoder = GradientEncoder::new(28, 28)?.with_second_order(second_order);
        let mut features = vec![0; encoder.features()];
        let started = Instant::now();
        for copy in copies.chunks_exact(784).cycle().take(IMAGES as usize) {
            encoder.encode(copy, &mut features);
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{name}: {seconds:.2} s for {IMAGES} images of 28 x 28, one thread");
    }
    Ok(())
}
