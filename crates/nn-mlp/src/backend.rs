//! Where a model is trained and used, chosen when the program runs.

use crate::error::MlpError;
use crate::file::Checkpoint;
use crate::model::Model;
use crate::predict::Predict;
use crate::predictor::Predictor;
use crate::training::TrainingPlan;
use nn_core::{Control, EpochRecord, Observer, Outcome, Trainer};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_tensor::{Element, ReferenceTensor, Tensor};
use std::fmt::{Debug, Formatter};
use std::sync::OnceLock;

/// What is called after each epoch, and may ask the training to stop.
pub type OnEpoch<'c> = dyn FnMut(&EpochRecord) -> Control + Send + 'c;

/// Where a model is trained and used, without a type parameter: for a choice when the program runs.
///
/// ```
/// use nn_mlp::backend::{self, Backend};
/// # fn flag() -> bool { false }
/// let backend: Box<dyn Backend> = if flag() { backend::cpu(2)? } else { backend::reference() };
/// assert_eq!((backend.name(), backend.element_name()), ("reference", "f64"));
/// # Ok::<(), nn_mlp::MlpError>(())
/// ```
pub trait Backend: Debug + Send + Sync {
    /// Returns its name.
    fn name(&self) -> &str;

    /// Returns `"f32"` or `"f64"`: what it computes in.
    fn element_name(&self) -> &'static str;

    /// Puts a model onto it.
    ///
    /// # Errors
    /// As [`Predictor::new`].
    fn predictor(&self, model: &Model) -> Result<Box<dyn Predict>, MlpError>;

    /// Trains from the beginning or, given a checkpoint, from there.
    ///
    /// # Errors
    /// As [`TrainingPlan::begin`], [`TrainingPlan::resume`] and [`Trainer::run`].
    fn train(
        &self,
        plan: &TrainingPlan,
        from: Option<&Checkpoint>,
        on_epoch: &mut OnEpoch<'_>,
    ) -> Result<Trained, MlpError>;
}

/// What a training has come to.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// How the training ended.
    pub outcome: Outcome,
    /// The results of each epoch.
    pub history: Vec<EpochRecord>,
    /// All that is needed to resume it, where it was asked to stop.
    pub checkpoint: Option<Checkpoint>,
}

/// The [`Backend`] of a tensor type and a device.
pub struct On<T: Tensor> {
    name: String,
    device: T::Device,
}

impl<T: Tensor> Debug for On<T> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("On")
            .field("name", &self.name)
            .field("device", &self.device)
            .finish()
    }
}

impl<T: Tensor> On<T> {
    /// Names a device as a backend.
    #[must_use]
    pub fn new(name: impl Into<String>, device: T::Device) -> Self {
        Self { name: name.into(), device }
    }
}

impl<T: Tensor> Backend for On<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn element_name(&self) -> &'static str {
        T::Elem::NAME
    }

    fn predictor(&self, model: &Model) -> Result<Box<dyn Predict>, MlpError> {
        Ok(Box::new(Predictor::<T>::new(model, &self.device)?))
    }

    fn train(
        &self,
        plan: &TrainingPlan,
        from: Option<&Checkpoint>,
        on_epoch: &mut OnEpoch<'_>,
    ) -> Result<Trained, MlpError> {
        let mut trainer = match from {
            Some(checkpoint) => plan.resume::<T>(&self.device, checkpoint)?,
            None => plan.begin::<T>(&self.device)?,
        };
        let outcome = trainer.run(&mut EpochObserver(on_epoch))?;
        let interrupted = outcome == Outcome::Interrupted;
        Ok(Trained {
            model: plan.model(&trainer)?,
            outcome,
            history: trainer.history().to_vec(),
            checkpoint: interrupted.then(|| plan.checkpoint(&trainer)).transpose()?,
        })
    }
}

struct EpochObserver<'c, 'f>(&'c mut OnEpoch<'f>);

impl<T: Tensor> Observer<T> for EpochObserver<'_, '_> {
    fn on_epoch(&mut self, record: &EpochRecord, _: &Trainer<T>) -> Control {
        (self.0)(record)
    }
}

/// Returns the CPU in single precision, with so many threads.
///
/// # Errors
/// [`nn_tensor::TensorError::Device`] for 0 or too many threads, or where the system refuses to start them.
pub fn cpu(threads: usize) -> Result<Box<dyn Backend>, MlpError> {
    Ok(Box::new(On::<CpuTensor<f32>>::new("cpu", CpuDevice::new(threads)?)))
}

/// Returns the CPU in double precision, with so many threads.
///
/// # Errors
/// As [`cpu`].
pub fn cpu_f64(threads: usize) -> Result<Box<dyn Backend>, MlpError> {
    Ok(Box::new(On::<CpuTensor<f64>>::new("cpu", CpuDevice::new(threads)?)))
}

/// Returns the reference implementation in double precision: slow, and the specification of all others.
#[must_use]
pub fn reference() -> Box<dyn Backend> {
    Box::new(On::<ReferenceTensor<f64>>::new("reference", ()))
}

/// Returns the CPU with a thread for each of the machine's cores, shared by all that name no device.
pub(crate) fn shared_device() -> Result<CpuDevice, MlpError> {
    static DEVICE: OnceLock<CpuDevice> = OnceLock::new();
    if let Some(device) = DEVICE.get() {
        return Ok(device.clone());
    }
    let device = CpuDevice::available()?;
    Ok(DEVICE.get_or_init(|| device).clone())
}

/// Returns the CPU in the model's own precision, with a thread for each core.
pub(crate) fn backend_for(model: &Model) -> Result<Box<dyn Backend>, MlpError> {
    let device = shared_device()?;
    Ok(match model.element_name() {
        "f64" => Box::new(On::<CpuTensor<f64>>::new("cpu", device)),
        _ => Box::new(On::<CpuTensor<f32>>::new("cpu", device)),
    })
}
