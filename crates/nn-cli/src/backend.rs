//! The only place that picks a backend.

use crate::cli::DeviceArgs;
use crate::error::CliError;
use clap::ValueEnum;
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{ReferenceTensor, Tensor, TensorError};
use serde::{Deserialize, Serialize};

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Backend {
    /// Fast, on all cores
    #[default]
    Cpu,
    /// Plain loops, slow and easily seen to be right
    Reference,
}

/// Work that any backend can do. (A closure cannot be generic over the tensor type.)
pub(crate) trait Work {
    type Output;

    fn run<T: Tensor<Elem = f32>>(self, device: &T::Device) -> Result<Self::Output, CliError>;
}

/// Does `work` where `wanted` says.
pub(crate) fn run<W: Work>(wanted: DeviceArgs, work: W) -> Result<W::Output, CliError> {
    match wanted.backend.unwrap_or_default() {
        Backend::Cpu => work.run::<CpuTensor<f32>>(&cpu_device(wanted.threads)?),
        Backend::Reference => work.run::<ReferenceTensor<f32>>(&()),
    }
}

/// Work that needs single and double precision.
pub(crate) trait WorkInBoth {
    type Output;

    fn run<S: Tensor<Elem = f32>, D: Tensor<Elem = f64>>(
        self,
        single: &S::Device,
        double: &D::Device,
    ) -> Result<Self::Output, CliError>;
}

/// Does `work` where `wanted` says, in both precisions.
pub(crate) fn run_in_both<W: WorkInBoth>(
    wanted: DeviceArgs,
    work: W,
) -> Result<W::Output, CliError> {
    match wanted.backend.unwrap_or_default() {
        Backend::Cpu => {
            let device = cpu_device(wanted.threads)?;
            work.run::<CpuTensor<f32>, CpuTensor<f64>>(&device, &device)
        }
        Backend::Reference => work.run::<ReferenceTensor<f32>, ReferenceTensor<f64>>(&(), &()),
    }
}

fn cpu_device(threads: Option<usize>) -> Result<CpuDevice, CliError> {
    let device = threads.map_or_else(CpuDevice::available, CpuDevice::new);
    device.map_err(device_error)
}

fn device_error(error: TensorError) -> CliError {
    CliError::Network(error.into())
}
