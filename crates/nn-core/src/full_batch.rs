//! The cost of a whole data set as a function of all weights in one long vector.
//!
//! This is what a solver that is no gradient step needs (conjugate gradient, L-BFGS, Newton): it
//! moves a point in the space of the weights and asks for cost and gradient there.

use crate::backpropagation::{backward, forward, output_delta};
use crate::batch_source::load_rows;
use crate::data_checks::check_data;
use crate::network::zero_layers;
use crate::objective::Objective;
use crate::workspace::{Target, Workspace};
use crate::{ConfigError, Loss, Network, NetworkError, TrainingConfig};
use nn_data::Dataset;
use nn_tensor::{Element, Linear, Penalty, Role, Shape, TALLY_WIDTH, Tally, Tensor};

/// A network, a data set, and room for one pass over all of it, kept from call to call.
///
/// The vector of parameters holds layer after layer, first layer first: the weights (outputs x
/// inputs, row-major), then the biases. The cost is the loss over all samples with the penalties
/// `l1` and `weight_decay` of the settings.
///
/// ```
/// use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss, Network, TrainingConfig};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // y = w x + b on the points (1, 2) and (2, 4), at w = 1, b = 0: C = ½(1² + 2²) = 2.5.
/// let architecture = Architecture {
///     inputs: 1,
///     hidden: vec![],
///     outputs: 1,
///     activation: Activation::Tanh,
///     output_activation: Activation::Identity,
/// };
/// let data = Dataset::regression(vec![1.0, 2.0], 1, vec![2.0, 4.0], 1)?;
/// let network = Network::<ReferenceTensor<f64>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
/// let config = TrainingConfig { loss: Loss::HalfSumOfSquares, ..Default::default() };
/// let mut full_batch = FullBatch::new(network, &data, &config)?;
/// full_batch.set_parameters(&[1.0, 0.0]);
/// let mut gradient = [0.0; 2];
/// assert_eq!(full_batch.cost_and_gradient(&mut gradient)?, 2.5);
/// assert_eq!(gradient, [-5.0, -3.0]); // Σ (a - y) x, Σ (a - y)
/// # Ok(())
/// # }
/// ```
pub struct FullBatch<T: Tensor> {
    network: Network<T>,
    data: Dataset,
    config: TrainingConfig,
    /// What the network holds, on the host.
    parameters: Vec<T::Elem>,
    workspace: Workspace<T>,
    gradients: Vec<Linear<T>>,
    /// Samples x outputs, for the loss where its gradient is not wanted.
    output_error: T,
    tally: T,
    /// One sample, for derivatives of single outputs; made when first needed.
    single: Option<Workspace<T>>,
}

