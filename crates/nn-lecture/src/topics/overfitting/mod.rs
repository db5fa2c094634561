//! Overfitting and its remedies: early stopping, L1, L2, dropout, more samples, a smaller network,
//! ensembles.

mod report;
mod results;
mod run;
mod settings;

pub use report::report;
pub use results::{Ensemble, Outcomes, Remedy};
pub use run::run;
pub use settings::{Settings, TOPIC};
