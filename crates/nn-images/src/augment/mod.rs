//! Random augmentation: copies of images that are rotated, scaled, sheared, shifted and bent, as handwriting is.

mod elastic;

use crate::draw::Draw;
use crate::error::ImageError;
use crate::random::{generator, uniform};
use crate::resample::Resampler;
use crate::size::size_of;
use crate::transform::{Apply, Described, Key, Transform};
use elastic::SmoothField;
use nn_data::{Dataset, Inputs};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// Random augmentation. Every amount is a range around "unchanged", and 0 is off; what one copy gets is drawn
/// uniformly from the range.
///
/// ```
/// let mild = nn_images::Augment { rotation: 10.0, shift: 1.0, ..Default::default() };
/// assert!(mild.validate().is_ok());
/// assert_eq!(mild.strength(0, 10), 1.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Augment {
    /// Largest rotation to either side, in degrees.
    pub rotation: f64,
    /// Largest growth of each axis, on its own: 0.15 is from 1/1.15 to 1.15 times.
    pub scale: f64,
    /// Largest shear: columns by which a row moves for each row of distance from the middle.
    pub shear: f64,
    /// Largest shift along each axis, in pixels.
    pub shift: f64,
    /// Elastic deformation: root mean square of the displacement along each axis, in pixels.
    pub elastic: f64,
    /// Standard deviation, in pixels, of the Gaussian that smooths the elastic displacements.
    pub sigma: f64,
    /// Share of the epochs, the last ones, over which the strength falls linearly.
    pub fade: f64,
    /// Strength in the last epoch, where there is a fade; 1 is all of it.
    pub fade_to: f64,
}

impl Default for Augment {
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
const MAX_ROTATION: f64 = 180.0;
/// See [`MAX_ROTATION`].
const MAX_FACTOR: f64 = 4.0;
/// See [`MAX_ROTATION`].
const MAX_PIXELS: f64 = 1000.0;

impl Augment {
    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// [`ImageError::Setting`] naming the setting, its value and what is allowed.
    pub fn validate(&self) -> Result<(), ImageError> {
        let ranges = [
            ("rotation", self.rotation, 0.0, MAX_ROTATION),
            ("scale", self.scale, 0.0, MAX_FACTOR),
            ("shear", self.shear, 0.0, MAX_FACTOR),
            ("shift", self.shift, 0.0, MAX_PIXELS),
            ("elastic", self.elastic, 0.0, MAX_PIXELS),
            ("sigma", self.sigma, 0.5, MAX_PIXELS),
            ("fade", self.fade, 0.0, 1.0),
            ("fade-to", self.fade_to, 0.0, 1.0),
        ];
        match ranges.into_iter().find(|(_, value, low, high)| !(low..=high).contains(&value)) {
            None => Ok(()),
            Some((key, value, low, high)) => {
                Err(ImageError::Setting { transform: Self::KIND, key, value, low, high })
            }
        }
    }

    /// Returns whether no image is changed by it.
    #[must_use]
    pub fn is_none(&self) -> bool {
        [self.rotation, self.scale, self.shear, self.shift, self.elastic] == [0.0; 5]
    }

    /// Returns the factor of every amount in `epoch` (the first is 0) of `epochs`.
    ///
    /// ```
    /// let fading = nn_images::Augment { fade: 0.2, fade_to: 0.5, ..Default::default() };
    /// assert_eq!(fading.strength(79, 100), 1.0);
    /// assert_eq!(fading.strength(89, 100), 0.75);
    /// assert_eq!(fading.strength(99, 100), 0.5);
    /// ```
    #[must_use]
    pub fn strength(&self, epoch: u64, epochs: u64) -> f64 {
        let fading = self.fade * epochs as f64;
        let still_to_come = epochs.saturating_sub(epoch.saturating_add(1)) as f64;
        if fading <= still_to_come {
            return 1.0;
        }
        self.fade_to + (1.0 - self.fade_to) * still_to_come / fading
    }
}

impl Described for Augment {
    const KIND: &'static str = "augment";
    const HELP: &'static str = "Rotate, scale, shear, shift and bend at random, anew in each epoch";
    const KEYS: &'static [Key] = &[
        Key { name: "rotation", help: "Largest rotation to either side, in degrees" },
        Key {
            name: "scale",
            help: "Largest growth of each axis: 0.15 is from 1/1.15 to 1.15 times",
        },
        Key { name: "shear", help: "Largest shear, in columns a row" },
        Key { name: "shift", help: "Largest shift along each axis, in pixels" },
        Key {
            name: "elastic",
            help: "Elastic deformation: RMS displacement along each axis, in pixels",
        },
        Key { name: "sigma", help: "Smoothness of the elastic deformation, in pixels" },
        Key {
            name: "fade",
            help: "Share of the epochs, the last ones, over which the strength falls",
        },
        Key { name: "fade-to", help: "Strength in the last epoch, where there is a fade" },
    ];
}

