//! Tests of data sets and their files, in one binary: each further binary is compiled and linked on its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod common;
mod datasets;
#[cfg(feature = "sample")]
mod embedded;
mod folders;
mod idx_damage;
mod idx_faults;
mod idx_files;
mod idx_laws;
mod idx_replace;
mod random_streams;
