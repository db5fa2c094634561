//! The long tests of the workspace: what could lose data, change a result or let someone in, done on
//! purpose and many times. `cargo xtask torture` runs them all; short versions stand in `tests/`.
//!
//! Each part is a function from an [`trial::Effort`] (how much) to a [`trial::Tally`] (what was tried,
//! what was lost).
#![allow(clippy::missing_panics_doc, reason = "here a panic is how a broken promise is told")]

pub mod crowd;
pub mod damage;
pub mod disk;
pub mod downloads;
pub mod kills;
pub mod noise;
pub mod parts;
pub mod program;
pub mod readers;
pub mod samples;
pub mod threads;
pub mod trial;
pub mod writers;
