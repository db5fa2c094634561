//! Low-latency hand-over of work between the threads of one device.
//!
//! Rayon starts the threads once around a run; for as long as it lasts they stand by at a slot for
//! jobs, first spinning, after a while asleep. A job is a number of items. Each thread has a seat
//! with a range of the items, so that from step to step it finds its part of the weights in its own
//! cache; whoever has finished its range helps with the others'. An item is one fixed piece of
//! work, so the results do not depend on who did what.
#![allow(unsafe_code, reason = "a job borrows from the stack of the thread that posts it")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::Thread;

/// Turns of the spinning wait before a thread gives way, and before an idle one goes to sleep.
const SPINS_BEFORE_YIELD: u32 = 2_000;
const SPINS_BEFORE_SLEEP: u32 = 8_000;

/// Most items of a job; see [`Claim`].
pub(crate) const MOST_ITEMS: usize = 4_000;

/// What a job does for each of its items.
type Task<'a> = &'a (dyn Fn(usize) + Sync);

/// The threads of a device and the slot at which they meet.
pub(crate) struct Crew {
    seats: Box<[Seat]>,
    /// Number of the current job. Written last when a job is posted.
    generation: Padded<AtomicU64>,
    /// The current job's task: a pointer to a [`Task`] on the stack of the thread that posted it.
    task: AtomicPtr<()>,
    /// Items of the current job that helpers have finished.
    finished: Padded<AtomicUsize>,
    panicked: AtomicBool,
    /// Helpers at their seats.
    helpers: AtomicUsize,
    /// The run is over: helpers go home.
    dismissed: AtomicBool,
    /// Whether a run holds the crew.
    hired: AtomicBool,
    /// Held while a job is posted: one at a time.
    posting: Mutex<()>,
}

/// Keeps what several threads write apart from its neighbours in memory.
#[repr(align(128))]
#[derive(Default)]
struct Padded<T>(T);

