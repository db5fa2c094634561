//! What the cost of a whole data set refuses.

use nn_core::{
    Activation, Architecture, FullBatch, Initializer, Network, NetworkError, TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::ReferenceTensor;

#[test]
fn settings_without_one_cost_and_empty_sets_are_refused() {
    let inputs = (0..21).map(|i| (f64::from(i) * 0.7).sin()).collect();
    let data = Dataset::classification(inputs, 3, vec![0, 1, 2, 0, 1, 2, 1], 3).unwrap();
    let refused = |config: &TrainingConfig, data: &Dataset| {
        let architecture = Architecture::new(3, [4], 3, Activation::Tanh);
        let network =
            Network::<ReferenceTensor<f64>>::new(&(), &architecture, Initializer::LecunNormal, 3);
        FullBatch::new(network.unwrap(), data, config).err().unwrap()
    };
    for (config, words) in [
        (TrainingConfig { dropout: 0.5, ..Default::default() }, "dropout is 0.5, must be 0"),
        (TrainingConfig { batch_norm: true, ..Default::default() }, "batch norm is true"),
        (TrainingConfig { label_smoothing: 0.1, ..Default::default() }, "label smoothing is 0.1"),
        (
            TrainingConfig { class_weights: vec![1.0; 3], ..Default::default() },
            "class weights is 3",
        ),
    ] {
        let error = refused(&config, &data).to_string();
        assert!(error.starts_with(words), "{error}");
    }
    let empty = data.subset(&[]).unwrap();
    let error = refused(&TrainingConfig::default(), &empty);
    assert!(matches!(error, NetworkError::Empty { .. }), "{error}");
}
