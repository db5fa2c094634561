//! What the Rust peers share, so that they differ in nothing but the framework.

mod idx;
mod options;
mod report;
mod shuffle;

pub use idx::Digits;
pub use options::Options;
pub use report::{epoch, test};
pub use shuffle::Shuffle;

/// What a peer's `main` can end with.
pub type Failure = Box<dyn std::error::Error>;
