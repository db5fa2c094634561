//! Is the backpropagation right? Every partial derivative, compared with central differences.
//!
//! The derivative of the cost with respect to one weight can be had without any calculus: move the
//! weight a little to either side and see how the cost changes. That is far too slow to train with
//! and just right to check with: an error in one of the equations (118) to (120) - a lost sign, a
//! forgotten σ', a transposed W - shows as a relative error near 1 instead of below 1e-6.

use nn_core::{
    Activation, Architecture, FullBatch, Initializer, Loss, Network, NetworkError, TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::Tensor;
use serde::Serialize;

/// One network whose derivatives were all compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GradientCheck {
    /// The cost.
    pub loss: Loss,
    /// σ of the hidden layers, and of the last layer under a squared error.
    pub activation: Activation,
    /// What was added: `none`, `l1`, `l2`, `dropout`, `batch-norm`; under cross-entropy also
    /// `label-smoothing` and `class-weights`.
    pub regulariser: &'static str,
    /// How many derivatives were compared.
    pub parameters: usize,
    /// The worst of them, see [`relative_error`].
    pub worst_relative_error: f64,
}

/// A check passes below this.
pub const TOLERANCE: f64 = 1e-6;

/// Half the distance between the two inner points of a central difference.
const STEP: f64 = 1e-4;

/// Share of the largest derivative below which a derivative counts as no larger: rounding in the
/// cost is absolute, so a derivative of nearly 0 has no digits to compare.
const FLOOR: f64 = 1e-3;

