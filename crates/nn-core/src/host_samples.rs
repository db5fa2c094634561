//! Data sets as samples that a device keeps: shared with the data set, not copied.

use crate::BYTE_SCALE;
use nn_data::{Dataset, Inputs, Targets};
use nn_tensor::{HostSamples, HostValues};
use std::sync::Arc;

/// The stored inputs of a data set, as the slices that nn-tensor takes.
struct StoredInputs(Dataset);

/// The stored targets of a data set.
struct StoredTargets(Dataset);

impl AsRef<[u8]> for StoredInputs {
    fn as_ref(&self) -> &[u8] {
        match self.0.inputs() {
            Inputs::Bytes(bytes) => bytes,
            Inputs::Values(_) => &[],
        }
    }
}

impl AsRef<[f64]> for StoredInputs {
    fn as_ref(&self) -> &[f64] {
        match self.0.inputs() {
            Inputs::Values(values) => values,
            Inputs::Bytes(_) => &[],
        }
    }
}

impl AsRef<[u32]> for StoredTargets {
    fn as_ref(&self) -> &[u32] {
        match self.0.targets() {
            Targets::Classes { labels, .. } => labels,
            Targets::Values { .. } => &[],
        }
    }
}

impl AsRef<[f64]> for StoredTargets {
    fn as_ref(&self) -> &[f64] {
        match self.0.targets() {
            Targets::Values { values, .. } => values,
            Targets::Classes { .. } => &[],
        }
    }
}

/// Returns the inputs of `data`, sample by sample of the view that it is.
pub(crate) fn host_inputs(data: &Dataset) -> HostSamples {
    let (store, width) = (Arc::new(StoredInputs(data.clone())), data.input_width());
    let values = match data.inputs() {
        Inputs::Bytes(_) => HostValues::Bytes { bytes: store, width, scale: BYTE_SCALE },
        Inputs::Values(_) => HostValues::Numbers { numbers: store, width },
    };
    HostSamples::new(values).with_rows(data.rows().to_vec())
}

/// Returns the targets of `data`, sample by sample of the view that it is.
pub(crate) fn host_targets(data: &Dataset) -> HostSamples {
    let store = Arc::new(StoredTargets(data.clone()));
    let values = match data.targets() {
        Targets::Classes { classes, .. } => {
            HostValues::Classes { labels: store, classes: *classes }
        }
        Targets::Values { width, .. } => HostValues::Numbers { numbers: store, width: *width },
    };
    HostSamples::new(values).with_rows(data.rows().to_vec())
}
