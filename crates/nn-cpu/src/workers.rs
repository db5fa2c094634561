//! Hands work to the threads of a device within a microsecond.
//!
//! Rayon starts the threads once around a run; while it lasts they wait for jobs, first spinning, after a
//! while asleep. A job is a number of items, and an item is one fixed piece of work, so the results do
//! not depend on who did what. Each thread has a range of the items, so that from step to step it finds
//! its part of the weights in its own cache; a thread that has finished its range takes items of the
//! others.
#![allow(unsafe_code, reason = "a job borrows from the stack of the thread that posts it")]

#[cfg(loom)]
use loom::{
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread},
};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{OnceLock, PoisonError, TryLockError};
#[cfg(not(loom))]
use std::{
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering},
    sync::{Mutex, MutexGuard},
    thread::{self, Thread},
};

/// Turns of the spinning wait before a thread gives way, and before an idle one goes to sleep. A model
/// tries every interleaving, so it gives way at once and sleeps after a single turn.
const SPINS_BEFORE_YIELD: u32 = if cfg!(loom) { 1 } else { 2_000 };
const SPINS_BEFORE_SLEEP: u32 = if cfg!(loom) { 1 } else { 8_000 };

/// Most items of a job; see [`Claim`].
pub(crate) const MOST_ITEMS: usize = 4_000;

/// What a job does for each of its items.
type Task<'a> = &'a (dyn Fn(usize) + Sync);

/// What a panic carries. Its destructor may panic too, so it is dropped by nobody here.
type Payload = Box<dyn Any + Send>;

/// The threads of a device, and the job that they are working on.
pub(crate) struct Workers {
    /// One for each thread, the first for the thread that posts.
    shares: Box<[Share]>,
    /// The current job.
    current: Padded<Current>,
    /// Items of the current job that workers have finished.
    finished: Padded<AtomicUsize>,
    /// What the first item that panicked said.
    payload: Mutex<Option<Payload>>,
    /// Workers that wait for jobs or work on one.
    ready: AtomicUsize,
    /// Whether the run is over and the workers are to leave.
    stopped: AtomicBool,
    /// Whether a run has the workers.
    acquired: AtomicBool,
    /// Held while a job is posted: one at a time.
    posting: Mutex<()>,
}

/// What workers read of a job, in one line of the cache, which goes from core to core once a job.
#[derive(Default)]
struct Current {
    /// Its number. Written last when a job is posted.
    generation: AtomicU64,
    /// A pointer to a [`Task`] on the stack of the thread that posted it.
    task: AtomicPtr<()>,
}

/// Keeps what several threads write apart from its neighbours in memory.
#[repr(align(128))]
#[derive(Default)]
struct Padded<T>(T);

/// One thread's share of the current job.
#[derive(Default)]
struct Share {
    claim: Padded<AtomicU64>,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// What is left of a range, in one word: 40 bits of the job's number, 12 bits of the next
/// item and 12 of the end. A claim can only succeed on the job that the claimant has read.
#[derive(Clone, Copy)]
struct Claim(u64);

impl Claim {
    fn new(generation: u64, next: usize, end: usize) -> Self {
        Self(generation << 24 | (next as u64) << 12 | end as u64)
    }

    fn is_of(self, generation: u64) -> bool {
        self.0 >> 24 == generation & 0xff_ffff_ffff
    }

    fn next(self) -> usize {
        (self.0 >> 12) as usize & 0xfff
    }

