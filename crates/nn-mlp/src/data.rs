//! Data sets from what a program has: arrays, files, the digits that come with the crate.
//!
//! ```
//! use nn_mlp::data;
//! // Rows of numbers, and a class for each: by name here.
//! let rows = [[5.1_f32, 3.5], [6.3, 2.9], [4.9, 3.0]];
//! let flowers = data::classification(&rows, &["setosa", "virginica", "setosa"])?;
//! assert_eq!(flowers.class_names(), ["setosa", "virginica"]);
//! // The same numbers in one slice, with the width of a row.
//! let flat = data::classification((&[5.1_f32, 3.5, 6.3, 2.9, 4.9, 3.0], 2), &[0, 1, 0])?;
//! assert_eq!(flat.len(), 3);
//! # Ok::<(), nn_data::DataError>(())
//! ```

use nn_data::{DataError, Dataset, TrainTest};
use std::path::Path;

pub use nn_data::stratified_sample;

/// Returns the 6,000 training and 1,000 test digits of MNIST that are compiled into the crate (feature `sample`).
///
/// # Errors
/// None in a sound build.
#[cfg(feature = "sample")]
pub fn sample() -> Result<TrainTest, DataError> {
    nn_data::embedded_sample()
}

/// Reads the data set in a folder of four IDX files, as MNIST and its relatives have them.
///
/// # Errors
/// As [`nn_data::load_folder`].
pub fn idx_folder(path: impl AsRef<Path>) -> Result<TrainTest, DataError> {
    nn_data::load_folder(path.as_ref())
}

/// Reads images and their labels from two IDX files.
///
/// # Errors
/// As [`nn_data::load_pair`].
pub fn idx_pair(images: impl AsRef<Path>, labels: impl AsRef<Path>) -> Result<Dataset, DataError> {
    nn_data::load_pair(images.as_ref(), labels.as_ref())
}

/// Puts rows and a class for each together. Labels are numbers, or names: then classes have these names, in the order of the
/// alphabet.
///
/// # Errors
/// [`DataError`] where there is not one label a row, rows differ in length, or a number is not finite.
pub fn classification(
    rows: impl Rows,
    labels: &(impl Labels + ?Sized),
) -> Result<Dataset, DataError> {
    let Table { numbers, shape } = rows.table()?;
    let (labels, names) = labels.classes()?;
    let classes = match names.len() {
        0 => labels.iter().max().map_or(0, |&largest| largest as usize + 1),
        named => named,
    };
    let width = shape.iter().product();
    let data = match numbers {
        Numbers::Bytes(bytes) => Dataset::from_images(bytes, &shape, labels, classes)?,
        Numbers::Values(values) => {
            Dataset::classification(values, width, labels, classes)?.with_sample_shape(&shape)?
        }
    };
    if names.is_empty() { Ok(data) } else { data.with_class_names(names) }
}

