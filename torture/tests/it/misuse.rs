//! Guarantees for users of the libraries: thread safety, and errors for misuse.

use nn_core::{
    Activation, Architecture, ConfigError, Network, NetworkError, Predictor, TrainError, Trainer,
    TrainingConfig,
};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::{DataError, Dataset, IdxArray, TrainTest};
use nn_mlp::{Checkpoint, FileError, MlpError, Model};
use nn_tensor::{ReferenceTensor, Role, Shape, Tensor, TensorError};

fn crosses_threads<T: Send + Sync>() {}
fn can_be_moved<T: Send>() {}

#[test]
fn values_cross_threads() {
    crosses_threads::<Dataset>();
    crosses_threads::<TrainTest>();
    crosses_threads::<IdxArray>();
    crosses_threads::<DataError>();
    crosses_threads::<ReferenceTensor<f32>>();
    crosses_threads::<CpuTensor<f64>>();
    crosses_threads::<CpuDevice>();
    crosses_threads::<TensorError>();
    crosses_threads::<Network<CpuTensor<f32>>>();
    crosses_threads::<Model>();
    crosses_threads::<Checkpoint>();
    crosses_threads::<FileError>();
    crosses_threads::<MlpError>();
    crosses_threads::<ConfigError>();
    crosses_threads::<NetworkError>();
    crosses_threads::<TrainError>();
    crosses_threads::<TrainingConfig>();
    can_be_moved::<Trainer<CpuTensor<f32>>>();
    can_be_moved::<Predictor<CpuTensor<f32>>>();
}

fn architecture(inputs: usize) -> Architecture {
    Architecture {
        inputs,
        hidden: vec![3],
        outputs: 2,
        activation: Activation::Tanh,
        output_activation: Activation::Identity,
    }
}

/// What the outside world can cause is a typed error.
#[test]
fn settings_and_data_that_do_not_fit_are_typed_errors() {
    let data = Dataset::classification(vec![0.0, 1.0], 2, vec![1], 2).unwrap();
    let refusal = |architecture: &Architecture, config: &TrainingConfig| {
        Trainer::<ReferenceTensor<f32>>::new(&(), architecture, config, &data, None).err().unwrap()
    };
    let sound = TrainingConfig::default();
    let wide = refusal(&architecture(3), &sound);
    assert!(matches!(wide, TrainError::Network(NetworkError::InputWidth { .. })), "{wide}");
    let idle = refusal(&architecture(2), &TrainingConfig { batch: 0, ..sound.clone() });
    assert!(matches!(idle, TrainError::Network(NetworkError::Config(_))), "{idle}");
    let steps = Architecture { activation: Activation::Heaviside, ..architecture(2) };
    let steps = refusal(&steps, &sound);
    assert!(
        matches!(
            steps,
            TrainError::Network(NetworkError::Config(ConfigError::NotTrainable { .. }))
        ),
        "{steps}"
    );
    assert!(matches!(CpuDevice::new(0), Err(TensorError::Device { .. })));
}

/// Mismatched shapes are the caller's mistake: the documented panic names operation and shapes.
#[test]
fn shapes_that_do_not_fit_panic_with_their_names_on_both_backends() {
    fn message<T: Tensor>(device: &T::Device) -> String {
        let zeros =
            |rows, columns| T::zeros(device, Shape::new(rows, columns), Role::Activation).unwrap();
        let (mut one, other) = (zeros(2, 3), zeros(3, 2));
        let attempt = std::panic::AssertUnwindSafe(|| one.copy_from(&other));
        let panic = std::panic::catch_unwind(attempt).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    }
    let device = CpuDevice::new(1).unwrap();
    for message in [message::<ReferenceTensor<f32>>(&()), message::<CpuTensor<f32>>(&device)] {
        for word in ["copy_from", "2 x 3", "3 x 2"] {
            assert!(message.contains(word), "{message}");
        }
    }
}
