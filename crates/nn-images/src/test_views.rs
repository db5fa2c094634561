//! Test-time augmentation: several views of each image, whose answers are averaged.

use crate::draw::Draw;
use crate::error::ImageError;
use crate::pipeline::Pipeline;
use crate::worker::Worker;
use nn_data::{Dataset, Inputs};
use serde::{Deserialize, Serialize};

/// Name of this part of a test, in errors.
const NAME: &str = "test-time augmentation";

/// Seed of the augmented copies: always the same, so that an answer depends on model and image alone.
const SEED: u64 = 0;

/// Which views of each image a network is shown in a test, besides the image as it is.
///
/// A view stands between the transforms of a [`Pipeline`]: it is made of the image after the fixed transforms
/// before the first random one (such as deskewing), and goes through the rest (such as gradient features).
///
/// ```
/// use nn_images::{Augment, Pipeline, TestViews};
/// let pipeline = Pipeline::new([Augment { rotation: 10.0, ..Augment::default() }.into()]);
/// let settings = TestViews { shifts: 1, copies: 16, ..TestViews::default() };
/// assert_eq!(settings.count(), 25);
/// let images = nn_data::Dataset::from_images(vec![9; 2 * 64], &[8, 8], vec![0, 1], 2)?;
/// let mut views = settings.prepare(&pipeline, &[8, 8])?;
/// for view in views.of(&images)? {
///     assert_eq!(view?.len(), 2); // what a network is shown
/// }
/// # Ok::<(), nn_images::ImageError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct TestViews {
    /// Each image is also shifted by up to so many pixels along each axis, diagonals included: 9 views for 1
    /// pixel.
    pub shifts: u8,
    /// Number of augmented copies, made by the random transforms of the pipeline.
    pub copies: u16,
    /// Factor of every amount of the random transforms.
    pub strength: f64,
}

impl Default for TestViews {
    /// The image as it is, and no more.
    fn default() -> Self {
        Self { shifts: 0, copies: 0, strength: 0.25 }
    }
}

impl TestViews {
    /// Returns the number of views, the image as it is included.
    #[must_use]
    pub fn count(&self) -> usize {
        let side = 2 * usize::from(self.shifts) + 1;
        side * side + usize::from(self.copies)
    }

    /// Checks the settings, and that `pipeline` can make what they ask for.
    ///
    /// # Errors
    /// [`ImageError::Setting`], or [`ImageError::NothingRandom`] where copies are asked for and no transform is
    /// random.
    pub fn validate(&self, pipeline: &Pipeline) -> Result<(), ImageError> {
        let (value, low, high) = (self.strength, 0.0, 1.0);
        if !(low..=high).contains(&value) {
            return Err(ImageError::Setting { transform: NAME, key: "strength", value, low, high });
        }
        if self.copies > 0 && !pipeline.has_random() {
            return Err(ImageError::NothingRandom { copies: self.copies });
        }
        Ok(())
    }

    /// Prepares to make views of samples of this shape, for one thread.
    ///
    /// # Errors
    /// As [`validate`](Self::validate) and [`Pipeline::worker`]; [`ImageError::NotAnImage`] where more than one
    /// view is asked for and samples are no images.
    pub fn prepare(&self, pipeline: &Pipeline, shape: &[usize]) -> Result<Views, ImageError> {
        self.validate(pipeline)?;
        pipeline.validate()?;
        if self.count() == 1 {
            return Ok(Views { settings: *self, fixed: pipeline.fixed(), maker: None });
        }
        let (before, after) = pipeline.split_at_view();
        let before = before.fixed().worker(shape)?;
        let standing = before.output_shape();
        let &[height, width] = standing else {
            return Err(ImageError::NotAnImage { transform: NAME, shape: standing.to_vec() });
        };
        let maker = Maker {
            shape: shape.to_vec(),
            size: [height, width],
            shifted: after.fixed().worker(standing)?,
            augmented: after.worker(standing)?,
            image: vec![0; before.output_width()],
            before,
        };
        Ok(Views { settings: *self, fixed: pipeline.fixed(), maker: Some(Box::new(maker)) })
    }
}

/// Makes the views that [`TestViews`] ask for of images of one size, in one thread.
#[derive(Clone)]
pub struct Views {
    settings: TestViews,
    fixed: Pipeline,
    /// Where there is more than one view.
    maker: Option<Box<Maker>>,
}

/// The parts of a pipeline about the place where views are made.
#[derive(Clone)]
struct Maker {
    /// Of the samples that are given.
    shape: Vec<usize>,
    /// Height and width of the images that are shifted.
    size: [usize; 2],
    before: Worker,
    /// What follows for a shifted image: without the random transforms.
    shifted: Worker,
    /// What follows for a copy.
    augmented: Worker,
    /// A shifted image.
    image: Vec<u8>,
}

