//! An image read at other places than its pixels.

/// Reads images of one size at a place for each pixel, in one pass, between pixels bilinearly.
#[derive(Clone, Debug)]
pub(crate) struct Resampler {
    height: usize,
    width: usize,
    /// Where each pixel is read: its row, height x width. While an image is read, only what is behind
    /// the point.
    pub(super) rows: Vec<f32>,
    /// And its column.
    pub(super) columns: Vec<f32>,
    /// The pixel of the framed image above and left of each place.
    corners: Vec<u32>,
    /// The image with a frame of zeros: one line before it and two behind, in both directions.
    framed: Vec<f32>,
}

/// Lines of the frame, before and behind together.
const FRAME: usize = 3;

impl Resampler {
    pub(crate) fn new(height: usize, width: usize) -> Self {
        Self {
            height,
            width,
            rows: vec![0.0; height * width],
            columns: vec![0.0; height * width],
            corners: vec![0; height * width],
            framed: vec![0.0; (height + FRAME) * (width + FRAME)],
        }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Sets the places to middle + matrix (pixel - middle) + shift, each (row, column).
    pub(crate) fn place(&mut self, matrix: &[[f32; 2]; 2], shift: [f32; 2]) {
        let middle = [(self.height - 1) as f32 / 2.0, (self.width - 1) as f32 / 2.0];
        let width = self.width;
        let lines = self.rows.chunks_exact_mut(width).zip(self.columns.chunks_exact_mut(width));
        for (y, (rows, columns)) in lines.enumerate() {
            let down = y as f32 - middle[0];
            let row = middle[0] + shift[0] + matrix[0][0] * down;
            let column = middle[1] + shift[1] + matrix[1][0] * down;
            for (x, (at_row, at_column)) in rows.iter_mut().zip(columns).enumerate() {
                let across = x as f32 - middle[1];
                *at_row = row + matrix[0][1] * across;
                *at_column = column + matrix[1][1] * across;
            }
        }
    }

    /// Reads `image` (height x width) at the places, which it uses up; outside it there is 0.
    pub(crate) fn sample(&mut self, image: &[u8], copy: &mut [u8]) {
        assert_eq!(image.len(), self.rows.len(), "distort: bytes of the image");
        assert_eq!(copy.len(), self.rows.len(), "distort: bytes of the copy");
        let (line, height, width) = (self.width + FRAME, self.height as f32, self.width as f32);
        let lines = self.framed.chunks_exact_mut(line).skip(1).zip(image.chunks_exact(self.width));
        for (framed, image) in lines {
            for (value, &byte) in framed[1..].iter_mut().zip(image) {
                *value = f32::from(byte);
            }
        }
        // Two passes: the first one's arithmetic goes several pixels at a time.
        let places = self.rows.iter_mut().zip(&mut self.columns);
        for ((row, column), corner) in places.zip(&mut self.corners) {
            // One line beyond the image all is 0, and farther out nothing changes.
            let (top, down) = whole_and_rest(within(*row, -1.0, height) + 1.0);
            let (left, across) = whole_and_rest(within(*column, -1.0, width) + 1.0);
            (*row, *column) = (down, across);
            *corner = top * line as u32 + left;
        }
        let places = self.rows.iter().zip(&self.columns).zip(&self.corners);
        for (byte, ((&down, &across), &corner)) in copy.iter_mut().zip(places) {
            let square = &self.framed[corner as usize..][..line + 2];
            let upper = square[0] + across * (square[1] - square[0]);
            let lower = square[line] + across * (square[line + 1] - square[line]);
            *byte = (upper + down * (lower - upper) + 0.5) as u8;
        }
    }
}

/// The nearest number from `least` to `most`; what is no number is `least`.
fn within(value: f32, least: f32, most: f32) -> f32 {
    let value = if value > least { value } else { least };
    if value < most { value } else { most }
}

/// The greatest integer that is not above `value`, from 0 to 2²² of them, and the rest. Conversion by `as` goes one
/// by one on many processors, this several at a time.
fn whole_and_rest(value: f32) -> (u32, f32) {
    /// From 2²³ on numbers are 1 apart, and their last 23 bits count them.
    const APART_BY_ONE: f32 = 8_388_608.0;
    let nearest = (value + APART_BY_ONE) - APART_BY_ONE;
    let whole = if nearest > value { nearest - 1.0 } else { nearest };
    ((whole + APART_BY_ONE).to_bits() & 0x7f_ffff, value - whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: [[f32; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

    fn image(height: usize, width: usize) -> Vec<u8> {
        (0..height * width).map(|index| (index * 53 % 255) as u8).collect()
    }

    #[test]
    fn a_whole_shift_moves_pixels_and_fills_with_nought() {
        let (height, width) = (5, 7);
        let image = image(height, width);
        let mut resampler = Resampler::new(height, width);
        resampler.place(&IDENTITY, [1.0, -2.0]);
        let mut copy = vec![1; image.len()];
        resampler.sample(&image, &mut copy);
        for y in 0..height {
            for x in 0..width {
                let truth =
                    if y + 1 < height && x >= 2 { image[(y + 1) * width + x - 2] } else { 0 };
                assert_eq!(copy[y * width + x], truth, "{y} {x}");
            }
        }
    }

    #[test]
    fn half_a_pixel_is_the_mean_of_two() {
        let image = [10, 20, 60];
        let mut resampler = Resampler::new(1, 3);
        resampler.place(&IDENTITY, [0.0, 0.5]);
        let mut copy = [0; 3];
        resampler.sample(&image, &mut copy);
        assert_eq!(copy, [15, 40, 30]);
    }

    /// As the standard library's `floor`, and places that are no numbers read nothing.
    #[test]
    fn wholes_and_rests_are_those_of_floor() {
        let places = [0.0, 0.25, 0.49999997, 0.5, 0.99999994, 1.0, 1.5, 28.999998, 29.0, 4098.9995];
        for value in places {
            let (whole, rest) = whole_and_rest(value);
            assert_eq!((whole as f32, rest), (value.floor(), value - value.floor()), "{value}");
        }
        assert_eq!(
            [f32::NAN, -7.0, 0.5, f32::INFINITY].map(|at| within(at, -1.0, 28.0)),
            [-1.0, -1.0, 0.5, 28.0]
        );
        let mut resampler = Resampler::new(4, 6);
        resampler.place(&[[f32::NAN; 2]; 2], [f32::INFINITY; 2]);
        let mut copy = vec![1; 24];
        resampler.sample(&[200; 24], &mut copy);
        assert_eq!(copy, [0; 24]);
    }

    #[test]
    fn a_quarter_turn_turns() {
        let side = 6;
        let image = image(side, side);
        let mut resampler = Resampler::new(side, side);
        resampler.place(&[[0.0, 1.0], [-1.0, 0.0]], [0.0, 0.0]);
        let mut copy = vec![0; image.len()];
        resampler.sample(&image, &mut copy);
        for y in 0..side {
            for x in 0..side {
                assert_eq!(copy[y * side + x], image[x * side + side - 1 - y], "{y} {x}");
            }
        }
    }

    #[test]
    fn far_outside_there_is_nothing() {
        let mut resampler = Resampler::new(2, 2);
        for shift in [[1e30, 0.0], [0.0, -1e30], [f32::NAN, 0.0], [2.0, 2.0]] {
            resampler.place(&IDENTITY, shift);
            let mut copy = [7; 4];
            resampler.sample(&[255; 4], &mut copy);
            assert_eq!(copy, [0; 4], "{shift:?}");
        }
    }
}
