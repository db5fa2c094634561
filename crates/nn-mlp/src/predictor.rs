//! A model on a device, ready to answer.

use crate::answer::{Answer, AnswerKind};
use crate::error::MlpError;
use crate::evaluation::{Evaluation, RegressionCount};
use crate::input_range::InputRange;
use crate::model::{Model, ModelParts};
use crate::predict::Predict;
use crate::sample::{Numbers, Sample, is_same_shape, shape_in_words};
use crate::task::Task;
use nn_core::{AnswerPool, EvaluationCount, Loss, NetworkError, check_targets};
use nn_data::{Dataset, Inputs};
use nn_images::{Draw, Pipeline, Worker};
use nn_tensor::{Element, Tensor};
use std::sync::Arc;

/// Samples that go through a network at once: whole tiles of 6 rows, few enough to stay in the cache.
const BATCH: usize = 144;

/// A model on a device, with all the memory that answers need kept from one call to the next.
///
/// It takes samples as they were given in training: scaling, transforms and test views are the model's.
///
/// ```
/// # use nn_mlp::Mlp;
/// # let data = nn_data::Dataset::classification(vec![0.0, 0.2, 0.9, 1.0], 1, vec![0, 0, 1, 1], 2)?;
/// # let model = Mlp::classifier().hidden([4]).epochs(200).learning_rate(0.05).fit(&data)?;
/// let device = nn_cpu::CpuDevice::new(1)?;
/// let mut predictor = model.predictor::<nn_cpu::CpuTensor<f32>>(&device)?;
/// let answer = predictor.predict(&[0.95])?;
/// assert_eq!(answer.class(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Predictor<T: Tensor> {
    parts: Arc<ModelParts>,
    members: Vec<Member<T>>,
    pool: AnswerPool,
    /// The answer of each member to one sample, or its mean over the views: members x outputs.
    means: Vec<f64>,
    /// The numbers of a sample, scaled.
    numbers: Vec<f64>,
    /// The bytes of a sample that was given as numbers.
    bytes: Vec<u8>,
    answer: Answer,
}

/// A network with what images go through before it sees them.
struct Member<T: Tensor> {
    network: nn_core::Predictor<T>,
    transforms: Pipeline,
    /// The fixed transforms at work on single images; `None` where there is none.
    worker: Option<Worker>,
    /// A transformed image.
    seen: Vec<u8>,
}

impl<T: Tensor> Member<T> {
    /// Returns the network's output for a sample of bytes.
    fn see_bytes(&mut self, bytes: &[u8]) -> Result<&[T::Elem], NetworkError> {
        let Self { network, worker, seen, .. } = self;
        match worker {
            None => network.predict_bytes(bytes),
            Some(worker) => {
                worker.apply(bytes, seen, &Draw::default());
                network.predict_bytes(seen)
            }
        }
    }
}

impl<T: Tensor> Predictor<T> {
    /// Puts a model onto a device.
    ///
    /// # Errors
    /// [`NetworkError::Precision`] for a model of `f64` on a device of `f32`: use one of `f64`, or
    /// [`Model::rounded_to_f32`]; [`NetworkError::Tensor`] where the device refuses.
    pub fn new(model: &Model, device: &T::Device) -> Result<Self, MlpError> {
        let parts = model.parts();
        let mut members = Vec::with_capacity(parts.members.len());
        for (member, network) in parts.members.iter().zip(model.to_raw_networks::<T>(device)?) {
            let transforms = member.transforms.clone();
            let fixed = transforms.fixed();
            let worker = match fixed.is_empty() {
                true => None,
                false => Some(fixed.worker(&parts.sample_shape)?).filter(|w| !w.is_identity()),
            };
            members.push(Member {
                network: nn_core::Predictor::without_softmax(network, BATCH)?,
                transforms,
                seen: vec![0; worker.as_ref().map_or(0, Worker::output_width)],
                worker,
            });
        }
        let outputs = parts.outputs();
        let probabilities = parts.loss == Loss::CrossEntropy;
        let kind = AnswerKind::new(parts.task, probabilities, outputs, &parts.class_names);
        Ok(Self {
            pool: AnswerPool::new(parts.loss, parts.views.count(), outputs),
            means: vec![0.0; members.len() * outputs],
            members,
            numbers: Vec::new(),
            bytes: Vec::new(),
            answer: Answer::new(&Arc::new(kind), outputs),
            parts: model.shared_parts(),
        })
    }

