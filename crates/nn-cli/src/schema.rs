//! The keys of a file of settings: the library's, and those of this program, `[data]` and `[machine]`.

use crate::device_args::{Backend, MOST_THREADS};
use nn_mlp::settings::{Allowed, DefaultValue, Key, Schema, Section};

/// Every section of a file of settings.
pub(crate) const SCHEMA: Schema = Schema::new(&[
    &DATA,
    &Section::NETWORK,
    &Section::TRAINING,
    &Section::TRANSFORM,
    &Section::TEST,
    &MACHINE,
]);

const DATA: Section = Section {
    name: "data",
    help: "Where the data is: a folder, or files of any names",
    is_one_choice: true,
    keys: &[
        path(
            "data.path",
            "Read the four IDX files in this folder, or the embedded \"sample\"",
            DefaultValue::Fitting {
                words: "data/mnist if it is there, otherwise the sample",
                example: "\"sample\"",
            },
        ),
        path(
            "data.images",
            "Train on this image file, of any name, instead of a folder",
            DefaultValue::Off { example: "\"images.idx\"" },
        ),
        path(
            "data.labels",
            "Read the labels of these images from this file",
            DefaultValue::Off { example: "\"labels.idx\"" },
        ),
        path(
            "data.test-images",
            "Test on this image file instead of a held-out tenth of the training images",
            DefaultValue::Off { example: "\"test-images.idx\"" },
        ),
        path(
            "data.test-labels",
            "Read the labels of the test images from this file",
            DefaultValue::Off { example: "\"test-labels.idx\"" },
        ),
    ],
};

const MACHINE: Section = Section {
    name: "machine",
    help: "Where it runs; no result depends on the number of threads",
    is_one_choice: false,
    keys: &[
        Key {
            path: "machine.backend",
            help: "Compute on this backend: cpu is fast, reference is easy to verify",
            allowed: Allowed::OneOf(|| Backend::NAMES.to_vec()),
            default: DefaultValue::Is("\"cpu\""),
            needs: &[],
        },
        Key {
            path: "machine.threads",
            help: "Use this many threads",
            allowed: Allowed::Whole { least: 1, most: MOST_THREADS as i64 },
            default: DefaultValue::Fitting { words: "one per core", example: "4" },
            needs: &[],
        },
    ],
};

const fn path(path: &'static str, help: &'static str, default: DefaultValue) -> Key {
    Key { path, help, allowed: Allowed::Path, default, needs: &[] }
}
