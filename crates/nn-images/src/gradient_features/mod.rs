//! Oriented gradient features.

mod encoder;
mod second_order;
mod windows;

pub use encoder::{DirectionEncoder, directions};