impl<T: Tensor> FullBatch<T> {
    /// Room for all of `data` at once, beginning at the weights that `network` has.
    ///
    /// # Errors
    /// [`NetworkError`] where data, settings and network do not go together, for an empty set, for
    /// dropout (whose cost is another one at every step), or a device without the memory.
    pub fn new(
        network: Network<T>,
        data: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Self, NetworkError> {
        let (device, architecture) = (network.device().clone(), network.architecture().clone());
        config.validate_with(&architecture)?;
        let allowed = "0 for a solver that needs one and the same cost at every step";
        ConfigError::check("dropout", config.dropout, config.dropout == 0.0, allowed)?;
        let plain = config.label_smoothing == 0.0 && config.class_weights.is_empty();
        ConfigError::check("label smoothing", config.label_smoothing, plain, allowed)?;
        let normalised = config.batch_norm || !network.norms().is_empty();
        ConfigError::check("batch norm", normalised, !normalised, "false for a solver")?;
        check_data(&architecture, config.loss, data)?;
        if data.is_empty() {
            return Err(NetworkError::Empty { what: "training", task: "train on" });
        }
        let samples = data.len();
        let mut workspace = Workspace::new(&device, &architecture, config, samples)?;
        let all: Vec<u32> = (0..samples as u32).collect(); // fits: a data set has at most u32::MAX
        load(&mut workspace, data, &all);
        let output_shape = Shape::new(samples, architecture.outputs);
        Ok(Self {
            parameters: flatten(network.layers()),
            gradients: zero_layers(&device, &architecture)?,
            output_error: T::zeros(&device, output_shape, Role::Activation)?,
            tally: T::zeros(&device, Shape::new(1, TALLY_WIDTH), Role::Weight)?,
            data: data.clone(),
            config: config.clone(),
            single: None,
            network,
            workspace,
        })
    }

    /// The network with the parameters that were set last.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// The same, handed over.
    pub fn into_network(self) -> Network<T> {
        self.network
    }

    /// The parameters that were set last.
    pub fn parameters(&self) -> &[T::Elem] {
        &self.parameters
    }

    /// Moves the network to another point.
    ///
    /// # Panics
    /// When there are not as many values as the network has parameters.
    pub fn set_parameters(&mut self, parameters: &[T::Elem]) {
        self.network.set_parameters(parameters);
        self.parameters.copy_from_slice(parameters);
    }

    /// The cost, by a forward pass alone.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device fails.
    pub fn cost(&mut self) -> Result<f64, NetworkError> {
        let Self { network, workspace, output_error, tally, .. } = self;
        T::run_on(&network.device().clone(), || {
            tally.fill(T::Elem::ZERO);
            forward(network, &workspace.input, &mut workspace.traces, None);
            let output = workspace.output();
            match &workspace.target {
                Target::Classes(classes) => {
                    output_error.softmax_cross_entropy(output, classes, T::Elem::ONE, tally);
                }
                Target::Values { values: target, .. } => {
                    output_error.squared_error(output, target, T::Elem::ONE, tally);
                }
            }
        });
        self.cost_from_tally()
    }

    /// The cost, and its derivatives by all parameters: eq. (107) for the whole set.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device fails.
    ///
    /// # Panics
    /// When `gradient` has not as many places as the network has parameters.
    pub fn cost_and_gradient(&mut self, gradient: &mut [T::Elem]) -> Result<f64, NetworkError> {
        let Self { network, workspace, gradients, tally, config, .. } = self;
        let (l1, l2) = (T::Elem::from_f64(config.l1), T::Elem::from_f64(config.weight_decay));
        T::run_on(&network.device().clone(), || {
            tally.fill(T::Elem::ZERO);
            forward(network, &workspace.input, &mut workspace.traces, None);
            let activation = network.architecture().output_activation;
            output_delta(workspace, activation, &Objective::new(config), tally);
            backward(network, workspace, gradients, None);
            if config.l1 != 0.0 || config.weight_decay != 0.0 {
                for (gradient, layer) in gradients.iter_mut().zip(network.layers()) {
                    gradient.weight.add_penalty_gradient(&layer.weight, Penalty { l1, l2 });
                }
            }
        });
        read_layers_into(&self.gradients, gradient);
        self.cost_from_tally()
    }

    /// The generalised Gauss-Newton matrix (Schraudolph 2002), parameters x parameters, row-major:
    /// Σ Jᵀ H J over samples, with J the derivatives of one sample's outputs by the parameters and
    /// H the Hessian of the loss by the outputs, and with `weight_decay` on the diagonal of the
    /// weights. Without the second derivatives of the network it is never indefinite.
    ///
    /// Takes time in proportion to samples x outputs x parameters².
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device fails or has not got the memory.
    ///
    /// # Panics
    /// When `matrix` has not parameters² places.
    pub fn gauss_newton_matrix(&mut self, matrix: &mut [f64]) -> Result<(), NetworkError> {
        let (size, outputs) = (self.parameters.len(), self.network.architecture().outputs);
        let (actual, expected) = (matrix.len(), size * size);
        assert!(actual == expected, "gauss_newton_matrix: {actual} places, expected {expected}");
        matrix.fill(0.0);
        let mut jacobian = vec![0.0; outputs * size];
        for sample in 0..self.data.len() {
            let output = self.output_jacobian(sample, &mut jacobian)?;
            let hessian = output_hessian(self.config.loss, &output, self.data.len());
            add_curvature(matrix, &jacobian, &hessian, size);
        }
        self.add_decay(matrix);
        Ok(())
    }

    /// Derivatives of the outputs for one sample by all parameters, outputs x parameters,
    /// row-major. Returns the outputs.
    ///
    /// They are what backpropagation gives when the error at the output is 1 at one place and 0
    /// elsewhere, so it is asked for targets that make it so.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device fails or has not got the memory.
    ///
    /// # Panics
    /// When `sample` is not below the number of samples, or `jacobian` has not outputs x parameters
    /// places.
    pub fn output_jacobian(
        &mut self,
        sample: usize,
        jacobian: &mut [f64],
    ) -> Result<Vec<f64>, NetworkError> {
        let (samples, size) = (self.data.len(), self.parameters.len());
        assert!(sample < samples, "output_jacobian: sample {sample} of {samples}");
        let loss = Loss::HalfSumOfSquares; // its gradient by the output is (output - target)
        let config = TrainingConfig { loss, ..TrainingConfig::default() };
        let (device, architecture) = (self.network.device(), self.network.architecture());
        let workspace = match &mut self.single {
            Some(workspace) => workspace,
            none => none.insert(Workspace::new(device, architecture, &config, 1)?),
        };
        load(workspace, &self.data, &[sample as u32]);
        let (network, gradients, tally) = (&self.network, &mut self.gradients, &mut self.tally);
        forward(network, &workspace.input, &mut workspace.traces, None);
        let output = workspace.output().to_vec();
        let (activation, objective) = (architecture.output_activation, Objective::new(&config));
        let mut row = vec![T::Elem::ZERO; size];
        for (index, derivatives) in jacobian.chunks_exact_mut(size).enumerate() {
            let mut target = output.clone();
            target[index] = target[index] - T::Elem::ONE;
            workspace.target = values(device, architecture.outputs, &target)?;
            output_delta(workspace, activation, &objective, tally);
            backward(network, workspace, gradients, None);
            read_layers_into(gradients, &mut row);
            for (to, from) in derivatives.iter_mut().zip(&row) {
                *to = from.to_f64();
            }
        }
        T::synchronize(device)?;
        Ok(output.into_iter().map(Element::to_f64).collect())
    }

    fn cost_from_tally(&self) -> Result<f64, NetworkError> {
        T::synchronize(self.network.device())?;
        let sum = Tally::from_values(&self.tally.to_vec()).loss;
        Ok(self.config.loss.from_sum(sum, self.data.len()) + self.penalty())
    }

    /// l1 Σ|w| + l2/2 Σw² over all weights.
    fn penalty(&self) -> f64 {
        let (l1, l2) = (self.config.l1, self.config.weight_decay);
        if l1 == 0.0 && l2 == 0.0 {
            return 0.0;
        }
        let weights = self.weight_ranges().flat_map(|range| &self.parameters[range]);
        weights.map(|w| w.to_f64()).map(|w| l1 * w.abs() + 0.5 * l2 * w * w).sum()
    }

    fn add_decay(&self, matrix: &mut [f64]) {
        for index in self.weight_ranges().flatten() {
            matrix[index * (self.parameters.len() + 1)] += self.config.weight_decay;
        }
    }

    /// Where in the vector of parameters the weights stand; between them are the biases.
    fn weight_ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let mut start = 0;
        self.network.architecture().weight_shapes().into_iter().map(move |shape| {
            let range = start..start + shape.len();
            start = range.end + shape.rows;
            range
        })
    }
}

