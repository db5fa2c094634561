//! The tests of `cargo xtask` from outside, in one binary: each further one would be compiled and linked anew.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cli;
mod common;
#[cfg(unix)]
mod compare;
mod download;
mod folder;