    /// Answers one sample. After the first call it allocates nothing, except with several test views.
    ///
    /// # Errors
    /// [`MlpError::SampleShape`], [`MlpError::InputRange`], [`MlpError::InputNotFinite`] or
    /// [`MlpError::BytesForNumbers`] for a sample that is not like those of training; [`NetworkError::NotFinite`] where an
    /// output is not finite.
    pub fn predict<'s>(&mut self, sample: impl Into<Sample<'s>>) -> Result<&Answer, MlpError> {
        let sample = sample.into();
        self.parts.check_shape(&sample)?;
        let views = self.parts.views.count();
        if views > 1 {
            return self.predict_views(&sample);
        }
        match &sample.numbers {
            Numbers::Bytes(bytes) => {
                self.parts.input_range.check_bytes(self.parts.scaler.as_ref())?;
                self.answer_bytes(bytes)?;
            }
            Numbers::Singles(numbers) => {
                let numbers = numbers.iter().map(|&number| f64::from(number));
                load(&mut self.numbers, numbers);
                self.answer_numbers()?;
            }
            Numbers::Doubles(numbers) => {
                load(&mut self.numbers, numbers.iter().copied());
                self.answer_numbers()?;
            }
        }
        Ok(&self.answer)
    }

    /// Answers bytes.
    fn answer_bytes(&mut self, bytes: &[u8]) -> Result<(), MlpError> {
        let Self { parts, members, pool, means, answer, .. } = self;
        answer_with(members, parts.loss, pool, means, answer, |member| member.see_bytes(bytes))
    }

    /// Answers the numbers that are loaded.
    fn answer_numbers(&mut self) -> Result<(), MlpError> {
        let Self { parts, members, pool, means, numbers, bytes, answer, .. } = self;
        if let Some(scaler) = &parts.scaler {
            scaler.scale(numbers);
        }
        parts.input_range.check_numbers(numbers)?;
        let images = members.iter().any(|member| member.worker.is_some());
        if images {
            expect_fractions(parts.input_range, numbers)?;
            bytes.clear();
            bytes.extend(numbers.iter().map(|&number| to_byte(number)));
        }
        answer_with(members, parts.loss, pool, means, answer, |member| match images {
            true => member.see_bytes(bytes),
            false => member.network.predict_values(numbers),
        })
    }

    /// Answers a sample in several views.
    fn predict_views(&mut self, sample: &Sample<'_>) -> Result<&Answer, MlpError> {
        let data = self.parts.dataset_of(sample)?;
        let mut values = std::mem::take(&mut self.answer.values);
        let probabilities = self.answer.has_probabilities();
        let answered = self.for_each(&data, |_, answer| {
            values.clear();
            values.extend(answer.iter().map(|&x| if probabilities { x.exp() } else { x }));
        });
        self.answer.values = values;
        answered?;
        Ok(&self.answer)
    }

    /// Calls `visit` with the number and the answer of each sample of `data`, in order. Under cross-entropy an answer is
    /// the **logarithm** of the probability of each class, so that no small one is lost; otherwise it is the outputs.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn for_each(
        &mut self,
        data: &Dataset,
        mut visit: impl FnMut(usize, &[f64]),
    ) -> Result<(), MlpError> {
        let data = self.parts.prepared(data)?;
        let data = self.images_of(&data)?;
        let (outputs, members) = (self.parts.outputs(), self.members.len());
        let width = members * outputs;
        let mut groups = Vec::new();
        for group in groups_of(&self.members) {
            let transforms = &self.members[group[0]].transforms;
            groups.push((self.parts.views.prepare(transforms, data.sample_shape())?, group));
        }
        let all: Vec<u32> = (0..data.len() as u32).collect(); // fits: at most u32::MAX samples
        for (index, samples) in all.chunks(BATCH).enumerate() {
            let part = data.subset(samples)?;
            // Sample x member x output.
            let mut means = vec![0.0; samples.len() * width];
            let Self { members, pool, .. } = self;
            for (views, group) in &mut groups {
                for view in views.of(&part)? {
                    let view = view?;
                    for &member in &*group {
                        members[member].network.for_each(&view, |sample, output| {
                            let place = sample * width + member * outputs;
                            pool.add_view(&mut means[place..][..outputs], output);
                        })?;
                    }
                }
            }
            for (place, means) in means.chunks_exact_mut(width).enumerate() {
                visit(index * BATCH + place, self.pool.answer(means));
            }
        }
        Ok(())
    }

    /// Evaluates the model on `data`: its loss, and how many answers are right or how far they are off.
    ///
    /// # Errors
    /// [`NetworkError::Empty`] for a set without samples, [`MlpError::Task`], [`MlpError::UnknownClass`] or
    /// [`NetworkError::OutputWidth`] for other targets than the model's, otherwise as [`predict`](Self::predict).
    pub fn evaluate(&mut self, data: &Dataset) -> Result<Evaluation, MlpError> {
        let data = self.parts.with_own_targets(data)?;
        check_targets(self.members[0].network.network().architecture(), self.parts.loss, &data)?;
        if data.is_empty() {
            return Err(NetworkError::Empty { what: "test", task: "test" }.into());
        }
        if let ([member], 1, Task::Classification) =
            (&self.members[..], self.parts.views.count(), self.parts.task)
        {
            let seen = self.images_of(&self.parts.prepared(&data)?)?;
            let seen = member.transforms.apply(&seen)?;
            let core = nn_core::evaluate(member.network.network(), &seen, self.parts.loss)?;
            return Ok(Evaluation::new(core, None));
        }
        let outputs = self.parts.outputs();
        let mut count = EvaluationCount::new(outputs, &data, self.parts.loss);
        let values = self.parts.task == Task::Regression;
        let mut distances = values.then(|| RegressionCount::new(&data));
        self.for_each(&data, |sample, answer| {
            count.add(sample, answer);
            if let (Some(distances), Some(target)) = (&mut distances, data.target(sample)) {
                distances.add(answer, target);
            }
        })?;
        Ok(Evaluation::new(count.finish()?, distances.map(RegressionCount::finish)))
    }

    /// Returns numbers that stand for bytes as such, where transforms of images need them.
    fn images_of(&self, data: &Dataset) -> Result<Dataset, MlpError> {
        let images = self.parts.views.count() > 1
            || self.members.iter().any(|member| member.worker.is_some());
        if !images || matches!(data.inputs(), Inputs::Bytes(_)) {
            return Ok(data.clone());
        }
        for sample in (0..data.len()).filter_map(|sample| data.values(sample)) {
            expect_fractions(self.parts.input_range, sample)?;
        }
        Ok(data.values_to_bytes(|numbers, bytes| {
            bytes.iter_mut().zip(numbers).for_each(|(byte, &number)| *byte = to_byte(number));
        })?)
    }
}

