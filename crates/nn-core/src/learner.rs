//! A network in training, with all that one of its steps needs.

use crate::backpropagation::{backward, backward_and_update, forward, output_delta};
use crate::objective::Objective;
use crate::optimizer_state::OptimizerState;
use crate::random::dropout_keys;
use crate::workspace::{Dropout, Workspace};
use crate::{
    Architecture, BatchSource, Epoch, Hook, Member, Network, Position, TrainError, TrainingConfig,
};
use nn_tensor::{
    Device, Element, Linear, MemberSteps, ResidentEpoch, ResidentSamples, Role, Shape, Step,
    StepNumbers, TALLY_WIDTH, Tensor, Update,
};

/// Share by which running statistics move to those of a batch, as in PyTorch.
const STATISTICS_SHARE: f64 = 0.1;

/// Distance between the dropout seeds of two workers.
const BETWEEN_WORKERS: u64 = 0x9e37_79b9_7f4a_7c15;

/// The batch of one step.
pub(crate) struct Batch<'a, T: Tensor> {
    /// Positions in the training set, for sources that prepare it on the host.
    pub(crate) samples: &'a [u32],
    /// The epoch, in which the batch is next.
    pub(crate) epoch: &'a ResidentEpoch<T>,
    /// The targets of the training set.
    pub(crate) targets: &'a ResidentSamples<T>,
    /// Whether it has fewer samples than the others.
    pub(crate) is_partial: bool,
    /// How far the training is after its step.
    pub(crate) after: Position,
}

/// A member in training: network, optimizer, hooks, and the memory of one step.
pub(crate) struct Learner<T: Tensor> {
    pub(crate) network: Network<T>,
    pub(crate) optimizer: OptimizerState<T>,
    pub(crate) hooks: Vec<Box<dyn Hook<T>>>,
    source: Box<dyn BatchSource<T>>,
    objective: Objective<T>,
    /// Its number among the members of the training.
    index: usize,
    /// Running sums of the epoch, 1 x `TALLY_WIDTH`.
    pub(crate) tally: T,
    /// Sum of squares of the gradient, 1 x 1.
    gradient_norm: T,
    full: Workspace<T>,
    /// For the last batch of an epoch, where the batch does not divide the samples.
    partial: Option<Workspace<T>>,
    seed: u64,
    dropout_rate: f64,
    clip_norm: Option<f64>,
}

impl<T: Tensor> Learner<T> {
    /// Creates member `index` of a training on `samples` samples, with initial weights.
    pub(crate) fn new(
        device: &T::Device,
        config: &TrainingConfig,
        index: usize,
        member: Member<T>,
        samples: usize,
    ) -> Result<Self, TrainError> {
        let Member { architecture, source, mut hooks, initial, .. } = member;
        let seed = Member::<T>::seed(config.seed, index);
        let mut network = match initial {
            Some(values) => Network::from_values(device, &architecture, &values)?,
            None => initial_network(device, &architecture, config, seed)?,
        };
        for hook in &mut hooks {
            hook.begin(&mut network)?;
        }
        let row = |columns| T::zeros(device, Shape::new(1, columns), Role::Weight);
        let workspace = |samples| Workspace::new(device, &architecture, config, samples);
        let batch = config.batch.min(samples);
        let remainder = samples % batch;
        let moments = config.optimizer.moment_count();
        Ok(Self {
            network,
            optimizer: OptimizerState::new(device, &architecture, config.batch_norm, moments)?,
            hooks,
            source,
            objective: Objective::new(device, config)?,
            index,
            tally: row(TALLY_WIDTH)?,
            gradient_norm: row(1)?,
            full: workspace(batch)?,
            partial: (remainder > 0).then(|| workspace(remainder)).transpose()?,
            seed,
            dropout_rate: config.dropout,
            clip_norm: config.clip_norm,
        })
    }

    /// Returns the samples of a whole batch.
    pub(crate) fn batch_size(&self) -> usize {
        self.full.input.shape().rows
    }

