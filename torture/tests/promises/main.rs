//! Promises that are not about files: numbers at the edges, types, and what the documentation says.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod edges;
mod misuse;
mod page;
