//! Each part of the torture, briefly, and promises that are not about files: numbers at the edges, types, and what the
//! documentation says. In one binary: each further binary is compiled and linked on its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic fails the test")]

mod edges;
mod misuse;
mod page;
mod short;
