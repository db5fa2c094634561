//! What several tests need.

use nn_core::{
    Architecture, Control, Member, NetworkValues, Observer, StepEvent, Trainer, TrainingConfig,
    Values,
};
use nn_data::Dataset;
use nn_tensor::{Linear, ReferenceTensor, Tensor};
use serde::Deserialize;

/// The reference backend in double precision.
pub(crate) type Reference = ReferenceTensor<f64>;

/// Weights (outputs x inputs) and biases, as the scripts in `golden` write them.
#[derive(Deserialize)]
pub(crate) struct Layer {
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Vec<f64>,
}

/// The numbers of a network without normalisation.
pub(crate) fn values_of(layers: &[Layer]) -> NetworkValues {
    let layer = |layer: &Layer| Linear {
        weight: Values::F64(layer.weight.clone()),
        bias: Values::F64(layer.bias.clone()),
    };
    NetworkValues { layers: layers.iter().map(layer).collect(), norms: vec![] }
}

/// A training that begins at given weights: the state of a fresh one with others put in.
pub(crate) fn trainer_from(
    architecture: &Architecture,
    config: &TrainingConfig,
    data: &Dataset,
    start: &[Layer],
    hooks: impl Fn() -> Vec<Box<dyn nn_core::Hook<Reference>>>,
) -> Trainer<Reference> {
    let member = || Member { hooks: hooks(), ..Member::new(architecture.clone(), data, None) };
    let fresh = Trainer::with_members(&(), config, data, vec![member()]).unwrap();
    let mut state = fresh.state().unwrap();
    state.members[0].values.layers = values_of(start).layers;
    Trainer::resume(&(), &state, data, vec![member()]).unwrap()
}

/// Stops after a given number of steps.
pub(crate) struct StopAfter(pub(crate) u64);

impl<T: Tensor> Observer<T> for StopAfter {
    fn on_step(&mut self, event: &StepEvent, _: &Trainer<T>) -> Control {
        if event.step == self.0 { Control::Stop } else { Control::Continue }
    }
}
