//! Models of transformed images: what they are trained on, how they are kept and used.

use super::common::{Reference, resumes_at_any_step, settings, strokes, trained};
use nn_data::Dataset;
use nn_images::{Deskew, GradientFeatures, Pipeline, deskewed};
use nn_mlp::safetensors::{self, ImportOptions};
use nn_mlp::settings::Settings;
use nn_mlp::{MlpError, Model, TestViews, TrainingPlan};

const DESKEW: &str = "{ kind = 'deskew' }";
const FEATURES: &str = "{ kind = 'gradient-features' }";
const SHIFT: &str = "{ kind = 'augment', shift = 1 }";

fn with(transforms: &[&str]) -> Settings {
    settings(&format!("training.validation = 0.34\ntransform = [{}]", transforms.join(", ")))
}

/// Without augmentation and with one of strength 0, which goes the other way: batch by batch.
#[test]
fn a_model_is_trained_on_what_the_transforms_give() {
    let data = strokes();
    let augment = "{ kind = 'augment', shift = 1e-9 }";
    let roots = "{ kind = 'gradient-features', sqrt = true }";
    let second = "{ kind = 'gradient-features', second-order = true }";
    let apply = |steps: Vec<nn_images::Step>| Pipeline::new(steps).apply(&data).unwrap();
    let features = |sqrt, second_order| {
        let features = GradientFeatures { sqrt, second_order };
        apply(vec![Deskew::default().into(), features.into()])
    };
    for (last, truth) in [
        (None, deskewed(&data).unwrap()),
        (Some(FEATURES), features(false, false)),
        (Some(roots), features(true, false)),
        (Some(second), features(false, true)),
    ] {
        let expected = trained(&with(&[]), &truth);
        for augment in [None, Some(augment)] {
            let list: Vec<&str> = [Some(DESKEW), augment, last].into_iter().flatten().collect();
            let done = trained(&with(&list), &data);
            let (ours, theirs) = (done.model(), expected.model());
            assert_eq!(ours.members()[0].values, theirs.members()[0].values, "{list:?}");
            assert_eq!(done.validation_losses(), expected.validation_losses());
            assert_eq!(ours.sample_shape(), [8, 8]);
            assert_eq!(ours.evaluate(&data).unwrap(), theirs.evaluate(&truth).unwrap());
        }
    }
    let shifted = trained(&with(&[DESKEW, SHIFT]), &data).model();
    let still = trained(&with(&[DESKEW]), &data).model();
    assert_ne!(shifted.members()[0].values, still.members()[0].values);
}

#[test]
fn interrupted_and_resumed_it_ends_with_the_same_bytes() {
    for transforms in [&[DESKEW][..], &[DESKEW, SHIFT], &[DESKEW, SHIFT, FEATURES], &[FEATURES]] {
        resumes_at_any_step(&with(transforms), &strokes());
    }
}

#[test]
fn transforms_are_kept_in_every_file() {
    for transforms in [&[DESKEW][..], &[DESKEW, FEATURES], &[SHIFT]] {
        let model = trained(&with(transforms), &strokes()).model();
        assert_eq!(Model::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
        let tensors = safetensors::to_bytes(&model).unwrap();
        assert_eq!(safetensors::from_bytes(&tensors, &ImportOptions::default()).unwrap(), model);
        let json = serde_json::to_string(&model).unwrap();
        assert_eq!(serde_json::from_str::<Model>(&json).unwrap(), model);
    }
}

/// By the definition: the mean of the probabilities of every view, of which each is what the network is shown.
#[test]
fn test_views_are_averaged() {
    let data = strokes();
    let model = trained(&with(&[DESKEW, SHIFT, FEATURES]), &data).model();
    let views = TestViews { shifts: 1, copies: 4, strength: 1.0 };
    let viewed = model.clone().with_views(views).unwrap();
    let member = &model.members()[0];
    let mut network = nn_core::Predictor::new(
        model.to_raw_networks::<Reference>(&()).unwrap().remove(0),
        model.loss(),
        4,
    )
    .unwrap();
    let mut expected = vec![0.0; 27];
    for view in views.prepare(&member.transforms, &[8, 8]).unwrap().of(&data).unwrap() {
        network
            .for_each(&view.unwrap(), |sample, answer| {
                let means = expected[3 * sample..].iter_mut();
                means.zip(answer).for_each(|(mean, p)| *mean += p / 13.0);
            })
            .unwrap();
    }
    super::common::assert_close(&super::common::probabilities(&viewed, &data), &expected);
    // Single predictions are the same, and so is a model that comes from a file.
    let viewed = Model::from_bytes(&viewed.to_bytes().unwrap()).unwrap();
    let answer = viewed.predict(data.image(2).unwrap()).unwrap();
    super::common::assert_close(answer.probabilities(), &expected[6..9]);
    assert_ne!(viewed.evaluate(&data).unwrap().loss, model.evaluate(&data).unwrap().loss);
    // Copies that are not augmented are what the image is.
    let still =
        model.clone().with_views(TestViews { strength: 0.0, shifts: 0, copies: 4 }).unwrap();
    let (still, plain) = (still.evaluate(&data).unwrap(), model.evaluate(&data).unwrap());
    assert!((still.loss - plain.loss).abs() < 1e-12);
}

#[test]
fn the_views_of_the_settings_are_the_models() {
    let mut settings = with(&[SHIFT]);
    settings.test.shifts = 1;
    let done = trained(&settings, &strokes());
    let model = done.model();
    assert_eq!(model.parts().views.count(), 9);
    let in_views = done.plan.evaluate_in_views(&done.trainer, &strokes()).unwrap();
    assert_eq!(model.predictor::<Reference>(&()).unwrap().evaluate(&strokes()).unwrap(), in_views);
}

#[test]
fn what_cannot_be_transformed_is_refused() {
    let numbers = Dataset::classification(vec![0.5; 3 * 64], 64, vec![0, 1, 2], 3).unwrap();
    for transforms in [&[DESKEW][..], &[SHIFT], &[FEATURES]] {
        let mut settings = with(transforms);
        settings.training.validation = None;
        let refused = TrainingPlan::new(&settings, &numbers)
            .and_then(|plan| plan.begin::<Reference>(&()).map(drop))
            .unwrap_err();
        assert!(refused.to_string().contains("image"), "{refused}");
    }
    let copies = TestViews { copies: 3, ..TestViews::default() };
    let still = trained(&with(&[DESKEW]), &strokes()).model();
    assert!(matches!(still.with_views(copies).unwrap_err(), MlpError::Image(_)));
    let order = format!("transform = [{FEATURES}, {DESKEW}]");
    assert!(Settings::from_toml(&order).is_err());
}