    fn end(self) -> usize {
        self.0 as usize & 0xfff
    }
}

impl Workers {
    /// Workers for `threads` threads, the caller's among them.
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            shares: (0..threads).map(|_| Share::default()).collect(),
            current: Padded::default(),
            finished: Padded::default(),
            payload: Mutex::new(None),
            ready: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            acquired: AtomicBool::new(false),
            posting: Mutex::new(()),
        }
    }

    /// Acquires the workers for one run; false when another run has them.
    pub(crate) fn acquire(&self) -> bool {
        let acquired = !self.acquired.swap(true, Ordering::Acquire);
        if acquired {
            self.stopped.store(false, Ordering::SeqCst);
        }
        acquired
    }

    /// Makes the workers leave.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Releases the workers after they have left.
    pub(crate) fn release(&self) {
        self.acquired.store(false, Ordering::Release);
    }

    /// Whether any worker waits for jobs.
    pub(crate) fn are_ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed) > 0
    }

    /// Waits until all workers of a run are ready: nothing else uses their threads, so they will be.
    pub(crate) fn wait_until_ready(&self) {
        let mut spins = 0;
        while self.ready.load(Ordering::SeqCst) + 1 < self.shares.len() {
            spin(&mut spins);
            if spins >= SPINS_BEFORE_YIELD {
                thread::yield_now();
            }
        }
    }

    /// Calls `task` for every item below `items`, on this thread and the workers. When another thread has
    /// a job posted, or no worker is ready, this thread does it all.
    ///
    /// # Panics
    /// When an item panics, with what it said, after all items are done.
    pub(crate) fn run(&self, items: usize, task: Task<'_>) {
        let Some(posting) = self.try_post().filter(|_| self.are_ready()) else {
            return (0..items).for_each(task);
        };
        assert!(items <= MOST_ITEMS, "the caller cuts its work into at most that many");
        let task: *const Task<'_> = &task;
        // Until every item is finished, workers use `task` on this stack: it must not be unwound.
        let no_unwinding = AbortOnUnwind;
        let generation = self.post(items, task.cast());
        let done = self.work(0, generation, task.cast());
        let mut spins = 0;
        while self.finished.0.load(Ordering::Acquire) + done < items {
            spin(&mut spins);
            if spins >= SPINS_BEFORE_YIELD {
                thread::yield_now();
            }
        }
        std::mem::forget(no_unwinding);
        let payload = self.payload().take();
        drop(posting);
        if let Some(payload) = payload {
            resume_unwind(payload);
        }
    }

    /// The right to post a job, unless another thread has it.
    fn try_post(&self) -> Option<MutexGuard<'_, ()>> {
        match self.posting.try_lock() {
            Ok(posting) => Some(posting),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn payload(&self) -> MutexGuard<'_, Option<Payload>> {
        self.payload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the first payload of a job. The others are leaked: dropping one may panic.
    fn keep(&self, payload: Payload) {
        let mut kept = self.payload();
        if kept.is_none() {
            *kept = Some(payload);
        } else {
            std::mem::forget(payload);
        }
    }

    /// Makes a job known, and returns its number.
    fn post(&self, items: usize, task: *const ()) -> u64 {
        let generation = self.current.0.generation.load(Ordering::Relaxed) + 1;
        self.finished.0.store(0, Ordering::Relaxed);
        self.current.0.task.store(task.cast_mut(), Ordering::Relaxed);
        let count = self.shares.len();
        for (index, share) in self.shares.iter().enumerate() {
            let claim = Claim::new(generation, items * index / count, items * (index + 1) / count);
            share.claim.0.store(claim.0, Ordering::Release);
        }
        self.current.0.generation.store(generation, Ordering::SeqCst);
        self.wake();
        generation
    }

    /// Does items of job `generation`, those of this thread's share first, until none is left; returns
    /// how many.
    fn work(&self, share: usize, generation: u64, task: *const ()) -> usize {
        let mut done = 0;
        let count = self.shares.len();
        for offset in 0..count {
            let share = &self.shares[(share + offset) % count];
            while let Some(item) = share.take(generation) {
                // SAFETY: an item of job `generation` was taken and is not counted as finished yet,
                // so `run` has not returned, and the `Task` on its stack that `task` points to is
                // alive, and so is what it borrows. A `Task` is `Sync`: this thread may call it.
                let task = unsafe { *task.cast::<Task<'_>>() };
                if let Err(payload) = catch_unwind(AssertUnwindSafe(|| task(item))) {
                    self.keep(payload);
                }
                done += 1;
            }
        }
        done
    }

    /// Records which thread worker number `worker` runs on, so that it can be woken.
    pub(crate) fn set_thread(&self, worker: usize) {
        let _ = self.shares[worker + 1].thread.set(thread::current());
    }

    /// What worker number `worker` does from the beginning of a run to its end.
    pub(crate) fn work_until_stopped(&self, worker: usize) {
        let share = worker + 1;
        // A worker that left with an item unfinished would leave the caller waiting for ever.
        let no_unwinding = AbortOnUnwind;
        self.ready.fetch_add(1, Ordering::SeqCst);
        let mut seen = 0;
        while let Some(generation) = self.next_job(share, seen) {
            seen = generation;
            let task = self.current.0.task.load(Ordering::Relaxed);
            // If a later job has been posted meanwhile, what was read may be of that job, but then
            // every item of this generation is finished and none can be taken.
            let done = self.work(share, generation, task);
            if done > 0 {
                self.finished.0.fetch_add(done, Ordering::Release);
            }
        }
        self.ready.fetch_sub(1, Ordering::SeqCst);
        std::mem::forget(no_unwinding);
    }

    /// Waits for a job other than `seen`; `None` when the run is over.
    fn next_job(&self, share: usize, seen: u64) -> Option<u64> {
        let mut spins = 0;
        loop {
            let generation = self.current.0.generation.load(Ordering::SeqCst);
            if generation != seen {
                return Some(generation);
            }
            if self.stopped.load(Ordering::SeqCst) {
                return None;
            }
            spin(&mut spins);
            if spins > SPINS_BEFORE_SLEEP {
                self.sleep(share, seen);
                spins = 0;
            } else if spins % SPINS_BEFORE_YIELD == 0 {
                thread::yield_now();
            }
        }
    }

    /// Sleeps until woken. The flag is raised before the number of the job is read for the last time, and
    /// `wake` reads the flag after that number has been written, so one of the two sees the other.
    fn sleep(&self, share: usize, seen: u64) {
        self.shares[share].asleep.swap(true, Ordering::SeqCst); // after the swap of an earlier `wake`
        order_for_loom();
        let nothing_new = self.current.0.generation.load(Ordering::SeqCst) == seen;
        if nothing_new && !self.stopped.load(Ordering::SeqCst) {
            thread::park();
        }
        self.shares[share].asleep.store(false, Ordering::SeqCst);
    }

    /// Wakes the threads that sleep.
    fn wake(&self) {
        order_for_loom();
        for share in &self.shares {
            if share.asleep.load(Ordering::SeqCst)
                && share.asleep.swap(false, Ordering::SeqCst)
                && let Some(thread) = share.thread.get()
            {
                thread.unpark();
            }
        }
    }
}

impl Share {
    /// Takes the next item of this range, if it is of job `generation` and not used up.
    fn take(&self, generation: u64) -> Option<usize> {
        let mut current = self.claim.0.load(Ordering::Acquire);
        loop {
            let claim = Claim(current);
            if !claim.is_of(generation) || claim.next() >= claim.end() {
                return None;
            }
            let rest = Claim::new(generation, claim.next() + 1, claim.end());
            match self.claim.0.compare_exchange_weak(
                current,
                rest.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some(claim.next()),
                Err(now) => current = now,
            }
        }
    }
}

/// Ends the process when it is dropped, which only an unwinding does: it is forgotten otherwise.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        std::process::abort();
    }
}

/// A fence between two operations that are `SeqCst`, and so in order already: loom takes them for
/// `AcqRel`, and knows fences.
#[inline(always)]
fn order_for_loom() {
    #[cfg(loom)]
    loom::sync::atomic::fence(Ordering::SeqCst);
}

/// One turn of a spinning wait.
fn spin(spins: &mut u32) {
    *spins = spins.saturating_add(1);
    std::hint::spin_loop();
}