/// Puts rows and target values for each together; a plain vector is one value a row.
///
/// ```
/// use nn_mlp::data;
/// let one = data::regression(&[[1.0, 2.0], [3.0, 4.0]], &[10.0, 20.0])?;
/// let two = data::regression(&[1.0, 2.0], &[[1.0, -1.0], [2.0, -2.0]])?;
/// assert_eq!((one.output_width(), two.output_width()), (1, 2));
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError`] where there is not one target a row, rows differ in length, or a number is not finite.
pub fn regression(rows: impl Rows, targets: impl Rows) -> Result<Dataset, DataError> {
    let (rows, targets) = (rows.table()?, targets.table()?);
    let (width, target_width) = (rows.shape.iter().product(), targets.shape.iter().product());
    let data = Dataset::regression(rows.into_values(), width, targets.into_values(), target_width)?;
    Ok(data)
}

/// Rows of numbers, or images: what [`Rows`] convert to.
#[derive(Clone, Debug)]
pub struct Table {
    numbers: Numbers,
    /// Dimensions of a row.
    shape: Vec<usize>,
}

#[derive(Clone, Debug)]
enum Numbers {
    Bytes(Vec<u8>),
    Values(Vec<f64>),
}

impl Table {
    fn into_values(self) -> Vec<f64> {
        match self.numbers {
            Numbers::Bytes(bytes) => bytes.into_iter().map(f64::from).collect(),
            Numbers::Values(values) => values,
        }
    }
}

/// What has rows: slices and vectors of arrays or vectors, a slice with the width of a row, a slice of single values, and with
/// the feature `ndarray` array views whose first axis are the rows. Numbers are `u8` (pixels, of which 255 means 1),
/// `f32` or `f64`.
pub trait Rows {
    /// Copies the rows.
    ///
    /// # Errors
    /// [`DataError::ValueCount`] where rows differ in length.
    fn table(self) -> Result<Table, DataError>;
}

impl Rows for Table {
    fn table(self) -> Result<Table, DataError> {
        Ok(self)
    }
}

/// Joins rows of equal length.
fn join<E: Copy>(rows: &[impl AsRef<[E]>]) -> Result<(Vec<E>, usize), DataError> {
    let width = rows.first().map_or(0, |row| row.as_ref().len());
    let mut numbers = Vec::with_capacity(rows.len() * width);
    for (index, row) in rows.iter().enumerate() {
        let row = row.as_ref();
        if row.len() != width {
            return Err(DataError::RaggedRows { row: index, expected: width, actual: row.len() });
        }
        numbers.extend_from_slice(row);
    }
    Ok((numbers, width))
}

macro_rules! rows_of {
    ($element:ty, $numbers:expr) => {
        impl Rows for &[$element] {
            fn table(self) -> Result<Table, DataError> {
                Ok(Table { numbers: $numbers(self.to_vec()), shape: vec![1] })
            }
        }

        impl<const N: usize> Rows for &[$element; N] {
            fn table(self) -> Result<Table, DataError> {
                self.as_slice().table()
            }
        }

        impl Rows for &Vec<$element> {
            fn table(self) -> Result<Table, DataError> {
                self.as_slice().table()
            }
        }

        impl Rows for (&[$element], usize) {
            fn table(self) -> Result<Table, DataError> {
                Ok(Table { numbers: $numbers(self.0.to_vec()), shape: vec![self.1] })
            }
        }

        impl<const N: usize> Rows for (&[$element; N], usize) {
            fn table(self) -> Result<Table, DataError> {
                (self.0.as_slice(), self.1).table()
            }
        }

        impl Rows for (&Vec<$element>, usize) {
            fn table(self) -> Result<Table, DataError> {
                (self.0.as_slice(), self.1).table()
            }
        }

        impl<const N: usize> Rows for &[[$element; N]] {
            fn table(self) -> Result<Table, DataError> {
                let (numbers, width) = join::<$element>(self)?;
                Ok(Table { numbers: $numbers(numbers), shape: vec![width] })
            }
        }

        impl<const N: usize, const M: usize> Rows for &[[$element; N]; M] {
            fn table(self) -> Result<Table, DataError> {
                self.as_slice().table()
            }
        }

        impl<const N: usize> Rows for &Vec<[$element; N]> {
            fn table(self) -> Result<Table, DataError> {
                self.as_slice().table()
            }
        }

        impl Rows for &[Vec<$element>] {
            fn table(self) -> Result<Table, DataError> {
                let (numbers, width) = join::<$element>(self)?;
                Ok(Table { numbers: $numbers(numbers), shape: vec![width] })
            }
        }

        impl Rows for &Vec<Vec<$element>> {
            fn table(self) -> Result<Table, DataError> {
                self.as_slice().table()
            }
        }

        #[cfg(feature = "ndarray")]
        impl<D: ndarray::Dimension> Rows for ndarray::ArrayView<'_, $element, D> {
            fn table(self) -> Result<Table, DataError> {
                let shape = match self.shape() {
                    [] | [_] => vec![1],
                    [_, row @ ..] => row.to_vec(),
                };
                Ok(Table { numbers: $numbers(self.iter().copied().collect()), shape })
            }
        }
    };
}

rows_of!(u8, Numbers::Bytes);
rows_of!(f32, |numbers: Vec<f32>| Numbers::Values(numbers.into_iter().map(f64::from).collect()));
rows_of!(f64, Numbers::Values);

/// A class for each sample: whole numbers from 0, or names.
pub trait Labels {
    /// Returns the number of each sample's class, and the names of the classes where they have such.
    ///
    /// # Errors
    /// [`DataError::LabelOutOfRange`] for a number that is no class.
    fn classes(&self) -> Result<(Vec<u32>, Vec<String>), DataError>;
}

macro_rules! numbers_as_labels {
    ($($number:ty),*) => {$(
        impl Labels for [$number] {
            fn classes(&self) -> Result<(Vec<u32>, Vec<String>), DataError> {
                let class = |(index, &label): (usize, &$number)| {
                    u32::try_from(label).map_err(|_| DataError::LabelIsNoClass {
                        index,
                        label: label.to_string(),
                    })
                };
                let numbers = self.iter().enumerate().map(class).collect::<Result<_, _>>()?;
                Ok((numbers, Vec::new()))
            }
        }
    )*};
}

numbers_as_labels!(u8, u16, u32, u64, usize, i32, i64);

macro_rules! names_as_labels {
    ($($name:ty),*) => {$(
        impl Labels for [$name] {
            fn classes(&self) -> Result<(Vec<u32>, Vec<String>), DataError> {
                let mut names: Vec<&str> = self.iter().map(AsRef::as_ref).collect();
                names.sort_unstable();
                names.dedup();
                let number = |name: &$name| {
                    let name: &str = name.as_ref();
                    names.binary_search(&name).unwrap_or_default() as u32 // it is among them
                };
                let numbers = self.iter().map(number).collect();
                Ok((numbers, names.into_iter().map(str::to_owned).collect()))
            }
        }
    )*};
}

names_as_labels!(&str, String);

impl<L, const N: usize> Labels for [L; N]
where
    [L]: Labels,
{
    fn classes(&self) -> Result<(Vec<u32>, Vec<String>), DataError> {
        self.as_slice().classes()
    }
}

impl<L> Labels for Vec<L>
where
    [L]: Labels,
{
    fn classes(&self) -> Result<(Vec<u32>, Vec<String>), DataError> {
        self.as_slice().classes()
    }
}
