//! The topics, one file or folder each.

pub mod activations;
pub mod backprop;
pub mod bias;
pub mod descent;
pub mod digits;
pub mod digits8x8;
pub mod ladder;
pub mod linear;
pub mod overfitting;
pub mod perceptron;
pub mod single_step;
pub mod solvers;
pub mod universal;
pub mod vanishing;
