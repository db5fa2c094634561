//! The CPU as a device: some threads, and the memory they share for intermediate results.

use crate::element::KernelElement;
use crate::lines::{Lines, lanes};
use crate::simd::Simd;
use crate::workers::{MOST_ITEMS, Workers};
use nn_tensor::{BatchPreparation, Device, HostEpoch, HostSamples, TensorError};
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Most threads that a device takes.
pub const MOST_THREADS: usize = 1024;

/// Work below this number of operations is done by the caller alone: handing it over takes longer.
const WORTH_SHARING: usize = 30_000;

/// Operations that are worth one more thread, beyond two.
const WORTH_A_THREAD: usize = 200_000;

/// Work above this number of operations, outside any run, is worth starting a run for.
const WORTH_A_RUN: usize = 20_000_000;

/// Samples in a batch of an evaluation: a multiple of the six rows of a tile, as large as is of use.
const EVALUATION_BATCH: usize = 144;

/// Some threads of this machine. Clones share them.
///
/// ```
/// use nn_cpu::CpuDevice;
/// assert_eq!(CpuDevice::new(1)?.threads(), 1);
/// assert!(CpuDevice::new(0).is_err());
/// # Ok::<(), nn_tensor::TensorError>(())
/// ```
#[derive(Clone)]
pub struct CpuDevice {
    shared: Arc<Shared>,
}

struct Shared {
    threads: usize,
    workers: Workers,
    /// The threads of the workers: one fewer than the device has, because the caller works too.
    pool: Option<ThreadPool>,
    /// The instructions of the kernels.
    simd: Simd,
    /// Buffers for intermediate results, kept from operation to operation.
    scratch: Mutex<Vec<Lines>>,
}

impl CpuDevice {
    /// A device of `threads` threads, the caller's own among them, or of as many as this machine has cores
    /// for us: more would only wait for each other, up to half of the time on two cores.
    ///
    /// Results do not depend on their number, only the time does.
    ///
    /// # Errors
    /// [`TensorError::Device`] when `threads` is 0 or more than [`MOST_THREADS`], or when the
    /// system refuses to start them.
    pub fn new(threads: usize) -> Result<Self, TensorError> {
        Self::with((threads, cores()), Simd::chosen()?)
    }

    /// A device of so many threads, however few cores there are, for tests of threads that get in each
    /// other's way.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    #[doc(hidden)]
    pub fn oversubscribed(threads: usize) -> Result<Self, TensorError> {
        Self::with((threads, threads), Simd::chosen()?)
    }

    /// A device of so many threads, however few cores there are, that uses these instructions: `avx512`,
    /// `avx2` or `portable`, for tests on a CPU that has more.
    ///
    /// # Errors
    /// As [`new`](Self::new), and where this CPU has not got them.
    #[doc(hidden)]
    pub fn with_simd(threads: usize, name: &str) -> Result<Self, TensorError> {
        Self::with((threads, threads), Simd::named(name)?)
    }

    fn with((threads, most): (usize, usize), simd: Simd) -> Result<Self, TensorError> {
        let refused = |cause| TensorError::Device { device: "cpu".to_owned(), cause };
        if threads == 0 || threads > MOST_THREADS {
            let cause = format!("{threads} threads asked for; give 1 to {MOST_THREADS}");
            return Err(refused(cause));
        }
        let threads = threads.min(most);
        let pool = (threads > 1)
            .then(|| {
                ThreadPoolBuilder::new()
                    .num_threads(threads - 1)
                    .thread_name(|index| format!("nn-cpu-{}", index + 1))
                    .build()
            })
            .transpose()
            .map_err(|error| refused(format!("{threads} threads: {error}")))?;
        let workers = Workers::new(threads);
        if let Some(pool) = &pool {
            // Threads that have started ask for no more memory.
            pool.broadcast(|context| workers.set_thread(context.index()));
        }
        let scratch = Mutex::new(Vec::new());
        let shared = Shared { threads, workers, pool, simd, scratch };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A device of as many threads as this machine has cores for us.
    ///
    /// # Errors
    /// [`TensorError::Device`] when the system refuses to start them.
    pub fn available() -> Result<Self, TensorError> {
        Self::new(cores().min(MOST_THREADS))
    }

    /// Number of threads that share the work.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared.threads
    }

