//! What a device does when an item of a job panics: safe code can neither crash it nor slow it down.
#![forbid(unsafe_code)]
#![allow(clippy::panic, reason = "panics are what is tested")]

use nn_cpu::CpuDevice;
use nn_tensor::Device;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, mpsc};
use std::thread;
use std::time::Duration;

const ITEMS: usize = 64;

/// A payload whose destructor panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("the payload was dropped");
    }
}

/// Runs a job in which the items that `is_bad` names panic, and returns how many items were done.
fn items_done(device: &CpuDevice, is_bad: impl Fn(usize) -> bool + Sync) -> usize {
    let done = AtomicUsize::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        device.run(|| {
            device.for_each(ITEMS, |item| {
                done.fetch_add(1, Ordering::SeqCst);
                if is_bad(item) {
                    panic_any(Bomb);
                }
            });
        });
    }));
    let payload = result.expect_err("an item panicked");
    assert!(payload.is::<Bomb>(), "the caller gets the payload of the item");
    std::mem::forget(payload);
    done.into_inner()
}

#[test]
fn a_payload_whose_destructor_panics_reaches_the_caller_after_all_items() {
    let device = CpuDevice::oversubscribed(3).unwrap();
    for round in 0..20 {
        assert_eq!(items_done(&device, |item| item == round), ITEMS);
        assert_eq!(items_done(&device, |item| item % 2 == 0), ITEMS);
        assert_eq!(items_done(&device, |_| true), ITEMS);
    }
}

#[test]
fn after_a_panic_the_threads_still_share_the_work() {
    let device = CpuDevice::oversubscribed(3).unwrap();
    items_done(&device, |item| item == 5);
    let threads = Mutex::new(HashSet::new());
    // Each of the three items waits for the two others: one thread alone would wait for ever.
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let together = Barrier::new(3);
            device.run(|| {
                device.for_each(3, |_| {
                    together.wait();
                    threads.lock().unwrap().insert(thread::current().id());
                });
            });
            send.send(()).unwrap();
        });
        if receive.recv_timeout(Duration::from_secs(20)).is_err() {
            eprintln!("the device has become serial");
            std::process::abort();
        }
    });
    assert_eq!(threads.into_inner().unwrap().len(), 3);
}

#[test]
fn a_run_on_a_thread_of_the_device_is_done_there() {
    let device = CpuDevice::oversubscribed(2).unwrap();
    let (send, receive) = mpsc::channel();
    let inner = device.clone();
    // The two items wait for each other, so one is on the caller's thread and one on the device's.
    let together = Barrier::new(2);
    device.run(|| {
        device.for_each(2, |_| {
            together.wait();
            let (inner, send) = (inner.clone(), send.clone());
            // Goes to rayon's own pool from the caller's thread, and to the device's pool from the other.
            rayon::spawn(move || {
                inner.run(|| inner.for_each(4, |_| {}));
                send.send(()).unwrap();
            });
        });
    });
    for _ in 0..2 {
        receive.recv_timeout(Duration::from_secs(20)).expect("the run waits for itself");
    }
}
