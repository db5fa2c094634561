//! Models of the thread pool: loom runs each under every interleaving of its threads, and every value
//! that an atomic may have, with at most so many forced switches as `LOOM_MAX_PREEMPTIONS` says.
#![cfg(loom)]
#![allow(dead_code, reason = "the pool has more than its models use")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "loom checks every access to a cell")]

#[path = "../src/workers.rs"]
mod workers;

#[cfg(test)]
mod tests {
    use super::workers::Workers;
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;
    use loom::thread;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    /// Each cell is written by one item, which must be seen by whoever posted the job, and by the items of
    /// the next one. Loom reports two accesses that nothing orders.
    struct Cells([UnsafeCell<usize>; 2]);

    unsafe impl Sync for Cells {}

    impl Cells {
        fn new() -> Self {
            Self([UnsafeCell::new(0), UnsafeCell::new(0)])
        }

        fn add(&self, item: usize, amount: usize) {
            self.0[item].with_mut(|value| unsafe { *value += amount });
        }

        fn values(&self) -> [usize; 2] {
            [0, 1].map(|item| self.0[item].with(|value| unsafe { *value }))
        }
    }

    /// Does `work` with a pool of `threads` threads, from the first job to the end of the run.
    fn with_workers(threads: usize, work: impl Fn(&Workers)) {
        let workers = Arc::new(Workers::new(threads));
        assert!(workers.acquire());
        let handles: Vec<_> = (0..threads - 1)
            .map(|worker| {
                let workers = workers.clone();
                thread::spawn(move || {
                    workers.set_thread(worker);
                    workers.work_until_stopped(worker);
                })
            })
            .collect();
        workers.wait_until_ready();
        work(&workers);
        workers.stop();
        handles.into_iter().for_each(|handle| handle.join().unwrap());
        workers.release();
    }

    #[test]
    fn every_item_is_done_once_and_seen() {
        loom::model(|| {
            with_workers(2, |workers| {
                let cells = Cells::new();
                workers.run(2, 2, &|item| cells.add(item, item + 1));
                assert_eq!(cells.values(), [1, 2]);
            });
        });
    }

    /// The second job may be posted while a worker still looks for items of the first.
    #[test]
    fn a_job_does_not_meet_the_one_before() {
        loom::model(|| {
            with_workers(2, |workers| {
                for round in 1..=2 {
                    let cells = Cells::new();
                    workers.run(2, 2, &|item| cells.add(item, round * (item + 1)));
                    assert_eq!(cells.values(), [round, round * 2]);
                }
            });
        });
    }

    /// A worker that a job is not for may sleep through it, and works on the next one.
    #[test]
    fn a_job_for_fewer_threads_is_done_without_the_others() {
        // Three threads have far more interleavings than two.
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(2);
        model.check(|| {
            with_workers(3, |workers| {
                for threads in [2, 3] {
                    let cells = Cells::new();
                    workers.run(2, threads, &|item| cells.add(item, item + 1));
                    assert_eq!(cells.values(), [1, 2]);
                }
            });
        });
    }

    /// The payload reaches the caller, and the other item is done all the same.
    #[test]
    fn a_panic_is_handed_to_the_caller_after_all_items() {
        loom::model(|| {
            with_workers(2, |workers| {
                let cells = Cells::new();
                let result = catch_unwind(AssertUnwindSafe(|| {
                    workers.run(2, 2, &|item| {
                        cells.add(item, 1);
                        if item == 1 {
                            std::panic::resume_unwind(Box::new(7));
                        }
                    });
                }));
                assert_eq!(result.unwrap_err().downcast_ref(), Some(&7));
                assert_eq!(cells.values(), [1, 1]);
            });
        });
    }

    /// Two threads post at the same time: one does its job alone.
    #[test]
    fn two_jobs_at_once_are_both_done() {
        loom::model(|| {
            let workers = Arc::new(Workers::new(2));
            assert!(workers.acquire());
            let worker = {
                let workers = workers.clone();
                thread::spawn(move || {
                    workers.set_thread(0);
                    workers.work_until_stopped(0);
                })
            };
            workers.wait_until_ready();
            let other = {
                let workers = workers.clone();
                thread::spawn(move || {
                    let cells = Cells::new();
                    workers.run(2, 2, &|item| cells.add(item, 3));
                    assert_eq!(cells.values(), [3, 3]);
                })
            };
            let cells = Cells::new();
            workers.run(2, 2, &|item| cells.add(item, 4));
            assert_eq!(cells.values(), [4, 4]);
            other.join().unwrap();
            workers.stop();
            worker.join().unwrap();
        });
    }
}