impl Transform for Augment {
    fn validate(&self) -> Result<(), ImageError> {
        self.validate()
    }

    fn is_random(&self) -> bool {
        true
    }

    fn is_identity(&self) -> bool {
        self.is_none()
    }

    fn worker(
        &self,
        [height, width]: [usize; 2],
        stream: u32,
    ) -> Result<Box<dyn Apply>, ImageError> {
        let augmenter = Augmenter::new(height, width, *self)?;
        Ok(Box::new(Augmenter { stream, ..augmenter }))
    }
}

/// Makes augmented copies of images of one size, with its scratch space.
///
/// ```
/// use nn_images::{Augment, Augmenter};
/// let settings = Augment { rotation: 15.0, elastic: 1.3, sigma: 5.0, ..Default::default() };
/// let mut augmenter = Augmenter::new(28, 28, settings)?;
/// let (image, mut copy) = (vec![200; 784], vec![0; 784]);
/// augmenter.augment(&image, &mut copy, 1.0, 42, 0, 7);
/// assert_ne!(copy, image);
/// # Ok::<(), nn_images::ImageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Augmenter {
    settings: Augment,
    resampler: Resampler,
    field: Option<SmoothField>,
    /// Different for each random transform of a pipeline.
    stream: u32,
}

impl Augmenter {
    /// For images of `height` x `width` bytes.
    ///
    /// # Errors
    /// As [`Augment::validate`]; [`ImageError::NotAnImage`] for images without pixels or of more than
    /// [`MAX_SIDE`](crate::MAX_SIDE) of them along a side.
    pub fn new(height: usize, width: usize, settings: Augment) -> Result<Self, ImageError> {
        settings.validate()?;
        if size_of(&[height, width]).is_none() {
            return Err(not_an_image(&[height, width]));
        }
        let field =
            (settings.elastic > 0.0).then(|| SmoothField::new(height, width, settings.sigma));
        Ok(Self { settings, resampler: Resampler::new(height, width), field, stream: 0 })
    }

    /// For the images of `dataset`.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`ImageError::NotAnImage`] where samples are not height x width bytes.
    pub fn for_dataset(dataset: &Dataset, settings: Augment) -> Result<Self, ImageError> {
        match (dataset.sample_shape(), dataset.inputs()) {
            (&[height, width], Inputs::Bytes(_)) => Self::new(height, width, settings),
            (shape, _) => Err(not_an_image(shape)),
        }
    }

    /// Writes the copy of `image` that belongs to `seed`, `epoch` and `sample` into `copy`.
    /// `strength` multiplies every amount.
    ///
    /// `image`, `copy`: height x width bytes, row-major. What lies outside the image is 0.
    ///
    /// # Panics
    /// When either is not height x width bytes long.
    pub fn augment(
        &mut self,
        image: &[u8],
        copy: &mut [u8],
        strength: f64,
        seed: u64,
        epoch: u64,
        sample: u32,
    ) {
        let strength = Some(strength);
        self.apply(image, copy, &Draw { seed, epoch, sample, strength, epochs: 0 });
    }
}

