//! The topics, one file each.

pub mod activations;
pub mod backprop;
pub mod bias;
pub mod descent;
pub mod digits;
pub mod digits8x8;
pub mod ladder;
pub mod linear;
pub mod overfitting;
mod overfitting_report;
pub mod perceptron;
pub mod single_step;
pub mod solvers;
pub mod universal;
mod universal_report;
mod universal_trials;
pub mod vanishing;
