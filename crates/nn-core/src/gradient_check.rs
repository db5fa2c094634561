//! Is the backpropagation right? Every partial derivative, compared with central differences.
//!
//! The derivative of the cost with respect to one weight can be had without any calculus: move the
//! weight a little to either side and see how the cost changes. That is far too slow to train with
//! and just right to check with: an error in one of the equations (118) to (120) - a lost sign, a
//! forgotten σ', a transposed W - shows as a relative error near 1 instead of below 1e-6.

use crate::backpropagation::{backward, forward, output_delta};
use crate::batch_source::load_rows;
use crate::data_checks::check_data;
use crate::network::zero_trained;
use crate::objective::Objective;
use crate::workspace::{Dropout, Workspace};
use crate::{
    Activation, Architecture, ConfigError, Initializer, Loss, Network, NetworkError, TrainingConfig,
};
use nn_data::Dataset;
use nn_tensor::{Element, Linear, Penalty, Role, Shape, TALLY_WIDTH, Tally, Tensor};
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
/// use nn_core::gradient_check::{TOLERANCE, check_all};
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
                let (parameters, worst_relative_error) = check(&mut network, &data, &config)?;
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

/// Compares every derivative of `network`'s cost on all of `data`, with the loss, penalties and
/// dropout of `config`. Returns how many there are and the worst relative error among them.
///
/// # Errors
/// [`NetworkError`] where data, settings and network do not go together.
pub fn check<T: Tensor<Elem = f64>>(
    network: &mut Network<T>,
    data: &Dataset,
    config: &TrainingConfig,
) -> Result<(usize, f64), NetworkError> {
    config.validate_with(network.architecture())?;
    let gradients = gradients(network, data, config)?;
    let mut cost = Cost::new(network, data, config)?;
    let analytic: Vec<f64> = gradients.iter().flat_map(layer_values).collect();
    let mut numeric = Vec::with_capacity(analytic.len());
    for part in 0..network.layers().len() + network.norms().len() {
        numeric.extend(differences(network, &mut cost, part, |part| &mut part.weight));
        numeric.extend(differences(network, &mut cost, part, |part| &mut part.bias));
    }
    Ok((analytic.len(), relative_error(&analytic, &numeric)))
}

/// The worst |a - n| / max(|a|, |n|, 0.001 · the largest of all), over pairs of a derivative and
/// its estimate. NaN counts as infinitely wrong.
///
/// ```
/// use nn_core::gradient_check::relative_error;
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

/// The gradient of the whole cost, penalties included, for one batch of all of `data`: eq. (107).
///
/// # Errors
/// [`NetworkError`] where data and network do not go together.
pub fn gradients<T: Tensor>(
    network: &Network<T>,
    data: &Dataset,
    config: &TrainingConfig,
) -> Result<Vec<Linear<T>>, NetworkError> {
    let mut pass = Pass::new(network, data, config)?;
    let normalised = !network.norms().is_empty();
    let mut gradients = zero_trained(network.device(), network.architecture(), normalised)?;
    forward(network, &pass.workspace.input, &mut pass.workspace.traces, pass.dropout);
    let Pass { workspace, tally, dropout } = &mut pass;
    let activation = network.architecture().output_activation;
    output_delta(workspace, activation, &Objective::new(config), tally);
    backward(network, workspace, &mut gradients, *dropout);
    let (l1, l2) = (T::Elem::from_f64(config.l1), T::Elem::from_f64(config.weight_decay));
    for (gradient, layer) in gradients.iter_mut().zip(network.layers()) {
        gradient.weight.add_penalty_gradient(&layer.weight, Penalty { l1, l2 });
    }
    Ok(gradients)
}

/// One batch of a whole data set, ready for a forward pass.
struct Pass<T> {
    workspace: Workspace<T>,
    tally: T,
    dropout: Option<Dropout>,
}