impl Apply for Augmenter {
    fn apply(&mut self, image: &[u8], copy: &mut [u8], draw: &Draw) {
        let schedule = || self.settings.strength(draw.epoch, draw.epochs);
        let strength = draw.strength.unwrap_or_else(schedule);
        let mut random = generator(draw, self.stream);
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

fn not_an_image(shape: &[usize]) -> ImageError {
    ImageError::NotAnImage { transform: Augment::KIND, shape: shape.to_vec() }
}

/// Where a pixel of the copy is read, before it is bent: middle + matrix (pixel - middle) + shift, each (row,
/// column).
struct Affine {
    matrix: [[f32; 2]; 2],
    shift: [f32; 2],
}

impl Affine {
    fn draw(settings: &Augment, strength: f64, random: &mut Xoshiro256PlusPlus) -> Self {
        let mut within = |amount: f64| amount * strength * (2.0 * uniform(random) - 1.0);
        let (sine, cosine) = within(settings.rotation).to_radians().sin_cos();
        let growth = settings.scale.ln_1p();
        let (tall, wide) = (within(growth).exp(), within(growth).exp());
        let slant = within(settings.shear);
        let shift = [within(settings.shift) as f32, within(settings.shift) as f32];
        // Rotation x shear x growth.
        let matrix = [
            [(cosine + sine * slant) * tall, sine * wide],
            [(cosine * slant - sine) * tall, cosine * wide],
        ];
        Self { matrix: matrix.map(|row| row.map(|value| value as f32)), shift }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Vec<u8> {
        (0..20 * 28).map(|index| (index * 37 % 251) as u8).collect()
    }

    #[test]
    fn nothing_changes_nothing() {
        let mut augmenter = Augmenter::new(20, 28, Augment::default()).unwrap();
        let mut copy = vec![9; 20 * 28];
        augmenter.augment(&image(), &mut copy, 1.0, 1, 2, 3);
        assert_eq!(copy, image());
    }

    #[test]
    fn strength_zero_changes_nothing() {
        let all = Augment {
            rotation: 20.0,
            scale: 0.2,
            shear: 0.2,
            shift: 2.0,
            elastic: 2.0,
            ..Default::default()
        };
        let mut augmenter = Augmenter::new(20, 28, all).unwrap();
        let mut copy = vec![9; 20 * 28];
        augmenter.augment(&image(), &mut copy, 0.0, 1, 2, 3);
        assert_eq!(copy, image());
    }

    /// Each range is drawn from uniformly: mean 0, variance amount²/3 (closed form).
    #[test]
    fn shifts_are_uniform_over_their_range() {
        let settings = Augment { shift: 3.0, ..Default::default() };
        let draws: Vec<f64> = (0..20_000)
            .map(|sample| {
                let mut random = generator(&Draw { seed: 5, sample, ..Draw::default() }, 0);
                f64::from(Affine::draw(&settings, 1.0, &mut random).shift[0])
            })
            .collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
        assert!(mean.abs() < 0.05, "{mean}");
        assert!((variance - 3.0).abs() < 0.1, "{variance}");
        assert!(draws.iter().all(|x| x.abs() <= 3.0));
    }

    /// The determinant of rotation x shear x growth is that of growth alone.
    #[test]
    fn the_area_grows_by_the_factors_alone() {
        let settings = Augment { rotation: 90.0, shear: 1.0, scale: 0.5, ..Default::default() };
        let flat = Augment { rotation: 0.0, shear: 0.0, ..settings };
        for sample in 0..50 {
            let determinant = |settings| {
                let mut random = generator(&Draw { seed: 5, sample, ..Draw::default() }, 0);
                let [[a, b], [c, d]] = Affine::draw(settings, 1.0, &mut random).matrix;
                a * d - b * c
            };
            let (bent, plain) = (determinant(&settings), determinant(&flat));
            assert!((bent - plain).abs() < 1e-5, "{bent} {plain}");
        }
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let settings = Augment { sigma: f64::NAN, ..Default::default() };
        assert!(settings.validate().unwrap_err().to_string().contains("sigma"));
        let settings = Augment { elastic: -1.0, ..Default::default() };
        assert!(settings.validate().unwrap_err().to_string().contains("elastic"));
        assert!(Augmenter::new(0, 28, Augment::default()).is_err());
    }
}
