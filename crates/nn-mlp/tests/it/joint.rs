//! Members that are trained jointly: each with its own network, transforms and windows.

use super::common::{
    Done, Reference, StopAfter, probabilities, resumed, resumes_at_any_step, run, settings,
    strokes, trained,
};
use nn_core::evaluate_jointly;
use nn_images::{GradientEncoder, deskewed};
use nn_mlp::settings::Settings;
use nn_mlp::{Checkpoint, TrainingPlan};

/// The first member sees images as they are, the second deskewed, the third like the first.
fn plain() -> Settings {
    settings(
        "network.hidden = [5]
        [[member]]
        [[member]]
        hidden = [4]
        transform = [{ kind = 'deskew' }]
        [[member]]",
    )
}

/// With everything that a training keeps from step to step.
fn rich() -> Settings {
    settings(
        "network = { hidden = [5], batch-norm = true }
        training = { average = 0.9, dropout = 0.2, weight-decay = 0.01, max-norm = 3.0 }
        [[member]]
        [[member]]
        hidden = [4]
        transform = [{ kind = 'deskew' }, { kind = 'augment', rotation = 10, shift = 1 }]
        [[member]]
        hidden = [8]
        local = { window = 4, grid = 2 }
        transform = [{ kind = 'augment', rotation = 10, shift = 1 }, { kind = 'gradient-features' }]",
    )
}

#[test]
fn resumed_at_any_step_they_end_with_the_bytes_of_a_straight_run() {
    resumes_at_any_step(&rich(), &strokes());
}

/// Against the networks of the core, shown by hand what each is to see.
#[test]
fn the_model_answers_as_its_members_do_together() {
    let mut settings = plain();
    settings.training.validation = Some(1.0 / 3.0);
    let done = trained(&settings, &strokes());
    let model = done.model();
    let networks = model.to_raw_networks::<Reference>(&()).unwrap();
    let seen = [strokes(), deskewed(&strokes()).unwrap(), strokes()];
    let members: Vec<_> = networks.iter().zip(&seen).collect();
    let truth = evaluate_jointly(&members, model.loss()).unwrap();
    let evaluation = model.evaluate(&strokes()).unwrap();
    assert!((evaluation.loss - truth.loss).abs() < 1e-12);
    assert_eq!(evaluation.classification, truth.classification);
    let test = done.plan.test_set(&strokes()).unwrap();
    assert_eq!(done.plan.evaluate(&done.trainer, &test).unwrap().loss, truth.loss);
    // What the last epoch was validated by is the same on what was held out.
    let held_out = model.evaluate(done.plan.validation().unwrap()).unwrap();
    assert!((done.validation_losses()[2].unwrap() - held_out.loss).abs() < 1e-12);
    for answer in probabilities(&model, &strokes()).chunks(3) {
        assert!((answer.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn each_member_has_its_windows_and_features() {
    let model = trained(&rich(), &strokes()).model();
    let [first, second, third] = model.members() else { panic!("three members") };
    assert_eq!([first.architecture.inputs, second.architecture.inputs], [64, 64]);
    assert_eq!(third.architecture.inputs, GradientEncoder::width_of(false));
    assert_eq!(third.architecture.hidden, [8]);
    let zeros = |member: &nn_mlp::ModelMember| {
        let weights = member.values.layers[0].weight.to_elements::<f64>();
        weights.iter().filter(|weight| **weight == 0.0).count()
    };
    assert_eq!([zeros(first), zeros(second)], [0, 0]);
    assert!(zeros(third) > 4 * third.architecture.inputs, "{}", zeros(third));
}

#[test]
fn a_checkpoint_whose_members_do_not_fit_is_refused() {
    let whole = run(&rich(), &strokes(), &mut StopAfter(4)).checkpoint();
    assert_eq!(Checkpoint::from_bytes(&whole.to_bytes().unwrap()).unwrap(), whole);
    let refused = |change: fn(&mut nn_core::TrainingState)| {
        let mut changed = whole.clone();
        change(&mut changed.training.as_mut().unwrap().state);
        assert!(changed.to_bytes().is_err());
    };
    refused(|state| drop(state.members.pop()));
    refused(|state| drop(state.members[1].moments.pop()));
    refused(|state| state.members.swap(0, 1));
    refused(|state| state.members[0].hooks[1].values.as_mut().unwrap().norms.clear());
}

/// A checkpoint that is sound in itself must also be what its settings make of the data.
#[test]
fn a_checkpoint_of_other_hooks_than_its_settings_is_not_resumed() {
    let mut half = run(&rich(), &strokes(), &mut StopAfter(4)).checkpoint();
    half.training.as_mut().unwrap().settings.training.max_norm = None;
    let plan = TrainingPlan::of_checkpoint(&half, &strokes()).unwrap();
    let error = plan.resume::<Reference>(&(), &half).err().unwrap().to_string();
    assert!(error.contains("it had the hooks max-norm"), "{error}");
}

#[test]
fn the_transforms_of_a_resumed_model_are_those_of_its_training() {
    let half = run(&rich(), &strokes(), &mut StopAfter(4)).checkpoint();
    let done: Done = resumed(&half.to_bytes().unwrap(), &strokes());
    let kinds = |model: &nn_mlp::Model| {
        let of = |member: &nn_mlp::ModelMember| member.transforms.clone();
        model.members().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&done.model()), kinds(&half.model));
    assert!(kinds(&half.model)[2].has_random());
}