    /// Prepares for the batches of an epoch.
    pub(crate) fn begin_epoch(&mut self, epoch: &Epoch<'_>) -> Result<(), TrainError> {
        let epoch = Epoch { seed: self.seed, ..*epoch };
        self.source.begin_epoch(self.network.device(), &epoch)
    }

    /// Ends the epoch, or what is done of it.
    pub(crate) fn end_epoch(&mut self) {
        self.source.end_epoch();
    }

    /// Lets hooks see the network after all steps of an epoch.
    pub(crate) fn after_epoch(&mut self, at: Position) -> Result<(), TrainError> {
        let Self { hooks, network, .. } = self;
        hooks.iter_mut().try_for_each(|hook| hook.after_epoch(network, at))
    }

    /// Returns whether a step needs nothing of the host, so that a device may repeat it.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.hooks.is_empty() && self.source.is_resident()
    }

    /// Returns what this member takes from each of some steps: the optimizer's `numbers`, and the keys
    /// of its dropout masks. `first` is the number of the first step, counted from 0.
    pub(crate) fn steps(&self, first: u64, numbers: &[StepNumbers<f64>]) -> MemberSteps {
        let worker = self.hooks.iter().map(|hook| hook.worker()).max().unwrap_or_default();
        let seed = self.seed.wrapping_add(worker.wrapping_mul(BETWEEN_WORKERS));
        let hidden = self.network.layers().len() - 1;
        let layers = if self.dropout_rate > 0.0 { hidden } else { 0 };
        let steps = first..first + numbers.len() as u64;
        let keys = steps.flat_map(|step| dropout_keys(seed, step, layers));
        MemberSteps { numbers: numbers.to_vec(), dropout_keys: keys.collect() }
    }

    /// Takes in a batch, computes the forward pass and δ^L, and adds the loss to the tally.
    pub(crate) fn answer(&mut self, batch: &Batch<'_, T>) -> Result<(), TrainError> {
        let Batch { samples, epoch, targets, is_partial, .. } = *batch;
        let dropout = self.dropout(epoch);
        let workspace = of_size(&mut self.full, &mut self.partial, is_partial);
        self.source.load(samples, epoch, &mut workspace.input)?;
        workspace.target.load(targets, epoch);
        forward(&self.network, &workspace.input, &mut workspace.traces, dropout);
        let activation = self.network.architecture().output_activation;
        let targets = (targets, epoch);
        output_delta(workspace, activation, &self.objective, targets, &mut self.tally);
        Ok(())
    }

    /// Backpropagates δ^L of the last [`answer`](Self::answer), and takes the step.
    pub(crate) fn learn(
        &mut self,
        batch: &Batch<'_, T>,
        update: &Update<T::Elem>,
    ) -> Result<(), TrainError> {
        let dropout = self.dropout(batch.epoch);
        let step = Step { epoch: batch.epoch, member: self.index };
        let uses_gradients = self.hooks.iter().any(|hook| hook.uses_gradients());
        let workspace = of_size(&mut self.full, &mut self.partial, batch.is_partial);
        let (network, optimizer) = (&mut self.network, &mut self.optimizer);
        if T::FUSED && !uses_gradients && self.clip_norm.is_none() {
            backward_and_update(network, workspace, optimizer, dropout, (update, step));
        } else {
            backward(network, workspace, &mut optimizer.gradients, dropout);
            for hook in &mut self.hooks {
                hook.on_gradients(&mut optimizer.gradients)?;
            }
            if let Some(max_norm) = self.clip_norm {
                clip(&mut optimizer.gradients, &mut self.gradient_norm, max_norm);
            }
            optimizer.apply(network, update, step);
        }
        take_statistics(network, workspace);
        self.hooks.iter_mut().try_for_each(|hook| hook.after_step(network, batch.after))
    }

    /// Returns the dropout of the step that is next in `epoch`, where there is dropout.
    fn dropout<'e>(&self, epoch: &'e ResidentEpoch<T>) -> Option<Dropout<'e, T>> {
        let step = Step { epoch, member: self.index };
        (self.dropout_rate > 0.0).then_some(Dropout { rate: self.dropout_rate, step })
    }

    /// Returns what the last layer returned for the current batch, batch x outputs.
    pub(crate) fn output(&mut self, is_partial: bool) -> &T {
        of_size(&mut self.full, &mut self.partial, is_partial).output()
    }

    /// Returns what the step of the current batch works in.
    pub(crate) fn workspace(&mut self, is_partial: bool) -> &mut Workspace<T> {
        of_size(&mut self.full, &mut self.partial, is_partial)
    }

    /// Returns whether the network's answers to the last batch are finite, now that its step is
    /// taken.
    pub(crate) fn is_finite(&mut self) -> Result<bool, TrainError> {
        let workspace = self.partial.as_mut().unwrap_or(&mut self.full);
        forward(&self.network, &workspace.input, &mut workspace.traces, None);
        self.network.device().synchronize()?;
        Ok(crate::inference::all_finite(&workspace.output().to_vec()))
    }

    /// Returns the result of the training: the network of the first hook that keeps one, otherwise
    /// the trained network.
    pub(crate) fn result(&self) -> &Network<T> {
        self.hooks.iter().find_map(|hook| hook.result()).unwrap_or(&self.network)
    }

    /// Returns the result, to be changed.
    pub(crate) fn result_mut(&mut self) -> &mut Network<T> {
        let Self { hooks, network, .. } = self;
        hooks.iter_mut().find_map(|hook| hook.result_mut()).unwrap_or(network)
    }
}

