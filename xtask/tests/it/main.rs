//! Tests of `cargo xtask` from outside, in one binary: each further binary is compiled and linked on its own.
#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod cli;
mod common;
#[cfg(unix)]
mod compare;
mod download;
mod folder;
