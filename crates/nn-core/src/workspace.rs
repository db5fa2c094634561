//! What a training step works in: the batch, what the forward pass leaves behind, and errors.

use crate::random::dropout_key;
use crate::{Architecture, Loss, TrainingConfig};
use nn_data::{Dataset, Targets};
use nn_tensor::{BatchStatistics, Role, Shape, Tensor, TensorError};

/// What the forward pass leaves behind in one layer, batch x outputs each.
pub(crate) struct Trace<T> {
    /// a = σ(z).
    pub(crate) activated: T,
    /// z, kept only where σ' cannot be computed from a.
    pub(crate) weighted_sum: Option<T>,
    /// Statistics of batch normalisation in training; none in inference.
    pub(crate) statistics: Option<BatchStatistics<T>>,
    /// a after dropout, where there is dropout.
    pub(crate) dropped: Option<T>,
}

impl<T: Tensor> Trace<T> {
    /// Allocates the traces of all layers, for inference: without dropout and batch statistics.
    pub(crate) fn for_network(
        device: &T::Device,
        architecture: &Architecture,
        batch: usize,
    ) -> Result<Vec<Self>, TensorError> {
        let trace = |layer: usize, shape: Shape| {
            let zeros = || T::zeros(device, Shape::new(batch, shape.rows), Role::Activation);
            let keeps_sum = architecture.activation_of(layer).needs_weighted_sum();
            let weighted_sum = keeps_sum.then(zeros).transpose()?;
            Ok(Self { activated: zeros()?, weighted_sum, statistics: None, dropped: None })
        };
        let shapes = architecture.weight_shapes();
        shapes.into_iter().enumerate().map(|(layer, shape)| trace(layer, shape)).collect()
    }

    /// Allocates what dropout and batch normalisation need in the hidden layers.
    fn for_training(traces: &mut [Self], config: &TrainingConfig) -> Result<(), TensorError> {
        let hidden = traces.len() - 1;
        for trace in &mut traces[..hidden] {
            let (device, shape) = (trace.activated.device(), trace.activated.shape());
            if config.batch_norm {
                let statistics = BatchStatistics::zeros(device, shape.rows, shape.columns)?;
                trace.statistics = Some(statistics);
            }
            if config.dropout > 0.0 {
                trace.dropped = Some(T::zeros(device, shape, Role::Activation)?);
            }
        }
        Ok(())
    }

    /// Returns what the next layer takes in.
    pub(crate) fn output(&self) -> &T {
        self.dropped.as_ref().unwrap_or(&self.activated)
    }
}

/// The dropout mask of one step: a pure function of these three.
#[derive(Clone, Copy)]
pub(crate) struct Dropout {
    /// Share of the neurons that are set to 0.
    pub(crate) rate: f64,
    /// Seed of the training, or of this worker's part of it.
    pub(crate) seed: u64,
    /// The step, counted from 0.
    pub(crate) step: u64,
}

impl Dropout {
    /// Applies the mask of layer `layer`.
    pub(crate) fn apply<T: Tensor>(self, tensor: &mut T, layer: usize) {
        tensor.drop_out(self.rate, dropout_key(self.seed, self.step, layer));
    }
}

/// The targets y of a batch.
pub(crate) enum Target<T> {
    /// A class a sample, for cross-entropy.
    Classes(Vec<u32>),
    /// Values, or classes one-hot, batch x outputs.
    Values {
        /// y.
        values: T,
        /// The classes of the batch, where they are written one-hot.
        classes: Vec<u32>,
    },
}

impl<T: Tensor> Target<T> {
    /// Takes the targets of `samples`, positions in the view that `data` is.
    pub(crate) fn load(&mut self, data: &Dataset, samples: &[u32], rows: &mut Vec<u32>) {
        rows.clear();
        rows.extend(samples.iter().map(|&sample| data.rows()[sample as usize]));
        match (self, data.targets()) {
            (Self::Classes(classes), Targets::Classes { labels, .. }) => {
                gather_labels(classes, labels, rows);
            }
            (Self::Values { values, classes }, Targets::Classes { labels, .. }) => {
                gather_labels(classes, labels, rows);
                values.write_one_hot(classes);
            }
            (Self::Values { values, .. }, Targets::Values { values: source, .. }) => {
                values.gather_values(source, rows);
            }
            (Self::Classes(_), Targets::Values { .. }) => {
                unreachable!("check_targets refuses values under cross-entropy")
            }
        }
    }
}

fn gather_labels(classes: &mut Vec<u32>, labels: &[u32], rows: &[u32]) {
    classes.clear();
    classes.extend(rows.iter().map(|&row| labels[row as usize]));
}

/// What one training step works in, allocated once.
pub(crate) struct Workspace<T> {
    /// a^0, batch x inputs.
    pub(crate) input: T,
    /// y.
    pub(crate) target: Target<T>,
    /// What the forward pass leaves behind, first layer first.
    pub(crate) traces: Vec<Trace<T>>,
    /// δ of each layer, batch x outputs.
    pub(crate) deltas: Vec<T>,
}

impl<T: Tensor> Workspace<T> {
    pub(crate) fn new(
        device: &T::Device,
        architecture: &Architecture,
        config: &TrainingConfig,
        batch: usize,
    ) -> Result<Self, TensorError> {
        let zeros = |width| T::zeros(device, Shape::new(batch, width), Role::Activation);
        let mut traces = Trace::for_network(device, architecture, batch)?;
        Trace::for_training(&mut traces, config)?;
        let classes = Vec::with_capacity(batch);
        let target = match config.loss {
            Loss::CrossEntropy => Target::Classes(classes),
            _ => Target::Values { values: zeros(architecture.outputs)?, classes },
        };
        let widths = architecture.widths();
        let deltas: Result<_, _> = widths[1..].iter().map(|&width| zeros(width)).collect();
        Ok(Self { input: zeros(architecture.inputs)?, target, traces, deltas: deltas? })
    }

    /// Returns what the last layer returned, batch x outputs.
    pub(crate) fn output(&self) -> &T {
        self.traces[self.traces.len() - 1].output()
    }

    /// Returns the batch's statistics, one for each normalised layer.
    pub(crate) fn statistics(&self) -> impl Iterator<Item = &BatchStatistics<T>> {
        self.traces.iter().filter_map(|trace| trace.statistics.as_ref())
    }

    /// Returns a^{l-1}: the input of layer `layer`.
    pub(crate) fn input_of(&self, layer: usize) -> &T {
        if layer == 0 { &self.input } else { self.traces[layer - 1].output() }
    }
}
