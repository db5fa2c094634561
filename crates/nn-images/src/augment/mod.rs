//! Distorted copies of images: rotated, scaled, sheared, shifted and bent, as handwriting is.
//!
//! A copy depends on the seed, the epoch, the sample and the settings alone: it is the same at any
//! number of threads, in any order, and after an interruption.

mod elastic;

use crate::error::ImageError;
use crate::random::generator;
use crate::resample::Resampler;
use elastic::SmoothField;
use nn_data::{Dataset, Inputs};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::Rng;
use serde::{Deserialize, Serialize};

/// How far images are distorted. Every amount is a range around "unchanged", and 0 is off; what one
/// copy gets is drawn evenly from the range.
///
/// ```
/// let mild = nn_images::Distortion { rotation: 10.0, shift: 1.0, ..Default::default() };
/// assert!(mild.validate().is_ok());
/// assert_eq!(mild.strength(0, 10), 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Distortion {
    /// Largest angle, in degrees, to either side.
    pub rotation: f64,
    /// Largest growth of each axis, on its own: 0.15 is from 1/1.15 to 1.15 times.
    pub scale: f64,
    /// Largest slant: columns by which a row moves for each row of distance from the middle.
    pub shear: f64,
    /// Largest shift along each axis, in pixels.
    pub shift: f64,
    /// Elastic distortion: root mean square of the displacement along each axis, in pixels.
    pub elastic: f64,
    /// Standard deviation, in pixels, of the Gaussian that smooths the elastic displacements.
    pub sigma: f64,
    /// Share of the epochs, the last ones, over which the strength falls in a straight line.
    pub fade: f64,
    /// Strength that the last epoch has, where there is a fade; 1 is all of it.
    pub fade_to: f64,
}

impl Default for Distortion {
    fn default() -> Self {
        Self {
            rotation: 0.0,
            scale: 0.0,
            shear: 0.0,
            shift: 0.0,
            elastic: 0.0,
            sigma: 5.0,
            fade: 0.0,
            fade_to: 0.0,
        }
    }
}

/// Most that a setting may be: beyond it nothing of an image is left that could be learned from.
const MOST_ROTATION: f64 = 180.0;
/// See [`MOST_ROTATION`].
const MOST_FACTOR: f64 = 4.0;
/// See [`MOST_ROTATION`].
const MOST_PIXELS: f64 = 1000.0;

impl Distortion {
    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`ImageError::Setting`] naming the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ImageError> {
        let ranges = [
            ("rotation", self.rotation, 0.0, MOST_ROTATION),
            ("scale", self.scale, 0.0, MOST_FACTOR),
            ("shear", self.shear, 0.0, MOST_FACTOR),
            ("shift", self.shift, 0.0, MOST_PIXELS),
            ("elastic", self.elastic, 0.0, MOST_PIXELS),
            ("sigma", self.sigma, 0.5, MOST_PIXELS),
            ("fade", self.fade, 0.0, 1.0),
            ("fade-to", self.fade_to, 0.0, 1.0),
        ];
        match ranges.into_iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
            None => Ok(()),
            Some((key, value, low, high)) => {
                Err(ImageError::Setting { transform: "augment", key, value, low, high })
            }
        }
    }

    /// Whether no image is changed by it.
    #[must_use]
    pub fn is_none(&self) -> bool {
        [self.rotation, self.scale, self.shear, self.shift, self.elastic] == [0.0; 5]
    }

    /// The factor of every amount in `epoch` (the first is 0) of `epochs`.
    ///
    /// ```
    /// let fading = nn_images::Distortion { fade: 0.2, fade_to: 0.5, ..Default::default() };
    /// assert_eq!(fading.strength(79, 100), 1.0);
    /// assert_eq!(fading.strength(89, 100), 0.75);
    /// assert_eq!(fading.strength(99, 100), 0.5);
    /// ```
    #[must_use]
    pub fn strength(&self, epoch: usize, epochs: usize) -> f64 {
        let fading = self.fade * epochs as f64;
        let still_to_come = epochs.saturating_sub(epoch + 1) as f64;
        if fading <= still_to_come {
            return 1.0;
        }
        self.fade_to + (1.0 - self.fade_to) * still_to_come / fading
    }
}

/// Makes distorted copies of images of one size, with the room that it needs for that.
///
/// ```
/// use nn_images::{Distorter, Distortion};
/// let settings = Distortion { rotation: 15.0, elastic: 1.3, sigma: 5.0, ..Default::default() };
/// let mut distorter = Distorter::new(28, 28, settings)?;
/// let (image, mut copy) = (vec![200; 784], vec![0; 784]);
/// distorter.distort(&image, &mut copy, 1.0, 42, 0, 7);
/// assert_ne!(copy, image);
/// # Ok::<(), nn_images::ImageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Distorter {
    settings: Distortion,
    resampler: Resampler,
    field: Option<SmoothField>,
}

impl Distorter {
    /// For images of `height` x `width` bytes.
    ///
    /// # Errors
    /// As [`Distortion::validate`]; [`ImageError::NotAnImage`] for images without pixels or of more
    /// than 4096 of them along a side.
    pub fn new(height: usize, width: usize, settings: Distortion) -> Result<Self, ImageError> {
        settings.validate()?;
        let allowed = 1..=4096;
        if !allowed.contains(&height) || !allowed.contains(&width) {
            return Err(ImageError::NotAnImage {
                transform: "augment",
                shape: vec![height, width],
            });
        }
        let field =
            (settings.elastic > 0.0).then(|| SmoothField::new(height, width, settings.sigma));
        Ok(Self { settings, resampler: Resampler::new(height, width), field })
    }

