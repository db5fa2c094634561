//! Where tensors are stored and where work runs.

use crate::{HostEpoch, HostSamples, Resident, TensorError};
use std::fmt::Debug;

/// Where tensors are stored and where work runs: a thread pool, the queue of a GPU, or `()` for the
/// caller's own thread.
///
/// Every method has a body that is right for a device that computes in main memory, on the thread that
/// calls it:
///
/// ```
/// use nn_tensor::{Device, HostEpoch, HostSamples};
///
/// #[derive(Clone, Debug)]
/// struct Host;
/// impl Device for Host {
///     type Samples = HostSamples;
///     type Epoch = HostEpoch;
/// }
/// assert_eq!(Host.run(|| 2 + 2), 4);
/// ```
pub trait Device: Clone + Debug + Send + Sync + 'static {
    /// Samples that are resident here: [`HostSamples`] for a device that computes in main memory.
    type Samples: Resident<HostSamples, Self>;
    /// An epoch that is resident here: [`HostEpoch`] for a device that computes in main memory.
    type Epoch: Resident<HostEpoch, Self>;

    // ---- work ----

    /// Runs `work` where this device computes best. A thread pool has its threads stand by meanwhile, so
    /// call it once around a whole training and not once around each step.
    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        work()
    }

    /// Calls `step` so many times.
    ///
    /// `step` asks for the same operations on the same tensors each time, and ends with
    /// [`advance`](Self::advance), so that a device may record what the first call asks for and replay it.
    /// The host's copy of an epoch advances only in calls that are made.
    ///
    /// ```
    /// use nn_tensor::Device;
    /// let mut calls = 0;
    /// ().repeat(3, || calls += 1);
    /// assert_eq!(calls, 3);
    /// ```
    fn repeat(&self, steps: usize, mut step: impl FnMut()) {
        (0..steps).for_each(|_| step());
    }

    /// Calls `task` once for each number below `count`, in any order, on the threads of the host that this
    /// device computes with, if it has any: work of the host between two steps.
    ///
    /// ```
    /// use nn_tensor::Device;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// let sum = AtomicUsize::new(0);
    /// ().for_each(5, |number| {
    ///     sum.fetch_add(number, Ordering::Relaxed);
    /// });
    /// assert_eq!(sum.into_inner(), 0 + 1 + 2 + 3 + 4);
    /// ```
    fn for_each(&self, count: usize, task: impl Fn(usize) + Sync) {
        (0..count).for_each(task);
    }

    /// Waits until everything asked so far is done, and reports whether the device has failed meanwhile.
    ///
    /// # Errors
    /// [`TensorError::Device`], on devices that can fail.
    fn synchronize(&self) -> Result<(), TensorError> {
        Ok(())
    }

    // ---- data ----

    /// Makes samples resident: sent once, so that a step sends no sample.
    ///
    /// # Errors
    /// As [`Resident::upload`].
    fn upload(&self, samples: HostSamples) -> Result<Self::Samples, TensorError> {
        Resident::upload(self, samples)
    }

    /// Makes an epoch resident: 4 bytes for each sample, and some for each step.
    ///
    /// # Errors
    /// As [`Resident::upload`].
    fn begin_epoch(&self, epoch: HostEpoch) -> Result<Self::Epoch, TensorError> {
        Resident::upload(self, epoch)
    }

    /// Goes on to the next step of an epoch, after a batch of so many samples. A device with memory of its
    /// own has a counter there, and counts it up too.
    fn advance(&self, epoch: &mut Self::Epoch, batch: usize) {
        epoch.host_mut().advance(batch);
    }

    // ---- what suits it ----

    /// When the host prepares batches, where they need preparation.
    fn batch_preparation(&self) -> BatchPreparation {
        BatchPreparation::Concurrent
    }

    /// Samples in a batch of an evaluation: as many as this device passes forward at full speed.
    fn evaluation_batch(&self) -> usize {
        256
    }

    /// Bytes that have crossed between host and device so far; `None` where nothing crosses, or nothing is
    /// counted. `conformance::report` reads it; `conformance::run` does not check it. Clones of a device must
    /// share the counters: every tensor keeps a clone.
    fn traffic(&self) -> Option<Traffic> {
        None
    }
}

/// The host itself: tensors in main memory, work on the calling thread.
impl Device for () {
    type Samples = HostSamples;
    type Epoch = HostEpoch;
}

/// When the host prepares batches that are not simply rows of a data set, such as augmented images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPreparation {
    /// On a thread of its own, while the device computes.
    Concurrent,
    /// Between two steps, by [`Device::for_each`]: the device computes on the cores of the host, and a
    /// thread beside its own would only interrupt them.
    BetweenSteps,
}

/// Bytes that have crossed between host and device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// From the host.
    pub to_device: u64,
    /// To the host.
    pub to_host: u64,
}
