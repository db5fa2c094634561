//! Several networks, or several views of a sample, that answer together.

use crate::batches::{check_targets, check_undescribed, expect_shape};
use crate::calibration::log_softmax;
use crate::{Loss, Model, Network, NetworkError, Predictor, Preprocessing};
use nn_data::{Dataset, Inputs};
use nn_images::{Augment as Distortion, Augmenter as Distorter, ImageError};
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
}

/// Seed of the copies: the same at each use, so that an answer depends on model and image alone.
const COPIES_SEED: u64 = 0;

/// Samples that go through a network at once: whole tiles of 6 rows, few enough to stay in the cache.
pub(crate) const BATCH: usize = 144;

/// One way to look at a sample.
#[derive(Clone, Copy)]
enum View {
    /// By so many pixels down and right.
    Shifted(isize, isize),
    /// The copy of this number.
    Distorted(u16),
}

/// Networks whose answers are averaged, each looking at every sample as it is and, where that is wanted,
/// shifted or distorted a little.
///
/// Under cross-entropy an answer is the **logarithm** of a probability for each class, so that no small one is
/// lost: a network's is that of the mean of its probabilities over the views of a sample, and that of several
/// networks the mean of theirs, made a distribution again (a logarithmic opinion pool: Heskes 1998; its
/// loss is never above the mean of theirs). Under other losses the outputs are averaged.
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
    /// At least one.
    members: Vec<Member<'n, T>>,
    /// Shape of the images that members of directions were trained on.
    shape: Vec<usize>,
    loss: Loss,
    batch: usize,
    views: Views,
}

/// One of the networks, with what becomes of images before it sees them.
struct Member<'n, T: Tensor> {
    network: &'n Network<T>,
    predictor: Predictor<'n, T>,
    preprocessing: Preprocessing,
}

impl<'n, T: Tensor> Committee<'n, T> {
    /// Of networks that see samples as they are. Room for `batch` samples at once.
    ///
    /// # Errors
    /// [`NetworkError::Committee`] without networks or where they differ in the number of outputs, otherwise
    /// as [`Predictor::new`].
    pub fn new(networks: &'n [Network<T>], loss: Loss, batch: usize) -> Result<Self, NetworkError> {
        let parts = networks.iter().map(|network| (network, Preprocessing::default()));
        Self::of_parts(parts, &[], loss, batch)
    }

