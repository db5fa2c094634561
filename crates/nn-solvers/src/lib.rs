//! Solvers beyond plain gradient steps, for the full-batch cost of a network.
//!
//! [`minimize`] takes an [`Objective`], which is anything with a cost and a gradient, such as
//! [`nn_core::FullBatch`], and a [`Solver`]. [`minimize_network`] does the same for a network.
//! Search directions and line searches are those of argmin. This crate adds limits, a count of
//! evaluations that is the same for all methods, an observer that may stop the run, restarts after
//! a failed line search, and a regular end when numbers are no longer finite.
//!
//! ```
//! use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss, Network, TrainingConfig};
//! use nn_data::Dataset;
//! use nn_solvers::{Limits, Solver, minimize_network};
//! use nn_tensor::ReferenceTensor;
//! use std::ops::ControlFlow;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // y = x² on nine points, learned by four tanh units.
//! let x: Vec<f64> = (-4..=4).map(|i| f64::from(i) / 4.0).collect();
//! let y = x.iter().map(|x| x * x).collect();
//! let data = Dataset::regression(x, 1, y, 1)?;
//! let architecture = Architecture {
//!     inputs: 1,
//!     hidden: vec![4],
//!     outputs: 1,
//!     activation: Activation::Tanh,
//!     output_activation: Activation::Identity,
//! };
//! let initializer = Initializer::GlorotUniform;
//! let network = Network::<ReferenceTensor<f64>>::new(&(), &architecture, initializer, 42)?;
//! let config = TrainingConfig { loss: Loss::SquaredError, ..Default::default() };
//! let mut cost = FullBatch::new(network, &data, &config)?;
//! let solver = Solver::Lbfgs { memory: 10 };
//! let minimum = minimize_network(&mut cost, solver, &Limits::default(), &mut |_| {
//!     ControlFlow::Continue(())
//! })?;
//! assert!(minimum.cost < 1e-5);
//! assert_eq!(cost.cost()?, minimum.cost); // the network has the weights of the minimum
//! # Ok(())
//! # }
//! ```

mod curvature;
mod descent;
mod error;
mod gauss_newton;
mod limits;
mod line_search;
mod minimize;
mod minimum;
mod network;
mod objective;
mod observed;
mod problem;
mod solver;

pub use error::SolverError;
pub use gauss_newton::gauss_newton_matrix;
pub use limits::{Limits, Stopped};
pub use minimize::minimize;
pub use minimum::{Iterate, Minimum};
pub use network::minimize_network;
pub use objective::{Objective, ObjectiveError, difference_hessian};
pub use solver::Solver;
