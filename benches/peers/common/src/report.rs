//! The JSON lines that `cargo xtask compare` reads.

/// Prints the images per second of an epoch (counted from 1), training only.
pub fn epoch(epoch: usize, images_per_s: f64) {
    println!("{{\"epoch\":{epoch},\"images_per_s\":{images_per_s}}}");
}

/// Prints the test accuracy, 0 to 1.
pub fn test(accuracy: f64) {
    println!("{{\"test_accuracy\":{accuracy}}}");
}
