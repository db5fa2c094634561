//! Guarantees that are not about files: numerical edge cases, types, and the documentation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod edges;
mod misuse;
mod page;
