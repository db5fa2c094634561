//! First layers that see windows of the image: which weights there are, and that it stays so.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod stop_in_the_middle;
mod strokes;

use nn_core::{
    Activation, Architecture, Checkpoint, FullBatch, Initializer, Network, ReceptiveFields,
    Trainer, TrainingConfig,
};
use nn_data::Dataset;
use nn_images::GradientEncoder;
use nn_tensor::{Element, ReferenceTensor, Tensor};
use stop_in_the_middle::StopInTheMiddle;
use strokes::strokes;

type Reference = ReferenceTensor<f64>;

fn form(hidden: &[usize]) -> Architecture {
    Architecture {
        inputs: 64,
        hidden: hidden.to_vec(),
        outputs: 3,
        activation: Activation::Relu,
        output_activation: Activation::Identity,
    }
}

/// Everything that moves weights: batch normalisation, decay, penalty, average, dropout.
fn config(fields: Option<ReceptiveFields>) -> TrainingConfig {
    TrainingConfig {
        receptive_fields: fields,
        batch_norm: true,
        weight_decay: 0.01,
        l1: 0.001,
        dropout: 0.2,
        average: Some(0.9),
        epochs: 8,
        batch: 4,
        ..TrainingConfig::default()
    }
}

fn trained<T: Tensor>(device: &T::Device, config: &TrainingConfig, data: &Dataset) -> Checkpoint {
    let mut trainer = Trainer::<T>::new(device, &form(&[8, 5]), config, data, None).unwrap();
    trainer.run(&mut ()).unwrap();
    trainer.checkpoint().unwrap()
}

fn first_weights(checkpoint: &Checkpoint) -> Vec<f64> {
    checkpoint.model.layers[0].weight.to_elements()
}

/// In both precisions.
#[test]
fn weights_outside_the_windows_stay_0_and_those_inside_are_learned() {
    fn check<T: Tensor>(device: &T::Device) {
        let fields = ReceptiveFields { window: 3, grid: 2 };
        let (data, config) = (strokes(), config(Some(fields)));
        let fresh = Trainer::<T>::new(device, &form(&[8, 5]), &config, &data, None).unwrap();
        let fresh = fresh.network().layers()[0].weight.to_vec();
        let learned = first_weights(&trained::<T>(device, &config, &data));
        for (index, (fresh, learned)) in fresh.iter().zip(learned).enumerate() {
            let (neuron, pixel) = (index / 64, index % 64);
            let [rows, columns] = fields.window_of(neuron / 2, [8, 8]);
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

/// Each number of a description is taken about a place, and seen where that is in the window.
#[test]
fn windows_are_of_directions_too() {
    let fields = ReceptiveFields { window: 3, grid: 2 };
    let config = TrainingConfig { directions: true, ..config(Some(fields)) };
    let form = Architecture { inputs: GradientEncoder::WIDTH, ..form(&[8, 5]) };
    let trainer = Trainer::<Reference>::new(&(), &form, &config, &strokes(), None).unwrap();
    let weights = trainer.network().layers()[0].weight.to_vec();
    for (neuron, weights) in weights.chunks(GradientEncoder::WIDTH).enumerate() {
        let [rows, columns] = fields.window_of(neuron / 2, [8, 8]);
        for (place, weight) in GradientEncoder::places(8, 8, false).iter().zip(weights) {
            let sees = rows.contains(&place[0]) && columns.contains(&place[1]);
            assert_eq!(*weight != 0.0, sees, "neuron {neuron}, place {place:?}");
        }
    }
}

/// Seen from the data: what lies outside every window changes nothing, what lies inside does.
#[test]
fn what_no_neuron_sees_is_not_learned() {
    let data = strokes();
    let painted = |places: std::ops::Range<usize>| {
        let pixels: Vec<u8> = (0..data.len())
            .flat_map(|index| {
                let mut image = data.image(index).unwrap().to_vec();
                for place in places.clone() {
                    image[place] = (37 * index + place) as u8;
                }
                image
            })
            .collect();
        Dataset::from_images(pixels, &[8, 8], [0, 1, 2].repeat(3), 3).unwrap()
    };
    let corner = config(Some(ReceptiveFields { window: 4, grid: 1 })); // rows and columns 2 to 5
    let truth = first_weights(&trained::<Reference>(&(), &corner, &data));
    let seen = |places| first_weights(&trained::<Reference>(&(), &corner, &painted(places)));
    assert_eq!(seen(0..18), truth);
    assert_ne!(seen(0..19), truth);
}

#[test]
fn a_window_of_the_whole_image_is_a_fully_connected_layer() {
    let data = strokes();
    let truth = trained::<Reference>(&(), &config(None), &data);
    let whole = config(Some(ReceptiveFields { window: 30, grid: 2 }));
    assert_eq!(trained::<Reference>(&(), &whole, &data).model.layers, truth.model.layers);
}

#[test]
fn a_resumed_training_keeps_its_windows() {
    let (data, form) = (strokes(), form(&[8, 5]));
    let config = config(Some(ReceptiveFields { window: 3, grid: 2 }));
    let truth = trained::<Reference>(&(), &config, &data);
    let mut trainer = Trainer::<Reference>::new(&(), &form, &config, &data, None).unwrap();
    trainer.run(&mut StopInTheMiddle).unwrap();
    let halfway = trainer.checkpoint().unwrap();
    let mut resumed = Trainer::<Reference>::resume(&(), &halfway, &data, None).unwrap();
    resumed.run(&mut ()).unwrap();
    assert_eq!(resumed.checkpoint().unwrap().model.layers, truth.model.layers);
}

#[test]
fn what_has_no_windows_is_refused() {
    let numbers = Dataset::classification(vec![0.0; 64 * 3], 64, vec![0, 1, 2], 3).unwrap();
    let fields = |window, grid| config(Some(ReceptiveFields { window, grid }));
    let refused = |config: TrainingConfig, hidden: &[usize], data: &Dataset| {
        let trainer = Trainer::<Reference>::new(&(), &form(hidden), &config, data, None);
        trainer.err().unwrap().to_string()
    };
    let data = strokes();
    let of_numbers = refused(fields(3, 2), &[8, 5], &numbers);
    assert!(of_numbers.contains("for samples of shape [64]"), "{of_numbers}");
    let uneven = refused(fields(3, 2), &[9], &data);
    assert!(uneven.contains("a multiple of 4"), "{uneven}");
    let none_hidden = refused(fields(3, 2), &[], &data);
    assert!(none_hidden.contains("width of the first hidden layer is 0"), "{none_hidden}");
    let network = Network::new(&(), &form(&[8]), Initializer::HeUniform, 1).unwrap();
    let plain = TrainingConfig { batch_norm: false, dropout: 0.0, ..fields(3, 2) };
    let solved = FullBatch::<Reference>::new(network, &data, &plain).err().unwrap().to_string();
    assert!(solved.contains("receptive fields") && solved.contains("solver"), "{solved}");
}
