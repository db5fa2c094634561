//! The generalised Gauss-Newton matrix of a network's cost.

use nn_core::{BYTE_SCALE, FullBatch, Loss, Network, NetworkError, Predictor, TrainingConfig};
use nn_data::Dataset;
use nn_tensor::{Element, Tensor};

/// Computes the generalised Gauss-Newton matrix (Schraudolph 2002), parameters x parameters, row-major:
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
pub fn gauss_newton_matrix<T: Tensor>(
    cost: &FullBatch<T>,
    matrix: &mut [f64],
) -> Result<(), NetworkError> {
    let (size, outputs) = (cost.parameters().len(), cost.network().architecture().outputs);
    let (actual, expected) = (matrix.len(), size * size);
    assert!(actual == expected, "gauss_newton_matrix: {actual} places, expected {expected}");
    matrix.fill(0.0);
    let (samples, loss, decay) =
        (cost.data().len(), cost.config().loss, cost.config().weight_decay);
    let mut jacobian = vec![0.0; outputs * size];
    let mut predictor = Predictor::without_softmax(cost.network().duplicate()?, 1)?;
    let mut network = cost.network().duplicate()?;
    for sample in 0..samples {
        let inputs = inputs_of(cost.data(), sample);
        let output: Vec<f64> =
            predictor.predict_values(&inputs)?.iter().map(|&output| output.to_f64()).collect();
        for (index, row) in jacobian.chunks_exact_mut(size).enumerate() {
            network = output_gradient(network, &inputs, (&output, index), row)?;
        }
        let hessian = output_hessian(loss, &output, samples);
        add_curvature(matrix, &jacobian, &hessian, size);
    }
    for index in cost.network().architecture().weight_ranges().flatten() {
        matrix[index * (size + 1)] += decay;
    }
    Ok(())
}

/// Returns the numbers that a network sees of a sample.
fn inputs_of(data: &Dataset, sample: usize) -> Vec<f64> {
    match data.image(sample) {
        Some(bytes) => bytes.iter().map(|&byte| BYTE_SCALE * f64::from(byte)).collect(),
        None => data.values(sample).unwrap_or_default().to_vec(),
    }
}

/// Computes the derivatives of one output for one sample by all parameters, and returns the network.
///
/// They are what backpropagation returns where the error at the output is 1 at this output and 0
/// elsewhere, so it is asked for the target that makes it so.
fn output_gradient<T: Tensor>(
    network: Network<T>,
    inputs: &[f64],
    (output, index): (&[f64], usize),
    gradient: &mut [f64],
) -> Result<Network<T>, NetworkError> {
    let mut target = output.to_vec();
    target[index] -= 1.0;
    let data = Dataset::regression(inputs.to_vec(), inputs.len(), target, output.len())?;
    let loss = Loss::HalfSumOfSquares; // its gradient by the output is (output - target)
    let config = TrainingConfig { loss, ..TrainingConfig::default() };
    let mut single = FullBatch::new(network, &data, &config)?;
    let mut numbers = vec![T::Elem::ZERO; gradient.len()];
    single.cost_and_gradient(&mut numbers)?;
    gradient.iter_mut().zip(&numbers).for_each(|(to, from)| *to = from.to_f64());
    Ok(single.into_network())
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
