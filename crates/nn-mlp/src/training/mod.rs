//! From settings and data to a training.

mod augmented_source;
mod local_connections;
mod plan;

pub use augmented_source::AugmentedSource;
pub use local_connections::LocalConnections;
pub use plan::{PlanOptions, TestSet, TrainingPlan};
