//! Computes oriented gradient features.
//!
//! Two hands draw the same stroke a pixel apart, or twice as thick: as pixels the two have little in common, as
//! edges of one direction in one region much. So the gradient of each pixel (Sobel) is split onto the two
//! nearest of eight directions by the parallelogram rule, and the part of each direction is averaged under 9 x 9
//! Gaussian windows: the gradient direction feature of Liu, Nakashima, Sako and Fujisawa (Pattern
//! Recognition 36, 2003), related to the histograms of Dalal and Triggs (2005). The eight planes are followed by the
//! image itself under 11 x 11 such windows. Optionally the square root is taken of all of these, as of the histograms
//! of Arandjelović and Zisserman (2012), so that weak edges count for more, and the [second
//! order](super::second_order) follows. Nothing in it is learned.

use super::second_order::{self, SecondOrder};
use super::windows::{Area, Grid};
use crate::error::ImageError;
use crate::size::size_of;
use crate::whole::whole_and_rest;
use nn_data::{Dataset, Inputs};
use std::f32::consts::SQRT_2;
use std::ops::Range;

/// Directions that an edge may face, an eighth of a turn apart: right, right and down, down, and so on.
const DIRECTIONS: usize = 8;
/// Windows along each side, for the gradient of one direction.
const REGIONS: usize = 9;
/// Windows along each side, for the image itself.
const PLAIN_REGIONS: usize = 11;

/// What the mean of a direction is multiplied by before it becomes a byte. A full edge through the middle of a
/// window of MNIST comes to two thirds of the range.
const EDGE_SCALE: f32 = 1.5;

/// Computes oriented gradient features of images of one size, with its scratch space.
///
/// ```
/// use nn_images::GradientEncoder;
/// // White above, ink below: the edge faces down, which is the third of eight directions.
/// let image: Vec<u8> = (0..784).map(|index| if index < 392 { 0 } else { 255 }).collect();
/// let mut features = vec![0; GradientEncoder::WIDTH];
/// GradientEncoder::new(28, 28)?.encode(&image, &mut features);
/// let middle = |direction: usize| features[81 * direction + 40];
/// assert!(middle(2) > 100 && [0, 1, 3, 4, 5, 6, 7].iter().all(|&other| middle(other) == 0));
/// # Ok::<(), nn_images::ImageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct GradientEncoder {
    width: usize,
    /// Whether the square root is taken of the means.
    sqrt: bool,
    /// The image, from 0 to 1.
    image: Vec<[f32; 1]>,
    /// The same in a frame of zeros one line wide.
    framed: Vec<f32>,
    /// Of one row of pixels: the gradient down and right.
    gradient: [Vec<f32>; 2],
    /// Of each column of the image, whether there is ink in it (any bit).
    inked: Vec<u8>,
    /// The part of the gradient of each pixel in each direction.
    edges: Vec<[f32; DIRECTIONS]>,
    regions: Grid<DIRECTIONS>,
    plain_regions: Grid<1>,
    /// Where it is wanted.
    second_order: Option<SecondOrder>,
}

impl GradientEncoder {
    /// Number of features, whatever the size of the image: eight planes of 9 x 9, then 11 x 11, each row-major.
    pub const WIDTH: usize = DIRECTIONS * REGIONS * REGIONS + PLAIN_REGIONS * PLAIN_REGIONS;

    /// The same with the [second order](Self::with_second_order): then 32 planes of 5 x 5.
    pub const WIDTH_WITH_SECOND_ORDER: usize =
        Self::WIDTH + second_order::PLANES * second_order::REGIONS * second_order::REGIONS;

    /// Side of a [`picture`](Self::picture).
    pub const PICTURE_SIDE: usize = 3 * PLAIN_REGIONS;

