//! Tests of models, their files and their training through the public interface.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod array_views;
mod augmented_bytes;
mod checkpoint_damage;
mod checkpoint_golden;
mod checkpoint_killed;
mod common;
mod ensembles;
mod from_pytorch;
mod front_door;
mod joint;
mod local_connections;
mod misuse;
mod safetensors;
mod transforms;
