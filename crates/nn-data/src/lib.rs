//! Data for neural networks, without a tensor in sight: IDX files, data sets, splits and shuffles.
//!
//! - [`read_idx`] and [`write_idx`]: the file format of MNIST and its relatives, plain or gzip.
//! - [`Dataset`]: samples with labels or target values. It is a view: clones, subsets and splits
//!   share one copy of the pixels.
//! - [`load_folder`] and [`load_pair`]: data sets from files.
//! - [`epoch_order`]: the order in which an epoch visits the samples, the same for ever for a seed.
//! - `embedded_sample` (feature `sample`): 6,000 + 1,000 digits of MNIST inside the binary.
//!
//! Whatever a file holds, reading it gives a data set or a [`DataError`] that names the file, the
//! cause and what to do next; nothing panics, and no memory is taken on the word of a header alone.

mod dataset;
mod error;
mod folder;
mod idx;
mod pair;
mod random;
mod sample;
mod shuffle;
mod split;
mod train_test;

pub use dataset::{Dataset, Inputs, MAX_CLASSES, Targets};
pub use error::DataError;
pub use folder::{folder_files, load_folder, write_folder};
pub use idx::{
    Compression, ElementType, IdxArray, IdxValues, MAX_DIMENSIONS, read_idx, read_idx_from,
    write_idx, write_idx_to,
};
pub use pair::load_pair;
#[cfg(feature = "sample")]
pub use sample::embedded_sample;
pub use sample::{make_sample, stratified_sample};
pub use shuffle::{epoch_order, epoch_order_into};
pub use train_test::TrainTest;
