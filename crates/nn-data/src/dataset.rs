//! Samples with what a network should answer for them.

use std::sync::Arc;

use crate::error::DataError;

/// The most classes a data set may have: far beyond any real one, but few enough that a label file
/// cannot ask for a count table or an output layer of gigabytes.
pub const MAX_CLASSES: usize = 1 << 20;

/// What goes into a network: row-major, samples x width.
#[derive(Debug, Clone, PartialEq)]
pub enum Inputs {
    /// Pixels as they stand in the file, one byte each. To a network, a byte `b` means `b / 255`.
    Bytes(Vec<u8>),
    /// Numbers, used as they are. All are finite.
    Values(Vec<f64>),
}

/// What a network should answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// Classification: one class number a sample, each below `classes`.
    Classes {
        /// One label a sample.
        labels: Vec<u32>,
        /// How many classes there are.
        classes: usize,
    },
    /// Regression: row-major, samples x width. All are finite.
    Values {
        /// The target values.
        values: Vec<f64>,
        /// Values a sample.
        width: usize,
    },
}

impl Targets {
    /// Those of some rows, each of which there is.
    fn of(&self, rows: &[u32]) -> Self {
        let rows = rows.iter().map(|&row| row as usize);
        match self {
            Self::Classes { labels, classes } => {
                Self::Classes { labels: rows.map(|row| labels[row]).collect(), classes: *classes }
            }
            Self::Values { values, width } => {
                let of_row = |row: usize| &values[row * width..(row + 1) * width];
                Self::Values { values: rows.flat_map(of_row).copied().collect(), width: *width }
            }
        }
    }
}

/// A view of samples: which samples, in which order, of a store that all views share.
///
/// Cloning, [`subset`](Dataset::subset) and [`split`](Dataset::split) copy four bytes a sample and
/// no pixels, so MNIST stays at 55 MB however often it is split.
///
/// ```
/// use nn_data::Dataset;
/// // Four images of 1 x 2 pixels, of two classes.
/// let data = Dataset::from_images(vec![0, 9, 1, 8, 2, 7, 3, 6], &[1, 2], vec![0, 1, 0, 1], 2)?;
/// let odd = data.subset(&[1, 3])?;
/// assert_eq!(odd.len(), 2);
/// assert_eq!(odd.image(1), Some(&[3, 6][..]));
/// assert_eq!(odd.class_counts(), [0, 2]);
/// # Ok::<(), nn_data::DataError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Dataset {
    inputs: Arc<Inputs>,
    targets: Arc<Targets>,
    sample_shape: Arc<[usize]>,
    input_width: usize,
    rows: Arc<[u32]>,
    /// One a class, or none.
    class_names: Arc<[String]>,
}

impl Dataset {
    /// Images of bytes with a class each.
    ///
    /// `pixels`: samples x product of `sample_shape`, row-major. `labels`: one a sample, below `classes`.
    ///
    /// # Errors
    /// If `pixels` does not hold one image a label, a label is not below `classes`, images have no
    /// pixels, or there are more than [`MAX_CLASSES`] classes or `u32::MAX` samples.
    pub fn from_images(
        pixels: Vec<u8>,
        sample_shape: &[usize],
        labels: Vec<u32>,
        classes: usize,
    ) -> Result<Self, DataError> {
        Self::labelled(Inputs::Bytes(pixels), sample_shape, labels, classes)
    }

    /// Numbers with a class for each sample.
    ///
    /// `inputs`: samples x `input_width`, row-major. `labels`: one a sample, below `classes`.
    ///
    /// # Errors
    /// As [`from_images`](Dataset::from_images), and if an input is not finite.
    pub fn classification(
        inputs: Vec<f64>,
        input_width: usize,
        labels: Vec<u32>,
        classes: usize,
    ) -> Result<Self, DataError> {
        Self::labelled(Inputs::Values(inputs), &[input_width], labels, classes)
    }

    /// Numbers with target values for each sample.
    ///
    /// `inputs`: samples x `input_width`, `targets`: samples x `target_width`, both row-major.
    ///
    /// ```
    /// // y = (x1 + x2, x1 - x2) at two points
    /// let data = nn_data::Dataset::regression(vec![1.0, 2.0, 3.0, 4.0], 2, vec![3.0, -1.0, 7.0, -1.0], 2)?;
    /// assert_eq!((data.len(), data.output_width(), data.classes()), (2, 2, None));
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// If the two do not hold the same whole number of samples, a width is 0 or a value is not finite.
    pub fn regression(
        inputs: Vec<f64>,
        input_width: usize,
        targets: Vec<f64>,
        target_width: usize,
    ) -> Result<Self, DataError> {
        if target_width == 0 {
            return Err(DataError::ZeroWidth { what: "targets" });
        }
        let count = targets.len() / target_width;
        check_values("targets", &targets, count, &[target_width])?;
        let targets = Targets::Values { values: targets, width: target_width };
        Self::assemble(Inputs::Values(inputs), &[input_width], targets, count)
    }

