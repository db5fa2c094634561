//! The cost of a whole data set as a function of all parameters in one long vector.
//!
//! This is what a solver that is no gradient step needs (conjugate gradient, L-BFGS, Newton), and
//! what a gradient check compares with central differences: it moves a point in the space of the
//! parameters and asks for cost and gradient there.

use crate::backpropagation::{backward, forward, output_delta};
use crate::data_checks::check_data;
use crate::host_samples::{host_inputs, host_targets};
use crate::network::zero_trained;
use crate::objective::Objective;
use crate::random::dropout_keys;
use crate::workspace::{Dropout, Workspace};
use crate::{Architecture, ConfigError, Network, NetworkError, TrainingConfig};
use nn_data::Dataset;
use nn_tensor::{
    Device, Element, HostEpoch, Linear, MemberSteps, Penalty, ResidentEpoch, ResidentSamples, Role,
    Shape, Step, StepNumbers, TALLY_WIDTH, Tally, Tensor,
};

/// The cost of a network on a whole data set as a function of its parameters, with the memory of
/// one pass kept from call to call.
///
/// The vector of parameters holds layer after layer, first layer first: the weights (outputs x
/// inputs, row-major), then the biases; after the layers γ and β of each normalisation. The cost is
/// the loss over all samples with the penalties `l1` and `weight_decay` of the settings.
///
/// ```
/// use nn_core::{Activation, Architecture, FullBatch, Initializer, Loss, Network, TrainingConfig};
/// use nn_data::Dataset;
/// use nn_tensor::ReferenceTensor;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // y = w x + b on the points (1, 2) and (2, 4), at w = 1, b = 0: C = ½(1² + 2²) = 2.5.
/// let architecture = Architecture::new(1, [], 1, Activation::Tanh);
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
    objective: Objective<T>,
    targets: ResidentSamples<T>,
    /// One step over all samples.
    epoch: ResidentEpoch<T>,
    /// What the network holds, on the host.
    parameters: Vec<T::Elem>,
    workspace: Workspace<T>,
    gradients: Vec<Linear<T>>,
    tally: T,
}

