//! The only place that picks a backend.

use crate::device_args::{Backend, DeviceArgs};
use crate::error::CliError;
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{Element, ReferenceTensor, Tensor, TensorError};

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

/// Work on a model, in the precision that the model has.
pub(crate) trait WorkInOwn {
    type Output;

    fn run<T: Tensor>(self, device: &T::Device) -> Result<Self::Output, CliError>;
}

/// Does `work` where `wanted` says, on elements of this name: `"f64"`, or else `f32`.
pub(crate) fn run_in<W: WorkInOwn>(
    elements: &str,
    wanted: DeviceArgs,
    work: W,
) -> Result<W::Output, CliError> {
    let is_double = elements == f64::NAME;
    match wanted.backend.unwrap_or_default() {
        Backend::Cpu => {
            let device = cpu_device(wanted.threads)?;
            if is_double {
                work.run::<CpuTensor<f64>>(&device)
            } else {
                work.run::<CpuTensor<f32>>(&device)
            }
        }
        Backend::Reference if is_double => work.run::<ReferenceTensor<f64>>(&()),
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