impl<T: Tensor> Pass<T> {
    fn new(
        network: &Network<T>,
        data: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Self, NetworkError> {
        let (device, architecture) = (network.device(), network.architecture());
        check_data(architecture, config.loss, data)?;
        if data.is_empty() {
            return Err(NetworkError::Empty { what: "data", task: "differentiate on" });
        }
        let rate = config.dropout;
        let normalised = config.batch_norm;
        let fits = network.norms().is_empty() != normalised;
        ConfigError::check("batch norm", normalised, fits, "as in the network")?;
        let mut workspace = Workspace::new(device, architecture, config, data.len())?;
        let samples: Vec<u32> = (0..data.len() as u32).collect();
        let mut rows = Vec::with_capacity(samples.len());
        workspace.target.load(data, &samples, &mut rows);
        load_rows(&mut workspace.input, data, &rows);
        let tally = T::zeros(device, Shape::new(1, TALLY_WIDTH), Role::Weight)?;
        let dropout = (rate > 0.0).then_some(Dropout { rate, seed: config.seed, step: 0 });
        Ok(Self { workspace, tally, dropout })
    }
}

/// The cost as a function of the weights, by forward passes alone.
struct Cost<'a, T> {
    pass: Pass<T>,
    config: &'a TrainingConfig,
    samples: usize,
}

impl<'a, T: Tensor<Elem = f64>> Cost<'a, T> {
    fn new(
        network: &Network<T>,
        data: &Dataset,
        config: &'a TrainingConfig,
    ) -> Result<Self, NetworkError> {
        Ok(Self { pass: Pass::new(network, data, config)?, config, samples: data.len() })
    }

    fn at(&mut self, network: &Network<T>) -> f64 {
        let Pass { workspace, tally, dropout } = &mut self.pass;
        tally.fill(0.0);
        forward(network, &workspace.input, &mut workspace.traces, *dropout);
        // The loss is measured where its gradient is computed; the gradient is thrown away.
        let activation = network.architecture().output_activation;
        output_delta(workspace, activation, &Objective::new(self.config), tally);
        let sum = Tally::from_values(&tally.to_vec()).loss;
        self.config.loss.from_sum(sum, self.samples) + penalty(network, self.config)
    }
}

/// l1 Σ|w| + l2/2 Σw² over all weights.
fn penalty<T: Tensor<Elem = f64>>(network: &Network<T>, config: &TrainingConfig) -> f64 {
    let weights = network.layers().iter().flat_map(|layer| layer.weight.to_vec());
    weights.map(|w| config.l1 * w.abs() + 0.5 * config.weight_decay * w * w).sum()
}

/// The derivative of the cost by each element of one tensor, from central differences of fourth
/// order: (8 (C(+h) - C(-h)) - (C(+2h) - C(-2h))) / 12h.
fn differences<T: Tensor<Elem = f64>>(
    network: &mut Network<T>,
    cost: &mut Cost<'_, T>,
    part: usize,
    tensor: impl Fn(&mut Linear<T>) -> &mut T,
) -> Vec<f64> {
    let start = tensor(trained_part(network, part)).to_vec();
    let mut moved = start.clone();
    let mut derivatives = Vec::with_capacity(start.len());
    for index in 0..start.len() {
        let mut cost_at = |steps: f64| {
            moved[index] = start[index] + steps * STEP;
            tensor(trained_part(network, part)).write(&moved);
            cost.at(network)
        };
        let near = cost_at(1.0) - cost_at(-1.0);
        let far = cost_at(2.0) - cost_at(-2.0);
        derivatives.push((8.0 * near - far) / (12.0 * STEP));
        moved[index] = start[index];
    }
    tensor(trained_part(network, part)).write(&start);
    derivatives
}

/// A layer, or beyond the layers γ and β of a normalisation.
fn trained_part<T: Tensor>(network: &mut Network<T>, part: usize) -> &mut Linear<T> {
    network.trained_mut().nth(part).expect("the caller counts layers and normalisations")
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

fn layer_values<T: Tensor<Elem = f64>>(layer: &Linear<T>) -> Vec<f64> {
    let mut values = layer.weight.to_vec();
    values.extend(layer.bias.to_vec());
    values
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
