//! What the tests share: strokes to be told apart, and trainings of them.

use nn_core::{Control, Observer, StepEvent, Trainer};
use nn_data::Dataset;
use nn_mlp::settings::Settings;
use nn_mlp::{Checkpoint, Model, Predict, TrainingPlan};
use nn_tensor::ReferenceTensor;

pub(crate) type Reference = ReferenceTensor<f64>;

/// Strokes of three slants on 8 x 8 pixels, one class each.
pub(crate) fn strokes() -> Dataset {
    let stroke = |slant: i32| {
        (0..64).map(move |index| {
            let (y, x) = (index / 8, index % 8);
            let off = 2 * (x - 4) - slant * (y - 4);
            u8::try_from(255 - 100 * off.abs().min(2)).unwrap_or_default()
        })
    };
    let pixels: Vec<u8> = [-1, 0, 1].repeat(3).into_iter().flat_map(stroke).collect();
    Dataset::from_images(pixels, &[8, 8], [0, 1, 2].repeat(3), 3).unwrap()
}

/// A short training with a small network, changed by `text`.
pub(crate) fn settings(text: &str) -> Settings {
    let mut settings = Settings::from_toml(text).unwrap();
    if !text.contains("hidden") {
        settings.network.hidden = vec![5];
    }
    if !text.contains("epochs") {
        settings.training.epochs = 3;
    }
    settings.training.batch = 4;
    settings
}

/// A training on the strokes that is done.
pub(crate) struct Done {
    pub(crate) plan: TrainingPlan,
    pub(crate) trainer: Trainer<Reference>,
}

impl Done {
    pub(crate) fn model(&self) -> Model {
        self.plan.model(&self.trainer).unwrap()
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.plan.checkpoint(&self.trainer).unwrap()
    }

    pub(crate) fn validation_losses(&self) -> Vec<Option<f64>> {
        self.trainer.history().iter().map(|epoch| epoch.validation_loss).collect()
    }
}

pub(crate) fn trained(settings: &Settings, data: &Dataset) -> Done {
    run(settings, data, &mut ())
}

pub(crate) fn run(
    settings: &Settings,
    data: &Dataset,
    observer: &mut dyn Observer<Reference>,
) -> Done {
    let plan = TrainingPlan::new(settings, data).unwrap();
    let mut trainer = plan.begin(&()).unwrap();
    trainer.run(observer).unwrap();
    Done { plan, trainer }
}

/// Goes on from the bytes of a checkpoint's file to the end.
pub(crate) fn resumed(bytes: &[u8], data: &Dataset) -> Done {
    let checkpoint = Checkpoint::from_bytes(bytes).unwrap();
    let plan = TrainingPlan::of_checkpoint(&checkpoint, data).unwrap();
    let mut trainer = plan.resume(&(), &checkpoint).unwrap();
    trainer.run(&mut ()).unwrap();
    Done { plan, trainer }
}

/// Stops after this step.
pub(crate) struct StopAfter(pub(crate) u64);

impl Observer<Reference> for StopAfter {
    fn on_step(&mut self, event: &StepEvent, _: &Trainer<Reference>) -> Control {
        if event.step == self.0 { Control::Stop } else { Control::Continue }
    }
}

/// Stopped after any step and resumed from a file, a training ends with the bytes of a straight one.
pub(crate) fn resumes_at_any_step(settings: &Settings, data: &Dataset) {
    let straight = trained(settings, data);
    let expected = straight.checkpoint().to_bytes().unwrap();
    for stop in 1..straight.trainer.position().step {
        let half = run(settings, data, &mut StopAfter(stop)).checkpoint();
        let end = resumed(&half.to_bytes().unwrap(), data);
        assert_eq!(end.checkpoint().to_bytes().unwrap(), expected, "at step {stop}");
    }
}

/// The probabilities of every sample, by the logarithms that the model answers with.
pub(crate) fn probabilities(model: &Model, data: &Dataset) -> Vec<f64> {
    let mut answers = Vec::new();
    let mut predictor = model.predictor::<Reference>(&()).unwrap();
    let mut keep = |_, answer: &[f64]| answers.extend(answer.iter().map(|x| x.exp()));
    predictor.visit_answers(data, &mut keep).unwrap();
    answers
}

pub(crate) fn assert_close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
    }
}
