//! Several networks, or several views of a sample, that answer together.

use crate::batches::{check_undescribed, described};
use crate::calibration::log_softmax;
use crate::{Architecture, Loss, Network, NetworkError, Predictor};
use nn_data::{Dataset, Distorter, Distortion, Inputs};
use nn_tensor::{Element, Tensor};

/// The ways in which each sample is looked at, besides as it is; the answers are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Views {
    /// Each image also shifted by up to so many pixels along each axis, diagonals included: 9 views
    /// for 1 pixel.
    pub shifts: u8,
    /// So many distorted copies of each image.
    pub copies: u16,
    /// How the copies are distorted.
    pub distortion: Distortion,
    /// What multiplies every amount of the distortion.
    pub strength: f64,
    /// Whether what is seen is then [described](nn_data::directions) by directions, for networks of such; the
    /// samples are upright images, as [`Model::upright`](crate::Model::upright) gives them.
    pub directions: bool,
}

/// Seed of the copies: the same at each use, so that an answer depends on model and image alone.
const COPIES_SEED: u64 = 0;

/// One way to look at a sample.
#[derive(Clone, Copy)]
enum View {
    /// By so many pixels down and right.
    Shifted(isize, isize),
    /// The copy of this number.
    Distorted(u16),
}

/// Networks of the same form whose answers are averaged, each looking at every sample as it is and,
/// where that is wanted, shifted or distorted a little.
///
/// Under cross-entropy it is the probabilities that are averaged, and an answer is the **logarithm**
/// of the mean of each: the best class is the same, and no small probability is lost. Under other
/// losses it is the outputs.
///
/// ```
/// use nn_core::{Activation, Architecture, Committee, Initializer, Loss, Network, Views};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let form = Architecture {
///     inputs: 4,
///     hidden: vec![3],
///     outputs: 2,
///     activation: Activation::Relu,
///     output_activation: Activation::Identity,
/// };
/// let network = |seed| {
///     Network::<ReferenceTensor<f64>>::new(&(), &form, Initializer::HeUniform, seed)
/// };
/// let networks = [network(1)?, network(2)?, network(3)?];
/// let views = Views { shifts: 1, ..Views::default() };
/// let mut committee = Committee::new(&networks, Loss::CrossEntropy, 100)?.with_views(views);
/// let data = Dataset::from_images(vec![0, 255, 0, 128], &[2, 2], vec![1], 2)?;
/// committee.for_each(&data, |_, answer| {
///     let sum: f64 = answer.iter().map(|logarithm| logarithm.exp()).sum();
///     assert!((sum - 1.0).abs() < 1e-12);
/// })?;
/// # Ok(())
/// # }
/// ```
pub struct Committee<'n, T: Tensor> {
    members: Vec<Predictor<'n, T>>,
    architecture: &'n Architecture,
    loss: Loss,
    batch: usize,
    views: Views,
}

impl<'n, T: Tensor> Committee<'n, T> {
    /// Room for `batch` samples at once.
    ///
    /// # Errors
    /// [`NetworkError::Committee`] without networks or where they differ in form, otherwise as
    /// [`Predictor::new`].
    pub fn new(networks: &'n [Network<T>], loss: Loss, batch: usize) -> Result<Self, NetworkError> {
        let refuse = |cause: &str| Err(NetworkError::Committee { cause: cause.to_owned() });
        let Some(first) = networks.first() else { return refuse("there is no network") };
        if networks.iter().any(|other| other.architecture() != first.architecture()) {
            return refuse("its networks differ in form");
        }
        let members: Result<_, _> =
            networks.iter().map(|network| Predictor::raw(network, batch)).collect();
        let architecture = first.architecture();
        Ok(Self { members: members?, architecture, loss, batch, views: Views::default() })
    }

    /// The same, looking at each image in more ways.
    #[must_use]
    pub fn with_views(mut self, views: Views) -> Self {
        self.views = views;
        self
    }