fn flatten<T: Tensor>(layers: &[Linear<T>]) -> Vec<T::Elem> {
    let tensors = layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]);
    tensors.flat_map(Tensor::to_vec).collect()
}

fn read_layers_into<T: Tensor>(layers: &[Linear<T>], values: &mut [T::Elem]) {
    let mut rest = values;
    for tensor in layers.iter().flat_map(|layer| [&layer.weight, &layer.bias]) {
        let (here, after) = rest.split_at_mut(tensor.shape().len());
        tensor.read(here);
        rest = after;
    }
    assert!(rest.is_empty(), "read_layers_into: {} places too many", rest.len());
}

fn values<T: Tensor>(
    device: &T::Device,
    outputs: usize,
    target: &[T::Elem],
) -> Result<Target<T>, NetworkError> {
    let shape = Shape::new(1, outputs);
    let values = T::from_values(device, shape, Role::Activation, target)?;
    Ok(Target::Values { values, classes: Vec::new() })
}

/// Fills a workspace with inputs and targets of `samples`, positions in the view that `data` is.
fn load<T: Tensor>(workspace: &mut Workspace<T>, data: &Dataset, samples: &[u32]) {
    let mut rows = Vec::with_capacity(samples.len());
    workspace.target.load(data, samples, &mut rows);
    load_rows(&mut workspace.input, data, &rows);
}

/// Second derivatives of one sample's share of the loss by its outputs, outputs x outputs.
fn output_hessian(loss: Loss, output: &[f64], samples: usize) -> Vec<f64> {
    let factor = loss.gradient_factor(samples);
    let size = output.len();
    let probabilities = softmax(output);
    let element = |index: usize| {
        let (row, column) = (index / size, index % size);
        let diagonal = if row == column { 1.0 } else { 0.0 };
        match loss {
            Loss::CrossEntropy => factor * probabilities[row] * (diagonal - probabilities[column]),
            _ => factor * diagonal,
        }
    };
    (0..size * size).map(element).collect()
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.into_iter().map(|value| value / sum).collect()
}

