//! From a few words to a trained model, and its answers.

use super::common::strokes;
use nn_cpu::{CpuDevice, CpuTensor};
use nn_images::Augment;
use nn_mlp::backend::{self, Backend};
use nn_mlp::{
    Activation, Control, Dataset, Initializer, Loss, Mlp, Model, Optimizer, Outcome, Predict,
    Scaler, data,
};
use nn_tensor::ReferenceTensor;
use std::sync::Arc;

fn quick<'f>() -> Mlp<'f> {
    Mlp::classifier().hidden([8]).epochs(60).batch(3).learning_rate(0.02)
}

#[test]
fn a_classifier_learns_saves_loads_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("strokes.nn");
    let mlp = quick().deskew().class_names(["left", "upright", "right"]).threads(1);
    let augment = Augment { shift: 0.5, ..Augment::default() };
    let model = quick().augment(augment).class_names(["left", "upright", "right"]).fit(&strokes());
    let model = model.unwrap();
    assert_eq!(model.evaluate(&strokes()).unwrap().accuracy(), 1.0);
    model.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(loaded, model);
    let answer = loaded.predict(strokes().image(2).unwrap()).unwrap();
    assert_eq!((answer.class(), answer.class_name()), (2, "right"));
    assert!(answer.probability() > 0.5 && answer.probabilities().len() == 3);
    assert_eq!(answer.ranking()[0], (2, answer.probability()));
    assert!(mlp.fit(&strokes()).unwrap().members()[0].transforms.steps().len() == 1);
}

#[test]
fn the_same_settings_give_the_same_bytes_on_any_number_of_threads() {
    let fit = |threads| quick().threads(threads).fit(&strokes()).unwrap().to_bytes().unwrap();
    assert_eq!(fit(1), fit(3));
    assert_ne!(fit(1), quick().seed(2).fit(&strokes()).unwrap().to_bytes().unwrap());
}

#[test]
fn backends_are_chosen_by_type_or_when_the_program_runs() {
    let device = CpuDevice::new(1).unwrap();
    let single = quick().backend::<CpuTensor<f32>>(&device).fit(&strokes()).unwrap();
    assert_eq!(single, quick().threads(2).fit(&strokes()).unwrap());
    let by_type = quick().backend::<ReferenceTensor<f64>>(&()).fit(&strokes()).unwrap();
    let chosen: [Box<dyn Backend>; 2] = [backend::reference(), backend::cpu_f64(2).unwrap()];
    for backend in chosen.map(Arc::<dyn Backend>::from) {
        let model = quick().backend_of(Arc::clone(&backend)).fit(&strokes()).unwrap();
        assert_eq!(model.element_name(), "f64");
        let ours = backend.predictor(&model).unwrap().evaluate_on(&strokes()).unwrap();
        assert!((ours.loss - by_type.evaluate(&strokes()).unwrap().loss).abs() < 1e-6);
    }
}

/// y = 3 x₁ - x₂ with inputs and targets of very different sizes.
fn table() -> Dataset {
    let rows: Vec<[f64; 2]> =
        (0..60).map(|i| [f64::from(i % 10) * 1000.0, f64::from(i / 10) * 0.01]).collect();
    let targets: Vec<f64> = rows.iter().map(|[a, b]| 3.0 * a - 200_000.0 * b + 50_000.0).collect();
    data::regression(&rows, &targets).unwrap()
}

#[test]
fn a_regressor_learns_what_is_not_scaled() {
    let model = Mlp::regressor().hidden([16]).fit(&table()).unwrap();
    let evaluation = model.evaluate(&table()).unwrap();
    assert!(evaluation.r_squared() > 0.99, "{evaluation:?}");
    assert!(evaluation.accuracy().is_nan() && evaluation.errors().is_none());
    let regression = evaluation.regression.unwrap();
    assert!(
        (regression.root_mean_square_error.powi(2) - evaluation.loss).abs()
            < 1e-3 * evaluation.loss
    );
    let answer = model.predict(&[4000.0, 0.02]).unwrap();
    assert!((answer.value() - 58_000.0).abs() < 3000.0, "{}", answer.value());
    assert_eq!((answer.class_name(), answer.has_probabilities()), ("", false));
    let loaded = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded.predict(&[4000.0_f32, 0.02]).unwrap().value(), answer.value());
    // Without, the same network learns next to nothing.
    let raw = Mlp::regressor().hidden([16]).without_standardising().epochs(20);
    assert!(raw.fit(&table()).unwrap().evaluate(&table()).unwrap().r_squared() < 0.9);
}

