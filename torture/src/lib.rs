//! The long tests of the workspace: what could lose data, change a result or let someone in, done on
//! purpose and many times. `cargo xtask torture` runs them all; short versions stand in `tests/`.
#![allow(clippy::missing_panics_doc, reason = "here a panic is how a broken promise is told")]

pub mod readers;