fn initial_network<T: Tensor>(
    device: &T::Device,
    architecture: &Architecture,
    config: &TrainingConfig,
    seed: u64,
) -> Result<Network<T>, TrainError> {
    let network = Network::new(device, architecture, config.initializer, seed)?;
    Ok(if config.batch_norm { network.with_batch_norm()? } else { network })
}

/// Returns the one of two that is made for a batch of this size.
pub(crate) fn of_size<'r, R>(
    full: &'r mut R,
    partial: &'r mut Option<R>,
    is_partial: bool,
) -> &'r mut R {
    match partial {
        Some(partial) if is_partial => partial,
        _ => full,
    }
}

/// Moves the running statistics to those of the batch, unless that is one sample, whose variance of 0
/// tells nothing; and holds the biases that have no effect at
/// 0: their gradient is rounding alone, which an optimizer like Adam would turn into steps.
fn take_statistics<T: Tensor>(network: &mut Network<T>, workspace: &Workspace<T>) {
    let share = T::Elem::from_f64(STATISTICS_SHARE);
    let tells = workspace.input.shape().rows > 1;
    for (norm, batch) in
        network.norms_mut().iter_mut().zip(workspace.statistics().filter(|_| tells))
    {
        norm.mean.move_towards(&batch.mean, share);
        norm.variance.move_towards(&batch.variance, share);
    }
    let normalised = network.norms().len();
    for layer in &mut network.layers_mut()[..normalised] {
        layer.bias.fill(T::Elem::ZERO);
    }
}

/// Scales the gradient of the whole network down to `max_norm`, where it is longer.
fn clip<T: Tensor>(gradients: &mut [Linear<T>], sum_of_squares: &mut T, max_norm: f64) {
    sum_of_squares.fill(T::Elem::ZERO);
    for gradient in &*gradients {
        gradient.weight.add_sum_of_squares(sum_of_squares);
        gradient.bias.add_sum_of_squares(sum_of_squares);
    }
    for gradient in gradients {
        gradient.weight.clip_to_norm(sum_of_squares, T::Elem::from_f64(max_norm));
        gradient.bias.clip_to_norm(sum_of_squares, T::Elem::from_f64(max_norm));
    }
}
