//! Tests of the lecture's topics, in one binary: each further binary is compiled and linked on its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod chain;
mod solver_topics;
mod topics;
