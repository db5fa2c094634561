//! Evaluating networks on a data set: loss, accuracy, confusion matrix.

use crate::data_checks::check_data;
use crate::inference::Inference;
use crate::{AnswerPool, ConfusionMatrix, Loss, Network, NetworkError};
use nn_data::Dataset;
use nn_tensor::{Device, Element, Tensor};

/// What an [`evaluate`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Samples looked at; never 0.
    pub samples: usize,
    /// The loss, without penalties, over all of them.
    pub loss: f64,
    /// Right and wrong answers; `None` for regression.
    pub classification: Option<Classification>,
}

/// Right and wrong answers. The answer is the class with the largest output, the first of equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classification {
    /// Which class was taken for which.
    pub confusion: ConfusionMatrix,
    /// `top_k[k-1]`: samples whose class is among the k largest outputs, for k = 1 to at most 5.
    pub top_k: Vec<usize>,
}

impl Evaluation {
    /// Share of right answers; `None` for regression.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        self.classification.as_ref()?.confusion.accuracy()
    }

    /// Number of wrong answers; `None` for regression.
    #[must_use]
    pub fn errors(&self) -> Option<usize> {
        let confusion = &self.classification.as_ref()?.confusion;
        Some(confusion.total() - confusion.correct())
    }
}

/// `top_k` goes up to this k.
const MOST_CHOICES: usize = 5;

/// Passes a whole data set through a network, and compares.
///
/// The loss is summed in `f64` whatever the network computes in.
///
/// ```
/// use nn_core::{Activation, Architecture, Initializer, Loss, Network, evaluate};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let architecture = Architecture::new(2, [], 2, Activation::Relu);
/// let mut network =
///     Network::<ReferenceTensor<f64>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
/// # use nn_tensor::Matrix;
/// network.layers_mut()[0].weight.write(&[1.0, 0.0, 0.0, 1.0]);
/// let data = Dataset::classification(vec![3.0, 1.0, 1.0, 2.0], 2, vec![0, 0], 2)?;
/// let evaluation = evaluate(&network, &data, Loss::CrossEntropy)?;
/// assert_eq!(evaluation.errors(), Some(1));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`NetworkError::Empty`] for a set without samples, [`NetworkError::NotFinite`] where outputs or
/// loss are not finite, [`NetworkError::InputWidth`], [`NetworkError::OutputWidth`] or [`NetworkError::Targets`] where network, loss and data do not
/// go together, [`NetworkError::Tensor`] where the device fails.
pub fn evaluate<T: Tensor>(
    network: &Network<T>,
    dataset: &Dataset,
    loss: Loss,
) -> Result<Evaluation, NetworkError> {
    check_data(network.architecture(), loss, dataset)?;
    if dataset.is_empty() {
        return Err(NetworkError::Empty { what: "test", task: "test" });
    }
    let mut count = EvaluationCount::new(network.architecture().outputs, dataset, loss);
    let folded = network.folded()?;
    let network = folded.as_ref().unwrap_or(network);
    let mut inference =
        Inference::new(dataset.len().min(network.device().evaluation_batch()), false);
    // One run for all batches: to start one for each takes longer than a small network does.
    network.device().run(|| {
        inference.for_each(network, dataset, |sample, outputs| count.add(sample, outputs))
    })?;
    count.finish()
}

/// Evaluates the joint answer of several networks, as an [`AnswerPool`] pools it; each comes with
/// the data as it sees it. The answer of one network is its output.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_jointly<T: Tensor>(
    members: &[(&Network<T>, &Dataset)],
    loss: Loss,
) -> Result<Evaluation, NetworkError> {
    let Some(&(first, dataset)) = members.first() else {
        return Err(NetworkError::Empty { what: "list of networks", task: "test" });
    };
    if members.len() == 1 {
        return evaluate(first, dataset, loss);
    }
    for (network, data) in members {
        check_data(network.architecture(), loss, data)?;
    }
    if dataset.is_empty() {
        return Err(NetworkError::Empty { what: "test", task: "test" });
    }
    let outputs = first.architecture().outputs;
    let mut count = EvaluationCount::new(outputs, dataset, loss);
    let mut pool = AnswerPool::new(loss, 1, outputs);
    let batch = first.device().evaluation_batch();
    let folded: Vec<_> =
        members.iter().map(|(network, _)| network.folded()).collect::<Result<_, _>>()?;
    let mut inferences: Vec<_> = members.iter().map(|_| Inference::new(batch, false)).collect();
    let all: Vec<u32> = (0..dataset.len() as u32).collect(); // fits: at most u32::MAX samples
    let width = members.len() * outputs;
    for (index, samples) in all.chunks(batch).enumerate() {
        // Sample x member x output.
        let mut means = vec![0.0; samples.len() * width];
        let parts = members.iter().zip(&folded).zip(&mut inferences).enumerate();
        for (member, ((&(network, data), folded), inference)) in parts {
            let network = folded.as_ref().unwrap_or(network);
            inference.for_each(network, &data.subset(samples)?, |sample, output| {
                let place = sample * width + member * outputs;
                pool.add_view(&mut means[place..][..outputs], output);
            })?;
        }
        for (place, means) in means.chunks_exact_mut(width).enumerate() {
            count.add(index * batch + place, pool.answer(means));
        }
    }
    count.finish()
}