/// matrix += Jᵀ H J.
fn add_curvature(matrix: &mut [f64], jacobian: &[f64], hessian: &[f64], size: usize) {
    let outputs = jacobian.len() / size;
    for a in 0..outputs {
        for b in 0..outputs {
            let factor = hessian[a * outputs + b];
            let (left, right) = (&jacobian[a * size..][..size], &jacobian[b * size..][..size]);
            for (row, &value) in matrix.chunks_exact_mut(size).zip(left) {
                let scale = factor * value;
                if scale != 0.0 {
                    row.iter_mut().zip(right).for_each(|(to, from)| *to += scale * from);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient_check::relative_error;
    use crate::{Activation, Architecture, Initializer};
    use nn_tensor::ReferenceTensor;

    type Reference = ReferenceTensor<f64>;

    fn small(loss: Loss, config: &TrainingConfig) -> FullBatch<Reference> {
        let inputs = (0..21).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let data = Dataset::classification(inputs, 3, vec![0, 1, 2, 0, 1, 2, 1], 3).unwrap();
        let architecture = Architecture {
            inputs: 3,
            hidden: vec![4],
            outputs: 3,
            activation: Activation::Tanh,
            output_activation: Activation::Identity,
        };
        let network = Network::new(&(), &architecture, Initializer::LecunNormal, 3).unwrap();
        FullBatch::new(network, &data, &TrainingConfig { loss, ..config.clone() }).unwrap()
    }

    /// Every derivative against central differences of the cost by forward passes alone.
    #[test]
    fn the_gradient_is_that_of_the_cost() {
        let config = TrainingConfig { l1: 0.1, weight_decay: 0.2, ..Default::default() };
        for loss in Loss::ALL {
            let mut full = small(loss, &config);
            let start = full.parameters().to_vec();
            let mut gradient = vec![0.0; start.len()];
            let cost = full.cost_and_gradient(&mut gradient).unwrap();
            assert!((cost - full.cost().unwrap()).abs() < 1e-14);
            let numeric: Vec<f64> = (0..start.len())
                .map(|index| {
                    let mut at = |by: f64| {
                        let mut moved = start.clone();
                        moved[index] += by;
                        full.set_parameters(&moved);
                        full.cost().unwrap()
                    };
                    (at(1e-6) - at(-1e-6)) / 2e-6
                })
                .collect();
            assert!(relative_error(&gradient, &numeric) < 1e-6, "{loss:?}");
        }
    }

    /// For a linear network nothing is left out: Gauss-Newton is the Hessian, had by differences.
    #[test]
    fn gauss_newton_is_the_hessian_of_a_linear_network() {
        let config = TrainingConfig { weight_decay: 0.2, ..Default::default() };
        for loss in Loss::ALL {
            let inputs = (0..14).map(|i| (f64::from(i) * 0.7).sin()).collect();
            let data = Dataset::classification(inputs, 2, vec![0, 1, 2, 0, 1, 2, 1], 3).unwrap();
            let architecture = Architecture {
                inputs: 2,
                hidden: vec![],
                outputs: 3,
                activation: Activation::Tanh,
                output_activation: Activation::Identity,
            };
            let network =
                Network::<Reference>::new(&(), &architecture, Initializer::LecunNormal, 3).unwrap();
            let config = TrainingConfig { loss, ..config.clone() };
            let mut full = FullBatch::new(network, &data, &config).unwrap();
            let start = full.parameters().to_vec();
            let size = start.len();
            let mut matrix = vec![0.0; size * size];
            full.gauss_newton_matrix(&mut matrix).unwrap();
            let mut hessian = Vec::new();
            for index in 0..size {
                let mut at = |by: f64| {
                    let (mut moved, mut gradient) = (start.clone(), vec![0.0; size]);
                    moved[index] += by;
                    full.set_parameters(&moved);
                    full.cost_and_gradient(&mut gradient).unwrap();
                    gradient
                };
                let (right, left) = (at(1e-5), at(-1e-5));
                hessian.extend(right.iter().zip(&left).map(|(r, l)| (r - l) / 2e-5));
            }
            assert!(relative_error(&matrix, &hessian) < 1e-6, "{loss:?}");
        }
    }

    #[test]
    fn dropout_and_empty_sets_are_refused() {
        let good = small(Loss::SquaredError, &TrainingConfig::default());
        let data = good.data.clone();
        let dropout = TrainingConfig { dropout: 0.5, ..Default::default() };
        let error = FullBatch::new(good.into_network(), &data, &dropout).err().unwrap();
        assert!(error.to_string().starts_with("dropout is 0.5, must be 0"), "{error}");
        let good = small(Loss::SquaredError, &TrainingConfig::default());
        let empty = data.subset(&[]).unwrap();
        let refused = FullBatch::new(good.into_network(), &empty, &TrainingConfig::default());
        assert!(matches!(refused, Err(NetworkError::Empty { .. })));
    }
}
