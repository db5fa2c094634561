//! Data sets as samples that a device keeps: shared with the data set, not copied.

use nn_data::{Dataset, Inputs, Targets};
use nn_tensor::{HostSamples, HostValues};
use std::sync::Arc;

/// The factor by which a byte becomes a network's input, so that 255 is 1.
pub const BYTE_SCALE: f64 = 1.0 / 255.0;

/// Returns the inputs of `data`, sample by sample of the view that it is.
pub(crate) fn host_inputs(data: &Dataset) -> HostSamples {
    let width = data.input_width();
    let values = match data.inputs() {
        Inputs::Bytes(bytes) => {
            HostValues::Bytes { bytes: Arc::clone(bytes), width, scale: BYTE_SCALE }
        }
        Inputs::Values(numbers) => HostValues::Numbers { numbers: Arc::clone(numbers), width },
    };
    HostSamples::new(values).with_rows(data.rows().to_vec())
}

/// Returns the targets of `data`, sample by sample of the view that it is.
pub(crate) fn host_targets(data: &Dataset) -> HostSamples {
    let values = match data.targets() {
        Targets::Classes { labels, classes } => {
            HostValues::Classes { labels: Arc::clone(labels), classes: *classes }
        }
        Targets::Values { values, width } => {
            HostValues::Numbers { numbers: Arc::clone(values), width: *width }
        }
    };
    HostSamples::new(values).with_rows(data.rows().to_vec())
}
