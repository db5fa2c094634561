//! What once compiled and was silently wrong for a new user: right by itself now, or an error that says why.

use super::common::{Reference, settings, strokes, trained};
use nn_core::{NetworkError, TrainError};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::Dataset;
use nn_images::deskewed;
use nn_mlp::settings::Settings;
use nn_mlp::{Checkpoint, Mlp, MlpError, Model, Optimizer, TrainingPlan, data};

fn quick<'f>() -> Mlp<'f> {
    Mlp::classifier().hidden([8]).epochs(30).batch(3).learning_rate(0.02)
}

/// A model of deskewed images deskews by itself: its network on images as they are is another classifier, and one has to ask
/// for it by name.
#[test]
fn a_deskewed_model_is_not_used_without_deskewing() {
    let model = quick().deskew().fit(&strokes()).unwrap();
    let device = CpuDevice::new(1).unwrap();
    let bare = model.to_raw_networks::<CpuTensor<f32>>(&device).unwrap();
    let on = |data: &Dataset| nn_core::evaluate(&bare[0], data, model.loss()).unwrap();
    let ours = model.evaluate(&strokes()).unwrap();
    assert_eq!(ours.loss, on(&deskewed(&strokes()).unwrap()).loss);
    assert_ne!(ours.loss, on(&strokes()).loss);
    let answer = model.predict(strokes().image(0).unwrap()).unwrap();
    let upright = nn_images::deskew(strokes().image(0).unwrap(), 8, 8).unwrap();
    let mut network = nn_core::Predictor::without_softmax(
        model.to_raw_networks::<CpuTensor<f32>>(&device).unwrap().remove(0),
        1,
    )
    .unwrap();
    let logits = network.predict_bytes(&upright).unwrap();
    let exponentials: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
    let expected = exponentials[0] / exponentials.iter().sum::<f64>();
    assert!((answer.probabilities()[0] - expected).abs() < 1e-12);
}

/// All networks of an ensemble or a jointly trained model answer, not the first alone.
#[test]
fn all_networks_of_a_model_answer() {
    let alone = [1, 2].map(|seed| quick().seed(seed).fit(&strokes()).unwrap());
    let ensemble = Model::ensemble(alone.clone()).unwrap();
    let losses = alone.map(|model| model.evaluate(&strokes()).unwrap().loss);
    let together = ensemble.evaluate(&strokes()).unwrap().loss;
    assert!(together != losses[0] && together <= (losses[0] + losses[1]) / 2.0);
    let joint =
        trained(&settings("network.hidden = [5]\n[[member]]\n[[member]]"), &strokes()).model();
    assert_eq!(joint.to_raw_networks::<Reference>(&()).unwrap().len(), 2);
    let mut parts = joint.clone().into_parts();
    parts.members.truncate(1);
    let first = Model::from_parts(parts).unwrap();
    assert_ne!(first.evaluate(&strokes()).unwrap().loss, joint.evaluate(&strokes()).unwrap().loss);
}

#[test]
fn serde_keeps_all_that_a_model_is() {
    let mut views = settings("transform = [{ kind = 'deskew' }, { kind = 'augment', shift = 1 }]");
    views.test.shifts = 1;
    let model = trained(&views, &strokes()).model();
    let json = serde_json::to_value(&model).unwrap();
    assert_eq!(serde_json::from_value::<Model>(json.clone()).unwrap(), model);
    // A transform that is taken out is noticed where it changes the inputs.
    let features = settings("transform = [{ kind = 'gradient-features' }]");
    let mut json = serde_json::to_value(trained(&features, &strokes()).model()).unwrap();
    json["members"][0]["transforms"] = serde_json::json!([]);
    assert!(
        serde_json::from_value::<Model>(json).unwrap_err().to_string().contains("inputs is 769")
    );
}