impl<T: Tensor> Predict for Predictor<T> {
    fn predict_sample(&mut self, sample: Sample<'_>) -> Result<&Answer, MlpError> {
        self.predict(sample)
    }

    fn evaluate_on(&mut self, data: &Dataset) -> Result<Evaluation, MlpError> {
        self.evaluate(data)
    }

    fn expect_probabilities(&self, data: &Dataset) -> Result<Dataset, MlpError> {
        let loss = self.parts.loss;
        if loss != Loss::CrossEntropy {
            let (needs, has) = ("cross-entropy, for probabilities", "another loss");
            return Err(NetworkError::Targets { loss: loss.name(), needs, has }.into());
        }
        let data = self.parts.with_own_targets(data)?;
        check_targets(self.members[0].network.network().architecture(), loss, &data)?;
        Ok(data)
    }

    fn visit_answers(
        &mut self,
        data: &Dataset,
        visit: &mut dyn FnMut(usize, &[f64]),
    ) -> Result<(), MlpError> {
        self.for_each(data, visit)
    }
}

/// Fills `numbers` anew.
fn load(numbers: &mut Vec<f64>, values: impl Iterator<Item = f64>) {
    numbers.clear();
    numbers.extend(values);
}

/// Checks that numbers are fractions of 255, which transforms of images need.
fn expect_fractions(range: InputRange, numbers: &[f64]) -> Result<(), MlpError> {
    match range {
        InputRange::Bytes => Ok(()), // checked before
        _ => InputRange::Bytes.check_numbers(numbers),
    }
}

/// Returns the byte that means `fraction`.
fn to_byte(fraction: f64) -> u8 {
    (255.0 * fraction).round() as u8 // saturates
}

