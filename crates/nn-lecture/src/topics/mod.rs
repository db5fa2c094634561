//! One file a topic.

pub mod activations;
