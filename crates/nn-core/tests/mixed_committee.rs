//! Committees of networks that differ in architecture and in how they see images.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod strokes;

use nn_core::{
    Activation, Architecture, Checkpoint, CheckpointFault, Committee, Distortion, Loss, Model,
    Network, Predictor, Temperature, Trainer, TrainingConfig, Views, evaluate_committee,
};
use nn_data::Dataset;
use nn_images::GradientEncoder;
use nn_tensor::ReferenceTensor;
use strokes::strokes;

type Reference = ReferenceTensor<f64>;

/// Trained a little on the strokes, with the inputs and preprocessing of `config`.
fn trained(config: &TrainingConfig, hidden: &[usize]) -> Model {
    let data = strokes();
    let architecture = Architecture {
        inputs: config.preprocessing().input_width(&data),
        hidden: hidden.to_vec(),
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    };
    let config = TrainingConfig { epochs: 2, batch: 4, ..config.clone() };
    let mut trainer = Trainer::<Reference>::new(&(), &architecture, &config, &data, None).unwrap();
    trainer.run(&mut ()).unwrap();
    trainer.model()
}

/// As the images are, upright, upright by directions, and as they are by roots of directions: of four architectures.
fn models() -> [Model; 4] {
    let plain = TrainingConfig { batch_norm: true, ..TrainingConfig::default() };
    let upright = TrainingConfig { deskew: true, seed: 2, ..TrainingConfig::default() };
    let both = TrainingConfig { directions: true, ..upright.clone() };
    let directions =
        TrainingConfig { directions: true, root_directions: true, ..TrainingConfig::default() };
    [
        trained(&plain, &[5]),
        trained(&upright, &[4, 3]),
        trained(&both, &[]),
        trained(&directions, &[6]),
    ]
}

/// The probabilities that a committee answers with, sample after sample.
fn answers(model: &Model, views: Views, data: &Dataset) -> Vec<f64> {
    let networks = model.to_networks::<Reference>(&()).unwrap();
    let mut answers = Vec::new();
    let committee = Committee::of_model(model, &networks).unwrap();
    committee
        .with_views(views)
        .for_each(data, |_, row| answers.extend(row.iter().map(|logarithm| logarithm.exp())))
        .unwrap();
    answers
}

/// By the definition: the geometric mean of the probabilities of each class, of which those of a sample sum to 1.
fn pooled(all: &[Vec<f64>]) -> Vec<f64> {
    let product = |index: usize| all.iter().map(|answers| answers[index]).product::<f64>();
    let means: Vec<f64> =
        (0..all[0].len()).map(|index| product(index).powf(1.0 / all.len() as f64)).collect();
    let sums = means.chunks(3).map(|classes| classes.iter().sum::<f64>());
    means
        .chunks(3)
        .zip(sums)
        .flat_map(|(classes, sum)| classes.iter().map(move |p| p / sum))
        .collect()
}

fn assert_close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().zip(expected) {
        assert!((actual - expected).abs() < 1e-12, "{actual} {expected}");
    }
}

/// Against the definition, of what each of them says alone of what it must be shown; and its loss on no sample is
/// above the mean of theirs.
#[test]
fn each_network_is_shown_what_it_was_trained_on() {
    let (data, models) = (strokes(), models());
    let alone = models.clone().map(|model| {
        let network = model.to_network::<Reference>(&()).unwrap();
        let mut all = Vec::new();
        let mut predictor = Predictor::new(&network, model.loss, 4).unwrap();
        let shown = model.shown(&data).unwrap();
        predictor.for_each(&shown, |_, row| all.extend_from_slice(row)).unwrap();
        all
    });
    let committee = Model::committee(models).unwrap();
    let bytes = Checkpoint { model: committee.clone(), training: None }.to_bytes().unwrap();
    assert_eq!(bytes[8..12], [6, 0, 0, 0]);
    let committee = Checkpoint::from_bytes(&bytes).unwrap().model;
    let together = answers(&committee, Views::default(), &data);
    assert_close(&together, &pooled(&alone));
    for (index, pooled) in together.iter().enumerate() {
        let mean = alone.iter().map(|answers| answers[index].ln()).sum::<f64>() / 4.0;
        assert!(pooled.ln() >= mean - 1e-12, "{index}: {} {mean}", pooled.ln());
    }
    assert_close(&answers(&committee.folded(), Views::default(), &data), &together);
    let networks = committee.to_networks::<Reference>(&()).unwrap();
    let mut asked = Committee::of_model(&committee, &networks).unwrap();
    let label = |sample| data.label(sample).unwrap() as usize;
    let loss: f64 = (0..9).map(|sample| -together[3 * sample + label(sample)].ln()).sum();
    assert_close(&[evaluate_committee(&mut asked, &data).unwrap().loss], &[loss / 9.0]);
    // A temperature changes every network's logits.
    let cooled = Temperature(2.0).apply(&committee).unwrap();
    assert!(cooled.parts().zip(committee.parts()).all(|(a, b)| a.layers != b.layers));
}

