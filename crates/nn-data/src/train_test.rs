//! A training set with the test set that belongs to it.

use crate::dataset::{Dataset, Inputs};
use crate::error::DataError;

/// What a network learns from and what it is judged by: same sample shape, same classes.
#[derive(Debug, Clone)]
pub struct TrainTest {
    /// What a network learns from.
    pub train: Dataset,
    /// What it is judged by.
    pub test: Dataset,
}

impl TrainTest {
    /// Puts two classification sets together; both get the larger number of classes of the two.
    ///
    /// # Errors
    /// If they differ in sample shape or in kind of inputs (bytes or numbers), or have no classes.
    pub fn matched(train: Dataset, test: Dataset) -> Result<Self, DataError> {
        if train.sample_shape() != test.sample_shape() {
            let (train, test) = (train.sample_shape(), test.sample_shape());
            return Err(mismatch("sample shape", format!("{train:?}"), format!("{test:?}")));
        }
        let (train_kind, test_kind) = (input_kind(&train), input_kind(&test));
        if train_kind != test_kind {
            return Err(mismatch("kind of inputs", train_kind.into(), test_kind.into()));
        }
        let (Some(train_classes), Some(test_classes)) = (train.classes(), test.classes()) else {
            return Err(DataError::NotClassification);
        };
        let classes = train_classes.max(test_classes);
        Ok(TrainTest { train: train.with_classes(classes)?, test: test.with_classes(classes)? })
    }
}

fn mismatch(what: &'static str, train: String, test: String) -> DataError {
    DataError::TrainTestMismatch { what, train, test }
}

fn input_kind(dataset: &Dataset) -> &'static str {
    match dataset.inputs() {
        Inputs::Bytes(_) => "bytes",
        Inputs::Values(_) => "numbers",
    }
}
