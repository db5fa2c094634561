//! Ensembles of models that differ in architecture and transforms.

use super::common::{Reference, assert_close, probabilities, settings, strokes, trained};
use nn_core::{Activation, Loss};
use nn_data::Dataset;
use nn_mlp::{Checkpoint, FileFault, MlpError, Model, ModelParts, Temperature, TestViews};

fn model(text: &str) -> Model {
    trained(&settings(text), &strokes()).model()
}

/// Images as they are, deskewed, deskewed by gradient features, and by roots of gradient features: four architectures.
fn models() -> [Model; 4] {
    let features = "{ kind = 'gradient-features' }";
    [
        model("network = { hidden = [5], batch-norm = true }"),
        model("training.seed = 2\nnetwork.hidden = [4, 3]\ntransform = [{ kind = 'deskew' }]"),
        model(&format!("network.hidden = []\ntransform = [{{ kind = 'deskew' }}, {features}]")),
        model("network.hidden = [6]\ntransform = [{ kind = 'gradient-features', sqrt = true }]"),
    ]
}

/// By the definition: the geometric mean of the probabilities of each class, of which those of a sample sum to 1.
fn pooled(all: &[Vec<f64>]) -> Vec<f64> {
    let product = |index: usize| all.iter().map(|answers| answers[index]).product::<f64>();
    let root = |index: usize| product(index).powf(1.0 / all.len() as f64);
    let means: Vec<f64> = (0..all[0].len()).map(root).collect();
    let of_sample = |classes: &[f64]| {
        let sum = classes.iter().sum::<f64>();
        classes.iter().map(|p| p / sum).collect::<Vec<_>>()
    };
    means.chunks(3).flat_map(of_sample).collect()
}

/// Against the definition, of what each of them says alone; and its loss on no sample is above the mean of theirs.
#[test]
fn an_ensemble_pools_what_each_model_says() {
    let (data, models) = (strokes(), models());
    let alone = models.clone().map(|model| probabilities(&model, &data));
    let ensemble = Model::ensemble(models).unwrap();
    let ensemble = Model::from_bytes(&ensemble.to_bytes().unwrap()).unwrap();
    let together = probabilities(&ensemble, &data);
    assert_close(&together, &pooled(&alone));
    for (index, pooled) in together.iter().enumerate() {
        let mean = alone.iter().map(|answers| answers[index].ln()).sum::<f64>() / 4.0;
        assert!(pooled.ln() >= mean - 1e-12, "{index}: {} {mean}", pooled.ln());
    }
    assert_close(&probabilities(&ensemble.folded(), &data), &together);
    let label = |sample| data.label(sample).unwrap() as usize;
    let loss: f64 = (0..9).map(|sample| -together[3 * sample + label(sample)].ln()).sum();
    assert_close(&[ensemble.evaluate(&data).unwrap().loss], &[loss / 9.0]);
    // Sample by sample, as one asks for single images.
    let mut predictor = ensemble.predictor::<Reference>(&()).unwrap();
    for sample in 0..9 {
        let answer = predictor.predict(data.image(sample).unwrap()).unwrap();
        assert_close(answer.probabilities(), &together[3 * sample..][..3]);
    }
    // A temperature changes every network's logits.
    let cooled = Temperature(2.0).apply(&ensemble).unwrap();
    let pairs = cooled.members().iter().zip(ensemble.members());
    assert!(pairs.into_iter().all(|(a, b)| a.values != b.values));
}

/// All see the same views, and what is pooled is what each says of its own.
#[test]
fn views_are_taken_of_what_each_network_sees() {
    let data = strokes();
    let views = TestViews { shifts: 1, ..TestViews::default() };
    let models = models().map(|model| model.with_views(views).unwrap());
    let alone = models.clone().map(|model| probabilities(&model, &data));
    let ensemble = Model::ensemble(models).unwrap();
    assert_close(&probabilities(&ensemble, &data), &pooled(&alone));
    let plain = ensemble.with_views(TestViews::default()).unwrap();
    assert_ne!(probabilities(&plain, &data), pooled(&alone));
}