impl<T: Tensor> FullBatch<T> {
    /// Takes over a network and all of `data`, for a solver: the cost at a point must not depend on
    /// anything else.
    ///
    /// # Errors
    /// [`NetworkError`] where data, settings and network do not go together, for an empty set, for
    /// settings that a solver does not have (dropout, batch normalisation, label smoothing, class
    /// weights), or a device without the memory.
    pub fn new(
        network: Network<T>,
        data: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Self, NetworkError> {
        let allowed = "0 for a solver that needs one and the same cost at every step";
        ConfigError::check("dropout", config.dropout, config.dropout == 0.0, allowed)?;
        let smoothing = config.label_smoothing;
        ConfigError::check("label smoothing", smoothing, smoothing == 0.0, "0 for a solver")?;
        let weights = config.class_weights.len();
        ConfigError::check("class weights", weights, weights == 0, "left out for a solver")?;
        let normalised = config.batch_norm || !network.norms().is_empty();
        ConfigError::check("batch norm", normalised, !normalised, "false for a solver")?;
        Self::frozen(network, data, config)
    }

    /// Takes over a network and all of `data` under any settings: dropout has the mask of the first
    /// step, and hidden layers are normalised by the statistics of the whole set.
    ///
    /// # Errors
    /// [`NetworkError`] where data, settings and network do not go together, for an empty set, or a
    /// device without the memory.
    pub fn frozen(
        network: Network<T>,
        data: &Dataset,
        config: &TrainingConfig,
    ) -> Result<Self, NetworkError> {
        let (device, architecture) = (network.device().clone(), network.architecture().clone());
        config.validate_with(&architecture)?;
        let fits = network.norms().is_empty() != config.batch_norm;
        ConfigError::check("batch norm", config.batch_norm, fits, "as in the network")?;
        check_data(&architecture, config.loss, data)?;
        if data.is_empty() {
            return Err(NetworkError::Empty { what: "training", task: "train on" });
        }
        let mut workspace: Workspace<T> =
            Workspace::new(&device, &architecture, config, data.len())?;
        let (inputs, targets) =
            (device.upload(host_inputs(data))?, device.upload(host_targets(data))?);
        let epoch = device.begin_epoch(one_step(&architecture, config, data))?;
        workspace.input.gather(&inputs, &epoch);
        workspace.target.load(&targets, &epoch);
        let gradients = zero_trained(&device, &architecture, config.batch_norm)?;
        let mut parameters = vec![T::Elem::ZERO; gradients.iter().map(parameter_count).sum()];
        read_into(network.trained(), &mut parameters);
        Ok(Self {
            parameters,
            gradients,
            objective: Objective::new(&device, config)?,
            targets,
            epoch,
            tally: T::zeros(&device, Shape::new(1, TALLY_WIDTH), Role::Weight)?,
            data: data.clone(),
            config: config.clone(),
            network,
            workspace,
        })
    }

    /// Returns the network with the parameters that were set last.
    pub fn network(&self) -> &Network<T> {
        &self.network
    }

    /// Hands the network over.
    pub fn into_network(self) -> Network<T> {
        self.network
    }

    /// Returns the data set.
    pub fn data(&self) -> &Dataset {
        &self.data
    }

    /// Returns the settings.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Returns the parameters that were set last.
    pub fn parameters(&self) -> &[T::Elem] {
        &self.parameters
    }

    /// Hands over the gradients of the last [`cost_and_gradient`](Self::cost_and_gradient), layer by
    /// layer, then those of γ and β of each normalisation.
    pub fn into_gradients(self) -> Vec<Linear<T>> {
        self.gradients
    }

    /// Moves the network to another point.
    ///
    /// # Panics
    /// When there are not as many values as the network has parameters.
    pub fn set_parameters(&mut self, parameters: &[T::Elem]) {
        self.network.set_parameters(parameters);
        self.parameters.copy_from_slice(parameters);
    }

    /// Computes the cost, by a forward pass alone.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device fails.
    pub fn cost(&mut self) -> Result<f64, NetworkError> {
        let device = self.network.device().clone();
        device.run(|| self.forward_and_loss());
        self.cost_from_tally()
    }

    /// Computes the cost, and its derivatives by all parameters: eq. (107) for the whole set.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device fails.
    ///
    /// # Panics
    /// When `gradient` has not as many places as the network has parameters.
    pub fn cost_and_gradient(&mut self, gradient: &mut [T::Elem]) -> Result<f64, NetworkError> {
        let device = self.network.device().clone();
        device.run(|| {
            self.forward_and_loss();
            let Self { network, workspace, gradients, config, epoch, .. } = self;
            backward(network, workspace, gradients, dropout(config, epoch));
            let (l1, l2) = (T::Elem::from_f64(config.l1), T::Elem::from_f64(config.weight_decay));
            if config.l1 != 0.0 || config.weight_decay != 0.0 {
                for (gradient, layer) in gradients.iter_mut().zip(network.layers()) {
                    gradient.weight.add_penalty_gradient(&layer.weight, Penalty { l1, l2 });
                }
            }
        });
        read_into(self.gradients.iter(), gradient);
        self.cost_from_tally()
    }

    /// Computes the forward pass and δ^L, which adds the loss to the tally.
    fn forward_and_loss(&mut self) {
        let Self { network, workspace, tally, objective, config, targets, epoch, .. } = self;
        tally.fill(T::Elem::ZERO);
        forward(network, &workspace.input, &mut workspace.traces, dropout(config, epoch));
        let activation = network.architecture().output_activation;
        output_delta(workspace, activation, objective, (targets, epoch), tally);
    }

    fn cost_from_tally(&self) -> Result<f64, NetworkError> {
        self.network.device().synchronize()?;
        let sum = Tally::from_values(&self.tally.to_vec()).loss;
        let ranges = self.network.architecture().weight_ranges();
        let weights = ranges.flat_map(|range| &self.parameters[range]).map(|w| w.to_f64());
        Ok(self.config.loss.from_sum(sum, self.data.len()) + self.config.penalty(weights))
    }
}

fn parameter_count<T: Tensor>(layer: &Linear<T>) -> usize {
    layer.weight.shape().len() + layer.bias.shape().len()
}

/// Reads weights and biases, one after the other.
fn read_into<'a, T: Tensor>(layers: impl Iterator<Item = &'a Linear<T>>, values: &mut [T::Elem]) {
    let mut rest = values;
    for tensor in layers.flat_map(|layer| [&layer.weight, &layer.bias]) {
        let (here, after) = rest.split_at_mut(tensor.shape().len());
        tensor.read(here);
        rest = after;
    }
    assert!(rest.is_empty(), "read_into: {} places too many", rest.len());
}

/// Returns one step over all samples in their order, with the dropout masks of a training's first.
fn one_step(architecture: &Architecture, config: &TrainingConfig, data: &Dataset) -> HostEpoch {
    let layers = if config.dropout > 0.0 { architecture.hidden.len() } else { 0 };
    let member = MemberSteps {
        numbers: vec![StepNumbers::with_learning_rate(0.0)],
        dropout_keys: dropout_keys(config.seed, 0, layers).collect(),
    };
    let order = (0..data.len() as u32).collect(); // fits: a data set has at most u32::MAX samples
    HostEpoch::new(order, vec![member])
}

/// Returns the dropout of that step, where there is dropout.
fn dropout<'e, T: Tensor>(
    config: &TrainingConfig,
    epoch: &'e ResidentEpoch<T>,
) -> Option<Dropout<'e, T>> {
    let rate = config.dropout;
    (rate > 0.0).then_some(Dropout { rate, step: Step { epoch, member: 0 } })
}