/// Every loss x trainable activation x regulariser, on a small random network in `f64`.
///
/// ```
/// use nn_lecture::gradient_check::{TOLERANCE, check_all};
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), nn_core::NetworkError> {
/// let checks = check_all::<ReferenceTensor<f64>>(&())?;
/// assert!(checks.iter().all(|check| check.worst_relative_error < TOLERANCE));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`NetworkError::Tensor`] when the device refuses.
pub fn check_all<T: Tensor<Elem = f64>>(
    device: &T::Device,
) -> Result<Vec<GradientCheck>, NetworkError> {
    let data = small_data()?;
    let mut checks = Vec::new();
    for loss in Loss::ALL {
        for activation in Activation::ALL.into_iter().filter(|a| a.is_trainable()) {
            for (regulariser, config) in regularisers(loss) {
                let mut network = small_network::<T>(device, activation, loss)?;
                if config.batch_norm {
                    network = uneven(network.with_batch_norm()?);
                }
                let (parameters, worst_relative_error) = check(network, &data, &config)?;
                checks.push(GradientCheck {
                    loss,
                    activation,
                    regulariser,
                    parameters,
                    worst_relative_error,
                });
            }
        }
    }
    Ok(checks)
}

/// The settings of each check, by the name of what they add.
fn regularisers(loss: Loss) -> Vec<(&'static str, TrainingConfig)> {
    let plain = || TrainingConfig { loss, ..Default::default() };
    let mut all = vec![
        ("none", plain()),
        ("l1", TrainingConfig { l1: 0.1, ..plain() }),
        ("l2", TrainingConfig { weight_decay: 0.1, ..plain() }),
        ("dropout", TrainingConfig { dropout: 0.4, ..plain() }),
        ("batch-norm", TrainingConfig { batch_norm: true, ..plain() }),
    ];
    if loss == Loss::CrossEntropy {
        let weights = vec![0.5, 2.0, 1.25];
        all.push(("label-smoothing", TrainingConfig { label_smoothing: 0.2, ..plain() }));
        all.push(("class-weights", TrainingConfig { class_weights: weights, ..plain() }));
    }
    all
}

/// Compares every derivative of `network`'s cost on all of `data` with central differences, with
/// the loss, penalties, normalisation and dropout of `config`. Returns how many there are and the
/// worst relative error among them.
///
/// # Errors
/// [`NetworkError`] where data, settings and network do not go together.
pub fn check<T: Tensor<Elem = f64>>(
    network: Network<T>,
    data: &Dataset,
    config: &TrainingConfig,
) -> Result<(usize, f64), NetworkError> {
    let mut cost = FullBatch::frozen(network, data, config)?;
    let start = cost.parameters().to_vec();
    let mut analytic = vec![0.0; start.len()];
    cost.cost_and_gradient(&mut analytic)?;
    let mut numeric = Vec::with_capacity(start.len());
    for index in 0..start.len() {
        numeric.push(central_difference(&mut cost, &start, index)?);
    }
    Ok((analytic.len(), relative_error(&analytic, &numeric)))
}

/// Estimates the derivative of the cost by one parameter from central differences of fourth order:
/// (8 (C(+h) - C(-h)) - (C(+2h) - C(-2h))) / 12h.
fn central_difference<T: Tensor<Elem = f64>>(
    cost: &mut FullBatch<T>,
    start: &[f64],
    index: usize,
) -> Result<f64, NetworkError> {
    let mut cost_at = |steps: f64| {
        let mut moved = start.to_vec();
        moved[index] += steps * STEP;
        cost.set_parameters(&moved);
        cost.cost()
    };
    let near = cost_at(1.0)? - cost_at(-1.0)?;
    let far = cost_at(2.0)? - cost_at(-2.0)?;
    Ok((8.0 * near - far) / (12.0 * STEP))
}

/// The worst |a - n| / max(|a|, |n|, 0.001 · the largest of all), over pairs of a derivative and
/// its estimate. NaN counts as infinitely wrong.
///
/// ```
/// use nn_lecture::gradient_check::relative_error;
/// assert_eq!(relative_error(&[1.0, 2.0], &[1.0, 4.0]), 0.5);
/// assert_eq!(relative_error(&[f64::NAN], &[1.0]), f64::INFINITY);
/// ```
#[must_use]
pub fn relative_error(analytic: &[f64], numeric: &[f64]) -> f64 {
    let largest = analytic.iter().chain(numeric).fold(0.0_f64, |most, v| most.max(v.abs()));
    let error = |(&a, &n): (&f64, &f64)| {
        let scale = a.abs().max(n.abs()).max(FLOOR * largest).max(f64::MIN_POSITIVE);
        let error = (a - n).abs() / scale;
        if error.is_nan() { f64::INFINITY } else { error }
    };
    analytic.iter().zip(numeric).map(error).fold(0.0, f64::max)
}

/// γ and β other than 1 and 0.
fn uneven<T: Tensor<Elem = f64>>(mut network: Network<T>) -> Network<T> {
    for norm in network.norms_mut() {
        let numbers = |shift: f64| -> Vec<f64> {
            (0..norm.mean.shape().len()).map(|i| shift + 0.3 * (i as f64).sin()).collect()
        };
        let (scale, shift) = (numbers(1.0), numbers(0.2));
        norm.affine.weight.write(&scale);
        norm.affine.bias.write(&shift);
    }
    network
}

/// Seven samples of three features and three classes, fixed.
fn small_data() -> Result<Dataset, nn_data::DataError> {
    let inputs = (0..21).map(|i| (f64::from(i) * 0.7).sin()).collect();
    Dataset::classification(inputs, 3, vec![0, 1, 2, 0, 1, 2, 1], 3)
}

fn small_network<T: Tensor<Elem = f64>>(
    device: &T::Device,
    activation: Activation,
    loss: Loss,
) -> Result<Network<T>, NetworkError> {
    let softmax = loss == Loss::CrossEntropy;
    let architecture = Architecture {
        inputs: 3,
        hidden: vec![5, 4],
        outputs: 3,
        activation,
        output_activation: if softmax { Activation::Identity } else { activation },
    };
    let mut network = Network::<T>::new(device, &architecture, Initializer::LecunNormal, 3)?;
    // Without a bias, a neuron whose inputs are all left out would sit on the rectifier's kink.
    for layer in network.layers_mut() {
        let biases = (0..layer.bias.shape().len()).map(|i| 0.1 + 0.05 * (i as f64).cos());
        layer.bias.write(&biases.collect::<Vec<_>>());
    }
    Ok(network)
}
