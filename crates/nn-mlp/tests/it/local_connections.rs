//! Locally connected first layers: which weights there are, and that it stays so.

use super::common::{Done, Reference, resumes_at_any_step, settings, strokes, trained};
use nn_data::Dataset;
use nn_mlp::settings::Settings;
use nn_mlp::{PlanOptions, TrainingPlan};
use nn_tensor::{Element, Matrix, ReferenceTensor, Tensor};
use std::ops::Range;

/// Everything that moves weights: batch normalisation, decay, penalty, average, dropout.
fn config(local: &str) -> Settings {
    settings(&format!(
        "network = {{ hidden = [8, 5], batch-norm = true, local = {local} }}
        training = {{ weight-decay = 0.01, l1 = 0.001, dropout = 0.2, average = 0.9, epochs = 8 }}"
    ))
}

const WINDOWS: &str = "{ window = 3, grid = 2 }";

/// The windows of 3 pixels of a 2 x 2 grid on 8 x 8 pixels, worked out by hand: their middles are at 2 and 6.
fn window(place: usize) -> [Range<usize>; 2] {
    [[0..3, 4..7][place / 2].clone(), [0..3, 4..7][place % 2].clone()]
}

fn first_weights(done: &Done) -> Vec<f64> {
    done.model().members()[0].values.layers[0].weight.to_elements()
}

/// In both precisions.
#[test]
fn weights_outside_the_windows_stay_0_and_those_inside_are_learned() {
    fn check<T: Tensor>(device: &T::Device) {
        let plan = TrainingPlan::new(&config(WINDOWS), &strokes()).unwrap();
        let mut trainer = plan.begin::<T>(device).unwrap();
        let fresh = trainer.network().layers()[0].weight.to_vec();
        trainer.run(&mut ()).unwrap();
        let model = plan.model(&trainer).unwrap();
        let learned = model.members()[0].values.layers[0].weight.to_elements::<f64>();
        for (index, (fresh, learned)) in fresh.iter().zip(learned).enumerate() {
            let (neuron, pixel) = (index / 64, index % 64);
            let [rows, columns] = window(neuron / 2);
            if rows.contains(&(pixel / 8)) && columns.contains(&(pixel % 8)) {
                let moved = (learned - fresh.to_f64()).abs();
                assert!(learned != 0.0 && moved > 1e-5, "{learned} was {fresh}");
            } else {
                assert_eq!(learned, 0.0);
            }
        }
    }
    check::<Reference>(&());
    check::<ReferenceTensor<f32>>(&());
}

/// Each number of gradient features is taken about a place, and seen where that is in the window.
#[test]
fn windows_are_of_gradient_features_too() {
    let mut settings = config(WINDOWS);
    settings.transform =
        super::common::settings("transform = [{ kind = 'gradient-features' }]").transform;
    let plan = TrainingPlan::new(&settings, &strokes()).unwrap();
    let places = settings.members()[0].transforms.places(&[8, 8]).unwrap();
    let trainer = plan.begin::<Reference>(&()).unwrap();
    let weights = trainer.network().layers()[0].weight.to_vec();
    for (neuron, weights) in weights.chunks(places.len()).enumerate() {
        let [rows, columns] = window(neuron / 2);
        for (place, weight) in places.iter().zip(weights) {
            let sees = rows.contains(&place[0]) && columns.contains(&place[1]);
            assert_eq!(*weight != 0.0, sees, "neuron {neuron}, place {place:?}");
        }
    }
}

/// Seen from the data: what lies outside every window changes nothing, what lies inside does.
#[test]
fn what_no_neuron_sees_is_not_learned() {
    let data = strokes();
    let painted = |places: Range<usize>| {
        let image = |index: usize| {
            let mut image = data.image(index).unwrap().to_vec();
            places.clone().for_each(|place| image[place] = (37 * index + place) as u8);
            image
        };
        let pixels: Vec<u8> = (0..data.len()).flat_map(image).collect();
        Dataset::from_images(pixels, &[8, 8], [0, 1, 2].repeat(3), 3).unwrap()
    };
    let middle = config("{ window = 4, grid = 1 }"); // rows and columns 2 to 5
    let truth = first_weights(&trained(&middle, &data));
    let seen = |places| first_weights(&trained(&middle, &painted(places)));
    assert_eq!(seen(0..18), truth);
    assert_ne!(seen(0..19), truth);
}

#[test]
fn a_window_of_the_whole_image_is_a_fully_connected_layer() {
    let truth = first_weights(&trained(&config("false"), &strokes()));
    let whole = config("{ window = 30, grid = 2 }");
    assert_eq!(first_weights(&trained(&whole, &strokes())), truth);
}

#[test]
fn a_resumed_training_keeps_its_windows() {
    let mut settings = config(WINDOWS);
    settings.training.epochs = 2;
    resumes_at_any_step(&settings, &strokes());
}

/// A warm start keeps what was learned inside the windows.
#[test]
fn a_warm_start_keeps_the_weights() {
    let model = trained(&config(WINDOWS), &strokes()).model();
    let options = PlanOptions { warm_start: Some(&model), ..PlanOptions::default() };
    let plan = TrainingPlan::with_options(&config(WINDOWS), &strokes(), &options).unwrap();
    let trainer = plan.begin::<Reference>(&()).unwrap();
    assert_eq!(plan.model(&trainer).unwrap(), model);
}

#[test]
fn what_has_no_windows_is_refused() {
    let numbers = Dataset::classification(vec![0.0; 64 * 3], 64, vec![0, 1, 2], 3).unwrap();
    let plan = TrainingPlan::new(&config(WINDOWS), &numbers).unwrap();
    let refused = plan.begin::<Reference>(&()).err().unwrap().to_string();
    assert!(refused.contains("[64]"), "{refused}");
    for hidden in [vec![9], vec![]] {
        let mut settings = config(WINDOWS);
        settings.network.hidden = hidden;
        let refused = TrainingPlan::new(&settings, &strokes()).unwrap_err().to_string();
        assert!(refused.contains("a multiple of 4"), "{refused}");
    }
}
