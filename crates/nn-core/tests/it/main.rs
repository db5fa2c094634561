//! Tests of nn-core against independent truths: PyTorch's numbers, definitions, closed forms, and
//! the reference backend.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod architecture;
mod common;
mod evaluation;
mod full_batch;
mod fused;
mod hooks;
mod initializer;
mod joint;
mod prediction;
mod pytorch;
mod regularisation;
mod training;