    /// Inputs of either kind with a class for each sample.
    pub(crate) fn labelled(
        inputs: Inputs,
        sample_shape: &[usize],
        labels: Vec<u32>,
        classes: usize,
    ) -> Result<Self, DataError> {
        check_labels(&labels, classes)?;
        let count = labels.len();
        Self::assemble(inputs, sample_shape, Targets::Classes { labels, classes }, count)
    }

    /// Checks the inputs against the number of samples and makes the view of all of them.
    fn assemble(
        inputs: Inputs,
        sample_shape: &[usize],
        targets: Targets,
        count: usize,
    ) -> Result<Self, DataError> {
        let row_count = u32::try_from(count).map_err(|_| DataError::TooManySamples { count })?;
        match &inputs {
            Inputs::Bytes(bytes) => check_count("inputs", bytes.len(), count, sample_shape)?,
            Inputs::Values(values) => check_values("inputs", values, count, sample_shape)?,
        }
        let input_width = width_of("inputs", sample_shape)?;
        if input_width == 0 && count > 0 {
            return Err(DataError::ZeroWidth { what: "inputs" });
        }
        Ok(Dataset {
            inputs: Arc::new(inputs),
            targets: Arc::new(targets),
            sample_shape: sample_shape.into(),
            input_width,
            rows: (0..row_count).collect(),
            class_names: Arc::default(),
        })
    }

    /// Number of samples in this view.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether this view has no samples.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Values a sample: the product of [`sample_shape`](Dataset::sample_shape).
    pub fn input_width(&self) -> usize {
        self.input_width
    }

    /// Dimensions of one sample, such as `[28, 28]`.
    pub fn sample_shape(&self) -> &[usize] {
        &self.sample_shape
    }

    /// Number of classes; `None` for regression.
    pub fn classes(&self) -> Option<usize> {
        match *self.targets {
            Targets::Classes { classes, .. } => Some(classes),
            Targets::Values { .. } => None,
        }
    }

    /// Values that a network should answer with: the number of classes, or the width of the targets.
    pub fn output_width(&self) -> usize {
        match *self.targets {
            Targets::Classes { classes, .. } => classes,
            Targets::Values { width, .. } => width,
        }
    }

    /// Inputs of **all** shared samples; [`rows`](Dataset::rows) says which belong to this view.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Targets of **all** shared samples; [`rows`](Dataset::rows) says which belong to this view.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// For each sample of this view, its row in [`inputs`](Dataset::inputs) and
    /// [`targets`](Dataset::targets). Every entry is in range.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Label of sample `sample` of this view; `None` for regression or past the end.
    pub fn label(&self, sample: usize) -> Option<u32> {
        let row = *self.rows.get(sample)? as usize;
        match &*self.targets {
            Targets::Classes { labels, .. } => labels.get(row).copied(),
            Targets::Values { .. } => None,
        }
    }

    /// Target values of sample `sample` of this view; `None` for classification or past the end.
    pub fn target(&self, sample: usize) -> Option<&[f64]> {
        let row = *self.rows.get(sample)? as usize;
        match &*self.targets {
            Targets::Values { values, width } => values.get(row * width..(row + 1) * width),
            Targets::Classes { .. } => None,
        }
    }

    /// Pixels of sample `sample` of this view; `None` if inputs are not bytes or past the end.
    pub fn image(&self, sample: usize) -> Option<&[u8]> {
        let row = *self.rows.get(sample)? as usize;
        match &*self.inputs {
            Inputs::Bytes(bytes) => bytes.get(row * self.input_width..(row + 1) * self.input_width),
            Inputs::Values(_) => None,
        }
    }

    /// Input numbers of sample `sample` of this view; `None` if inputs are bytes or past the end.
    pub fn values(&self, sample: usize) -> Option<&[f64]> {
        let row = *self.rows.get(sample)? as usize;
        match &*self.inputs {
            Inputs::Values(values) => {
                values.get(row * self.input_width..(row + 1) * self.input_width)
            }
            Inputs::Bytes(_) => None,
        }
    }

