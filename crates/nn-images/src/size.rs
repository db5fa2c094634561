//! Sizes of images.

/// Most pixels along a side of an image.
pub const MAX_SIDE: usize = 4096;

/// Returns height and width of samples of this shape, where they are images of a size that transforms take.
pub(crate) fn size_of(shape: &[usize]) -> Option<[usize; 2]> {
    let size: [usize; 2] = shape.try_into().ok()?;
    size.iter().all(|side| (1..=MAX_SIDE).contains(side)).then_some(size)
}
