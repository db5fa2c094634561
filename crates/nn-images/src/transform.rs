//! What a transform is: its settings, and the work of one thread.

use crate::draw::Draw;
use crate::error::ImageError;
use crate::picture::Picture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// A step that an image goes through, with its settings.
///
/// A transform takes images of grey values: `size` is always height and width, each from 1 to
/// [`MAX_SIDE`](crate::MAX_SIDE), and an image is height x width bytes, row-major. Its output is a pure function of
/// settings, image and [`Draw`].
pub trait Transform: Debug + Send + Sync {
    /// Checks that every setting is in its range.
    ///
    /// # Errors
    /// [`ImageError::Setting`] naming the setting, its value and what is allowed.
    fn validate(&self) -> Result<(), ImageError> {
        Ok(())
    }

    /// Returns whether the output depends on the [`Draw`]. Random transforms run in training and in test-time
    /// augmentation only; the others run always.
    fn is_random(&self) -> bool {
        false
    }

    /// Returns whether these settings change no image, so that the transform can be skipped.
    fn is_identity(&self) -> bool {
        false
    }

    /// Returns whether the output is an image again, which can be shifted and transformed further. Where it is
    /// not, the transform is the last of its pipeline.
    fn keeps_image(&self) -> bool {
        true
    }

    /// Returns the shape of the output for images of this size.
    ///
    /// # Errors
    /// [`ImageError`] where images of this size cannot be transformed.
    fn output_shape(&self, size: [usize; 2]) -> Result<Vec<usize>, ImageError> {
        Ok(size.to_vec())
    }

    /// Returns for each number of the output the pixel, by row and column, of the input about which it is
    /// taken.
    fn places(&self, size: [usize; 2]) -> Vec<[usize; 2]> {
        let [height, width] = size;
        (0..height * width).map(|pixel| [pixel / width, pixel % width]).collect()
    }

    /// Lays numbers in the place of the output, such as weights, out to be drawn. `None` where the output is
    /// an image, or there are not as many numbers as the output has.
    fn picture(&self, numbers: &[f64]) -> Option<Picture> {
        let _ = numbers;
        None
    }

    /// Returns what transforms images of this size, with its scratch space. `stream` is different for each
    /// random transform of a pipeline: what it draws must depend on it.
    ///
    /// # Errors
    /// As [`validate`](Self::validate) and [`output_shape`](Self::output_shape).
    fn worker(&self, size: [usize; 2], stream: u32) -> Result<Box<dyn Apply>, ImageError>;
}

/// A transform at work on images of one size, in one thread.
pub trait Apply: CloneApply + Send + Sync {
    /// Writes the transformed `image` over all of `output`.
    fn apply(&mut self, image: &[u8], output: &mut [u8], draw: &Draw);
}

/// Clones behind a `dyn Apply`; every `Clone` type has it.
pub trait CloneApply {
    /// Returns a copy with scratch space of its own.
    fn clone_apply(&self) -> Box<dyn Apply>;
}

impl<A: Apply + Clone + 'static> CloneApply for A {
    fn clone_apply(&self) -> Box<dyn Apply> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Apply> {
    fn clone(&self) -> Self {
        (**self).clone_apply()
    }
}

/// A transform that can be written in a file of settings: a name, and a struct of settings with defaults.
///
/// The struct serialises to a table with one entry for each of its [`KEYS`](Self::KEYS).
pub trait Described: Transform + Default + Serialize + DeserializeOwned + 'static {
    /// Its name in settings, as in `kind = "deskew"`.
    const KIND: &'static str;
    /// What it does, in one line.
    const HELP: &'static str;
    /// Its settings.
    const KEYS: &'static [Key];
}

/// A setting of a transform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name, as in `rotation = 10.0`.
    pub name: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
}
