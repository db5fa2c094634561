//! Everything that can be wrong with data, one variant a cause.

use std::io;
use std::path::{Path, PathBuf};

use crate::idx::{ElementType, MAX_DIMENSIONS};

/// What is wrong with a file, a data set or a request made of it.
///
/// The message is one line: the file (where there is one), the cause, the next step. Causes of the
/// system are part of the message, so [`source`](std::error::Error::source) is always empty.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The system refused to open, read or write.
    #[error("{name}: cannot {action}: {cause}")]
    Io {
        /// The file or folder.
        name: String,
        /// What was tried: "open", "read", "write", ...
        action: &'static str,
        /// What the system answered.
        cause: io::Error,
    },
    /// The file is a web page, as saved by a download that was redirected to an error page.
    #[error("{name}: this is an HTML page, not IDX data; delete it and fetch the file again")]
    HtmlPage {
        /// The file.
        name: String,
    },
    /// The first two bytes are not zero, so this is no IDX file (and no gzip file either).
    #[error(
        "{name}: not an IDX file: it starts with bytes {found:02x?}, IDX starts with 00 00; check that this is the right file"
    )]
    BadMagic {
        /// The file.
        name: String,
        /// Its first four bytes.
        found: [u8; 4],
    },
    /// The third byte names no element type of IDX.
    #[error(
        "{name}: unknown IDX element type 0x{code:02x} (known: 08, 09, 0b, 0c, 0d, 0e); the file is damaged or not IDX, fetch it again"
    )]
    UnknownElementType {
        /// The file.
        name: String,
        /// The third byte of the file.
        code: u8,
    },
    /// The element type is an IDX type, but what the file is used for needs another.
    #[error(
        "{name}: elements are {found}, but {usage}; check that images and labels are not swapped"
    )]
    UnusableElementType {
        /// The file.
        name: String,
        /// What the file holds.
        found: ElementType,
        /// What is needed, as a sentence.
        usage: &'static str,
    },
    /// No dimension at all, or more than [`MAX_DIMENSIONS`].
    #[error(
        "{name}: {found} dimensions; this reader takes 1 to {MAX_DIMENSIONS}, so the file is damaged or of another kind"
    )]
    DimensionCount {
        /// The file.
        name: String,
        /// How many dimensions it declares.
        found: usize,
    },
    /// The declared dimensions multiply to more bytes than a machine can address.
    #[error(
        "{name}: dimensions {shape:?} multiply to more than memory can hold; the file is damaged, fetch it again"
    )]
    SizeOverflow {
        /// The file or array.
        name: String,
        /// The declared dimensions.
        shape: Vec<usize>,
    },
    /// The data really arrived, but the machine has no room for it.
    #[error("{name}: no memory for {bytes} bytes; free memory or use a smaller data set")]
    OutOfMemory {
        /// The file.
        name: String,
        /// How many bytes were asked for.
        bytes: u64,
    },
    /// The file ends before its header or body does.
    #[error("{name}: cut short: {expected} bytes expected, {actual} found; fetch the file again")]
    Truncated {
        /// The file.
        name: String,
        /// Bytes (unpacked) that header and body need.
        expected: u64,
        /// Bytes (unpacked) that are there.
        actual: u64,
    },
    /// The file goes on after its body.
    #[error(
        "{name}: bytes after the end: {expected} bytes expected, at least {actual} found; fetch the file again"
    )]
    TrailingBytes {
        /// The file.
        name: String,
        /// Bytes (unpacked) that header and body need.
        expected: u64,
        /// Bytes (unpacked) seen: all of a plain file, one too many of a gzip stream.
        actual: u64,
    },
    /// A gzip stream that ends in the middle.
    #[error(
        "{name}: the gzip stream is cut short after {unpacked} unpacked bytes; fetch the file again"
    )]
    GzipTruncated {
        /// The file.
        name: String,
        /// Bytes that could be unpacked.
        unpacked: u64,
    },
    /// A gzip stream that cannot be unpacked, or whose checksum or length is wrong.
    #[error("{name}: damaged gzip stream ({cause}); fetch the file again")]
    GzipCorrupt {
        /// The file.
        name: String,
        /// What the unpacker found.
        cause: io::Error,
    },
    /// Shape and number of values of an array disagree.
    #[error("{what}: shape {shape:?} needs {expected} values, {actual} given")]
    ValueCount {
        /// Which values: "IDX array", "inputs", "targets".
        what: &'static str,
        /// The shape that was asked for.
        shape: Vec<usize>,
        /// Its product.
        expected: usize,
        /// The values there are.
        actual: usize,
    },
    /// A dimension that a 32-bit IDX header cannot hold.
    #[error(
        "IDX array: dimension {dimension} of shape {shape:?} does not fit the 32 bits of an IDX header; split the array"
    )]
    DimensionTooLarge {
        /// Which dimension.
        dimension: usize,
        /// The shape that was asked for.
        shape: Vec<usize>,
    },
    /// The number of dimensions does not suit the role of the file.
    #[error("{name}: shape {shape:?}, but {usage}; check that images and labels are not swapped")]
    UnusableShape {
        /// The file.
        name: String,
        /// Its dimensions.
        shape: Vec<usize>,
        /// What is needed, as a sentence.
        usage: &'static str,
    },
    /// Images and labels are not of one set.
    #[error(
        "{images} holds {image_count} images, {labels} holds {label_count} labels; the two files do not belong together"
    )]
    CountMismatch {
        /// The image file.
        images: String,
        /// Images in it.
        image_count: usize,
        /// The label file.
        labels: String,
        /// Labels in it.
        label_count: usize,
    },
    /// A label below zero.
    #[error("{name}: label {index} is {label}; labels count from 0")]
    NegativeLabel {
        /// The file.
        name: String,
        /// Which label, counted from 0.
        index: usize,
        /// Its value.
        label: i64,
    },
    /// A label that the given number of classes has no place for.
    #[error(
        "label {index} is {label}, but there are {classes} classes (0 to classes - 1); give a larger number of classes or mend the labels"
    )]
    LabelOutOfRange {
        /// Which sample, counted from 0.
        index: usize,
        /// Its label.
        label: u32,
        /// The number of classes.
        classes: usize,
    },
    /// More classes than [`MAX_CLASSES`](crate::MAX_CLASSES).
    #[error(
        "{classes} classes are more than the {limit} supported; check that the labels are class numbers"
    )]
    TooManyClasses {
        /// The number asked for or following from the highest label.
        classes: u64,
        /// The most there may be.
        limit: usize,
    },
    /// More samples than 32 bits can number.
    #[error("{count} samples are more than the {} supported; split the data set", u32::MAX)]
    TooManySamples {
        /// How many there are.
        count: usize,
    },
    /// Samples without a single value.
    #[error("{what} have no values: a sample needs at least one")]
    ZeroWidth {
        /// "inputs" or "targets".
        what: &'static str,
    },
    /// A value that is NaN or infinite.
    #[error("{what}: value {index} is {value}; replace or drop what is not a finite number")]
    NotFinite {
        /// "inputs" or "targets".
        what: &'static str,
        /// Position in the row-major values.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Training and test set cannot belong together.
    #[error(
        "training and test set differ: {what} {train} against {test}; check that both come from one data set"
    )]
    TrainTestMismatch {
        /// What differs: "sample shape", "element type".
        what: &'static str,
        /// As the training set has it.
        train: String,
        /// As the test set has it.
        test: String,
    },
    /// Some of the four standard files are not there.
    #[error("{}: not found: {} (with or without .gz); `cargo xtask fetch-data` fetches MNIST", dir.display(), missing.join(", "))]
    FilesMissing {
        /// The folder searched.
        dir: PathBuf,
        /// Standard names of the missing files.
        missing: Vec<&'static str>,
    },
    /// Another form of a file that is to be written lies beside it and could be read instead.
    #[error("{}: would stand beside {}, and a reader could take the old one; remove it first", target.display(), existing.display())]
    WouldStandBeside {
        /// The file to be written.
        target: PathBuf,
        /// The file that is in the way.
        existing: PathBuf,
    },
    /// A sample number that the data set does not have.
    #[error("sample {sample} asked for, but the data set has {count}")]
    SampleOutOfRange {
        /// The number asked for, counted from 0.
        sample: u32,
        /// How many samples there are.
        count: usize,
    },
    /// A validation fraction that is not in [0, 1).
    #[error("validation fraction {fraction} is not at least 0 and below 1; 0.1 is usual")]
    InvalidFraction {
        /// What was given.
        fraction: f64,
    },
    /// Bytes are needed, but the inputs are numbers.
    #[error("the inputs of the data set are numbers, not bytes (pixels); use one of images")]
    NotBytes,
    /// Numbers are needed, but the inputs are bytes.
    #[error("the inputs of the data set are bytes (pixels), not numbers; use one of numbers")]
    NotNumbers,
    /// Rows of different lengths.
    #[error(
        "row {row} has {actual} values, the rows before it have {expected}; give rows of one length"
    )]
    RaggedRows {
        /// The first that differs, counted from 0.
        row: usize,
        /// What the others have.
        expected: usize,
        /// What it has.
        actual: usize,
    },
    /// A label that is no whole number from 0.
    #[error("label {index} is {label}; classes are whole numbers from 0")]
    LabelIsNoClass {
        /// Which label.
        index: usize,
        /// What it is.
        label: String,
    },
    /// Names that are not one a class.
    #[error("class names: {cause}; give one name for each class")]
    ClassNames {
        /// What is wrong with them.
        cause: String,
    },
    /// A class has fewer samples than a selection asks for.
    #[error("class {class} has {available} samples, {wanted} are wanted; ask for fewer a class")]
    ClassTooSmall {
        /// The class.
        class: usize,
        /// Samples it has.
        available: usize,
        /// Samples asked of it.
        wanted: usize,
    },
    /// Classes are needed, but the data set has target values.
    #[error("the data set has target values, not class labels; use one with labels")]
    NotClassification,
    /// A problem with a data set that came from a file.
    #[error("{name}: {cause}")]
    InFile {
        /// The file.
        name: String,
        /// What is wrong with its content.
        cause: Box<DataError>,
    },
}

impl DataError {
    /// The system refused `action` on `name`.
    pub(crate) fn io(name: impl Into<String>, action: &'static str, cause: io::Error) -> Self {
        DataError::Io { name: name.into(), action, cause }
    }

    /// Adds the path of the file that the faulty data came from.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        DataError::InFile { name: path.display().to_string(), cause: Box::new(self) }
    }
}