/// What standardised training reports is on the scale of training; what the model answers and a resumed training is not.
#[test]
fn a_standardised_regression_is_resumed_and_warm_started() {
    let stop = |after: usize| {
        Mlp::regressor().hidden([6]).epochs(8).on_epoch(move |record| {
            if record.epoch == after { Control::Stop } else { Control::Continue }
        })
    };
    let straight = stop(99).fit(&table()).unwrap();
    let half = stop(3).train(&table()).unwrap();
    assert_eq!(half.outcome, Outcome::Interrupted);
    let checkpoint = half.checkpoint.unwrap();
    let bytes = checkpoint.to_bytes().unwrap();
    let read = nn_mlp::Checkpoint::from_bytes(&bytes).unwrap();
    let end = Mlp::regressor().resume(&read, &table()).unwrap();
    assert_eq!(end.model, straight);
    assert_eq!(end.history.len(), 8);
    let before = straight.evaluate(&table()).unwrap().loss;
    let after = stop(99).warm_start(&straight).learning_rate(1e-9).fit(&table()).unwrap();
    let after = after.evaluate(&table()).unwrap().loss;
    assert!((after / before - 1.0).abs() < 1e-3, "{before} {after}");
}

#[test]
fn early_stopping_restores_the_best_epoch() {
    // Labels that nothing but the samples themselves tell: what is learned of them is of no use on others.
    let rows: Vec<f64> = (0..240).map(|i| (f64::from(i) * 7.77).sin()).collect();
    let labels: Vec<u32> = (0..60).map(|i| u32::from((f64::from(i) * 3.1).cos() > 0.0)).collect();
    let noise = data::classification((&rows, 4), &labels).unwrap();
    let mlp = quick().hidden([32]).epochs(300).validation(0.34).early_stopping(5);
    let trained = mlp.train(&noise).unwrap();
    let Outcome::StoppedEarly { best_epoch } = trained.outcome else {
        panic!("{:?}", trained.outcome)
    };
    let losses: Vec<f64> = trained.history.iter().filter_map(|r| r.validation_loss).collect();
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[best_epoch - 1], best);
    assert!(trained.history.len() < 300);
}

#[test]
fn optimizers_and_activations_bring_what_fits_them() {
    let sgd = Mlp::classifier().optimizer(Optimizer::Sgd).activation(Activation::Tanh);
    assert_eq!(sgd.settings().learning_rate(), 0.4);
    assert_eq!(sgd.settings().initializer(), Initializer::GlorotUniform);
    let config = sgd.loss(Loss::SquaredError).plan(&strokes()).unwrap().config().clone();
    assert_eq!((config.learning_rate, config.optimizer), (0.2, Optimizer::Sgd));
    let nesterov = Mlp::classifier().optimizer(Optimizer::Nesterov { momentum: 0.8 });
    assert_eq!(nesterov.settings().training.momentum, 0.8);
}

#[test]
fn presets_and_settings_by_name_are_checked() {
    let fast = Mlp::classifier().preset("fast").set("training.epochs", 3);
    assert_eq!(
        (fast.settings().training.epochs, &fast.settings().network.hidden[..]),
        (3, &[192][..])
    );
    let error = |mlp: Mlp<'_>| mlp.fit(&strokes()).unwrap_err().to_string();
    assert!(error(Mlp::classifier().preset("slow")).contains("there are fast, 99, best"));
    let words = error(Mlp::classifier().set("training.bacth", 3));
    assert!(words.contains("unknown key training.bacth"), "{words}");
    let words = error(Mlp::classifier().set("training.momentum", 0.5));
    assert!(words.contains("optimizer adam has no momentum"), "{words}");
    let words = error(Mlp::classifier().threads(0));
    assert!(words.contains("0 threads"), "{words}");
    let words = error(Mlp::classifier().class_names(["a"]));
    assert!(words.contains("1 names for 3 classes"), "{words}");
    assert!(error(Mlp::regressor()).contains("class labels; use Mlp::classifier"));
}