/// The loss is the model's own; it cannot be given again, and differ.
#[test]
fn the_loss_is_the_models_own() {
    let squared = quick().loss(nn_mlp::Loss::SquaredError).fit(&strokes()).unwrap();
    let evaluation = squared.evaluate(&strokes()).unwrap();
    let mut predictor = squared.predictor::<CpuTensor<f32>>(&CpuDevice::new(1).unwrap()).unwrap();
    let mut sum = 0.0;
    predictor
        .for_each(&strokes(), |sample, outputs| {
            let label = strokes().label(sample).unwrap() as usize;
            let one_hot = |class| if class == label { 1.0 } else { 0.0 };
            let squares = outputs.iter().enumerate().map(|(class, a)| (a - one_hot(class)).powi(2));
            sum += squares.sum::<f64>();
        })
        .unwrap();
    assert!((evaluation.loss - sum / 9.0).abs() < 1e-9);
}

#[test]
fn numbers_from_0_to_255_are_no_fractions() {
    let bytes: Vec<f32> = strokes().image(0).unwrap().iter().map(|&byte| f32::from(byte)).collect();
    let fractions: Vec<f32> = bytes.iter().map(|byte| byte / 255.0).collect();
    let all: Vec<f64> = (0..9)
        .flat_map(|s| strokes().image(s).unwrap().to_vec())
        .map(|b| f64::from(b) / 255.0)
        .collect();
    let of_fractions = data::classification((&all, 64), &[0, 1, 2].repeat(3)).unwrap();
    for (model, own) in [
        (quick().fit(&strokes()).unwrap(), strokes()),
        (quick().deskew().fit(&strokes()).unwrap(), strokes()),
        (quick().fit(&of_fractions).unwrap(), of_fractions.clone()),
    ] {
        let refused = model.predict(&bytes).unwrap_err();
        assert!(matches!(refused, MlpError::InputRange { .. }), "{refused}");
        assert!(refused.to_string().contains("divide by 255"), "{refused}");
        let large = all.iter().map(|x| 255.0 * x).collect::<Vec<_>>();
        let large = data::classification((&large, 64), &[0, 1, 2].repeat(3)).unwrap();
        assert!(matches!(model.evaluate(&large).unwrap_err(), MlpError::InputRange { .. }));
        // Fractions and bytes mean the same to either.
        let by_bytes = model.predict(strokes().image(0).unwrap()).unwrap();
        let by_fractions = model.predict(&fractions).unwrap();
        assert!((by_bytes.probability() - by_fractions.probability()).abs() < 1e-5);
        let (ours, theirs) =
            (model.evaluate(&of_fractions).unwrap(), model.evaluate(&own).unwrap());
        assert!((ours.loss - theirs.loss).abs() < 1e-5);
    }
    // Bytes have no meaning to a model of standardised numbers.
    let standardised = quick().standardise().fit(&of_fractions).unwrap();
    let refused = standardised.predict(strokes().image(0).unwrap()).unwrap_err();
    assert!(matches!(refused, MlpError::BytesForNumbers { .. }), "{refused}");
    let nan = standardised.predict(&[f64::NAN; 64]).unwrap_err();
    assert!(matches!(nan, MlpError::InputNotFinite { index: 0, .. }), "{nan}");
}

#[test]
fn images_of_other_sides_are_refused_though_they_have_as_many_pixels() {
    let model = quick().fit(&strokes()).unwrap();
    let flat: Vec<u8> = (0..9).flat_map(|s| strokes().image(s).unwrap().to_vec()).collect();
    let wide = Dataset::from_images(flat, &[4, 16], [0, 1, 2].repeat(3), 3).unwrap();
    let refused = model.evaluate(&wide).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the model takes samples of 8 x 8, this one is 4 x 16; give samples of the size it was trained on"
    );
    let image = wide.image(0).unwrap();
    let sample = nn_mlp::Sample::from(image).with_shape(&[4, 16]);
    assert!(matches!(model.predict(sample).unwrap_err(), MlpError::SampleShape { .. }));
    assert!(matches!(model.predict(&image[1..]).unwrap_err(), MlpError::SampleShape { .. }));
    assert!(model.predict(image).is_ok());
}

