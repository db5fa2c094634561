//! What tests of interrupted trainings share: an observer that stops one.

use nn_core::{Control, Observer, StepEvent, Trainer};
use nn_tensor::ReferenceTensor;

/// Stops after the fourth step.
pub(crate) struct StopInTheMiddle;

impl Observer<ReferenceTensor<f64>> for StopInTheMiddle {
    fn on_step(&mut self, event: &StepEvent, _: &Trainer<ReferenceTensor<f64>>) -> Control {
        if event.step == 4 { Control::Stop } else { Control::Continue }
    }
}