    /// For images of `height` x `width` bytes. It holds some 40 bytes for each pixel, 80 with the second order.
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] for images without pixels or of more than [`MAX_SIDE`](crate::MAX_SIDE) of them
    /// along a side.
    pub fn new(height: usize, width: usize) -> Result<Self, ImageError> {
        if size_of(&[height, width]).is_none() {
            return Err(ImageError::NotAnImage {
                transform: super::KIND,
                shape: vec![height, width],
            });
        }
        let row = || vec![0.0; width];
        Ok(Self {
            width,
            sqrt: false,
            image: vec![[0.0]; height * width],
            framed: vec![0.0; (height + 2) * (width + 2)],
            gradient: [row(), row()],
            inked: vec![0; width],
            edges: vec![[0.0; DIRECTIONS]; height * width],
            regions: Grid::new([height, width], REGIONS),
            plain_regions: Grid::new([height, width], PLAIN_REGIONS),
            second_order: None,
        })
    }

    /// For the images of `dataset`.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`ImageError::NotAnImage`] where samples are not height x width bytes.
    pub fn for_dataset(dataset: &Dataset) -> Result<Self, ImageError> {
        match (dataset.sample_shape(), dataset.inputs()) {
            (&[height, width], Inputs::Bytes(_)) => Self::new(height, width),
            (shape, _) => {
                Err(ImageError::NotAnImage { transform: super::KIND, shape: shape.to_vec() })
            }
        }
    }

    /// Returns the same encoder, which takes the square root of each feature (from 0 to 1) where `sqrt` says so.
    ///
    /// ```
    /// use nn_images::GradientEncoder;
    /// let grey = vec![64; 784];
    /// let mut features = vec![0; GradientEncoder::WIDTH];
    /// GradientEncoder::new(28, 28)?.with_sqrt(true).encode(&grey, &mut features);
    /// assert_eq!(features[648 + 60], 128); // the image in its middle: √(64 / 255) is 128 / 255
    /// # Ok::<(), nn_images::ImageError>(())
    /// ```
    #[must_use]
    pub fn with_sqrt(self, sqrt: bool) -> Self {
        Self { sqrt, ..self }
    }

    /// Returns the same encoder, with the second order behind the other features where `second_order` says so.
    ///
    /// Of the plane of each direction, at half its size, the gradient is split onto four lines (across, falling, down,
    /// rising) and averaged under 5 x 5 Gaussian windows. It tells where edges end and bend, and what lies beside what.
    ///
    /// ```
    /// use nn_images::GradientEncoder;
    /// // Ink below the middle, from the left to the middle: an edge that faces down, and ends.
    /// let ink = |index: usize| if index >= 392 && index % 28 < 14 { 255 } else { 0 };
    /// let image: Vec<u8> = (0..784).map(ink).collect();
    /// let mut encoder = GradientEncoder::new(28, 28)?.with_second_order(true);
    /// let mut features = vec![0; encoder.features()];
    /// encoder.encode(&image, &mut features);
    /// // Where an edge that faces down begins or ends, going across: in the middle, and not to the right of it.
    /// let (line, direction) = (0, 2);
    /// let across = &features[769 + 25 * (8 * line + direction)..][..25];
    /// assert!(across[12] > 20 && across[14] == 0);
    /// # Ok::<(), nn_images::ImageError>(())
    /// ```
    #[must_use]
    pub fn with_second_order(self, second_order: bool) -> Self {
        let sides = [self.image.len() / self.width, self.width];
        Self { second_order: second_order.then(|| SecondOrder::new(sides)), ..self }
    }

    /// Returns the number of features.
    #[must_use]
    pub fn features(&self) -> usize {
        Self::width_of(self.second_order.is_some())
    }

    /// Returns the number of features with or without the second order.
    #[must_use]
    pub const fn width_of(second_order: bool) -> usize {
        if second_order { Self::WIDTH_WITH_SECOND_ORDER } else { Self::WIDTH }
    }

    /// Returns the pixel, by row and column, about which each feature is taken, on images of `height` x `width`.
    #[must_use]
    pub fn places(height: usize, width: usize, second_order: bool) -> Vec<[usize; 2]> {
        let of_plane = |count: usize| {
            let middle = move |window: usize, side: usize| (2 * window + 1) * side / (2 * count);
            (0..count * count)
                .map(move |place| [middle(place / count, height), middle(place % count, width)])
        };
        let directions = (0..DIRECTIONS).flat_map(|_| of_plane(REGIONS));
        let planes = if second_order { second_order::PLANES } else { 0 };
        let second_order = (0..planes).flat_map(|_| of_plane(second_order::REGIONS));
        directions.chain(of_plane(PLAIN_REGIONS)).chain(second_order).collect()
    }

    /// Writes the features of `image` (height x width bytes, row-major) into `features`, a byte each.
    ///
    /// # Panics
    /// When either has another length.
    pub fn encode(&mut self, image: &[u8], features: &mut [u8]) {
        let pixels = self.image.len();
        assert!(
            image.len() == pixels,
            "gradient features: {} bytes for {pixels} pixels",
            image.len()
        );
        let fits = features.len() == self.features();
        assert!(fits, "gradient features: room for {} bytes", features.len());
        self.frame(image);
        let area = self.edged(image);
        for row in area.rows.clone() {
            self.split_gradient(row, area.columns.clone());
        }
        let sqrt = self.sqrt;
        let nearest_byte = |share: f32| nearest_byte(if sqrt { share.sqrt() } else { share });
        let (features, second_order) = features.split_at_mut(Self::WIDTH);
        let (directions, plain) = features.split_at_mut(DIRECTIONS * REGIONS * REGIONS);
        for (window, edges) in self.regions.means(&self.edges, &area).iter().enumerate() {
            let (x, y) = (window / REGIONS, window % REGIONS);
            let bytes = edges.map(|mean| nearest_byte(EDGE_SCALE * mean));
            for (plane, byte) in directions.chunks_exact_mut(REGIONS * REGIONS).zip(bytes) {
                plane[y * REGIONS + x] = byte;
            }
        }
        let plain_regions = self.plain_regions.means(&self.image, &area);
        for (y, row) in plain.chunks_exact_mut(PLAIN_REGIONS).enumerate() {
            for (x, byte) in row.iter_mut().enumerate() {
                *byte = nearest_byte(plain_regions[x * PLAIN_REGIONS + y][0]);
            }
        }
        let side = second_order::REGIONS;
        if let Some(encoder) = &mut self.second_order {
            for (window, edges) in encoder.means(&self.edges, &area).iter().enumerate() {
                let (x, y) = (window / side, window % side);
                let planes = second_order.chunks_exact_mut(side * side);
                for (plane, mean) in planes.zip(edges) {
                    plane[y * side + x] = nearest_byte(second_order::SCALE * mean);
                }
            }
        }
    }

    /// Returns the samples of this view, with features in place of pixels.
    ///
    /// ```
    /// use nn_data::Dataset;
    /// use nn_images::GradientEncoder;
    /// let images = Dataset::from_images(vec![7; 2 * 64], &[8, 8], vec![0, 1], 2)?;
    /// let features = GradientEncoder::new(8, 8)?.with_sqrt(true).encode_all(&images)?;
    /// assert_eq!((features.len(), features.input_width()), (2, 769));
    /// assert!(GradientEncoder::new(4, 16)?.encode_all(&images).is_err());
    /// # Ok::<(), nn_images::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] where samples are not images of the encoder's size.
    pub fn encode_all(&mut self, dataset: &Dataset) -> Result<Dataset, ImageError> {
        let size = [self.image.len() / self.width, self.width];
        if dataset.sample_shape() != size {
            let shape = dataset.sample_shape().to_vec();
            return Err(ImageError::NotAnImage { transform: super::KIND, shape });
        }
        let width = self.features();
        Ok(dataset.map_bytes(&[width], |image, features| self.encode(image, features))?)
    }

    /// Lays numbers in the place of features, such as weights, out to be drawn: a square of
    /// [`PICTURE_SIDE`](Self::PICTURE_SIDE), row-major, in which the plane of each direction lies where it faces,
    /// around that of the image itself. Between the planes there is 0. The second order is left out.
    ///
    /// # Panics
    /// When there are not as many numbers as features, with the second order or without.
    #[must_use]
    pub fn picture(numbers: &[f64]) -> Vec<f64> {
        let fits = [false, true].map(Self::width_of).contains(&numbers.len());
        assert!(fits, "gradient features: {} numbers", numbers.len());
        let (directions, plain) = numbers[..Self::WIDTH].split_at(DIRECTIONS * REGIONS * REGIONS);
        let mut picture = vec![0.0; Self::PICTURE_SIDE * Self::PICTURE_SIDE];
        let mut draw = |plane: &[f64], side: usize, [down, across]: [usize; 2]| {
            let margin = (PLAIN_REGIONS - side) / 2;
            for (y, row) in plane.chunks_exact(side).enumerate() {
                let start = (down * PLAIN_REGIONS + margin + y) * Self::PICTURE_SIDE;
                let start = start + across * PLAIN_REGIONS + margin;
                picture[start..start + side].copy_from_slice(row);
            }
        };
        let faces = [[1, 2], [2, 2], [2, 1], [2, 0], [1, 0], [0, 0], [0, 1], [0, 2]];
        for (plane, place) in directions.chunks_exact(REGIONS * REGIONS).zip(faces) {
            draw(plane, REGIONS, place);
        }
        draw(plain, PLAIN_REGIONS, [1, 1]);
        picture
    }

    fn frame(&mut self, image: &[u8]) {
        for (value, &byte) in self.image.iter_mut().zip(image) {
            *value = [f32::from(byte) / 255.0];
        }
        let lines = self.framed.chunks_exact_mut(self.width + 2).skip(1);
        for (framed, image) in lines.zip(self.image.chunks_exact(self.width)) {
            framed[1..][..self.width].copy_from_slice(image.as_flattened());
        }
    }

    /// Returns where the gradient may not be 0: about the ink.
    fn edged(&mut self, image: &[u8]) -> Area {
        self.inked.fill(0);
        for line in image.chunks_exact(self.width) {
            self.inked.iter_mut().zip(line).for_each(|(inked, byte)| *inked |= byte);
        }
        let has_ink = |line: &[u8]| line.iter().any(|&byte| byte > 0);
        let grown = |first: Option<usize>, last: Option<usize>, side: usize| {
            first
                .zip(last)
                .map_or(0..0, |(first, last)| first.saturating_sub(1)..side.min(last + 2))
        };
        let mut rows = image.chunks_exact(self.width);
        let height = rows.len();
        let (first, last) = (rows.clone().position(has_ink), rows.rposition(has_ink));
        let mut columns = self.inked.iter();
        let ends = (columns.clone().position(|&ink| ink > 0), columns.rposition(|&ink| ink > 0));
        Area { rows: grown(first, last, height), columns: grown(ends.0, ends.1, self.width) }
    }

    /// Computes the gradient along some `columns` of `row`, a full edge being 1, and its part in each direction: a
    /// vector between two of them is the sum of one along each.
    fn split_gradient(&mut self, row: usize, columns: Range<usize>) {
        let width = self.width;
        let line = |row: usize| &self.framed[row * (width + 2)..][..width + 2];
        let (above, here, below) = (line(row), line(row + 1), line(row + 2));
        let [down, right] = &mut self.gradient;
        for x in columns.clone() {
            let across = |line: &[f32]| line[x + 2] - line[x];
            let along = |line: &[f32]| line[x] + 2.0 * line[x + 1] + line[x + 2];
            right[x] = (across(above) + 2.0 * across(here) + across(below)) / 4.0;
            down[x] = (along(below) - along(above)) / 4.0;
        }
        let edges = &mut self.edges[row * width..][columns.clone()];
        let gradient = down[columns.clone()].iter().zip(&right[columns]);
        for (edges, (&down, &right)) in edges.iter_mut().zip(gradient) {
            *edges = parts(down, right);
        }
    }
}

