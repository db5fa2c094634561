//! What images go through before a network sees them: a [`Pipeline`] of [`Transform`]s.
//!
//! | kind | transform |
//! |---|---|
//! | `deskew` | [`Deskew`]: takes out slant and size |
//! | `augment` | [`Augment`]: random rotation, scale, shear, shift and elastic deformation |
//! | `gradient-features` | [`GradientFeatures`]: oriented gradient features in place of pixels |
//! | `transpose` | [`Transpose`]: exchanges rows and columns |
//! | `halve` | [`Halve`]: averages each 2 x 2 pixels into one |
//!
//! Fixed transforms run always and are part of a model; random ones run in training and in test-time
//! augmentation ([`TestViews`]). Whatever runs is a pure function of settings, image and [`Draw`].
//!
//! A new transform takes one file, with a struct of settings that is [`Described`] and a [`Transform`], and a line
//! in the list [`KINDS`].

mod augment;
mod deskew;
mod draw;
mod error;
mod gradient_features;
mod halve;
mod kind;
mod kinds;
mod picture;
mod pipeline;
mod random;
mod resample;
mod size;
mod step;
mod test_views;
mod transform;
mod transpose;
mod whole;
mod worker;

pub use augment::{Augment, Augmenter};
pub use deskew::{Deskew, deskew, deskewed};
pub use draw::Draw;
pub use error::ImageError;
pub use gradient_features::{GradientEncoder, GradientFeatures};
pub use halve::Halve;
pub use kind::{Kind, Table};
pub use kinds::{KINDS, kind_named};
pub use picture::Picture;
pub use pipeline::Pipeline;
pub use size::MAX_SIDE;
pub use step::Step;
pub use test_views::{TestViews, Views};
pub use transform::{Apply, CloneApply, Described, Key, Transform};
pub use transpose::Transpose;
pub use worker::Worker;
