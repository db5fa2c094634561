//! Lists of transforms.

use crate::draw::Draw;
use crate::error::{ImageError, in_words};
use crate::kinds::kind_named;
use crate::picture::Picture;
use crate::size::size_of;
use crate::step::Step;
use crate::worker::Worker;
use nn_data::{Dataset, Inputs};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// Most transforms of a pipeline: far more than anyone needs, and few enough for the memory of a worker.
const MAX_STEPS: usize = 64;

/// A list of transforms that each image goes through, in order.
///
/// It serialises to a list of tables, each with the kind of the transform and its settings. A clone shares them.
///
/// ```
/// use nn_images::{Draw, Pipeline};
/// let pipeline: Pipeline = serde_json::from_str(
///     r#"[{"kind": "deskew"}, {"kind": "augment", "rotation": 10}, {"kind": "gradient-features"}]"#,
/// )?;
/// pipeline.validate()?;
/// assert_eq!(pipeline.output_shape(&[28, 28])?, [769]);
/// // In training, each copy depends on seed, epoch and sample.
/// let mut worker = pipeline.worker(&[28, 28])?;
/// let mut features = vec![0; worker.output_width()];
/// let draw = Draw { seed: 1, epoch: 0, epochs: 10, sample: 5, strength: None };
/// worker.apply(&[200; 784], &mut features, &draw);
/// // In use, the random transforms are left out.
/// let data = nn_data::Dataset::from_images(vec![200; 784], &[28, 28], vec![0], 10)?;
/// assert_eq!(pipeline.apply(&data)?.input_width(), 769);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipeline(Arc<[Step]>);