    /// Calls `visit` with the number and the answer of each sample of `dataset`, in order.
    ///
    /// # Errors
    /// [`NetworkError::Data`] where samples that are no images should be shifted or distorted, or for
    /// a distortion out of range; otherwise as [`Predictor::for_each`].
    pub fn for_each(
        &mut self,
        dataset: &Dataset,
        mut visit: impl FnMut(usize, &[f64]),
    ) -> Result<(), NetworkError> {
        let ways = self.views.all();
        let (outputs, views) = (self.architecture.outputs, self.members.len() * ways.len());
        let all: Vec<u32> = (0..dataset.len() as u32).collect(); // fits: at most u32::MAX samples
        let mut row = vec![0.0; outputs];
        for (index, samples) in all.chunks(self.batch).enumerate() {
            let part = dataset.subset(samples)?;
            let mut sums = vec![0.0; samples.len() * outputs];
            for &way in &ways {
                let view = self.views.look(&part, way)?;
                for member in &mut self.members {
                    let (loss, views) = (self.loss, views as f64);
                    member.for_each(&view, |sample, output| {
                        answer_of(loss, output, &mut row);
                        let sums = &mut sums[sample * outputs..][..outputs];
                        add(loss, sums, &row, views);
                    })?;
                }
            }
            for (place, sums) in sums.chunks_exact_mut(outputs).enumerate() {
                if self.loss == Loss::CrossEntropy && views > 1 {
                    sums.iter_mut().for_each(|sum| *sum = sum.max(f64::MIN_POSITIVE).ln());
                }
                visit(index * self.batch + place, sums);
            }
        }
        Ok(())
    }

    /// Whether there is something to test on `dataset`, and its classes are those of the networks.
    ///
    /// # Errors
    /// [`NetworkError::Empty`], [`NetworkError::InputWidth`], [`NetworkError::OutputWidth`] or
    /// [`NetworkError::Targets`] where not.
    pub fn expect_test_set(&self, dataset: &Dataset) -> Result<(), NetworkError> {
        check_undescribed(self.architecture, self.loss, dataset, self.views.directions)?;
        if dataset.is_empty() {
            return Err(NetworkError::Empty { what: "test", task: "test" });
        }
        Ok(())
    }

    /// Whether answers are probabilities of the classes of `dataset`, and there are any.
    pub(crate) fn expect_probabilities(&self, dataset: &Dataset) -> Result<(), NetworkError> {
        self.expect_test_set(dataset)?;
        if self.loss != Loss::CrossEntropy || dataset.classes().is_none() {
            let (needs, has) = ("classes and cross-entropy, for probabilities", "something else");
            return Err(NetworkError::Targets { loss: self.loss.name(), needs, has });
        }
        Ok(())
    }
}

/// What one network says: logarithms of probabilities, or its outputs.
fn answer_of<E: Element>(loss: Loss, output: &[E], row: &mut [f64]) {
    if loss == Loss::CrossEntropy {
        log_softmax(output, row);
    } else {
        row.iter_mut().zip(output).for_each(|(value, output)| *value = Element::to_f64(*output));
    }
}

/// Adds one of `views` answers to a mean; a single one is not taken to probabilities and back.
fn add(loss: Loss, sums: &mut [f64], row: &[f64], views: f64) {
    for (sum, &value) in sums.iter_mut().zip(row) {
        let probability = loss == Loss::CrossEntropy && views > 1.0;
        *sum += if probability { value.exp() } else { value } / views;
    }
}

impl Views {
    /// In how many ways each sample is looked at, as it is among them.
    ///
    /// ```
    /// let views = nn_core::Views { shifts: 1, copies: 16, ..nn_core::Views::default() };
    /// assert_eq!(views.count(), 25);
    /// ```
    #[must_use]
    pub fn count(&self) -> usize {
        let side = 2 * usize::from(self.shifts) + 1;
        side * side + usize::from(self.copies)
    }

    /// Every way, that of the sample as it is first.
    fn all(&self) -> Vec<View> {
        let reach = isize::from(self.shifts);
        let along = move |down| (-reach..=reach).map(move |right| View::Shifted(down, right));
        let shifts = (-reach..=reach).flat_map(along);
        shifts.chain((0..self.copies).map(View::Distorted)).collect()
    }

    /// The samples of `part`, looked at in one of the ways.
    fn look(&self, part: &Dataset, view: View) -> Result<Dataset, NetworkError> {
        let seen = match view {
            View::Shifted(down, right) => shifted(part, (down, right)),
            View::Distorted(copy) => self.distorted(part, u64::from(copy)),
        };
        described(&seen?, self.directions)
    }

    /// Distorted copies of the samples of `part`. Copies of one number are distorted alike, whatever
    /// the sample, so that an answer does not depend on the samples beside it.
    fn distorted(&self, part: &Dataset, copy: u64) -> Result<Dataset, NetworkError> {
        let mut distorter = Distorter::for_dataset(part, self.distortion)?;
        let shape = part.sample_shape();
        let width = shape.iter().product::<usize>().max(1);
        let mut pixels = vec![0; part.len() * width];
        for (sample, place) in pixels.chunks_exact_mut(width).enumerate() {
            let image = part.image(sample).unwrap_or_default();
            distorter.distort(image, place, self.strength, COPIES_SEED, copy, 0);
        }
        without_labels(pixels, shape)
    }
}