/// Returns the part of a gradient in each direction.
fn parts(down: f32, right: f32) -> [f32; DIRECTIONS] {
    [
        smaller(right - down, right + down),
        SQRT_2 * smaller(right, down),
        smaller(down - right, down + right),
        SQRT_2 * smaller(down, -right),
        smaller(-right - down, -right + down),
        SQRT_2 * smaller(-right, -down),
        smaller(-down - right, -down + right),
        SQRT_2 * smaller(right, -down),
    ]
    .map(|part| if part > 0.0 { part } else { 0.0 })
}

/// As `f32::min` for numbers, of which there are no others here, and one instruction.
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// 255 for 1 and more.
fn nearest_byte(share: f32) -> u8 {
    whole_and_rest(255.0 * smaller(share, 1.0) + 0.5).0 as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{FRAC_1_SQRT_2, FRAC_PI_4};

    fn encoded(image: &[u8], height: usize, width: usize) -> Vec<u8> {
        let mut features = with_second_order(image, height, width);
        let second_order = features.split_off(GradientEncoder::WIDTH);
        let mut alone = vec![0; GradientEncoder::WIDTH];
        GradientEncoder::new(height, width).unwrap().encode(image, &mut alone);
        assert_eq!((alone, second_order.len()), (features.clone(), 32 * 25));
        features
    }

    fn with_second_order(image: &[u8], height: usize, width: usize) -> Vec<u8> {
        let mut encoder = GradientEncoder::new(height, width).unwrap().with_second_order(true);
        let mut features = vec![0; encoder.features()];
        // What was described before leaves no trace.
        let other: Vec<u8> = image.iter().rev().map(|byte| byte.rotate_left(3)).collect();
        encoder.encode(&other, &mut features);
        encoder.encode(image, &mut features);
        features
    }

    /// A stroke bent like a digit's, and some grey.
    fn image(height: usize, width: usize) -> Vec<u8> {
        let ink = |index: usize| {
            let (y, x) = (index / width, index % width);
            let bend = (y as f64 / 3.0).sin() * width as f64 / 4.0 + width as f64 / 2.0;
            let distance = (x as f64 - bend).abs();
            (250.0 * (-distance * distance / 3.0).exp()) as u8 + (index * 7 % 11) as u8 / 2
        };
        (0..height * width).map(ink).collect()
    }

    /// A dot about the place of a window counts most in that window, among those of its plane.
    #[test]
    fn places_are_those_of_the_windows() {
        let places = GradientEncoder::places(28, 28, false);
        assert_eq!(places.len(), GradientEncoder::WIDTH);
        let more = GradientEncoder::places(28, 28, true);
        assert_eq!(
            (more.len(), &more[..769]),
            (GradientEncoder::WIDTH_WITH_SECOND_ORDER, &places[..])
        );
        assert_eq!([more[769], more[769 + 12], more[769 + 25 + 24]], [[2, 2], [14, 14], [25, 25]]);
        let dot = |[y, x]: [usize; 2]| -> Vec<u8> {
            let near = |index: usize| {
                (index / 28).abs_diff(y).pow(2) + (index % 28).abs_diff(x).pow(2) < 4
            };
            (0..784).map(|index| if near(index) { 255 } else { 0 }).collect()
        };
        for (window, &place) in places.iter().enumerate().skip(567) {
            let features = encoded(&dot(place), 28, 28);
            let strength = |window: usize| match window.checked_sub(648) {
                Some(_) => u32::from(features[window]),
                None => (0..8).map(|plane| u32::from(features[81 * plane + window - 567])).sum(),
            };
            let plane = if window < 648 { 567..648 } else { 648..769 };
            assert!(plane.clone().all(|other| strength(other) <= strength(window)), "{window}");
        }
    }

    /// By the definition: each gradient by its angle, and its parts by the law of sines.
    fn by_angles(image: &[u8], height: usize, width: usize) -> Vec<Vec<f64>> {
        let at = |y: i32, x: i32| {
            let inside = (0..height as i32).contains(&y) && (0..width as i32).contains(&x);
            if inside { f64::from(image[y as usize * width + x as usize]) / 255.0 } else { 0.0 }
        };
        let mut planes = vec![vec![0.0; height * width]; 8];
        for (index, (y, x)) in (0..height * width).map(|i| (i, ((i / width), (i % width)))) {
            let (y, x) = (y as i32, x as i32);
            let (mut down, mut right) = (0.0, 0.0);
            for (offset, weight) in [(-1, 0.25), (0, 0.5), (1, 0.25)] {
                right += weight * (at(y + offset, x + 1) - at(y + offset, x - 1));
                down += weight * (at(y + 1, x + offset) - at(y - 1, x + offset));
            }
            let (length, angle) = (right.hypot(down), f64::atan2(down, right) / FRAC_PI_4);
            let before = angle.floor();
            let rest = (angle - before) * FRAC_PI_4;
            let before = before.rem_euclid(8.0) as usize;
            planes[before % 8][index] += length * (FRAC_PI_4 - rest).sin() / FRAC_1_SQRT_2;
            planes[(before + 1) % 8][index] += length * rest.sin() / FRAC_1_SQRT_2;
        }
        planes
    }

    /// Means under Gaussians, from their definition.
    fn means(plane: &[f64], height: usize, width: usize, count: usize) -> Vec<f64> {
        let weight = |window: usize, line: usize, lines: usize| {
            let step = lines as f64 / count as f64;
            let distance = (line as f64 + 0.5) - (window as f64 + 0.5) * step;
            (-distance * distance / (2.0 * (0.48 * step).powi(2))).exp()
        };
        let mean = |index: usize| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (pixel, value) in plane.iter().enumerate() {
                let weight = weight(index / count, pixel / width, height)
                    * weight(index % count, pixel % width, width);
                sum += weight * value;
                weights += weight;
            }
            sum / weights
        };
        (0..count * count).map(mean).collect()
    }

    #[test]
    fn features_are_those_of_the_definition() {
        for (height, width) in [(28, 28), (20, 35)] {
            let image = image(height, width);
            let planes = by_angles(&image, height, width);
            let bare: Vec<f64> = image.iter().map(|&byte| f64::from(byte) / 255.0).collect();
            let edges = planes.iter().flat_map(|plane| means(plane, height, width, 9));
            let truth: Vec<f64> = edges
                .map(|mean| 1.5 * mean)
                .chain(means(&bare, height, width, 11))
                .map(|value| 255.0 * value.min(1.0))
                .collect();
            // Windows leave weights below 1 % out: 2 of 255 at most here.
            for (index, (&byte, &truth)) in
                encoded(&image, height, width).iter().zip(&truth).enumerate()
            {
                assert!((f64::from(byte) - truth).abs() < 2.5, "{index}: {byte} {truth}");
            }
            assert!(truth.iter().filter(|&&value| value > 10.0).count() > 100);
        }
    }

    /// Each plane halved, its gradient by its angle modulo half a turn, and means, all by their definitions.
    #[test]
    fn the_second_order_is_that_of_the_definition() {
        for (height, width) in [(28, 28), (21, 35)] {
            let image = image(height, width);
            let half = [height.div_ceil(2), width.div_ceil(2)];
            let mut planes = vec![Vec::new(); 32];
            for (direction, plane) in by_angles(&image, height, width).iter().enumerate() {
                let halved = halved(plane, height, width);
                for (line, plane) in by_lines(&halved, half).into_iter().enumerate() {
                    planes[8 * line + direction] = means(&plane, half[0], half[1], 5);
                }
            }
            let truth: Vec<f64> = planes.concat();
            let features = with_second_order(&image, height, width);
            for (index, (&byte, &truth)) in features[769..].iter().zip(&truth).enumerate() {
                let truth = 255.0 * (3.0 * truth).min(1.0);
                assert!((f64::from(byte) - truth).abs() < 2.5, "{height} {index}: {byte} {truth}");
            }
            assert!(features[769..].iter().filter(|&&byte| byte > 10).count() > 100);
        }
    }

    /// Means of four by four, two apart, with shares of 1, 3, 3 and 1 eighths along each axis.
    fn halved(plane: &[f64], height: usize, width: usize) -> Vec<f64> {
        let share = |distance: i64| {
            [1.0, 3.0, 3.0, 1.0].get((distance + 1) as usize).map_or(0.0, |s| s / 8.0)
        };
        let mean = |(row, column): (i64, i64)| -> f64 {
            let share_of = |(index, value): (usize, &f64)| {
                let (y, x) = ((index / width) as i64, (index % width) as i64);
                let shares = if y < 2 * row - 1 || x < 2 * column - 1 {
                    0.0
                } else {
                    share(y - 2 * row) * share(x - 2 * column)
                };
                shares * value
            };
            plane.iter().enumerate().map(share_of).sum()
        };
        let columns = width.div_ceil(2) as i64;
        (0..height.div_ceil(2) as i64 * columns)
            .map(|at| mean((at / columns, at % columns)))
            .collect()
    }

    /// As [`by_angles`], of numbers and with directions half a turn apart taken together.
    fn by_lines(plane: &[f64], [height, width]: [usize; 2]) -> Vec<Vec<f64>> {
        let at = |y: i64, x: i64| {
            let inside = (0..height as i64).contains(&y) && (0..width as i64).contains(&x);
            if inside { plane[y as usize * width + x as usize] } else { 0.0 }
        };
        let mut lines = vec![vec![0.0; height * width]; 4];
        for (index, (y, x)) in (0..height * width).map(|i| (i, (i / width, i % width))) {
            let (y, x) = (y as i64, x as i64);
            let (mut down, mut right) = (0.0, 0.0);
            for (offset, weight) in [(-1, 0.25), (0, 0.5), (1, 0.25)] {
                right += weight * (at(y + offset, x + 1) - at(y + offset, x - 1));
                down += weight * (at(y + 1, x + offset) - at(y - 1, x + offset));
            }
            let angle = f64::atan2(down, right).rem_euclid(std::f64::consts::PI) / FRAC_PI_4;
            let (before, length) = (angle.floor(), right.hypot(down));
            let rest = (angle - before) * FRAC_PI_4;
            lines[before as usize % 4][index] += length * (FRAC_PI_4 - rest).sin() / FRAC_1_SQRT_2;
            lines[(before as usize + 1) % 4][index] += length * rest.sin() / FRAC_1_SQRT_2;
        }
        lines
    }

    /// Turned by a quarter, each direction becomes the next but one, and its plane turns.
    #[test]
    fn a_quarter_turn_turns_planes_and_directions() {
        let (side, upright) = (28, image(28, 28));
        // What lay to the right lies below.
        let turned: Vec<u8> = (0..side * side)
            .map(|index| upright[(side - 1 - index % side) * side + index / side])
            .collect();
        let (before, after) = (encoded(&upright, 28, 28), encoded(&turned, 28, 28));
        for direction in 0..8 {
            for window in 0..81 {
                let (y, x) = (window / 9, window % 9);
                let was = before[81 * direction + (8 - x) * 9 + y];
                let is = after[81 * ((direction + 2) % 8) + window];
                assert!(was.abs_diff(is) <= 1, "{direction} {window}: {was} {is}");
            }
        }
    }

    #[test]
    fn images_of_any_size_have_as_many_features() {
        for (height, width) in [(1, 1), (1, 9), (8, 8), (64, 3)] {
            let white = encoded(&vec![0; height * width], height, width);
            assert!(white.iter().all(|&byte| byte == 0));
            let black = encoded(&vec![255; height * width], height, width);
            assert!(black[648..].iter().all(|&byte| byte == 255), "{height} {width}");
        }
        assert!(GradientEncoder::new(0, 5).is_err() && GradientEncoder::new(5, 5000).is_err());
    }

    /// The root of each mean, to the nearest byte; that of the mean's byte is within what half a byte makes of it.
    #[test]
    fn roots_are_those_of_the_means() {
        let image = image(28, 28);
        let means = encoded(&image, 28, 28);
        let mut roots = vec![0; GradientEncoder::WIDTH];
        GradientEncoder::new(28, 28).unwrap().with_sqrt(true).encode(&image, &mut roots);
        for (&root, &mean) in roots.iter().zip(&means) {
            let root_of = |mean: f64| 255.0 * (mean.max(0.0) / 255.0).sqrt();
            let (low, high) = (root_of(f64::from(mean) - 0.5), root_of(f64::from(mean) + 0.5));
            let root = f64::from(root);
            assert!((low - 0.5..=high + 0.5).contains(&root) || mean == 255, "{mean} {root}");
        }
        assert!(roots.iter().filter(|&&root| root > 50).count() > 100);
    }

    #[test]
    fn a_view_keeps_its_samples_and_labels() {
        let pixels = [image(12, 10), image(12, 10).into_iter().rev().collect()].concat();
        let data = Dataset::from_images(pixels, &[12, 10], vec![1, 0], 2).unwrap();
        let described =
            GradientEncoder::new(12, 10).unwrap().encode_all(&data.subset(&[1]).unwrap()).unwrap();
        assert_eq!((described.len(), described.label(0)), (1, Some(0)));
        assert_eq!((described.input_width(), described.sample_shape()), (769, &[769][..]));
        assert_eq!(described.image(0).unwrap(), encoded(data.image(1).unwrap(), 12, 10));
        let numbers = Dataset::classification(vec![0.5; 4], 4, vec![0], 2).unwrap();
        let refused = |data| GradientEncoder::for_dataset(data).is_err();
        assert!(refused(&numbers) && refused(&described));
    }

    #[test]
    fn a_picture_has_each_plane_where_it_faces() {
        let numbers: Vec<f64> = (0..GradientEncoder::WIDTH).map(|index| index as f64).collect();
        let picture = GradientEncoder::picture(&numbers);
        // Middles of the planes that face right, left and up, and of the image itself.
        let at = |y: usize, x: usize| picture[33 * y + x];
        assert_eq!(
            [at(16, 27), at(16, 5), at(5, 16)],
            [40.0, 4.0 * 81.0 + 40.0, 6.0 * 81.0 + 40.0]
        );
        assert_eq!(at(16, 16), 648.0 + 60.0);
        assert_eq!(picture.iter().filter(|&&value| value > 0.0).count(), 768);
    }
}