#[test]
fn own_arrays_become_data_sets() {
    let rows = vec![vec![0.0_f32, 1.0], vec![1.0, 0.0], vec![0.5, 0.5]];
    let named = data::classification(&rows, &["dog", "cat", "dog"]).unwrap();
    assert_eq!(
        (named.class_names(), named.class_counts()),
        (&["cat".into(), "dog".into()][..], vec![1, 2])
    );
    assert_eq!((named.label(0), named.values(1)), (Some(1), Some(&[1.0, 0.0][..])));
    let flat = data::classification((&[0_u8, 255, 7, 8], 2), &vec![1_i64, 0]).unwrap();
    assert_eq!((flat.image(1), flat.classes()), (Some(&[7_u8, 8][..]), Some(2)));
    let ragged = data::classification(&[vec![1.0_f64], vec![1.0, 2.0]][..], &[0, 1]).unwrap_err();
    assert!(ragged.to_string().contains("row 1 has 2 values"), "{ragged}");
    let negative = data::classification(&[[1.0_f64], [2.0]], &[0, -1]).unwrap_err();
    assert!(negative.to_string().contains("label 1 is -1"), "{negative}");
    assert!(data::classification(&[[1.0_f64], [2.0]], &[0]).is_err());
    assert!(data::regression(&[[f64::NAN]], &[1.0]).is_err());
}

/// A test set whose classes have other numbers, because one of them is missing there, is understood by its names.
#[test]
fn classes_are_compared_by_name() {
    let train = data::classification(&[[0.0], [0.5], [1.0]], &["a", "b", "c"]).unwrap();
    let model = Mlp::classifier().hidden([16]).epochs(400).learning_rate(0.05).fit(&train).unwrap();
    let test = data::classification(&[[0.5], [1.0]], &["b", "c"]).unwrap();
    assert_eq!(test.label(0), Some(0));
    assert_eq!(model.evaluate(&test).unwrap().accuracy(), 1.0);
    let other = data::classification(&[[0.5]], &["d"]).unwrap();
    let words = model.evaluate(&other).unwrap_err().to_string();
    assert!(words.contains("\"d\"") && words.contains("a, b, c"), "{words}");
}

/// Images of numbers up to 255 are scaled to 0 to 1, and so is everything that the model is shown.
#[test]
fn images_of_large_numbers_are_scaled() {
    let bytes = strokes();
    let pixels: Vec<f64> =
        (0..9).flat_map(|s| bytes.image(s).unwrap()).map(|&byte| f64::from(byte)).collect();
    let numbers = data::classification((&pixels, 64), &[0, 1, 2].repeat(3)).unwrap();
    let numbers = numbers.with_sample_shape(&[8, 8]).unwrap();
    let model = quick().fit(&numbers).unwrap();
    assert_eq!(model.parts().scaler, Some(Scaler::Range { low: 0.0, high: 255.0 }));
    let of_bytes = quick().fit(&bytes).unwrap();
    let (ours, theirs) = (model.evaluate(&numbers).unwrap(), of_bytes.evaluate(&bytes).unwrap());
    assert!((ours.loss - theirs.loss).abs() < 1e-5);
    // A photograph of bytes means the same as the numbers.
    let by_bytes = model.predict(bytes.image(1).unwrap()).unwrap();
    let by_numbers = model.predict(pixels[64..128].to_vec()).unwrap();
    assert!((by_bytes.probability() - by_numbers.probability()).abs() < 1e-6);
    // Numbers of another scale are refused.
    let small: Vec<f64> = pixels[..64].iter().map(|x| x / 255.0).collect();
    assert!(model.predict(&small).is_err());
}

#[test]
fn calibration_is_measured() {
    let model = quick().fit(&strokes()).unwrap();
    let calibration = model.calibration(&strokes()).unwrap();
    assert_eq!(calibration.bins.iter().map(|bin| bin.count).sum::<usize>(), 9);
    let squared = quick().loss(Loss::SquaredError).fit(&strokes()).unwrap();
    assert!(squared.calibration(&strokes()).unwrap_err().to_string().contains("probabilities"));
    let mut predictor = model.predictor::<CpuTensor<f32>>(&CpuDevice::new(1).unwrap()).unwrap();
    // All nine are answered rightly: the lower the temperature, the lower the loss.
    let fitted = nn_mlp::Temperature::fit(&mut predictor as &mut dyn Predict, &strokes());
    assert!(fitted.unwrap_err().to_string().contains("no temperature for 9 right answers of 9"));
}
