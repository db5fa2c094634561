//! The JSON lines that `cargo xtask compare` reads.

/// Says how fast an epoch (counted from 1) was: images a second, training alone.
pub fn epoch(epoch: usize, images_per_s: f64) {
    println!("{{\"epoch\":{epoch},\"images_per_s\":{images_per_s}}}");
}

/// Says the share of test images that the trained network classifies rightly, 0 to 1.
pub fn test(accuracy: f64) {
    println!("{{\"test_accuracy\":{accuracy}}}");
}
