//! A training laid down as a checkpoint, and taken up again.

use super::{Trainer, kept};
use crate::batches::fingerprint;
use crate::checkpoint::TrainingState;
use crate::model::Values;
use crate::record::EpochRecord;
use crate::{BranchState, Checkpoint, Member, Model, ModelPart, Network, TrainError};
use nn_data::Dataset;
use nn_tensor::{BatchNorm, Element, Linear, Moments, TALLY_WIDTH, Tensor};

impl<T: Tensor> Trainer<T> {
    /// All that the training is, between two steps.
    ///
    /// # Errors
    /// [`TrainError::Diverged`] when loss or weights are not finite: such a state is not worth
    /// keeping, and must not replace a good one.
    pub fn checkpoint(&self) -> Result<Checkpoint, TrainError> {
        self.read_tally()?;
        let model = self.model_of(Self::network);
        let finite = |layer: &Linear<Values>| layer.weight.is_finite() && layer.bias.is_finite();
        let sound = |norm: &BatchNorm<Values>| {
            finite(&norm.affine) && norm.mean.is_finite() && norm.variance.is_finite()
        };
        let all_sound =
            |part: ModelPart<'_>| part.layers.iter().all(finite) && part.norms.iter().all(sound);
        if !model.parts().all(all_sound) {
            return Err(self.diverged_at(self.position.step));
        }
        let training = TrainingState {
            config: self.config.clone(),
            position: self.position,
            moments: self.moments(),
            tally: self.loss_tally().to_vec().into_iter().map(Element::to_f64).collect(),
            early_stopping: self.early_stopping.clone(),
            data: *self.fingerprint.get_or_init(|| fingerprint(&self.train)),
            history: self.history.iter().map(EpochRecord::without_times).collect(),
            averaged: self.averaged.as_ref().map(Network::to_member),
            branches: self.all_branches().skip(1).map(Self::branch_state).collect(),
        };
        Ok(Checkpoint { model, training: Some(training) })
    }

    fn branch_state(&self) -> BranchState {
        let averaged = self.averaged.as_ref().map(Network::to_member);
        BranchState { moments: self.moments(), averaged }
    }

    fn moments(&self) -> Vec<Linear<Moments<Values>>> {
        self.optimizer.moments.iter().map(read_layer_moments).collect()
    }

    /// A training that goes on from a checkpoint, to the same bytes as if it had never stopped.
    ///
    /// # Errors
    /// [`TrainError::Resume`] for a finished model, other data, or another element type; otherwise
    /// as [`Self::new`].
    pub fn resume(
        device: &T::Device,
        checkpoint: &Checkpoint,
        train: &Dataset,
        validation: Option<&Dataset>,
    ) -> Result<Self, TrainError> {
        let refuse = |why: String| Err(TrainError::Resume(why));
        let Some(state) = &checkpoint.training else {
            return refuse("this is a finished model without training state".to_owned());
        };
        let element = checkpoint.model.layers.first().map(|layer| layer.weight.element_name());
        if element != Some(T::Elem::NAME) {
            let has = element.unwrap_or("nothing");
            return refuse(format!(
                "it was trained in {has}, this backend computes in {}",
                T::Elem::NAME
            ));
        }
        let kept = kept(&state.config, train)?;
        let now = fingerprint(&kept);
        if now != state.data {
            return refuse(format!("trained on other data: {:?}, now {now:?}", state.data));
        }
        checkpoint.model.validate()?;
        let form = &checkpoint.model.architecture;
        let mut trainer = Self::on_kept(device, form, &state.config, (train, kept), validation)?;
        trainer.restore(checkpoint, state)?;
        Ok(trainer)
    }

    fn restore(
        &mut self,
        checkpoint: &Checkpoint,
        state: &TrainingState,
    ) -> Result<(), TrainError> {
        let Model { layers, norms, companions, .. } = checkpoint.model.clone();
        let of_another =
            |what: &str| Err(TrainError::Resume(format!("its {what} is of another network")));
        self.restore_network(
            &Member { layers, norms, form: None },
            &state.averaged,
            &state.moments,
        )?;
        if state.tally.len() != TALLY_WIDTH {
            return of_another("tally");
        }
        let tally: Vec<T::Elem> = state.tally.iter().map(|&sum| T::Elem::from_f64(sum)).collect();
        self.loss_tally_mut().write(&tally);
        self.position = state.position;
        self.early_stopping = state.early_stopping.clone();
        self.history = state.history.clone();
        let Some(branches) = &mut self.branches else { return Ok(()) };
        let has = branches.trainers.len();
        if [companions.len(), state.branches.len()] != [has, has] {
            return of_another("number of branches");
        }
        let saved = companions.iter().zip(&state.branches);
        for (branch, (member, BranchState { moments, averaged })) in
            branches.trainers.iter_mut().zip(saved)
        {
            // Of the first branch the file tells the form; of others settings and data do.
            let first = &checkpoint.model.architecture;
            let form = member.form.as_ref().map_or(first, |form| &form.architecture);
            if form != branch.network.architecture() {
                return of_another("branch");
            }
            branch.restore_network(member, averaged, moments)?;
        }
        Ok(())
    }

    /// Puts back the weights of one branch and what its optimizer remembers.
    fn restore_network(
        &mut self,
        network: &Member,
        average: &Option<Member>,
        moments: &[Linear<Moments<Values>>],
    ) -> Result<(), TrainError> {
        self.network.take_member(network);
        if let (Some(averaged), Some(member)) = (&mut self.averaged, average) {
            averaged.take_member(member);
        }
        if moments.len() != self.optimizer.moments.len() {
            return Err(TrainError::Resume("its optimizer state is of another network".to_owned()));
        }
        for (layer, saved) in self.optimizer.moments.iter_mut().zip(moments) {
            restore_moments(&mut layer.weight, &saved.weight)?;
            restore_moments(&mut layer.bias, &saved.bias)?;
        }
        Ok(())
    }
}

fn read_layer_moments<T: Tensor>(layer: &Linear<Moments<T>>) -> Linear<Moments<Values>> {
    let read = |moments: &Moments<T>| Moments {
        first: moments.first.as_ref().map(Values::read),
        second: moments.second.as_ref().map(Values::read),
    };
    Linear { weight: read(&layer.weight), bias: read(&layer.bias) }
}

fn restore_moments<T: Tensor>(
    moments: &mut Moments<T>,
    saved: &Moments<Values>,
) -> Result<(), TrainError> {
    for (tensor, values) in
        [(&mut moments.first, &saved.first), (&mut moments.second, &saved.second)]
    {
        match (tensor, values) {
            (None, None) => {}
            (Some(tensor), Some(values)) if tensor.shape().len() == values.len() => {
                tensor.write(&values.to_elements());
            }
            _ => {
                let why = "its optimizer state is of another optimizer or network";
                return Err(TrainError::Resume(why.to_owned()));
            }
        }
    }
    Ok(())
}
