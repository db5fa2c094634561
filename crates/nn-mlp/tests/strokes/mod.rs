//! What tests of prepared images share: strokes to be told apart.

use nn_data::Dataset;

/// Strokes of three slants on 8 x 8 pixels, one class each.
pub(crate) fn strokes() -> Dataset {
    let stroke = |slant: i32| {
        (0..64).map(move |index| {
            let (y, x) = (index / 8, index % 8);
            let off = 2 * (x - 4) - slant * (y - 4);
            u8::try_from(255 - 100 * off.abs().min(2)).unwrap_or_default()
        })
    };
    let pixels: Vec<u8> = [-1, 0, 1].repeat(3).into_iter().flat_map(stroke).collect();
    Dataset::from_images(pixels, &[8, 8], [0, 1, 2].repeat(3), 3).unwrap()
}
