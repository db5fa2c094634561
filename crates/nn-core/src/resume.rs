//! Reading the state of a training, and going on from one.

use crate::learner::Learner;
use crate::{
    DataFingerprint, Hook, HookState, Member, MemberState, NetworkValues, TrainError, Trainer,
    TrainingState, Values,
};
use nn_data::Dataset;
use nn_tensor::{Element, Linear, Moments, Tensor};

impl<T: Tensor> Trainer<T> {
    /// Reads all that the training is, between two steps.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] when loss or weights are not finite: such a state is not worth
    /// keeping, and must not replace a good one.
    pub fn state(&self) -> Result<TrainingState, TrainError> {
        self.read_tally()?;
        let state = TrainingState {
            config: self.config.clone(),
            position: self.position,
            members: self.learners.iter().map(Learner::state).collect(),
            tally: self.tally().to_vec().into_iter().map(Element::to_f64).collect(),
            early_stopping: self.early_stopping.clone(),
            data: self.data_fingerprint(),
            validation: self.validation.iter().map(DataFingerprint::of).collect(),
            history: self.history.iter().map(|record| record.without_times()).collect(),
        };
        match state.members.iter().all(|member| is_finite(&member.values)) {
            true => Ok(state),
            false => Err(self.diverged_at(self.position.step)),
        }
    }

    /// Goes on from a saved state, to the same bytes as if the training had never stopped.
    ///
    /// `members` must be what the training was begun with: the same architectures, sources and
    /// hooks.
    ///
    /// # Errors
    /// [`TrainError::Resume`] for a state whose parts do not fit, other data, other members or
    /// hooks, or another element type; otherwise as [`with_members`](Self::with_members).
    pub fn resume(
        device: &T::Device,
        state: &TrainingState,
        train: &Dataset,
        members: Vec<Member<T>>,
    ) -> Result<Self, TrainError> {
        let refuse = |why: String| Err(TrainError::Resume(why));
        state.validate().map_err(|error| TrainError::Resume(error.to_string()))?;
        let element = state.members[0].values.element_name();
        if element != T::Elem::NAME {
            let computes = T::Elem::NAME;
            return refuse(format!(
                "it was trained in {element}, this backend computes in {computes}"
            ));
        }
        expect_same("training set", state.data, DataFingerprint::of(train))?;
        let (had, has) = (state.members.len(), members.len());
        if had != has {
            return refuse(format!("it has {had} members, {has} are given"));
        }
        let mut trainer = Self::with_members(device, &state.config, train, members)?;
        let (had, has) = (state.validation.len(), trainer.validation.len());
        if state.config.patience.is_some() && had != has {
            return refuse(format!("it was validated on {had} sets, {has} are given"));
        }
        if state.config.patience.is_some() {
            for (was, now) in state.validation.iter().zip(&trainer.validation) {
                expect_same("validation set", *was, DataFingerprint::of(now))?;
            }
        }
        for (learner, saved) in trainer.learners.iter_mut().zip(&state.members) {
            learner.restore(saved)?;
        }
        let tally: Vec<T::Elem> = state.tally.iter().map(|&sum| T::Elem::from_f64(sum)).collect();
        match &mut trainer.joint {
            Some(joint) => joint.tally.write(&tally),
            None => trainer.learners[0].tally.write(&tally),
        }
        trainer.position = state.position;
        trainer.early_stopping = state.early_stopping.clone();
        trainer.history = state.history.clone();
        Ok(trainer)
    }
}

impl<T: Tensor> Learner<T> {
    fn state(&self) -> MemberState {
        MemberState {
            architecture: self.network.architecture().clone(),
            values: self.network.to_values(),
            moments: self.optimizer.moments.iter().map(read_moments).collect(),
            hooks: self.hooks.iter().map(|hook| hook_state(hook.as_ref())).collect(),
        }
    }

    /// Takes back weights, moments and what the hooks remember.
    fn restore(&mut self, saved: &MemberState) -> Result<(), TrainError> {
        let refuse = |why: String| Err(TrainError::Resume(why));
        if let Some(difference) = saved.architecture.difference(self.network.architecture()) {
            return refuse(format!("it is of another network: {difference}"));
        }
        let had: Vec<&str> = saved.hooks.iter().map(|hook| hook.name.as_str()).collect();
        let has: Vec<&str> = self.hooks.iter().map(|hook| hook.name()).collect();
        if had != has {
            let words = |names: &[&str]| {
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            };
            return refuse(format!(
                "it had the hooks {}, now there are {}",
                words(&had),
                words(&has)
            ));
        }
        self.network.set_values(&saved.values);
        for (hook, state) in self.hooks.iter_mut().zip(&saved.hooks) {
            if let Some(values) = &state.values {
                hook.restore(values);
            }
        }
        for (layer, saved) in self.optimizer.moments.iter_mut().zip(&saved.moments) {
            restore_moments(&mut layer.weight, &saved.weight);
            restore_moments(&mut layer.bias, &saved.bias);
        }
        Ok(())
    }
}

fn hook_state<T: Tensor>(hook: &dyn Hook<T>) -> HookState {
    HookState { name: hook.name().to_owned(), values: hook.state() }
}

/// Checks that a data set is the one that was used before.
fn expect_same(what: &str, was: DataFingerprint, now: DataFingerprint) -> Result<(), TrainError> {
    if was == now {
        return Ok(());
    }
    Err(TrainError::Resume(format!("the {what} is another one: it had {was}, now it has {now}")))
}

fn is_finite(values: &NetworkValues) -> bool {
    let layer = |layer: &Linear<Values>| layer.weight.is_finite() && layer.bias.is_finite();
    values.layers.iter().all(layer)
        && values
            .norms
            .iter()
            .all(|norm| layer(&norm.affine) && norm.mean.is_finite() && norm.variance.is_finite())
}

fn read_moments<T: Tensor>(layer: &Linear<Moments<T>>) -> Linear<Moments<Values>> {
    let read = |moments: &Moments<T>| Moments {
        first: moments.first.as_ref().map(Values::read),
        second: moments.second.as_ref().map(Values::read),
    };
    Linear { weight: read(&layer.weight), bias: read(&layer.bias) }
}

/// Writes saved moments of the same form.
fn restore_moments<T: Tensor>(moments: &mut Moments<T>, saved: &Moments<Values>) {
    let pairs = [(&mut moments.first, &saved.first), (&mut moments.second, &saved.second)];
    for (tensor, values) in pairs {
        if let (Some(tensor), Some(values)) = (tensor, values) {
            tensor.write(&values.to_elements());
        }
    }
}
