//! The long tests of the workspace: everything that could lose data, change a result or be
//! exploited, done on purpose and many times. `cargo xtask torture` runs them; `tests/` has short
//! versions.
//!
//! Each part is a function from a [`trial::Effort`] (how much to do) to a [`trial::Tally`] (what
//! was tried and what was lost).
#![allow(clippy::missing_panics_doc, reason = "a panic reports a broken guarantee")]

pub mod damage;
pub mod disk;
pub mod downloads;
pub mod kills;
pub mod noise;
pub mod parts;
pub mod program;
pub mod readers;
pub mod samples;
pub mod shared_folder;
pub mod threads;
pub mod trial;
pub mod writers;