    /// For the images of `dataset`.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`ImageError::NotAnImage`] where samples are not height x width bytes.
    pub fn for_dataset(dataset: &Dataset, settings: Distortion) -> Result<Self, ImageError> {
        match (dataset.sample_shape(), dataset.inputs()) {
            (&[height, width], Inputs::Bytes(_)) => Self::new(height, width, settings),
            (shape, _) => {
                Err(ImageError::NotAnImage { transform: "augment", shape: shape.to_vec() })
            }
        }
    }

    /// Writes the copy of `image` that belongs to `seed`, `epoch` and `sample` into `copy`.
    /// `strength` multiplies every amount.
    ///
    /// `image`, `copy`: height x width bytes, row-major. What lies outside the image is 0.
    ///
    /// # Panics
    /// When either is not height x width bytes long.
    pub fn distort(
        &mut self,
        image: &[u8],
        copy: &mut [u8],
        strength: f64,
        seed: u64,
        epoch: u64,
        sample: u32,
    ) {
        let mut random = generator(seed, epoch, sample);
        let affine = Affine::draw(&self.settings, strength, &mut random);
        self.resampler.place(&affine.matrix, affine.shift);
        if let Some(field) = &mut self.field {
            let amplitude = (self.settings.elastic * strength) as f32;
            for axis in [&mut self.resampler.rows, &mut self.resampler.columns] {
                field.add_to(axis, amplitude, &mut random);
            }
        }
        self.resampler.sample(image, copy);
    }
}

/// Where a pixel of the copy comes from, before it is bent: middle + matrix (pixel - middle) + shift,
/// each (row, column).
struct Affine {
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
}

impl Affine {
    fn draw(settings: &Distortion, strength: f64, random: &mut Xoshiro256PlusPlus) -> Self {
        let mut within = |amount: f64| amount * strength * (2.0 * uniform(random) - 1.0);
        let (sine, cosine) = within(settings.rotation).to_radians().sin_cos();
        let growth = settings.scale.ln_1p();
        let (tall, wide) = (within(growth).exp(), within(growth).exp());
        let slant = within(settings.shear);
        let shift = [within(settings.shift) as f32, within(settings.shift) as f32];
        // Rotation x slant x growth.
        let matrix = [
            [(cosine + sine * slant) * tall, sine * wide],
            [(cosine * slant - sine) * tall, cosine * wide],
        ];
        Self { matrix: matrix.map(|row| row.map(|value| value as f32)), shift }
    }
}

/// Evenly from [0, 1).
fn uniform(random: &mut Xoshiro256PlusPlus) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Vec<u8> {
        (0..20 * 28).map(|index| (index * 37 % 251) as u8).collect()
    }

    #[test]
    fn nothing_changes_nothing() {
        let mut distorter = Distorter::new(20, 28, Distortion::default()).unwrap();
        let mut copy = vec![9; 20 * 28];
        distorter.distort(&image(), &mut copy, 1.0, 1, 2, 3);
        assert_eq!(copy, image());
    }

    #[test]
    fn strength_nought_changes_nothing() {
        let all = Distortion {
            rotation: 20.0,
            scale: 0.2,
            shear: 0.2,
            shift: 2.0,
            elastic: 2.0,
            ..Default::default()
        };
        let mut distorter = Distorter::new(20, 28, all).unwrap();
        let mut copy = vec![9; 20 * 28];
        distorter.distort(&image(), &mut copy, 0.0, 1, 2, 3);
        assert_eq!(copy, image());
    }

    /// Each range is drawn from evenly: mean 0, variance amount²/3 (closed form).
    #[test]
    fn shifts_are_even_over_their_range() {
        let settings = Distortion { shift: 3.0, ..Default::default() };
        let draws: Vec<f64> = (0..20_000)
            .map(|sample| {
                let mut random = generator(5, 0, sample);
                f64::from(Affine::draw(&settings, 1.0, &mut random).shift[0])
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.05, "{mean}");
        assert!((variance - 3.0).abs() < 0.1, "{variance}");
        assert!(draws.iter().all(|x| x.abs() <= 3.0));
    }

    /// The determinant of rotation x slant x growth is that of growth alone.
    #[test]
    fn the_area_grows_by_the_factors_alone() {
        let settings = Distortion { rotation: 90.0, shear: 1.0, scale: 0.5, ..Default::default() };
        let flat = Distortion { rotation: 0.0, shear: 0.0, ..settings };
        for sample in 0..50 {
            let determinant = |settings| {
                let mut random = generator(5, 0, sample);
                let [[a, b], [c, d]] = Affine::draw(settings, 1.0, &mut random).matrix;
                a * d - b * c
            };
            let (bent, plain) = (determinant(&settings), determinant(&flat));
            assert!((bent - plain).abs() < 1e-5, "{bent} {plain}");
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let settings = Distortion { sigma: f64::NAN, ..Default::default() };
        assert!(settings.validate().unwrap_err().to_string().contains("sigma"));
        let settings = Distortion { elastic: -1.0, ..Default::default() };
        assert!(settings.validate().unwrap_err().to_string().contains("elastic"));
        assert!(Distorter::new(0, 28, Distortion::default()).is_err());
    }
}
