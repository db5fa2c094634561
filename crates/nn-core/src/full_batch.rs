//! The cost of a whole data set as a function of all parameters in one long vector.
//!
//! This is what a solver that is no gradient step needs (conjugate gradient, L-BFGS, Newton), and
//! what a gradient check compares with central differences: it moves a point in the space of the
//! parameters and asks for cost and gradient there.

use crate::backpropagation::{backward, forward, output_delta};
use crate::batch_source::load_rows;
use crate::data_checks::check_data;
use crate::network::zero_trained;
use crate::objective::Objective;
use crate::workspace::{Dropout, Target, Workspace};
use crate::{ConfigError, Loss, Network, NetworkError, TrainingConfig};
use nn_data::Dataset;
use nn_tensor::{Device, Element, Linear, Penalty, Role, Shape, TALLY_WIDTH, Tally, Tensor};
use std::ops::Range;

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
    objective: Objective<T::Elem>,
    dropout: Option<Dropout>,
    /// What the network holds, on the host.
    parameters: Vec<T::Elem>,
    workspace: Workspace<T>,
    gradients: Vec<Linear<T>>,
    tally: T,
    /// One sample, for derivatives of single outputs; made when first needed.
    single: Option<Workspace<T>>,
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
        let mut workspace = Workspace::new(&device, &architecture, config, data.len())?;
        let all: Vec<u32> = (0..data.len() as u32).collect(); // fits: a data set has at most u32::MAX
        load(&mut workspace, data, &all);
        let (rate, seed) = (config.dropout, config.seed);
        let gradients = zero_trained(&device, &architecture, config.batch_norm)?;
        Ok(Self {
            parameters: vec![T::Elem::ZERO; gradients.iter().map(parameter_count).sum()],
            gradients,
            objective: Objective::new(config),
            dropout: (rate > 0.0).then_some(Dropout { rate, seed, step: 0 }),
            tally: T::zeros(&device, Shape::new(1, TALLY_WIDTH), Role::Weight)?,
            data: data.clone(),
            config: config.clone(),
            single: None,
            network,
            workspace,
        }
        .with_parameters_read())
    }

    fn with_parameters_read(mut self) -> Self {
        read_into(self.network.trained(), &mut self.parameters);
        self
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

    /// Returns the gradients of the last [`cost_and_gradient`](Self::cost_and_gradient), layer by
    /// layer, then those of γ and β of each normalisation.
    pub fn gradients(&self) -> &[Linear<T>] {
        &self.gradients
    }

    /// Hands the gradients over.
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
            let Self { network, workspace, gradients, config, dropout, .. } = self;
            backward(network, workspace, gradients, *dropout);
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
        let Self { network, workspace, tally, objective, dropout, .. } = self;
        tally.fill(T::Elem::ZERO);
        forward(network, &workspace.input, &mut workspace.traces, *dropout);
        let activation = network.architecture().output_activation;
        output_delta(workspace, activation, objective, tally);
    }

    /// Computes the derivatives of the outputs for one sample by all parameters, outputs x
    /// parameters, row-major, and returns the outputs.
    ///
    /// They are what backpropagation returns when the error at the output is 1 at one place and 0
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
            if let Target::Values { values, .. } = &mut workspace.target {
                values.write(&target);
            }
            output_delta(workspace, activation, &objective, tally);
            backward(network, workspace, gradients, None);
            read_into(gradients.iter(), &mut row);
            for (to, from) in derivatives.iter_mut().zip(&row) {
                *to = from.to_f64();
            }
        }
        device.synchronize()?;
        Ok(output.into_iter().map(Element::to_f64).collect())
    }

    fn cost_from_tally(&self) -> Result<f64, NetworkError> {
        self.network.device().synchronize()?;
        let sum = Tally::from_values(&self.tally.to_vec()).loss;
        Ok(self.config.loss.from_sum(sum, self.data.len()) + self.penalty())
    }

    /// Computes l1 Σ|w| + l2/2 Σw² over all weights.
    fn penalty(&self) -> f64 {
        let (l1, l2) = (self.config.l1, self.config.weight_decay);
        if l1 == 0.0 && l2 == 0.0 {
            return 0.0;
        }
        let weights = self.weight_ranges().flat_map(|range| &self.parameters[range]);
        weights.map(|w| w.to_f64()).map(|w| l1 * w.abs() + 0.5 * l2 * w * w).sum()
    }

    /// Returns where in the vector of parameters the weights of each layer are; what is not in one
    /// of these ranges is not penalised.
    pub fn weight_ranges(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        self.network.architecture().weight_shapes().into_iter().map(move |shape| {
            let range = start..start + shape.len();
            start = range.end + shape.rows;
            range
        })
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

/// Fills a workspace with inputs and targets of `samples`, positions in the view that `data` is.
fn load<T: Tensor>(workspace: &mut Workspace<T>, data: &Dataset, samples: &[u32]) {
    let mut rows = Vec::with_capacity(samples.len());
    workspace.target.load(data, samples, &mut rows);
    load_rows(&mut workspace.input, data, &rows);
}
