//! One file a subcommand.

pub(crate) mod ablate;
pub(crate) mod augment;
pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod data;
pub(crate) mod ensemble;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod inspect;
pub(crate) mod lecture;
pub(crate) mod man;
pub(crate) mod plot;
pub(crate) mod predict;
pub(crate) mod repeat;
pub(crate) mod test;
pub(crate) mod train;
mod train_batches;
mod train_full_batch;