    /// The instructions that its kernels use: `avx512`, `avx2` or `portable`. The environment variable
    /// `NN_SIMD` names others than the best. `avx512` and `avx2` give the same bytes.
    #[must_use]
    pub fn instructions(&self) -> &'static str {
        self.shared.simd.instructions().name()
    }

    pub(crate) fn simd(&self) -> Simd {
        self.shared.simd
    }

    /// Does `task` for every block below `blocks`, shared among the threads when `operations`, the
    /// arithmetic of all blocks together, is worth it. A block must be the same work wherever it is
    /// done; then the results do not depend on the number of threads.
    pub(crate) fn for_each_block(
        &self,
        blocks: usize,
        operations: usize,
        task: impl Fn(usize) + Sync,
    ) {
        self.share_blocks(blocks, operations, &task);
    }

    /// [`for_each_block`](Self::for_each_block), compiled once for all tasks.
    fn share_blocks(&self, blocks: usize, operations: usize, task: &(dyn Fn(usize) + Sync)) {
        if blocks <= 1 || self.shared.pool.is_none() || operations < WORTH_SHARING {
            (0..blocks).for_each(task);
        } else if self.shared.workers.are_ready() || operations < WORTH_A_RUN {
            self.post_blocks(blocks, operations, task);
        } else {
            self.run(|| self.post_blocks(blocks, operations, task));
        }
    }

    /// Posts blocks as items of one job: several blocks to an item, where there are very many.
    fn post_blocks(&self, blocks: usize, operations: usize, task: &(dyn Fn(usize) + Sync)) {
        let items = blocks.min(MOST_ITEMS);
        let threads = items.min(2 + operations / WORTH_A_THREAD);
        self.shared.workers.run(items, threads, &|item| {
            (blocks * item / items..blocks * (item + 1) / items).for_each(task);
        });
    }

    /// Lends a buffer of at least `len` numbers, of any content, to `work`.
    ///
    /// # Panics
    /// When the machine has not got the memory: an operation in the middle of a step has no way to
    /// say so, and the tensors that it works on are larger.
    pub(crate) fn with_scratch<E: KernelElement, R>(
        &self,
        len: usize,
        work: impl FnOnce(&mut [E]) -> R,
    ) -> R {
        let mut lines = self.scratch().pop().unwrap_or_default();
        let granted = lines.grow(len.div_ceil(lanes::<E>()));
        assert!(
            granted,
            "no memory for an intermediate result of {len} numbers; use a smaller batch"
        );
        let result = work(&mut lines.numbers_mut()[..len]);
        self.scratch().push(lines);
        result
    }

    /// The stack of buffers. A panic while it was held has left it whole: it is only pushed and
    /// popped.
    fn scratch(&self) -> std::sync::MutexGuard<'_, Vec<Lines>> {
        self.shared.scratch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device for CpuDevice {
    type Samples = HostSamples;
    type Epoch = HostEpoch;

    /// Runs `work` with the workers standing by. They stand by for one run at a time: a run inside
    /// another, or beside it, or on a thread of the workers, does all of its work on its own thread.
    ///
    /// During a run the workers do nothing else: what `rayon::spawn` hands to them waits for its end, and
    /// `rayon::broadcast` from an item waits for ever.
    fn run<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let workers = &self.shared.workers;
        // A thread of the pool cannot wait until all threads of the pool are ready.
        let may_wait = |pool: &&ThreadPool| pool.current_thread_index().is_none();
        let pool = self.shared.pool.as_ref().filter(may_wait).filter(|_| workers.acquire());
        let Some(pool) = pool else {
            return work();
        };
        // Released after the scope, when all workers have left, also when `work` panics.
        let _released = OnDrop(|| workers.release());
        pool.in_place_scope(|scope| {
            let _stopped = OnDrop(|| workers.stop());
            scope.spawn_broadcast(|_, context| workers.work_until_stopped(context.index()));
            workers.wait_until_ready();
            work()
        })
    }

    fn for_each(&self, count: usize, task: impl Fn(usize) + Sync) {
        self.for_each_block(count, usize::MAX, task);
    }

    /// Between the steps where this device has all cores of the machine, else concurrently.
    fn batch_preparation(&self) -> BatchPreparation {
        if self.threads() >= cores() {
            BatchPreparation::BetweenSteps
        } else {
            BatchPreparation::Concurrent
        }
    }

    /// As many samples as their activations in a network of a few hundred neurons a layer fit into a
    /// second-level cache.
    fn evaluation_batch(&self) -> usize {
        EVALUATION_BATCH
    }
}

impl Default for CpuDevice {
    /// As [`available`](Self::available), or one thread where the system starts no more.
    fn default() -> Self {
        let alone = || {
            let workers = Workers::new(1);
            let scratch = Mutex::new(Vec::new());
            Self {
                shared: Arc::new(Shared {
                    threads: 1,
                    workers,
                    pool: None,
                    simd: Simd::available().next().unwrap_or(Simd::PORTABLE),
                    scratch,
                }),
            }
        };
        Self::available().unwrap_or_else(|_| alone())
    }
}

impl fmt::Debug for CpuDevice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CpuDevice({} threads)", self.threads())
    }
}

/// Cores that this process may use: affinity and the quota of a container count.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Calls a function when it goes out of scope, also by a panic.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
