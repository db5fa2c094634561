//! Universal approximation: one hidden layer fits any continuous function, better the wider it is.
//!
//! The tutorial's fit with its own settings, and the effect of width, learning rate, epochs,
//! activation, depth and solver.

mod report;
mod results;
mod run;
mod settings;
mod training;
mod trials;

pub use report::report;
pub use results::{Approximation, Change, Fit, Sweep, Trial};
pub use run::{run, run_fit};
pub use settings::{Settings, TOPIC};