#[test]
fn gradient_descent_does_not_run_at_adams_rate() {
    let rate = |mlp: Mlp<'_>| mlp.plan(&strokes()).unwrap().config().learning_rate;
    assert_eq!(rate(Mlp::classifier().optimizer(Optimizer::Sgd)), 0.4);
    assert_eq!(rate(Mlp::classifier()), 0.004);
    let by_name = Settings::from_toml("training.optimizer = 'sgd'").unwrap();
    assert_eq!(rate(Mlp::from_settings(by_name)), 0.4);
}

#[test]
fn a_training_with_patience_is_not_resumed_on_another_validation_set() {
    let [first, second] = [[0, 1, 2], [3, 4, 5]].map(|rows| strokes().subset(&rows).unwrap());
    let mlp = |set: &Dataset| quick().early_stopping(3).validation_set(set);
    let stopping = mlp(&first).on_epoch(|_| nn_mlp::Control::Stop);
    let half = stopping.train(&strokes()).unwrap().checkpoint.unwrap();
    let refused = mlp(&second).resume(&half, &strokes()).unwrap_err();
    assert!(matches!(refused, MlpError::Train(TrainError::Resume(_))), "{refused}");
    assert!(refused.to_string().contains("the validation set is another one"), "{refused}");
    assert!(mlp(&first).resume(&half, &strokes()).is_ok());
    let other = strokes().subset(&[0, 1, 2, 3]).unwrap();
    let refused = mlp(&first).resume(&half, &other).unwrap_err();
    assert!(refused.to_string().contains("the training set is another one"), "{refused}");
}

#[test]
fn weights_of_double_precision_are_not_rounded_in_secret() {
    let model = trained(&settings(""), &strokes()).model();
    let loaded = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    let device = CpuDevice::new(1).unwrap();
    let refused = loaded.predictor::<CpuTensor<f32>>(&device).err().unwrap();
    assert!(matches!(refused, MlpError::Network(NetworkError::Precision { .. })), "{refused}");
    assert!(loaded.predictor::<CpuTensor<f64>>(&device).is_ok());
    let rounded = loaded.rounded_to_f32();
    assert_eq!(rounded.element_name(), "f32");
    let (ours, theirs) =
        (rounded.evaluate(&strokes()).unwrap(), model.evaluate(&strokes()).unwrap());
    assert!((ours.loss - theirs.loss).abs() < 1e-5);
}

#[test]
fn the_file_of_a_model_is_no_training() {
    let model = quick().fit(&strokes()).unwrap();
    let checkpoint = Checkpoint { model, training: None };
    let refused = TrainingPlan::of_checkpoint(&checkpoint, &strokes()).unwrap_err();
    assert!(refused.to_string().contains("no training under way"), "{refused}");
}

#[test]
fn classes_and_values_are_not_taken_for_each_other() {
    let classifier = quick().fit(&strokes()).unwrap();
    let values = Dataset::regression(vec![0.5; 64], 64, vec![1.0], 1).unwrap();
    assert!(matches!(classifier.evaluate(&values).unwrap_err(), MlpError::Task { .. }));
    let empty = strokes().subset(&[]).unwrap();
    assert!(classifier.evaluate(&empty).unwrap_err().to_string().contains("empty"));
    assert!(quick().fit(&empty).unwrap_err().to_string().contains("empty"));
    let more = Dataset::from_images(vec![9; 64], &[8, 8], vec![4], 5).unwrap();
    assert!(matches!(
        classifier.evaluate(&more).unwrap_err(),
        MlpError::Network(NetworkError::OutputWidth { expected: 3, actual: 5 })
    ));
    let refused = Mlp::classifier().fit(&data::regression(&[[1.0]], &[1.0]).unwrap()).unwrap_err();
    assert!(refused.to_string().contains("use Mlp::regressor"), "{refused}");
}