    /// The view of the given samples of this view, in the given order; repeats are allowed.
    ///
    /// # Errors
    /// If a number is not below [`len`](Dataset::len), or there are more than `u32::MAX` numbers.
    pub fn subset(&self, samples: &[u32]) -> Result<Dataset, DataError> {
        if u32::try_from(samples.len()).is_err() {
            return Err(DataError::TooManySamples { count: samples.len() });
        }
        let row = |&sample: &u32| {
            let out_of_range = DataError::SampleOutOfRange { sample, count: self.len() };
            self.rows.get(sample as usize).copied().ok_or(out_of_range)
        };
        let rows = samples.iter().map(row).collect::<Result<Arc<[u32]>, DataError>>()?;
        Ok(Dataset { rows, ..self.clone() })
    }

    /// The same samples with another number of classes, as when a part of the data happens to lack
    /// the highest ones. Pixels stay shared with other views.
    ///
    /// # Errors
    /// For regression, for a label not below `classes`, for more than [`MAX_CLASSES`].
    pub fn with_classes(mut self, classes: usize) -> Result<Self, DataError> {
        let Targets::Classes { labels, .. } = &*self.targets else {
            return Err(DataError::NotClassification);
        };
        check_labels(labels, classes)?;
        if self.classes() != Some(classes) {
            self.targets = Arc::new(Targets::Classes { labels: labels.clone(), classes });
            self.class_names = Arc::default();
        }
        Ok(self)
    }

    /// Returns the same samples with a name for each class, class 0 first.
    ///
    /// ```
    /// let data = nn_data::Dataset::classification(vec![0.1, 0.9], 1, vec![1, 0], 2)?;
    /// let named = data.with_class_names(vec!["cat".into(), "dog".into()])?;
    /// assert_eq!(named.class_names()[1], "dog");
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::NotClassification`] for target values, [`DataError::ClassNames`] where there is not one name a
    /// class, or two classes have the same.
    pub fn with_class_names(mut self, names: Vec<String>) -> Result<Self, DataError> {
        let classes = self.classes().ok_or(DataError::NotClassification)?;
        let refuse = |cause: String| Err(DataError::ClassNames { cause });
        if names.len() != classes {
            return refuse(format!("{} names for {classes} classes", names.len()));
        }
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return refuse(format!("two classes are called {:?}", pair[0]));
        }
        self.class_names = names.into();
        Ok(self)
    }

    /// Returns the names of the classes, or nothing where they have none.
    #[must_use]
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }

    /// Returns the same samples, those of class `c` in class `numbers[c]` of `classes`, without class names. Inputs stay
    /// shared.
    ///
    /// # Errors
    /// [`DataError::NotClassification`] for target values, [`DataError::LabelOutOfRange`] for a class that `numbers`
    /// does not have or a new one that is not below `classes`.
    pub fn relabelled(mut self, numbers: &[u32], classes: usize) -> Result<Self, DataError> {
        let Targets::Classes { labels, .. } = &*self.targets else {
            return Err(DataError::NotClassification);
        };
        check_labels(labels, numbers.len())?;
        let labels: Vec<u32> = labels.iter().map(|&label| numbers[label as usize]).collect();
        check_labels(&labels, classes)?;
        self.targets = Arc::new(Targets::Classes { labels, classes });
        self.class_names = Arc::default();
        Ok(self)
    }

    /// Returns the samples of this view with other numbers: `change(old, new)` writes those of one sample into `new`.
    ///
    /// The result is a data set of its own: sample s has row s, and nothing of other views is kept.
    ///
    /// # Errors
    /// [`DataError::NotNumbers`] where inputs are bytes, [`DataError::NotFinite`] for a new number that is not finite.
    pub fn map_values(
        &self,
        mut change: impl FnMut(&[f64], &mut [f64]),
    ) -> Result<Self, DataError> {
        let Inputs::Values(values) = &*self.inputs else { return Err(DataError::NotNumbers) };
        let width = self.input_width;
        let mut changed = vec![0.0; self.len() * width];
        for (&row, new) in self.rows.iter().zip(changed.chunks_exact_mut(width.max(1))) {
            change(&values[row as usize * width..][..width], new);
        }
        self.with_inputs(Inputs::Values(changed), &self.sample_shape)
    }

    /// Returns the samples of this view as bytes: `change(old, new)` writes those of one sample of numbers into `new`.
    ///
    /// # Errors
    /// [`DataError::NotNumbers`] where inputs are bytes.
    pub fn values_to_bytes(
        &self,
        mut change: impl FnMut(&[f64], &mut [u8]),
    ) -> Result<Self, DataError> {
        let Inputs::Values(values) = &*self.inputs else { return Err(DataError::NotNumbers) };
        let width = self.input_width;
        let mut bytes = vec![0; self.len() * width];
        for (&row, new) in self.rows.iter().zip(bytes.chunks_exact_mut(width.max(1))) {
            change(&values[row as usize * width..][..width], new);
        }
        self.with_inputs(Inputs::Bytes(bytes), &self.sample_shape)
    }

    /// Returns the targets of this view with other inputs, one for each of its samples.
    fn with_inputs(&self, inputs: Inputs, shape: &[usize]) -> Result<Self, DataError> {
        let targets = self.targets.of(&self.rows);
        let changed = Self::assemble(inputs, shape, targets, self.len())?;
        Ok(Self { class_names: self.class_names.clone(), ..changed })
    }

    /// Returns the same samples with other dimensions of as many values, such as `[28, 28]` in place of `[784]`.
    ///
    /// # Errors
    /// [`DataError::ValueCount`] where the product is another one.
    pub fn with_sample_shape(mut self, shape: &[usize]) -> Result<Self, DataError> {
        check_count("a sample", self.input_width, 1, shape)?;
        self.sample_shape = shape.into();
        Ok(self)
    }

    /// Returns the samples of this view with other bytes: `change(old, new)` writes those of one sample, whose
    /// dimensions are `shape` afterwards, into `new`, which is all 0 before.
    ///
    /// The result is a data set of its own: sample s has row s, and nothing of other views is kept.
    ///
    /// ```
    /// let data = nn_data::Dataset::from_images(vec![1, 2, 3, 4], &[1, 2], vec![0, 1], 2)?;
    /// let sums = data.map_bytes(&[1], |old, new| new[0] = old[0] + old[1])?;
    /// assert_eq!((sums.image(1), sums.label(1)), (Some(&[7][..]), Some(1)));
    /// # Ok::<(), nn_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::NotBytes`] where inputs are numbers; [`DataError::SizeOverflow`] or
    /// [`DataError::ZeroWidth`] for a `shape` without sense.
    pub fn map_bytes(
        &self,
        shape: &[usize],
        mut change: impl FnMut(&[u8], &mut [u8]),
    ) -> Result<Dataset, DataError> {
        let Inputs::Bytes(bytes) = &*self.inputs else { return Err(DataError::NotBytes) };
        let (before, after) = (self.input_width, width_of("inputs", shape)?);
        let mut changed = vec![0; width_of("inputs", &[self.len(), after])?];
        for (&row, new) in self.rows.iter().zip(changed.chunks_exact_mut(after.max(1))) {
            change(&bytes[row as usize * before..][..before], new);
        }
        self.with_inputs(Inputs::Bytes(changed), shape)
    }