impl Pipeline {
    /// Makes a pipeline of steps.
    ///
    /// ```
    /// use nn_images::{Augment, Deskew, Pipeline};
    /// let augment = Augment { rotation: 10.0, ..Augment::default() };
    /// let pipeline = Pipeline::new([Deskew::default().into(), augment.into()]);
    /// assert!(pipeline.has_random());
    /// ```
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(steps.into_iter().collect())
    }

    /// Returns its steps, in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Returns whether it has no step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that every setting is in its range, and that the transforms can follow each other.
    ///
    /// # Errors
    /// [`ImageError::Setting`], [`ImageError::Order`] or [`ImageError::TooMany`].
    pub fn validate(&self) -> Result<(), ImageError> {
        let count = self.0.len();
        if count > MAX_STEPS {
            return Err(ImageError::TooMany { count, limit: MAX_STEPS });
        }
        self.0.iter().try_for_each(|step| step.transform().validate())?;
        for pair in self.0.windows(2) {
            if !pair[0].transform().keeps_image() {
                let [before, transform] = [&pair[0], &pair[1]].map(|step| step.kind().name);
                return Err(ImageError::Order { transform, before });
            }
        }
        Ok(())
    }

    /// Returns the pipeline with a setting changed in every step of `kind`.
    ///
    /// ```
    /// let pipeline = nn_images::Pipeline::new([nn_images::GradientFeatures::default().into()]);
    /// let roots = pipeline.with("gradient-features", "sqrt", &true.into())?;
    /// assert_eq!(roots.steps()[0].settings()["sqrt"], true);
    /// assert!(pipeline.with("deskew", "sqrt", &true.into()).is_err());
    /// # Ok::<(), nn_images::ImageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ImageError::NotInPipeline`] where it has no such step, [`ImageError::UnknownKind`],
    /// [`ImageError::UnknownKey`] or [`ImageError::SettingType`].
    pub fn with(&self, kind: &str, key: &str, value: &Value) -> Result<Self, ImageError> {
        let kind = kind_named(kind)?;
        let mut found = false;
        let change = |step: &Step| {
            if *step.kind() != kind {
                return Ok(step.clone());
            }
            found = true;
            step.with(key, value)
        };
        let changed = self.0.iter().map(change).collect::<Result<_, ImageError>>()?;
        if !found {
            let present = in_words(self.0.iter().map(|step| step.kind().name));
            return Err(ImageError::NotInPipeline { transform: kind.name, present });
        }
        Ok(Self(changed))
    }

    /// Returns it without the random transforms: what is part of a model and runs always.
    #[must_use]
    pub fn fixed(&self) -> Self {
        let fixed = self.0.iter().filter(|step| !step.transform().is_random());
        fixed.cloned().collect()
    }

    /// Returns whether the output for an image can differ from epoch to epoch.
    #[must_use]
    pub fn has_random(&self) -> bool {
        self.0.iter().any(Step::is_random)
    }

    /// Splits it into what can be applied to a whole set once, before training, and the rest.
    ///
    /// The first part has what stands before the first random transform; without one, it is everything.
    #[must_use]
    pub fn split(&self) -> (Self, Self) {
        self.split_at(self.first_random().unwrap_or(self.0.len()))
    }

    /// Splits it where images can be shifted by whole pixels: before the first random transform, or before the
    /// one whose output is no image.
    pub(crate) fn split_at_view(&self) -> (Self, Self) {
        let no_image = self.0.iter().position(|step| !step.transform().keeps_image());
        let views = [self.first_random(), no_image].into_iter().flatten().min();
        self.split_at(views.unwrap_or(self.0.len()))
    }

    fn first_random(&self) -> Option<usize> {
        self.0.iter().position(Step::is_random)
    }

    fn split_at(&self, middle: usize) -> (Self, Self) {
        let (before, after) = self.0.split_at(middle);
        (before.iter().cloned().collect(), after.iter().cloned().collect())
    }

    /// Returns the shape that samples of this shape have afterwards.
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] where a transform cannot take what it gets.
    pub fn output_shape(&self, shape: &[usize]) -> Result<Vec<usize>, ImageError> {
        self.active().try_fold(shape.to_vec(), |shape, step| {
            step.transform().output_shape(size_for(step, &shape)?)
        })
    }

    /// Returns for each number of the output the pixel, by row and column, of the input about which it is taken.
    /// Of an empty pipeline these are the pixels themselves.
    ///
    /// Deskewing and augmentation are not accounted for: they move what is in the image, not the image.
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] where samples of this shape are no images.
    pub fn places(&self, shape: &[usize]) -> Result<Vec<[usize; 2]>, ImageError> {
        let &[height, width] = shape else {
            let (transform, shape) = ("receptive fields", shape.to_vec());
            return Err(ImageError::NotAnImage { transform, shape });
        };
        let mut places: Vec<_> =
            (0..height * width).map(|pixel| [pixel / width, pixel % width]).collect();
        let mut shape = shape.to_vec();
        for step in self.active() {
            let size = size_for(step, &shape)?;
            let of_output = step.transform().places(size);
            places =
                of_output.into_iter().map(|[row, column]| places[row * size[1] + column]).collect();
            shape = step.transform().output_shape(size)?;
        }
        Ok(places)
    }

    /// Lays numbers in the place of the output, such as weights, out to be drawn. `None` where they have the form
    /// of the [output shape](Self::output_shape) and no other.
    #[must_use]
    pub fn picture(&self, numbers: &[f64]) -> Option<Picture> {
        self.0.last()?.transform().picture(numbers)
    }

    /// Applies the fixed transforms to every sample of `data`; random ones are left out.
    ///
    /// The result is a data set of its own, which holds the samples of this view only; where there is nothing to
    /// do, it is the view itself.
    ///
    /// # Errors
    /// [`ImageError::NotAnImage`] or [`ImageError::NotBytes`] where samples are no images.
    pub fn apply(&self, data: &Dataset) -> Result<Dataset, ImageError> {
        let fixed = self.fixed();
        let Some(first) = fixed.active().next() else { return Ok(data.clone()) };
        if let Inputs::Values(_) = data.inputs() {
            return Err(ImageError::NotBytes { transform: first.kind().name });
        }
        fixed.worker(data.sample_shape())?.apply_to_all(data, &Draw::default())
    }

    /// Returns what applies all of it, random transforms included, to images of this shape in one thread.
    ///
    /// # Errors
    /// As [`validate`](Self::validate) and [`output_shape`](Self::output_shape).
    pub fn worker(&self, shape: &[usize]) -> Result<Worker, ImageError> {
        self.validate()?;
        let mut worker = Worker::new(shape);
        let mut stream = 0;
        for step in self.active() {
            let size = size_for(step, worker.output_shape())?;
            let shape = step.transform().output_shape(size)?;
            worker.push(step.transform().worker(size, stream)?, shape);
            stream += u32::from(step.is_random());
        }
        Ok(worker)
    }

    /// The steps that change anything.
    fn active(&self) -> impl Iterator<Item = &Step> {
        self.0.iter().filter(|step| !step.transform().is_identity())
    }
}

/// Height and width of samples of this shape, which `step` is to transform.
fn size_for(step: &Step, shape: &[usize]) -> Result<[usize; 2], ImageError> {
    let (transform, found) = (step.kind().name, shape.to_vec());
    size_of(shape).ok_or(ImageError::NotAnImage { transform, shape: found })
}

impl FromIterator<Step> for Pipeline {
    fn from_iter<I: IntoIterator<Item = Step>>(steps: I) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl Serialize for Pipeline {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter())
    }
}

impl<'de> Deserialize<'de> for Pipeline {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Vec::deserialize(deserializer)?.into()))
    }
}