#[test]
fn an_ensemble_of_ensembles_is_flat() {
    let [a, b, c, d] = models();
    let inner = Model::ensemble([c.clone(), d.clone()]).unwrap();
    let nested = Model::ensemble([a.clone(), inner, b.clone()]).unwrap();
    assert_eq!(nested, Model::ensemble([a, c, d, b]).unwrap());
    assert_eq!(probabilities(&nested, &strokes()).len(), 27);
}

#[test]
fn answers_that_cannot_be_pooled_are_refused() {
    let [a, b, ..] = models();
    let refused = |change: fn(&mut ModelParts)| {
        let mut parts = b.clone().into_parts();
        change(&mut parts);
        let other = Model::from_parts(parts).unwrap();
        match Model::ensemble([a.clone(), other]).unwrap_err() {
            MlpError::Ensemble { cause } => cause,
            other => panic!("{other}"),
        }
    };
    assert!(refused(|parts| parts.loss = Loss::SquaredError).contains("model 2 has another loss"));
    let shape = |parts: &mut ModelParts| {
        parts.sample_shape = vec![64];
        parts.members[0].transforms = nn_mlp::Pipeline::default();
    };
    assert!(refused(shape).contains("shape of a sample: [64], not [8, 8]"));
    let names = |parts: &mut ModelParts| parts.class_names = ["a", "b", "c"].map(Into::into).into();
    assert!(refused(names).contains("class names: a, b, c, not numbers"));
    let single = |parts: &mut ModelParts| {
        parts.members[0].values = parts.members[0].values.rounded_to_f32();
    };
    assert!(refused(single).contains("element type: f32, not f64"));
    let sigmoid = |parts: &mut ModelParts| {
        parts.loss = Loss::SquaredError;
        parts.members[0].architecture.output_activation = Activation::Sigmoid;
    };
    assert!(refused(sigmoid).contains("activation of the outputs: sigmoid"));
    assert!(Model::ensemble([]).unwrap_err().to_string().contains("there is none"));
}

#[test]
fn images_of_another_size_are_refused_though_they_have_as_many_features() {
    let [.., both, features] = models();
    let ensemble = Model::ensemble([both, features]).unwrap();
    let wide = Dataset::from_images(vec![7; 90], &[9, 10], vec![0], 3).unwrap();
    let refused = ensemble.evaluate(&wide).unwrap_err();
    assert!(matches!(&refused, MlpError::SampleShape { actual, .. } if actual == "9 x 10"));
}

/// Members that do not fit the numbers are refused, whatever a file says.
#[test]
fn members_that_do_not_fit_their_numbers_are_refused() {
    let [a, b, ..] = models();
    let ensemble = Model::ensemble([a, b]).unwrap();
    let changed = |change: fn(&mut ModelParts)| {
        let mut parts = ensemble.clone().into_parts();
        change(&mut parts);
        Model::from_parts(parts)
    };
    assert!(changed(|_| {}).is_ok());
    let wrong: [fn(&mut ModelParts); 5] = [
        |parts| parts.members[1].architecture.inputs = 769,
        |parts| parts.members[1].architecture.hidden = vec![3],
        |parts| parts.members[1].architecture.outputs = 4,
        |parts| parts.members[1].architecture.output_activation = Activation::Tanh,
        |parts| parts.members.clear(),
    ];
    for change in wrong {
        assert!(matches!(changed(change).unwrap_err(), MlpError::Network(_)));
    }
    // A file cannot hold what is no model.
    let mut cut = ensemble.to_bytes().unwrap();
    cut.truncate(100);
    assert!(matches!(Checkpoint::from_bytes(&cut).unwrap_err(), FileFault::Truncated { .. }));
}