/// Asks every member and pools what they say into `answer`.
fn answer_with<T: Tensor>(
    members: &mut [Member<T>],
    loss: Loss,
    pool: &mut AnswerPool,
    means: &mut [f64],
    answer: &mut Answer,
    mut ask: impl for<'m> FnMut(&'m mut Member<T>) -> Result<&'m [T::Elem], NetworkError>,
) -> Result<(), MlpError> {
    let outputs = answer.values.len();
    if let [member] = members {
        let logits = ask(member)?.iter().map(|&output| Element::to_f64(output));
        answer.values.iter_mut().zip(logits).for_each(|(value, logit)| *value = logit);
        if loss == Loss::CrossEntropy {
            softmax(&mut answer.values);
        }
        return Ok(());
    }
    means.fill(0.0);
    for (member, mean) in members.iter_mut().zip(means.chunks_exact_mut(outputs)) {
        pool.add_view(mean, ask(member)?);
    }
    let pooled = pool.answer(means);
    for (value, &number) in answer.values.iter_mut().zip(pooled) {
        *value = if loss == Loss::CrossEntropy { number.exp() } else { number };
    }
    Ok(())
}

/// Makes probabilities of logits.
fn softmax(values: &mut [f64]) {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in &mut *values {
        *value = (*value - largest).exp();
        sum += *value;
    }
    values.iter_mut().for_each(|value| *value /= sum);
}

/// Returns the numbers of the members, those that see the same together.
fn groups_of<T: Tensor>(members: &[Member<T>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, member) in members.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| members[group[0]].transforms == member.transforms;
        match groups.iter_mut().find(same) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

impl ModelParts {
    /// Checks that a sample has the model's shape.
    fn check_shape(&self, sample: &Sample<'_>) -> Result<(), MlpError> {
        let (wanted, count) = (self.sample_shape.as_slice(), [sample.len()]);
        let given = sample.shape().unwrap_or(&count);
        if sample.len() == self.inputs() && is_same_shape(given, wanted) {
            return Ok(());
        }
        let actual = shape_in_words(given);
        Err(MlpError::SampleShape { expected: shape_in_words(wanted), actual })
    }

    /// Returns a data set of one sample, whose label nobody looks at.
    fn dataset_of(&self, sample: &Sample<'_>) -> Result<Dataset, MlpError> {
        let (shape, labels) = (self.sample_shape.as_slice(), vec![0]);
        let numbers = match &sample.numbers {
            Numbers::Bytes(bytes) => {
                return Ok(Dataset::from_images(bytes.to_vec(), shape, labels, 1)?);
            }
            Numbers::Singles(numbers) => numbers.iter().map(|&number| f64::from(number)).collect(),
            Numbers::Doubles(numbers) => numbers.to_vec(),
        };
        let row = Dataset::classification(numbers, sample.len(), labels, 1)?;
        Ok(row.with_sample_shape(shape)?)
    }

    /// Returns samples as the transforms take them: of the model's shape and range, and scaled.
    pub(crate) fn prepared(&self, data: &Dataset) -> Result<Dataset, MlpError> {
        if !is_same_shape(data.sample_shape(), &self.sample_shape) {
            let (expected, actual) = (&self.sample_shape, data.sample_shape());
            let (expected, actual) = (shape_in_words(expected), shape_in_words(actual));
            return Err(MlpError::SampleShape { expected, actual });
        }
        let data = data.clone().with_sample_shape(&self.sample_shape)?;
        if matches!(data.inputs(), Inputs::Bytes(_)) {
            self.input_range.check_bytes(self.scaler.as_ref())?;
            return Ok(data);
        }
        let scaled = match &self.scaler {
            Some(scaler) => scaler.apply(&data)?,
            None => data,
        };
        self.input_range.check_dataset(&scaled)?;
        Ok(scaled)
    }

    /// Returns data whose classes have the model's numbers: where both have class names, these decide.
    pub(crate) fn with_own_targets(&self, data: &Dataset) -> Result<Dataset, MlpError> {
        let of_data = match data.classes() {
            Some(_) => Task::Classification,
            None => Task::Regression,
        };
        if of_data != self.task {
            let (model, data) = (self.task.answers(), of_data.answers());
            return Err(MlpError::Task { model, data });
        }
        let (own, names) = (&self.class_names, data.class_names());
        if own.is_empty() || names.is_empty() || own == names {
            return Ok(data.clone());
        }
        let number = |name: &String| match own.iter().position(|known| known == name) {
            Some(number) => Ok(number as u32), // fits: classes are at most 2^20
            None => Err(MlpError::UnknownClass { name: name.clone(), known: own.join(", ") }),
        };
        let numbers = names.iter().map(number).collect::<Result<Vec<u32>, MlpError>>()?;
        Ok(data.clone().relabelled(&numbers, own.len())?)
    }
}
