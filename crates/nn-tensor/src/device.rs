//! Where tensors are stored and where work runs.

use crate::TensorError;
use std::fmt::Debug;

/// Where tensors are stored and where work runs: a thread pool, the queue of a GPU, or `()` for the
/// caller's own thread.
///
/// Every method has a body that is right for a device that computes in the memory of the host, on the
/// thread that calls it:
///
/// ```
/// use nn_tensor::Device;
///
/// #[derive(Clone, Debug)]
/// struct Host;
/// impl Device for Host {}
/// assert_eq!(Host.run(|| 2 + 2), 4);
/// ```
pub trait Device: Clone + Debug + Send + Sync + 'static {
    /// Runs `work` where this device computes best. A thread pool has its threads stand by meanwhile, so
    /// call it once around a whole training and not once around each step.
    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        work()
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

    /// When the host prepares batches, where they need preparation.
    fn batch_preparation(&self) -> BatchPreparation {
        BatchPreparation::Concurrent
    }

    /// Samples in a batch of an evaluation: as many as this device passes forward at full speed.
    fn evaluation_batch(&self) -> usize {
        256
    }
}

/// The host itself: tensors in main memory, work on the calling thread.
impl Device for () {}

/// When the host prepares batches that are not simply rows of a data set, such as augmented images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchPreparation {
    /// On a thread of its own, while the device computes.
    Concurrent,
    /// Between two steps, by [`Device::for_each`]: the device computes on the cores of the host, and a
    /// thread beside its own would only interrupt them.
    BetweenSteps,
}