/// An evaluation under way: outputs are added sample by sample.
#[derive(Debug)]
pub struct EvaluationCount<'d> {
    dataset: &'d Dataset,
    loss: Loss,
    sum: f64,
    classification: Option<Classification>,
}

impl<'d> EvaluationCount<'d> {
    /// Begins an evaluation on a `dataset` that is not empty, of answers of `outputs` numbers.
    #[must_use]
    pub fn new(outputs: usize, dataset: &'d Dataset, loss: Loss) -> Self {
        let classification = dataset.classes().map(|_| Classification {
            confusion: ConfusionMatrix::new(outputs),
            top_k: vec![0; outputs.min(MOST_CHOICES)],
        });
        Self { dataset, loss, sum: 0.0, classification }
    }

    /// Adds the outputs for one sample; under cross-entropy logits, which log-probabilities are too.
    pub fn add<E: Element>(&mut self, sample: usize, outputs: &[E]) {
        self.sum += sample_loss(self.loss, outputs, self.dataset, sample);
        if let (Some(counts), Some(class)) = (&mut self.classification, self.dataset.label(sample))
        {
            counts.add(outputs, class as usize);
        }
    }

    /// Returns the evaluation.
    ///
    /// # Errors
    /// [`NetworkError::NotFinite`] where the loss is not finite.
    pub fn finish(self) -> Result<Evaluation, NetworkError> {
        if !self.sum.is_finite() {
            return Err(NetworkError::NotFinite);
        }
        let samples = self.dataset.len();
        let loss = self.loss.from_sum(self.sum, samples);
        Ok(Evaluation { samples, loss, classification: self.classification })
    }
}

impl Classification {
    /// Counts one sample of class `actual`.
    fn add<E: Element>(&mut self, outputs: &[E], actual: usize) {
        let largest = (1..outputs.len())
            .fold(0, |best, class| if is_before(outputs, class, best) { class } else { best });
        self.confusion.add(actual, largest);
        let rank = (0..outputs.len()).filter(|&class| is_before(outputs, class, actual)).count();
        for hits in self.top_k.iter_mut().skip(rank) {
            *hits += 1;
        }
    }
}

/// Whether class `a` is a better answer than `b`: the larger output, and the first of equals.
fn is_before<E: Element>(outputs: &[E], a: usize, b: usize) -> bool {
    let (x, y) = (outputs[a], outputs[b]);
    x > y || (a < b && x == y)
}

/// -ln p(class), or the squared distance from the target, of one sample.
fn sample_loss<E: Element>(loss: Loss, outputs: &[E], dataset: &Dataset, sample: usize) -> f64 {
    let outputs = outputs.iter().map(|&output| Element::to_f64(output));
    let class = dataset.label(sample).map(|class| class as usize);
    match (class, dataset.target(sample)) {
        (Some(class), _) if loss == Loss::CrossEntropy => cross_entropy(outputs, class),
        (Some(class), _) => {
            let one_hot = |index| if index == class { 1.0 } else { 0.0 };
            outputs.enumerate().map(|(index, a)| (a - one_hot(index)).powi(2)).sum()
        }
        (None, target) => {
            outputs.zip(target.unwrap_or_default()).map(|(a, y)| (a - y).powi(2)).sum()
        }
    }
}

/// ln Σ exp(logit) - logit of the class, the largest logit taken out first so that nothing overflows.
fn cross_entropy(logits: impl Iterator<Item = f64> + Clone, class: usize) -> f64 {
    let largest = logits.clone().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.clone().map(|logit| (logit - largest).exp()).sum();
    let of_class: f64 = logits.skip(class).take(1).sum();
    largest - of_class + sum.ln()
}
