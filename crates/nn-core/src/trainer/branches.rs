//! The further branches of a network in training, and the answer that all of them give.

use super::{Exchange, Trainer, of_size};
use crate::backpropagation::{Target, Workspace};
use crate::objective::Objective;
use crate::{Architecture, Loss, NetworkError, TrainError, TrainingConfig};
use nn_data::Dataset;
use nn_tensor::{Device, Element, Role, Shape, TALLY_WIDTH, Tensor};

/// All branches but the first, each with an optimizer and room for a step of its own, and what they share.
pub(super) struct Branches<T: Tensor> {
    pub(super) trainers: Vec<Trainer<T>>,
    /// Running sums of the epoch for the answer of all; those of each branch are of its own answer.
    pub(super) tally: T,
    full: Answer<T>,
    /// For the last batch of an epoch, where the batch does not divide the samples.
    partial: Option<Answer<T>>,
}

/// What all branches say to a batch.
struct Answer<T> {
    /// z, the mean of their logits, batch x outputs.
    logits: T,
    /// ∂C/∂z, batch x outputs.
    gradient: T,
}

impl<T: Tensor> Answer<T> {
    /// As large as what the network of this workspace says, which gets room for the gradient too.
    fn for_workspace(workspace: &mut Workspace<T>) -> Result<Self, TrainError> {
        workspace.share_gradient()?;
        let own = workspace.logits();
        let room = || T::zeros(own.device(), own.shape(), Role::Activation);
        Ok(Self { logits: room()?, gradient: room()? })
    }
}

impl<T: Tensor> Branches<T> {
    /// The branches that `config` has beside the `first`, for data as it was before anything became of it.
    pub(super) fn new(
        config: &TrainingConfig,
        first: &mut Trainer<T>,
        architecture: &Architecture,
        train: &Dataset,
    ) -> Result<Self, TrainError> {
        let device = first.network.device().clone();
        let mut trainers = Vec::with_capacity(config.branches.len());
        for (index, branch) in config.branches.iter().enumerate() {
            let form = branch.architecture(architecture, train);
            let mut trainer =
                Trainer::new(&device, &form, &branch.config(index, config), train, None)?;
            trainer.share_gradients()?;
            trainers.push(trainer);
        }
        let full = Answer::for_workspace(&mut first.full_batch)?;
        let partial = first.partial_batch.as_mut().map(Answer::for_workspace).transpose()?;
        let tally = T::zeros(&device, Shape::new(1, TALLY_WIDTH), Role::Weight)?;
        Ok(Self { trainers, tally, full, partial })
    }

    /// Begins, or goes on with, the epoch in which `first` is.
    pub(super) fn begin_epoch(&mut self, first: &Trainer<T>) -> Result<(), TrainError> {
        for branch in &mut self.trainers {
            branch.position = first.position;
            branch.order.clone_from(&first.order);
            branch.tally.fill(T::Elem::ZERO);
            branch.distorted = branch.start_distorting()?;
        }
        Ok(())
    }

    /// One step of all branches; `first` has made its forward pass.
    pub(super) fn step(
        &mut self,
        first: &mut Trainer<T>,
        learning_rate: f64,
        exchange: &mut Exchange<T>,
    ) -> Result<(), TrainError> {
        for branch in &mut self.trainers {
            branch.position = first.position;
            branch.forward_pass()?;
        }
        self.answer(first);
        first.backward_pass(learning_rate, exchange)?;
        self.trainers
            .iter_mut()
            .try_for_each(|branch| branch.backward_pass(learning_rate, exchange))
    }

    /// z, its loss, and the gradient of that, which is laid before each branch.
    fn answer(&mut self, first: &mut Trainer<T>) {
        let Answer { logits, gradient } =
            of_size(&mut self.full, &mut self.partial, first.is_partial());
        logits.copy_from(first.workspace().logits());
        for (index, branch) in self.trainers.iter_mut().enumerate() {
            let share = T::Elem::from_f64(1.0 / (index + 2) as f64);
            logits.move_towards(branch.workspace().logits(), share);
        }
        let factor = T::Elem::from_f64(Loss::CrossEntropy.gradient_factor(logits.shape().rows));
        let objective = Objective::new(&first.config);
        if let Target::Classes(classes) = &first.workspace().target {
            objective.cross_entropy(gradient, logits, classes, factor, &mut self.tally);
        }
        for network in std::iter::once(first).chain(&mut self.trainers) {
            if let Some(shared) = &mut network.workspace().shared_gradient {
                shared.copy_from(gradient);
            }
        }
    }
}

impl<T: Tensor> Trainer<T> {
    /// Adds room for the gradient that branches share.
    fn share_gradients(&mut self) -> Result<(), TrainError> {
        self.full_batch.share_gradient()?;
        Ok(self.partial_batch.as_mut().map_or(Ok(()), Workspace::share_gradient)?)
    }

    /// The trainers of all branches, this one first.
    pub(super) fn all_branches(&self) -> impl Iterator<Item = &Self> {
        let others = self.branches.iter().flat_map(|branches| &branches.trainers);
        std::iter::once(self).chain(others)
    }

    /// What the training gives, ready to answer: the [result](Self::result), and where the network has several
    /// branches all of them. It takes images as they are.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device has not got the memory.
    pub fn committee(&self) -> Result<crate::Committee<'_, T>, NetworkError> {
        let parts = self.all_branches().map(|t| (t.result(), t.config.preprocessing()));
        crate::Committee::of_parts(
            parts,
            &self.sample_shape,
            self.config.loss,
            self.network.device().evaluation_batch(),
        )
    }
}
