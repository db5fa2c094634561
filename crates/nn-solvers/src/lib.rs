//! Solvers that are no plain gradient steps, for the cost of a network on a whole data set.
//!
//! [`minimize`] takes an [`Objective`] (anything with a cost and a gradient;
//! [`nn_core::FullBatch`] is one) and a [`Solver`]; [`minimize_network`] does it for a network. Directions and line searches are those of the
//! argmin library; this crate adds what its users need besides: one count of evaluations for all
//! methods, an onlooker that may stop the run, limits, a fresh start when a line search fails, and
//! an end without a panic when numbers cease to be finite.
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
//! let form = Architecture {
//!     inputs: 1,
//!     hidden: vec![4],
//!     outputs: 1,
//!     activation: Activation::Tanh,
//!     output_activation: Activation::Identity,
//! };
//! let network = Network::<ReferenceTensor<f64>>::new(&(), &form, Initializer::GlorotUniform, 42)?;
//! let config = TrainingConfig { loss: Loss::SquaredError, ..Default::default() };
//! let mut cost = FullBatch::new(network, &data, &config)?;
//! let solver = Solver::Lbfgs { memory: 10 };
//! let minimum = minimize_network(&mut cost, solver, &Limits::default(), &mut |_| {
//!     ControlFlow::Continue(())
//! })?;
//! assert!(minimum.cost < 1e-5);
//! assert_eq!(cost.cost()?, minimum.cost); // the network is left there
//! # Ok(())
//! # }
//! ```

mod curvature;
mod descent;
mod error;
mod gauss_newton;
mod line_search;
mod minimize;
mod network;
mod objective;
mod problem;
mod solver;
mod watched;

pub use error::SolverError;
pub use gauss_newton::gauss_newton_matrix;
pub use minimize::{Iterate, Limits, Minimum, Stopped, minimize};
pub use network::minimize_network;
pub use objective::{Objective, ObjectiveError, difference_hessian};
pub use solver::Solver;