    /// Samples of this view in each class; empty for regression.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes().unwrap_or(0)];
        for label in (0..self.len()).filter_map(|sample| self.label(sample)) {
            counts[label as usize] += 1;
        }
        counts
    }
}

/// Every label is below `classes`, and `classes` is a number that a machine can work with.
fn check_labels(labels: &[u32], classes: usize) -> Result<(), DataError> {
    if classes > MAX_CLASSES {
        return Err(DataError::TooManyClasses { classes: classes as u64, limit: MAX_CLASSES });
    }
    match labels.iter().position(|&label| label as usize >= classes) {
        Some(index) => Err(DataError::LabelOutOfRange { index, label: labels[index], classes }),
        None => Ok(()),
    }
}

/// The product of `shape`, refused if it overflows.
fn width_of(what: &'static str, shape: &[usize]) -> Result<usize, DataError> {
    let product = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size));
    product.ok_or_else(|| DataError::SizeOverflow { name: what.into(), shape: shape.to_vec() })
}

/// There are exactly `count` samples of `shape` among `actual` values.
fn check_count(
    what: &'static str,
    actual: usize,
    count: usize,
    shape: &[usize],
) -> Result<(), DataError> {
    let full_shape = [&[count], shape].concat();
    let expected = width_of(what, &full_shape)?;
    if expected == actual {
        return Ok(());
    }
    Err(DataError::ValueCount { what, shape: full_shape, expected, actual })
}

/// As [`check_count`], and every value is a finite number.
fn check_values(
    what: &'static str,
    values: &[f64],
    count: usize,
    shape: &[usize],
) -> Result<(), DataError> {
    check_count(what, values.len(), count, shape)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(DataError::NotFinite { what, index, value: values[index] }),
        None => Ok(()),
    }
}
