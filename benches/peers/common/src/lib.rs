//! Common parts of the Rust peers, so that they differ only in the framework.

mod idx;
mod options;
mod report;
mod shuffle;

pub use idx::Digits;
pub use options::Options;
pub use report::{epoch, test};
pub use shuffle::Shuffle;

/// Result of a peer's `main`.
pub type Failure = Box<dyn std::error::Error>;