/// All look at the same views, and what is pooled is what each says of its own.
#[test]
fn views_are_taken_of_what_each_network_sees() {
    let (data, models) = (strokes(), models());
    let distortion = Distortion { rotation: 30.0, shift: 1.0, ..Distortion::default() };
    let views = Views { shifts: 1, copies: 3, distortion, strength: 0.5 };
    let alone = models.clone().map(|model| answers(&model, views, &data));
    let committee = Model::committee(models).unwrap();
    assert_close(&answers(&committee, views, &data), &pooled(&alone));
    assert_ne!(answers(&committee, Views::default(), &data), pooled(&alone));
}

#[test]
fn a_committee_may_be_a_member() {
    let data = strokes();
    let [a, b, c, d] = models();
    let inner = Model::committee([c.clone(), d.clone()]).unwrap();
    let nested = Model::committee([a.clone(), inner, b.clone()]).unwrap();
    let flat = Model::committee([a, c, d, b]).unwrap();
    assert_eq!(nested, flat);
    assert_eq!(answers(&nested, Views::default(), &data).len(), 27);
}

#[test]
fn networks_of_one_form_are_kept_as_before() {
    let [a, ..] = models();
    let same = Model::committee([a.clone(), a]).unwrap();
    assert!(same.companions.iter().all(|member| member.form.is_none()));
    assert_eq!(Checkpoint { model: same, training: None }.to_bytes().unwrap()[8..12], [2, 0, 0, 0]);
}

#[test]
fn answers_that_cannot_be_averaged_are_refused() {
    let [a, b, ..] = models();
    let refused = |other: Model| Model::committee([a.clone(), other]).unwrap_err().to_string();
    let loss = Model { loss: Loss::SquaredError, ..b.clone() };
    assert!(refused(loss).contains("model 2 has another loss"));
    let shape = Model { sample_shape: vec![64], ..b.clone() };
    assert!(refused(shape).contains("shape of a sample: [64], not [8, 8]"));
    let mut outputs = b.clone();
    outputs.architecture.outputs = 4;
    assert!(refused(outputs).contains("number of outputs: 4, not 3"));
    let mut activation = b.clone();
    activation.architecture.output_activation = Activation::Sigmoid;
    assert!(refused(activation).contains("sigmoid"));
    // Networks of two models, or too few.
    let committee = Model::committee([a.clone(), b]).unwrap();
    let one: Vec<Network<Reference>> = a.to_networks(&()).unwrap();
    let refused = Committee::of_model(&committee, &one).err().unwrap().to_string();
    assert!(refused.contains("1 networks are given for the 2"), "{refused}");
}

#[test]
fn images_of_another_size_are_refused_by_networks_of_directions() {
    let [.., both, directions] = models();
    let committee = Model::committee([both, directions]).unwrap();
    let networks = committee.to_networks::<Reference>(&()).unwrap();
    let wide = Dataset::from_images(vec![7; 90], &[9, 10], vec![0], 3).unwrap();
    let mut asked = Committee::of_model(&committee, &networks).unwrap();
    let refused = asked.for_each(&wide, |_, _| {}).unwrap_err().to_string();
    assert!(refused.contains("64") && refused.contains("9 x 10"), "{refused}");
}

/// A file that lies about its members is refused, whatever it says.
#[test]
fn forms_that_do_not_fit_the_numbers_are_refused() {
    let [a, b, ..] = models();
    let committee = Model::committee([a, b]).unwrap();
    let changed = |change: fn(&mut Architecture)| {
        let mut model = committee.clone();
        change(&mut model.companions[0].form.as_mut().unwrap().architecture);
        Checkpoint { model, training: None }.to_bytes()
    };
    assert!(changed(|_| {}).is_ok());
    let wrong: [fn(&mut Architecture); 4] = [
        |form| form.inputs = GradientEncoder::WIDTH,
        |form| form.hidden = vec![3],
        |form| form.outputs = 4,
        |form| form.output_activation = Activation::Tanh,
    ];
    for change in wrong {
        let fault = changed(change).unwrap_err();
        assert!(matches!(fault, CheckpointFault::Inconsistent { .. }), "{fault}");
    }
}