/// One way to look at an image.
#[derive(Clone, Copy)]
enum View {
    /// Moved by so many pixels down and right.
    Shifted(isize, isize),
    /// The augmented copy of this number.
    Augmented(u16),
}

impl Views {
    /// Returns each view of the samples of `data`, as a network is shown them: the shifted ones row by row from
    /// the top left, with the images as they are in the middle, and then the augmented copies.
    ///
    /// Copies of one number are augmented alike, whatever the sample, so that an answer does not depend on the
    /// samples beside it.
    ///
    /// # Errors
    /// [`ImageError::NotBytes`] where samples are numbers, but must be transformed; [`ImageError::NotAnImage`] where
    /// they have another shape.
    pub fn of<'v>(
        &'v mut self,
        data: &Dataset,
    ) -> Result<impl Iterator<Item = Result<Dataset, ImageError>> + 'v, ImageError> {
        let Self { settings, fixed, maker } = self;
        let standing = match maker {
            Some(maker) => maker.standing(data)?,
            None => fixed.apply(data)?,
        };
        Ok(settings.all().map(move |view| match maker {
            Some(maker) => maker.view(&standing, view, settings.strength),
            None => Ok(standing.clone()),
        }))
    }
}

impl TestViews {
    fn all(&self) -> impl Iterator<Item = View> + use<> {
        let (reach, copies) = (isize::from(self.shifts), self.copies);
        let along = move |down| (-reach..=reach).map(move |right| View::Shifted(down, right));
        (-reach..=reach).flat_map(along).chain((0..copies).map(View::Augmented))
    }
}

impl Maker {
    /// The samples of `data` at the place where views are made.
    fn standing(&mut self, data: &Dataset) -> Result<Dataset, ImageError> {
        if let Inputs::Values(_) = data.inputs() {
            return Err(ImageError::NotBytes { transform: NAME });
        }
        if data.sample_shape() != self.shape {
            let shape = data.sample_shape().to_vec();
            return Err(ImageError::NotAnImage { transform: NAME, shape });
        }
        if self.before.is_identity() {
            return Ok(data.clone());
        }
        self.before.apply_to_all(data, &Draw::default())
    }

    fn view(
        &mut self,
        standing: &Dataset,
        view: View,
        strength: f64,
    ) -> Result<Dataset, ImageError> {
        match view {
            View::Shifted(0, 0) if self.shifted.is_identity() => Ok(standing.clone()),
            View::Shifted(down, right) => {
                let Self { size, shifted, image: moved, .. } = self;
                let shape = shifted.output_shape().to_vec();
                Ok(standing.map_bytes(&shape, |image, output| {
                    shift(image, moved, *size, [down, right]);
                    shifted.apply(moved, output, &Draw::default());
                })?)
            }
            View::Augmented(copy) => {
                let strength = Some(strength);
                let draw = Draw { seed: SEED, epoch: copy.into(), epochs: 0, sample: 0, strength };
                self.augmented.apply_to_all(standing, &draw)
            }
        }
    }
}

/// Moves an image of `size` by whole pixels (down, right); what comes in is 0.
fn shift(image: &[u8], moved: &mut [u8], [height, width]: [usize; 2], by: [isize; 2]) {
    let [down, right] = by;
    let columns = right.unsigned_abs().min(width);
    moved.fill(0);
    for (y, line) in moved.chunks_exact_mut(width).enumerate() {
        let Some(from) = y.checked_add_signed(-down).filter(|&from| from < height) else {
            continue;
        };
        let source = &image[from * width..][..width];
        if right >= 0 {
            line[columns..].copy_from_slice(&source[..width - columns]);
        } else {
            line[..width - columns].copy_from_slice(&source[columns..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_move_and_zeros_come_in() {
        let moved = |by| {
            let mut moved = vec![7; 6];
            shift(&[1, 2, 3, 4, 5, 6], &mut moved, [2, 3], by);
            moved
        };
        assert_eq!(moved([0, 0]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(moved([1, 0]), [0, 0, 0, 1, 2, 3]);
        assert_eq!(moved([-1, 0]), [4, 5, 6, 0, 0, 0]);
        assert_eq!(moved([0, 1]), [0, 1, 2, 0, 4, 5]);
        assert_eq!(moved([0, -2]), [3, 0, 0, 6, 0, 0]);
        assert_eq!(moved([5, 5]), [0; 6]);
    }
}