/// The images of `part`, moved by whole pixels (down, right); what comes in is 0.
fn shifted(part: &Dataset, (down, right): (isize, isize)) -> Result<Dataset, NetworkError> {
    if (down, right) == (0, 0) {
        return Ok(part.clone());
    }
    let (&[height, width], Inputs::Bytes(_)) = (part.sample_shape(), part.inputs()) else {
        let shape = part.sample_shape().to_vec();
        return Err(nn_data::DataError::NotAnImage { shape }.into());
    };
    let mut pixels = vec![0; part.len() * height * width];
    for (sample, copy) in pixels.chunks_exact_mut((height * width).max(1)).enumerate() {
        let image = part.image(sample).unwrap_or_default();
        for (y, line) in copy.chunks_exact_mut(width).enumerate() {
            let Some(from) = y.checked_add_signed(-down).filter(|&from| from < height) else {
                continue;
            };
            let source = &image[from * width..(from + 1) * width];
            let move_by = right.unsigned_abs().min(width);
            if right >= 0 {
                line[move_by..].copy_from_slice(&source[..width - move_by]);
            } else {
                line[..width - move_by].copy_from_slice(&source[move_by..]);
            }
        }
    }
    without_labels(pixels, &[height, width])
}

/// Images whose labels nobody looks at.
fn without_labels(pixels: Vec<u8>, shape: &[usize]) -> Result<Dataset, NetworkError> {
    let count = pixels.len() / shape.iter().product::<usize>().max(1);
    Ok(Dataset::from_images(pixels, shape, vec![0; count], 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Architecture, Initializer};
    use nn_tensor::ReferenceTensor;

    /// Against the definition: the mean of the probabilities of every view.
    #[test]
    fn views_are_averaged() {
        let form = Architecture {
            inputs: 36,
            hidden: vec![5],
            outputs: 3,
            activation: Activation::Tanh,
            output_activation: Activation::Identity,
        };
        let network =
            Network::<ReferenceTensor<f64>>::new(&(), &form, Initializer::HeUniform, 1).unwrap();
        let pixels: Vec<u8> = (0..72).map(|index| (index * 41 % 256) as u8).collect();
        let data = Dataset::from_images(pixels, &[6, 6], vec![0, 1], 3).unwrap();
        let distortion = Distortion { rotation: 40.0, elastic: 1.0, ..Distortion::default() };
        let views = Views { shifts: 1, copies: 4, distortion, strength: 0.5, ..Views::default() };

        let mut expected = vec![0.0; 6];
        let mut predictor = Predictor::new(&network, Loss::CrossEntropy, 1).unwrap();
        let mut distorter = Distorter::new(6, 6, distortion).unwrap();
        for (sample, means) in expected.chunks_mut(3).enumerate() {
            let image = data.image(sample).unwrap();
            let shifts = (-1..=1).flat_map(|down| (-1..=1).map(move |right| (down, right)));
            let mut seen: Vec<Vec<u8>> = shifts
                .map(|shift| shifted(&data, shift).unwrap().image(sample).unwrap().to_vec())
                .collect();
            for copy in 0..4 {
                let mut distorted = vec![0; 36];
                distorter.distort(image, &mut distorted, 0.5, 0, copy, 0);
                assert_ne!(distorted, image);
                seen.push(distorted);
            }
            for view in &seen {
                let answer = predictor.predict_bytes(view).unwrap();
                means.iter_mut().zip(answer).for_each(|(mean, p)| *mean += p / 13.0);
            }
        }
        let networks = [network];
        let committee = Committee::new(&networks, Loss::CrossEntropy, 1).unwrap();
        let mut answers = Vec::new();
        committee
            .with_views(views)
            .for_each(&data, |_, row| answers.extend_from_slice(row))
            .unwrap();
        for (answer, expected) in answers.iter().zip(&expected) {
            assert!((answer.exp() - expected).abs() < 1e-12, "{answer} {expected}");
        }
    }

    #[test]
    fn images_move_and_nothing_comes_in() {
        let data = Dataset::from_images((1..=6).collect(), &[2, 3], vec![0], 1).unwrap();
        let view = |shift| shifted(&data, shift).unwrap().image(0).unwrap().to_vec();
        assert_eq!(view((0, 0)), [1, 2, 3, 4, 5, 6]);
        assert_eq!(view((1, 0)), [0, 0, 0, 1, 2, 3]);
        assert_eq!(view((-1, 0)), [4, 5, 6, 0, 0, 0]);
        assert_eq!(view((0, 1)), [0, 1, 2, 0, 4, 5]);
        assert_eq!(view((0, -2)), [3, 0, 0, 6, 0, 0]);
        assert_eq!(view((5, 5)), [0; 6]);
    }
}
