//! Hands work to the threads of a device within a microsecond.
//!
//! Rayon starts the threads once around a run; while it lasts they wait for jobs, first spinning, after a
//! while asleep. A job is a number of items, and an item is one fixed piece of work, so the results do
//! not depend on who did what. Each thread has a range of the items, so that from step to step it finds
//! its part of the weights in its own cache; a thread that has finished its range takes items of the
//! others. A job asks for as many threads as it deserves; what the others do costs it nothing.
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
    /// A [`Posted`]. Written last when a job is posted.
    posted: AtomicU64,
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
    /// A [`Claim`] of what is left of its range.
    claim: Padded<AtomicU64>,
    /// A [`Claim`] of as many items as it has finished, of any range; written once a job by this thread.
    finished: Padded<AtomicU64>,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// Which job is the current one, in one word: 48 bits of its number, 16 of how many threads it is for,
/// those with the first shares.
#[derive(Clone, Copy, PartialEq)]
struct Posted(u64);

impl Posted {
    fn new(generation: u64, threads: usize) -> Self {
        Self(generation << 16 | threads as u64)
    }

    fn generation(self) -> u64 {
        self.0 >> 16
    }

    fn threads(self) -> usize {
        self.0 as usize & 0xffff
    }
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
        wake(&self.shares);
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

    /// Calls `task` for every item below `items`, on `threads` threads, this one among them, or on as many
    /// as there are. When another thread has a job posted, or no worker is ready, this thread does it all.
    ///
    /// # Panics
    /// When an item panics, with what it said, after all items are done.
    pub(crate) fn run(&self, items: usize, threads: usize, task: Task<'_>) {
        let threads = threads.min(self.shares.len());
        let Some(posting) = self.try_post().filter(|_| self.are_ready() && threads > 1) else {
            return (0..items).for_each(task);
        };
        assert!(items <= MOST_ITEMS, "the caller cuts its work into at most that many");
        let task: *const Task<'_> = &task;
        // Until every item is finished, workers use `task` on this stack: it must not be unwound.
        let no_unwinding = AbortOnUnwind;
        let posted = self.post(items, threads, task.cast());
        let done = self.work(0, posted, task.cast());
        let mut spins = 0;
        while self.finished_by_workers(posted) + done < items {
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

    /// Makes a job known.
    fn post(&self, items: usize, threads: usize, task: *const ()) -> Posted {
        let last = Posted(self.current.0.posted.load(Ordering::Relaxed));
        let posted = Posted::new(last.generation() + 1, threads);
        self.current.0.task.store(task.cast_mut(), Ordering::Relaxed);
        for (index, share) in self.shares[..threads].iter().enumerate() {
            let (start, end) = (items * index / threads, items * (index + 1) / threads);
            let claim = Claim::new(posted.generation(), start, end);
            share.claim.0.store(claim.0, Ordering::Release);
        }
        self.current.0.posted.store(posted.0, Ordering::SeqCst);
        wake(&self.shares[..threads]);
        posted
    }

    /// Items of this job that workers have finished. Each says so in a place of its own: one count for all
    /// would go from core to core as often as there are threads.
    fn finished_by_workers(&self, posted: Posted) -> usize {
        let of_share = |share: &Share| {
            let finished = Claim(share.finished.0.load(Ordering::Acquire));
            if finished.is_of(posted.generation()) { finished.end() } else { 0 }
        };
        self.shares[1..posted.threads()].iter().map(of_share).sum()
    }

    /// Does items of a job, those of this thread's share first, until none is left; returns how many.
    fn work(&self, share: usize, posted: Posted, task: *const ()) -> usize {
        let mut done = 0;
        let count = posted.threads();
        for offset in 0..count {
            let share = &self.shares[(share + offset) % count];
            while let Some(item) = share.take(posted.generation()) {
                // SAFETY: an item of this job was taken and is not counted as finished yet,
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
        let mut seen = Posted::new(0, 0);
        while let Some(posted) = self.next_job(share, seen) {
            seen = posted;
            let task = self.current.0.task.load(Ordering::Relaxed);
            // If a later job has been posted meanwhile, what was read may be of that job, but then
            // every item of this one is finished and none can be taken.
            let done = self.work(share, posted, task);
            if done > 0 {
                let finished = Claim::new(posted.generation(), 0, done);
                self.shares[share].finished.0.store(finished.0, Ordering::Release);
            }
        }
        self.ready.fetch_sub(1, Ordering::SeqCst);
        std::mem::forget(no_unwinding);
    }

    /// Waits for a job other than `seen` that is for this share too; `None` when the run is over.
    fn next_job(&self, share: usize, mut seen: Posted) -> Option<Posted> {
        let mut spins = 0;
        loop {
            let posted = Posted(self.current.0.posted.load(Ordering::SeqCst));
            if posted != seen && share < posted.threads() {
                return Some(posted);
            }
            seen = posted;
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

    /// Sleeps until woken. The flag is raised before the current job is read for the last time, and `wake`
    /// reads the flag after that job has been written, so one of the two sees the other.
    fn sleep(&self, share: usize, seen: Posted) {
        self.shares[share].asleep.swap(true, Ordering::SeqCst); // after the swap of an earlier `wake`
        order_for_loom();
        let nothing_new = Posted(self.current.0.posted.load(Ordering::SeqCst)) == seen;
        if nothing_new && !self.stopped.load(Ordering::SeqCst) {
            thread::park();
        }
        self.shares[share].asleep.store(false, Ordering::SeqCst);
    }
}

/// Wakes those of these threads that sleep.
fn wake(shares: &[Share]) {
    order_for_loom();
    for share in shares {
        if share.asleep.load(Ordering::SeqCst)
            && share.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = share.thread.get()
        {
            thread.unpark();
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
