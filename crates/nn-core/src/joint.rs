//! Joint training: members that learn together how to answer together.

use crate::learner::{Batch, Learner, of_size};
use crate::objective::Objective;
use crate::workspace::Target;
use crate::{ConfigError, Loss, Member, NetworkError, TrainingConfig};
use nn_tensor::{Element, Role, Shape, TALLY_WIDTH, Tensor, TensorError};

/// Weight of the loss of the joint answer beside that of each member's own.
const JOINT_SHARE: f64 = 0.2;

/// Most members of a training.
const MOST_MEMBERS: usize = 16;

/// The joint answer of several members, and its loss.
///
/// The joint logits are the mean of those of the B members: z = Σ z_b / B. All members are trained
/// on the same samples by one loss, a fifth of which is that of z and the rest the mean of those of
/// each z_b: B · (C(z) / 5 + 4/5 · Σ C(z_b) / B). Dutt, Pellerin and Quénot ("Coupled ensembles of
/// neural networks", 2018) train through the mean of the log-probabilities, which is C(z); Szegedy
/// et al. ("Going deeper with convolutions", 2015) give inner parts of a network losses of their
/// own.
pub(crate) struct JointAnswer<T: Tensor> {
    objective: Objective<T::Elem>,
    /// Running sums of the epoch for the joint answer, 1 x `TALLY_WIDTH`.
    pub(crate) tally: T,
    full: Answer<T>,
    /// For the last batch of an epoch, where the batch does not divide the samples.
    partial: Option<Answer<T>>,
}

/// What all members together answer to a batch.
struct Answer<T> {
    /// z, batch x outputs.
    logits: T,
    /// ∂C/∂z, batch x outputs.
    gradient: T,
}

impl<T: Tensor> Answer<T> {
    fn new(device: &T::Device, shape: Shape) -> Result<Self, TensorError> {
        let zeros = || T::zeros(device, shape, Role::Activation);
        Ok(Self { logits: zeros()?, gradient: zeros()? })
    }
}

impl<T: Tensor> JointAnswer<T> {
    /// Allocates the joint answer for batches of `batch` and a last one of `remainder` samples.
    pub(crate) fn new(
        device: &T::Device,
        config: &TrainingConfig,
        outputs: usize,
        (batch, remainder): (usize, usize),
    ) -> Result<Self, TensorError> {
        let answer = |samples| Answer::new(device, Shape::new(samples, outputs));
        Ok(Self {
            objective: Objective::new(config),
            tally: T::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Weight)?,
            full: answer(batch)?,
            partial: (remainder > 0).then(|| answer(remainder)).transpose()?,
        })
    }

    /// Computes z and its loss from what the members answered to a batch, and mixes the gradient
    /// into the δ^L of each.
    pub(crate) fn mix(&mut self, learners: &mut [Learner<T>], batch: &Batch<'_>) {
        let partial = batch.is_partial;
        let Answer { logits, gradient } = of_size(&mut self.full, &mut self.partial, partial);
        for (index, learner) in learners.iter_mut().enumerate() {
            match index {
                0 => logits.copy_from(learner.output(partial)),
                _ => {
                    let share = T::Elem::from_f64(1.0 / (index + 1) as f64);
                    logits.move_towards(learner.output(partial), share);
                }
            }
        }
        let factor = T::Elem::from_f64(Loss::CrossEntropy.gradient_factor(logits.shape().rows));
        if let Some(Target::Classes(classes)) =
            learners.first_mut().map(|first| &first.workspace(partial).target)
        {
            self.objective.cross_entropy(gradient, logits, classes, factor, &mut self.tally);
        }
        for learner in learners {
            if let Some(delta) = learner.workspace(partial).deltas.last_mut() {
                delta.move_towards(gradient, T::Elem::from_f64(JOINT_SHARE));
            }
        }
    }
}

/// Checks that members can be trained jointly under these settings.
pub(crate) fn validate_members<T: Tensor>(
    members: &[Member<T>],
    config: &TrainingConfig,
) -> Result<(), NetworkError> {
    let count = members.len();
    let allowed = format!("from 1 to {MOST_MEMBERS}");
    ConfigError::check("members", count, (1..=MOST_MEMBERS).contains(&count), &allowed)?;
    if count > 1 {
        let fits = config.loss == Loss::CrossEntropy;
        ConfigError::check("loss", config.loss.name(), fits, "cross-entropy with several members")?;
    }
    let outputs = members[0].architecture.outputs;
    for (index, member) in members.iter().enumerate() {
        let has = member.architecture.outputs;
        let detail = |error: ConfigError| error.with_detail(format!("member {}", index + 1));
        let allowed = format!("{outputs}, as of the first member");
        ConfigError::check("outputs", has, has == outputs, &allowed).map_err(detail)?;
        config.validate_with(&member.architecture).map_err(|error| match count {
            1 => error,
            _ => detail(error),
        })?;
    }
    Ok(())
}
