//! The settings that say where data lies: a folder, the sample, or files of any names.

use crate::data_source::{DataSource, FilePair};
use crate::error::CliError;
use crate::saved_path::SavedPath;
use crate::settings::Settings;
use std::path::Path;

impl Settings {
    /// The settings that say where data lies, under the names of their flags.
    pub(crate) fn data_paths(&self) -> [(&'static str, Option<&Path>); 5] {
        [
            ("data", &self.data),
            ("images", &self.images),
            ("labels", &self.labels),
            ("test-images", &self.test_images),
            ("test-labels", &self.test_labels),
        ]
        .map(|(name, path)| (name, path.as_ref().map(|path| path.0.as_path())))
    }

    /// Where data lies, if that is said. On the command line clap has checked what goes together;
    /// in a file nobody has.
    pub(crate) fn data_source(&self) -> Result<Option<DataSource>, CliError> {
        let paths = self.data_paths();
        if let Some((name, _)) = paths.iter().find(|(_, path)| *path == Some(Path::new(""))) {
            let error = format!("{name} is empty, must be a path; leave it out for the default");
            return Err(CliError::Usage(error));
        }
        let [(_, data), train @ .., (_, test_images), (_, test_labels)] = paths;
        let [train_images, train_labels] = train.map(|(_, path)| path);
        let train = pair(["images", "labels"], train_images, train_labels)?;
        let test = pair(["test-images", "test-labels"], test_images, test_labels)?;
        match (data, train, test) {
            (None, None, None) => Ok(None),
            (Some(data), None, None) => Ok(Some(DataSource::named(data))),
            (None, Some(train), test) => Ok(Some(DataSource::Files { train, test })),
            (None, None, Some(_)) => {
                Err(CliError::Usage("test-images needs images and labels to train on".to_owned()))
            }
            (Some(_), ..) => {
                Err(CliError::Usage("data and images exclude each other; give one".to_owned()))
            }
        }
    }

    /// The same with data from `source`, or from where the default says.
    pub(crate) fn with_data(self, source: Option<&DataSource>) -> Self {
        let saved = |path: &Path| Some(SavedPath(path.to_owned()));
        let images = |pair: &FilePair| saved(&pair.images);
        let labels = |pair: &FilePair| saved(&pair.labels);
        let (train, test) = match source {
            Some(DataSource::Files { train, test }) => (Some(train), test.as_ref()),
            _ => (None, None),
        };
        Self {
            data: source.and_then(DataSource::as_data).and_then(saved),
            images: train.and_then(images),
            labels: train.and_then(labels),
            test_images: test.and_then(images),
            test_labels: test.and_then(labels),
            ..self
        }
    }
}

/// An image file and its label file, both or neither.
fn pair(
    names: [&str; 2],
    images: Option<&Path>,
    labels: Option<&Path>,
) -> Result<Option<FilePair>, CliError> {
    let [images_name, labels_name] = names;
    match (images, labels) {
        (Some(images), Some(labels)) => {
            Ok(Some(FilePair { images: images.to_owned(), labels: labels.to_owned() }))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(CliError::Usage(format!("{images_name} needs {labels_name}"))),
        (None, Some(_)) => Err(CliError::Usage(format!("{labels_name} needs {images_name}"))),
    }
}