/// One thread's share of the current job.
#[derive(Default)]
struct Seat {
    claim: Padded<AtomicU64>,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

/// What is left of a seat's range, in one word: 40 bits of the job's number, 12 bits of the next
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

impl Crew {
    /// A crew of `threads`, the caller among them.
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            seats: (0..threads).map(|_| Seat::default()).collect(),
            generation: Padded::default(),
            task: AtomicPtr::default(),
            finished: Padded::default(),
            panicked: AtomicBool::new(false),
            helpers: AtomicUsize::new(0),
            dismissed: AtomicBool::new(false),
            hired: AtomicBool::new(false),
            posting: Mutex::new(()),
        }
    }

    /// Takes the crew for one run; false when another run has it.
    pub(crate) fn hire(&self) -> bool {
        let hired = !self.hired.swap(true, Ordering::Acquire);
        if hired {
            self.dismissed.store(false, Ordering::SeqCst);
        }
        hired
    }

    /// Sends the helpers home.
    pub(crate) fn dismiss(&self) {
        self.dismissed.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Gives the crew back after its helpers have gone.
    pub(crate) fn release(&self) {
        self.hired.store(false, Ordering::Release);
    }

    /// Whether anybody is there to help.
    pub(crate) fn has_helpers(&self) -> bool {
        self.helpers.load(Ordering::Relaxed) > 0
    }

    /// Waits until all helpers of a run are at their seats: nobody else uses their threads, so they
    /// are on their way.
    pub(crate) fn wait_for_helpers(&self) {
        let mut spins = 0;
        while self.helpers.load(Ordering::SeqCst) + 1 < self.seats.len() {
            spin(&mut spins);
            if spins > SPINS_BEFORE_YIELD {
                std::thread::yield_now();
            }
        }
    }

    /// Does `task` for every item below `items`, with whoever is there to help. When another thread
    /// has a job posted, or nobody is there, the caller does it all.
    pub(crate) fn run(&self, items: usize, task: Task<'_>) {
        let Some(_posting) = self.posting.try_lock().ok().filter(|_| self.has_helpers()) else {
            return (0..items).for_each(task);
        };
        debug_assert!(items <= MOST_ITEMS, "the caller cuts its work into at most that many");
        let task: *const Task<'_> = &task;
        let generation = self.post(items, task.cast());
        let done = self.work(0, generation, task.cast());
        let mut spins = 0;
        while self.finished.0.load(Ordering::Acquire) + done < items {
            spin(&mut spins);
            if spins > SPINS_BEFORE_YIELD {
                std::thread::yield_now();
            }
        }
        assert!(!self.panicked.swap(false, Ordering::Relaxed), "a kernel panicked, see above");
    }

    /// Makes a job known, and returns its number.
    fn post(&self, items: usize, task: *const ()) -> u64 {
        let generation = self.generation.0.load(Ordering::Relaxed) + 1;
        self.finished.0.store(0, Ordering::Relaxed);
        self.task.store(task.cast_mut(), Ordering::Relaxed);
        let seats = self.seats.len();
        for (index, seat) in self.seats.iter().enumerate() {
            let claim = Claim::new(generation, items * index / seats, items * (index + 1) / seats);
            seat.claim.0.store(claim.0, Ordering::Release);
        }
        self.generation.0.store(generation, Ordering::SeqCst);
        self.wake();
        generation
    }

    /// Does items of job `generation`, this seat's first, until none is left; returns how many.
    fn work(&self, seat: usize, generation: u64, task: *const ()) -> usize {
        let mut done = 0;
        let seats = self.seats.len();
        for offset in 0..seats {
            let victim = &self.seats[(seat + offset) % seats];
            while let Some(item) = victim.take(generation) {
                // SAFETY: an item of job `generation` was taken and is not counted as finished yet,
                // so `run` has not returned, and the `Task` on its stack that `task` points to is
                // alive, and so is what it borrows. A `Task` is `Sync`: this thread may call it.
                let task = unsafe { *task.cast::<Task<'_>>() };
                if catch_unwind(AssertUnwindSafe(|| task(item))).is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
                done += 1;
            }
        }
        done
    }

    /// Tells a helper's seat which thread sits there, so that it can be woken.
    pub(crate) fn take_seat(&self, helper: usize) {
        let _ = self.seats[helper + 1].thread.set(std::thread::current());
    }

    /// What a helper does from the beginning of a run to its end. `helper` counts from 0.
    pub(crate) fn help(&self, helper: usize) {
        let seat = helper + 1;
        self.helpers.fetch_add(1, Ordering::SeqCst);
        let mut seen = 0;
        while let Some(generation) = self.next_job(seat, seen) {
            seen = generation;
            let task = self.task.load(Ordering::Relaxed);
            // If a later job has been posted meanwhile, what was read may be of that job, but then
            // every item of this generation is finished and none can be taken.
            let done = self.work(seat, generation, task);
            if done > 0 {
                self.finished.0.fetch_add(done, Ordering::Release);
            }
        }
        self.helpers.fetch_sub(1, Ordering::SeqCst);
    }

    /// Waits for a job other than `seen`; `None` when the run is over.
    fn next_job(&self, seat: usize, seen: u64) -> Option<u64> {
        let mut spins = 0;
        loop {
            let generation = self.generation.0.load(Ordering::SeqCst);
            if generation != seen {
                return Some(generation);
            }
            if self.dismissed.load(Ordering::SeqCst) {
                return None;
            }
            spin(&mut spins);
            if spins > SPINS_BEFORE_SLEEP {
                self.sleep(seat, seen);
                spins = 0;
            } else if spins % SPINS_BEFORE_YIELD == 0 {
                std::thread::yield_now();
            }
        }
    }

    /// Sleeps until woken. The flag is raised before the last look at the slot, and `wake` looks at
    /// the flag after it has written the slot, so one of the two sees the other.
    fn sleep(&self, seat: usize, seen: u64) {
        self.seats[seat].asleep.store(true, Ordering::SeqCst);
        let nothing_new = self.generation.0.load(Ordering::SeqCst) == seen;
        if nothing_new && !self.dismissed.load(Ordering::SeqCst) {
            std::thread::park();
        }
        self.seats[seat].asleep.store(false, Ordering::SeqCst);
    }

    /// Wakes whoever sleeps.
    fn wake(&self) {
        for seat in &self.seats {
            if seat.asleep.load(Ordering::SeqCst)
                && seat.asleep.swap(false, Ordering::SeqCst)
                && let Some(thread) = seat.thread.get()
            {
                thread.unpark();
            }
        }
    }
}

impl Seat {
    /// Takes the next item of this seat's range, if it is of job `generation` and not used up.
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

/// One turn of a spinning wait.
fn spin(spins: &mut u32) {
    *spins = spins.saturating_add(1);
    std::hint::spin_loop();
}
