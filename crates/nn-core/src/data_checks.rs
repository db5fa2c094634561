//! Whether a network, a loss and a data set go together.

use crate::{Architecture, Loss, NetworkError};
use nn_data::Dataset;

/// Checks that a network of this architecture takes samples of this shape.
pub(crate) fn check_inputs(
    architecture: &Architecture,
    sample_shape: &[usize],
) -> Result<(), NetworkError> {
    let (expected, actual) = (architecture.inputs, sample_shape.iter().product());
    if expected == actual {
        return Ok(());
    }
    let sample = sample_shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ");
    Err(NetworkError::InputWidth { expected, actual, sample })
}

/// Checks that a network of this architecture can be trained or tested on this data under this
/// loss.
pub(crate) fn check_data(
    architecture: &Architecture,
    loss: Loss,
    data: &Dataset,
) -> Result<(), NetworkError> {
    check_inputs(architecture, data.sample_shape())?;
    check_targets(architecture, loss, data)
}

/// Checks that the data's classes or values are what the network returns and the loss compares.
///
/// # Errors
/// [`NetworkError::OutputWidth`] or [`NetworkError::Targets`] where they are not.
pub fn check_targets(
    architecture: &Architecture,
    loss: Loss,
    data: &Dataset,
) -> Result<(), NetworkError> {
    let (expected, actual) = (architecture.outputs, data.output_width());
    // A part of a data set may lack its last classes; it may not have more than the network.
    let fits = if data.classes().is_some() { actual <= expected } else { actual == expected };
    if !fits {
        return Err(NetworkError::OutputWidth { expected, actual });
    }
    if loss == Loss::CrossEntropy && data.classes().is_none() {
        let (needs, has) = ("classes", "values; use a squared error");
        return Err(NetworkError::Targets { loss: loss.name(), needs, has });
    }
    Ok(())
}
