//! Tests of the solvers, in one binary: each further binary is compiled and linked on its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod convex;
mod known_minima;
mod limits_and_faults;
mod networks;
