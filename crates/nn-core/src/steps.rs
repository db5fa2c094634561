//! The steps of an epoch: sent to the device as data, then taken.

use crate::learner::{Batch, Learner};
use crate::{Epoch, Position, TrainError, Trainer};
use nn_data::epoch_order_into;
use nn_tensor::{Device, Element, HostEpoch, Resident, Tensor};

/// Steps between two looks at the running loss: a NaN is found at most this late, and named
/// exactly.
const STEPS_BETWEEN_CHECKS: u64 = 64;

impl<T: Tensor> Trainer<T> {
    /// Draws the order of the epoch, lets sources prepare for what is left of it, and sends order and
    /// steps to the device.
    pub(crate) fn begin_epoch(&mut self) -> Result<(), TrainError> {
        let Position { epoch: number, batch: done, step } = self.position;
        if done == 0 {
            let learners = self.learners.iter_mut().map(|learner| &mut learner.tally);
            let joint = self.joint.iter_mut().map(|joint| &mut joint.tally);
            learners.chain(joint).for_each(|tally| tally.fill(T::Elem::ZERO));
        }
        let (epochs, seed, batch) =
            (self.config.epochs, self.config.seed, self.learners[0].batch_size());
        let mut order = Vec::with_capacity(self.train.len());
        epoch_order_into(&mut order, seed, number as u64, self.train.len());
        order.drain(..(done * batch).min(order.len()));
        let epoch = Epoch { number, epochs, seed, order: &order, batch };
        self.learners.iter_mut().try_for_each(|learner| learner.begin_epoch(&epoch))?;
        let numbers = (step..).take(self.batches_per_epoch() - done);
        let numbers = numbers.map(|step| {
            self.config.optimizer.numbers(step + 1, self.learning_rate(step)) // counted from 1
        });
        let numbers: Vec<_> = numbers.collect();
        let members = self.learners.iter().map(|learner| learner.steps(step, &numbers)).collect();
        let (device, epoch) = (self.device().clone(), HostEpoch::new(order, members));
        match &mut self.epoch {
            Some(resident) => resident.replace(&device, epoch)?,
            none => *none = Some(device.begin_epoch(epoch)?),
        }
        Ok(())
    }

    /// Returns how many steps to take before the host looks again: several only where no step needs
    /// anything of the host.
    pub(crate) fn steps_at_once(&self, wished: u64) -> usize {
        if !self.learners.iter().all(Learner::is_repeatable) {
            return 1;
        }
        let whole_batches = self.train.len() / self.learners[0].batch_size();
        let left = whole_batches.saturating_sub(self.position.batch);
        let before_check = STEPS_BETWEEN_CHECKS - self.position.step % STEPS_BETWEEN_CHECKS;
        left.min(wished.min(before_check) as usize).max(1)
    }

    /// Takes so many steps: of whole batches, or one of the last batch of an epoch. Every now and then
    /// it looks whether the loss is finite.
    pub(crate) fn take_steps(&mut self, steps: usize) -> Result<(), TrainError> {
        let device = self.device().clone();
        let before = self.epoch.as_ref().map(|epoch| (epoch.host().step(), epoch.host().sample()));
        let mut taken = Ok(());
        device.repeat(steps, || {
            if taken.is_ok() {
                taken = self.step(&device);
            }
        });
        taken?;
        let samples = steps * self.learners[0].batch_size();
        if let (Some(epoch), Some((step, sample))) = (&mut self.epoch, before) {
            // Steps that the device has replayed have not advanced the host's copy.
            let host = epoch.host_mut();
            host.seek(step + steps, (sample + samples).min(host.order().len()));
        }
        self.position.batch += steps;
        self.position.step += steps as u64;
        if self.position.step.is_multiple_of(STEPS_BETWEEN_CHECKS) {
            self.read_tally()?;
        }
        Ok(())
    }

    /// Takes one step: every member answers the batch, and learns from its error.
    fn step(&mut self, device: &T::Device) -> Result<(), TrainError> {
        let Self { config, learners, joint, targets, position, epoch, train, .. } = self;
        let Some(epoch) = epoch else { return Ok(()) }; // run_steps has begun one
        let size = learners[0].batch_size();
        let samples = size.min(train.len() - position.batch * size);
        let now = &*epoch;
        let batch = Batch {
            samples: now.host().rows(samples),
            epoch: now,
            targets,
            is_partial: samples < size,
            after: Position { batch: position.batch + 1, step: position.step + 1, ..*position },
        };
        learners.iter_mut().try_for_each(|learner| learner.answer(&batch))?;
        if let Some(joint) = joint {
            joint.mix(learners, &batch);
        }
        let update = config.optimizer.update(config.l1, config.weight_decay);
        learners.iter_mut().try_for_each(|learner| learner.learn(&batch, &update))?;
        device.advance(epoch, samples);
        Ok(())
    }
}
