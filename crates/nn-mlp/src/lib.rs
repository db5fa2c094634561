//! Multi-layer perceptrons with one front door.
//!
//! - [`settings`]: everything that decides a training, as a value and as a TOML file.

pub mod settings;
