//! Computes the lecture, topic by topic.
//!
//! Nothing here prints or draws. A topic has parameters with defaults, a function `run` that
//! returns its numbers, and a function `report` that formats them as sentences with measured
//! values, tables, figures and references to the code of each equation. [`run_topic`] runs a topic
//! by name, on any backend.

mod backend;
pub mod chain;
mod error;
mod expression;
mod expression_signs;
mod fit;
pub mod gradient_check;
mod least_squares;
mod page;
mod parameters;
mod range;
mod registry;
mod report;
mod samples;
pub mod shrinkage;
mod topic;
pub mod topics;

pub use backend::Backend;
pub use error::LectureError;
pub use page::page;
pub use parameters::Parameters;
pub use registry::{TOPICS, find_topic, run_topic};
pub use report::{Claim, CodeReference, Report, Table};
pub use samples::Affine;
pub use topic::{Parameter, Topic};
