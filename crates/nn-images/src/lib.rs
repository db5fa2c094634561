//! Images before a network sees them.

mod augment;
mod deskew;
mod error;
mod gradient_features;
mod random;
mod resample;
mod whole;

pub use augment::{Distorter, Distortion};
pub use deskew::{deskew, deskewed};
pub use error::ImageError;
pub use gradient_features::{DirectionEncoder, directions};
