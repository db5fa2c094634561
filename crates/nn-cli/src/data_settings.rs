//! The section `[data]`: a folder, the sample, or files of any names.

use crate::data_source::{DataSource, FilePair};
use crate::saved_path::SavedPath;
use nn_mlp::settings::SettingsError;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Where data is, if that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct DataSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<SavedPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<SavedPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<SavedPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_images: Option<SavedPath>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_labels: Option<SavedPath>,
}

impl DataSettings {
    /// What says where `source` is.
    pub(crate) fn of(source: &DataSource) -> Self {
        let saved = |path: &Path| Some(SavedPath(path.to_owned()));
        let images = |pair: &FilePair| saved(&pair.images);
        let labels = |pair: &FilePair| saved(&pair.labels);
        let (train, test) = match source {
            DataSource::Files { train, test } => (Some(train), test.as_ref()),
            _ => (None, None),
        };
        Self {
            path: source.as_data().and_then(saved),
            images: train.and_then(images),
            labels: train.and_then(labels),
            test_images: test.and_then(images),
            test_labels: test.and_then(labels),
        }
    }

    /// Where data is, if that is said.
    pub(crate) fn source(&self) -> Result<Option<DataSource>, SettingsError> {
        let train = pair(["data.images", "data.labels"], &self.images, &self.labels)?;
        let test =
            pair(["data.test-images", "data.test-labels"], &self.test_images, &self.test_labels)?;
        match (&self.path, train, test) {
            (None, None, None) => Ok(None),
            (Some(path), None, None) => Ok(Some(DataSource::named(&path.0))),
            (None, Some(train), test) => Ok(Some(DataSource::Files { train, test })),
            (None, None, Some(_)) => Err(SettingsError::new(
                "data.test-images",
                "data.test-images needs data.images and data.labels to train on",
            )),
            (Some(_), ..) => Err(SettingsError::new(
                "data.path",
                "data.path and files such as data.images exclude each other; give one",
            )),
        }
    }
}

/// An image file and its label file, both or neither.
fn pair(
    keys: [&str; 2],
    images: &Option<SavedPath>,
    labels: &Option<SavedPath>,
) -> Result<Option<FilePair>, SettingsError> {
    match (images, labels) {
        (Some(images), Some(labels)) => {
            Ok(Some(FilePair { images: images.0.clone(), labels: labels.0.clone() }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(SettingsError::new(keys[0], format!("{} needs {}", keys[0], keys[1])))
        }
        (None, Some(_)) => {
            Err(SettingsError::new(keys[1], format!("{} needs {}", keys[1], keys[0])))
        }
    }
}
