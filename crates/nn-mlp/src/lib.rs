//! Multi-layer perceptrons with one front door.

pub mod file;
mod model;
pub mod safetensors;
pub mod settings;
mod statistics;
mod training;
