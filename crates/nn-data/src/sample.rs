//! A small set with the same number of samples of every class, and the one inside this crate.

use crate::dataset::Dataset;
use crate::error::DataError;
use crate::random::{Purpose, generator, shuffle};
use crate::split::samples_by_class;
use crate::train_test::TrainTest;

/// Training samples of each class in the sample of `data/sample`.
const TRAIN_PER_CLASS: usize = 600;
/// Test samples of each class in the sample of `data/sample`.
const TEST_PER_CLASS: usize = 100;
/// The seed that chose them.
const SAMPLE_SEED: u64 = 0;

/// Chooses `per_class` samples of every class at random; they keep their order.
///
/// ```
/// let data = nn_data::Dataset::from_images(vec![0; 6], &[1, 1], vec![0, 1, 0, 1, 0, 1], 2)?;
/// assert_eq!(nn_data::stratified_sample(&data, 2, 7)?.class_counts(), [2, 2]);
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// If the data has no labels, or a class has fewer samples than that.
pub fn stratified_sample(
    dataset: &Dataset,
    per_class: usize,
    seed: u64,
) -> Result<Dataset, DataError> {
    if dataset.classes().is_none() {
        return Err(DataError::NotClassification);
    }
    let mut chosen = Vec::new();
    for (class, mut group) in samples_by_class(dataset).into_iter().enumerate() {
        shuffle(&mut generator(Purpose::Sample, seed, class as u64), &mut group);
        let available = group.len();
        let too_small = DataError::ClassTooSmall { class, available, wanted: per_class };
        chosen.extend(group.get(..per_class).ok_or(too_small)?);
    }
    chosen.sort_unstable();
    dataset.subset(&chosen)
}

/// The sample of `data/sample` from the full MNIST: 600 training and 100 test digits of each class.
///
/// # Errors
/// If a class has too few samples.
pub fn make_sample(full: &TrainTest) -> Result<TrainTest, DataError> {
    let train = stratified_sample(&full.train, TRAIN_PER_CLASS, SAMPLE_SEED)?;
    let test = stratified_sample(&full.test, TEST_PER_CLASS, SAMPLE_SEED)?;
    TrainTest::matched(train, test)
}

/// The 6,000 training and 1,000 test digits of MNIST that are compiled into this crate.
///
/// Source and licence (CC BY-SA 3.0, Yann LeCun and Corinna Cortes) are in `data/README.md`.
///
/// ```
/// let digits = nn_data::embedded_sample()?;
/// assert_eq!((digits.train.len(), digits.test.len()), (6_000, 1_000));
/// # Ok::<(), nn_data::DataError>(())
/// ```
///
/// # Errors
/// None in a sound build: the tests read the very bytes that are compiled in.
#[cfg(feature = "sample")]
pub fn embedded_sample() -> Result<TrainTest, DataError> {
    const TRAIN_IMAGES: &[u8] = include_bytes!("../../../data/sample/train-images-idx3-ubyte.gz");
    const TRAIN_LABELS: &[u8] = include_bytes!("../../../data/sample/train-labels-idx1-ubyte.gz");
    const TEST_IMAGES: &[u8] = include_bytes!("../../../data/sample/t10k-images-idx3-ubyte.gz");
    const TEST_LABELS: &[u8] = include_bytes!("../../../data/sample/t10k-labels-idx1-ubyte.gz");
    let train = embedded_pair(TRAIN_IMAGES, TRAIN_LABELS, "training")?;
    let test = embedded_pair(TEST_IMAGES, TEST_LABELS, "test")?;
    TrainTest::matched(train, test)
}

#[cfg(feature = "sample")]
fn embedded_pair(images: &[u8], labels: &[u8], part: &str) -> Result<Dataset, DataError> {
    let image_name = format!("embedded {part} images");
    let label_name = format!("embedded {part} labels");
    crate::pair::pair_of(
        image_name.as_ref(),
        crate::idx::read_idx_from(images, &image_name)?,
        label_name.as_ref(),
        crate::idx::read_idx_from(labels, &label_name)?,
    )
}