    /// Of networks that see images, which are of this shape, each in its own way.
    pub(crate) fn of_parts(
        parts: impl Iterator<Item = (&'n Network<T>, Preprocessing)>,
        shape: &[usize],
        loss: Loss,
        batch: usize,
    ) -> Result<Self, NetworkError> {
        let refuse = |cause: &str| Err(NetworkError::Committee { cause: cause.to_owned() });
        let member = |(network, preprocessing): (&'n Network<T>, Preprocessing)| {
            let predictor = Predictor::raw(network, batch)?;
            Ok(Member { network, predictor, preprocessing })
        };
        let members: Vec<Member<'n, T>> = parts.map(member).collect::<Result<_, NetworkError>>()?;
        let outputs = |member: &Member<'n, T>| member.network.architecture().outputs;
        let Some(first) = members.first().map(outputs) else {
            return refuse("there is no network");
        };
        if members.iter().any(|other| outputs(other) != first) {
            return refuse("its networks differ in the number of outputs");
        }
        Ok(Self { members, shape: shape.to_vec(), loss, batch, views: Views::default() })
    }

    /// Of the networks of `model`, as [`Model::to_networks`] gives them: each sees images as it was trained to.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`NetworkError::Committee`] where there are not as many networks as the model
    /// has.
    pub fn of_model(model: &Model, networks: &'n [Network<T>]) -> Result<Self, NetworkError> {
        let (given, has) = (networks.len(), model.companions.len() + 1);
        if given != has {
            let cause = format!("{given} networks are given for the {has} of the model");
            return Err(NetworkError::Committee { cause });
        }
        let parts = networks.iter().zip(model.parts().map(|part| part.preprocessing));
        Self::of_parts(parts, &model.sample_shape, model.loss, BATCH)
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
    /// [`NetworkError::Image`] where samples that are no images should be shifted or distorted, or for
    /// a distortion out of range; otherwise as [`Predictor::for_each`].
    pub fn for_each(
        &mut self,
        dataset: &Dataset,
        mut visit: impl FnMut(usize, &[f64]),
    ) -> Result<(), NetworkError> {
        self.expect_inputs(dataset)?;
        let (outputs, members) = (self.outputs(), self.members.len());
        let (as_they_are, upright) = (self.upright(dataset, false), self.upright(dataset, true));
        let kinds = [(false, as_they_are.transpose()?), (true, upright.transpose()?)];
        let all: Vec<u32> = (0..dataset.len() as u32).collect(); // fits: at most u32::MAX samples
        let mut pool = Pool::new(self.loss, self.views.count(), outputs);
        for (index, samples) in all.chunks(self.batch).enumerate() {
            // Sample x member x output.
            let mut sums = vec![0.0; samples.len() * members * outputs];
            let mut add_answer = |member: usize, sample: usize, output: &[T::Elem]| {
                let place = (sample * members + member) * outputs;
                pool.add_view(&mut sums[place..][..outputs], output);
            };
            for (deskew, images) in &kinds {
                if let Some(images) = images {
                    self.look(&images.subset(samples)?, *deskew, &mut add_answer)?;
                }
            }
            for (place, sums) in sums.chunks_exact_mut(members * outputs).enumerate() {
                visit(index * self.batch + place, pool.answer(sums));
            }
        }
        Ok(())
    }

    /// Shows the members of upright images, or the others, `images` in every way.
    fn look(
        &mut self,
        images: &Dataset,
        deskew: bool,
        mut visit: impl FnMut(usize, usize, &[T::Elem]),
    ) -> Result<(), NetworkError> {
        for way in self.views.all() {
            let view = self.views.look(images, way)?;
            let members = self.members.iter_mut().enumerate();
            for (member, Member { predictor, preprocessing, .. }) in members {
                if preprocessing.deskew == deskew {
                    let seen = preprocessing.described(&view)?;
                    predictor.for_each(&seen, |sample, output| visit(member, sample, output))?;
                }
            }
        }
        Ok(())
    }

    /// The data upright or as it is, where a member sees it so.
    fn upright(&self, dataset: &Dataset, deskew: bool) -> Option<Result<Dataset, NetworkError>> {
        let mut kinds = self.members.iter().map(|member| member.preprocessing);
        let kind = kinds.find(|preprocessing| preprocessing.deskew == deskew)?;
        Some(kind.upright(dataset))
    }

    /// How many numbers an answer is.
    pub(crate) fn outputs(&self) -> usize {
        self.members[0].network.architecture().outputs // there is one: see `of_parts`
    }

    /// The only network, where it looks at each sample once, and what becomes of images before.
    pub(crate) fn single_look(&self) -> Option<(&'n Network<T>, Preprocessing)> {
        match self.members.as_slice() {
            [member] if self.views.count() == 1 => Some((member.network, member.preprocessing)),
            _ => None,
        }
    }

    /// What the networks were trained for.
    pub(crate) fn loss(&self) -> Loss {
        self.loss
    }

    /// Whether the samples of `dataset` are what each member can be shown.
    fn expect_inputs(&self, dataset: &Dataset) -> Result<(), NetworkError> {
        for member in &self.members {
            if member.preprocessing.directions {
                expect_shape(&self.shape, dataset)?;
            }
            check_undescribed(member.network.architecture(), dataset, member.preprocessing)?;
        }
        Ok(())
    }

    /// Whether there is something to test on `dataset`, and its classes are those of the networks.
    ///
    /// # Errors
    /// [`NetworkError::Empty`], [`NetworkError::InputWidth`], [`NetworkError::OutputWidth`] or
    /// [`NetworkError::Targets`] where not.
    pub fn expect_test_set(&self, dataset: &Dataset) -> Result<(), NetworkError> {
        self.expect_inputs(dataset)?;
        for member in &self.members {
            check_targets(member.network.architecture(), self.loss, dataset)?;
        }
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

/// How answers to views, and those of networks, become one.
struct Pool {
    loss: Loss,
    views: f64,
    /// Of one network and view: an answer, or where there are several views the probabilities.
    row: Vec<f64>,
    /// Of all.
    answer: Vec<f64>,
}

impl Pool {
    fn new(loss: Loss, views: usize, outputs: usize) -> Self {
        Self { loss, views: views as f64, row: vec![0.0; outputs], answer: vec![0.0; outputs] }
    }

    /// Whether views are averaged as probabilities: a single one is not taken there and back.
    fn of_probabilities(&self) -> bool {
        self.loss == Loss::CrossEntropy && self.views > 1.0
    }

    /// Adds what a network said to one of the views to the mean over them.
    fn add_view<E: Element>(&mut self, sums: &mut [f64], output: &[E]) {
        if self.loss == Loss::CrossEntropy {
            log_softmax(output, &mut self.row);
        } else {
            self.row.iter_mut().zip(output).for_each(|(value, &output)| *value = output.to_f64());
        }
        let probabilities = self.of_probabilities();
        for (sum, &value) in sums.iter_mut().zip(&self.row) {
            *sum += if probabilities { value.exp() } else { value } / self.views;
        }
    }

    /// The answer of all networks, of the means of each (networks x outputs).
    fn answer(&mut self, means: &mut [f64]) -> &[f64] {
        if self.of_probabilities() {
            means.iter_mut().for_each(|mean| *mean = mean.max(f64::MIN_POSITIVE).ln());
        }
        let networks = means.len() / self.answer.len();
        self.answer.fill(0.0);
        for mean in means.chunks_exact(self.answer.len()) {
            for (answer, mean) in self.answer.iter_mut().zip(mean) {
                *answer += mean / networks as f64;
            }
        }
        if self.loss == Loss::CrossEntropy && networks > 1 {
            self.row.copy_from_slice(&self.answer);
            log_softmax(&self.row, &mut self.answer);
        }
        &self.answer
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
        match view {
            View::Shifted(down, right) => shifted(part, (down, right)),
            View::Distorted(copy) => self.distorted(part, u64::from(copy)),
        }
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
            distorter.augment(image, place, self.strength, COPIES_SEED, copy, 0);
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
        return Err(ImageError::NotAnImage { transform: "shift", shape }.into());
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
        let views = Views { shifts: 1, copies: 4, distortion, strength: 0.5 };

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
                distorter.augment(image, &mut distorted, 0.5, 0, copy, 0);
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
