//! Bilinear resampling: an image read at other places than its pixels.

use crate::whole::whole_and_rest;

/// Reads images of one size at a place for each pixel, in one pass, between pixels bilinearly.
#[derive(Clone, Debug)]
pub(crate) struct Resampler {
    height: usize,
    width: usize,
    /// Where each pixel is read: its row, height x width. While an image is read, only what is behind
    /// the point, and then what was read.
    pub(crate) rows: Vec<f32>,
    /// And its column.
    pub(crate) columns: Vec<f32>,
    /// The pixel of the framed image above and left of each place.
    corners: Vec<u32>,
    /// The image with a frame of zeros: one line before it and two behind, in both directions. Each pixel, and by how
    /// much the next of its row is more.
    framed: Vec<[f32; 2]>,
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
            framed: vec![[0.0; 2]; (height + FRAME) * (width + FRAME)],
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

    /// Reads `image` (height x width) at the places, which it overwrites; outside the image there is 0.
    pub(crate) fn sample(&mut self, image: &[u8], copy: &mut [u8]) {
        assert_eq!(image.len(), self.rows.len(), "resample: bytes of the image");
        assert_eq!(copy.len(), self.rows.len(), "resample: bytes of the copy");
        let (line, height, width) = (self.width + FRAME, self.height as f32, self.width as f32);
        let lines = self.framed.chunks_exact_mut(line).skip(1).zip(image.chunks_exact(self.width));
        for (framed, image) in lines {
            let (first, last) = (f32::from(image[0]), f32::from(image[self.width - 1]));
            (framed[0], framed[self.width]) = ([0.0, first], [last, -last]);
            for (pixel, (&here, &next)) in framed[1..].iter_mut().zip(image.iter().zip(&image[1..]))
            {
                *pixel = [f32::from(here), f32::from(next) - f32::from(here)];
            }
        }
        // Three passes: the arithmetic of the first and the last goes several pixels at a time.
        let places = self.rows.iter_mut().zip(&mut self.columns);
        for ((row, column), corner) in places.zip(&mut self.corners) {
            // One line beyond the image all is 0, and farther out nothing changes.
            let (top, down) = whole_and_rest(within(*row, -1.0, height) + 1.0);
            let (left, across) = whole_and_rest(within(*column, -1.0, width) + 1.0);
            (*row, *column) = (down, across);
            *corner = top * line as u32 + left;
        }
        let places = self.rows.iter_mut().zip(&self.columns).zip(&self.corners);
        for ((down, &across), &corner) in places {
            let square = &self.framed[corner as usize..][..=line];
            let upper = square[0][0] + across * square[0][1];
            let lower = square[line][0] + across * square[line][1];
            *down = upper + *down * (lower - upper);
        }
        for (byte, &read) in copy.iter_mut().zip(&self.rows) {
            *byte = whole_and_rest(read + 0.5).0 as u8;
        }
    }
}

/// The nearest number from `least` to `most`; what is no number is `least`.
fn within(value: f32, least: f32, most: f32) -> f32 {
    let value = if value > least { value } else { least };
    if value < most { value } else { most }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDENTITY: [[f32; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

    fn image(height: usize, width: usize) -> Vec<u8> {
        (0..height * width).map(|index| (index * 53 % 255) as u8).collect()
    }

    #[test]
    fn a_whole_shift_moves_pixels_and_fills_with_zeros() {
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

    /// Places that are no numbers read nothing.
    #[test]
    fn what_is_no_number_is_outside() {
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
