//! Records which operations run in their provided bodies (feature `conformance`).

/// Called first in each provided body of [`Tensor`](crate::Tensor).
#[cfg(not(feature = "conformance"))]
#[inline(always)]
pub(crate) fn provided(_operation: &'static str) {}

#[cfg(feature = "conformance")]
pub(crate) use recording::provided;
#[cfg(feature = "conformance")]
pub(crate) use recording::{record, unrecorded};

#[cfg(feature = "conformance")]
mod recording {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    thread_local! {
        static CALLS: RefCell<Option<BTreeMap<&'static str, usize>>> = const { RefCell::new(None) };
    }

    /// Counts the call, where this thread [records](record).
    pub(crate) fn provided(operation: &'static str) {
        CALLS.with_borrow_mut(|calls| {
            if let Some(calls) = calls {
                *calls.entry(operation).or_default() += 1;
            }
        });
    }

    /// Calls `work`; returns which provided bodies ran in it on this thread, and how often.
    pub(crate) fn record(work: impl FnOnce()) -> BTreeMap<&'static str, usize> {
        CALLS.set(Some(BTreeMap::new()));
        work();
        CALLS.take().unwrap_or_default()
    }

    /// Calls `work` without recording it: an override that is made of the reference's bodies.
    pub(crate) fn unrecorded<R>(work: impl FnOnce() -> R) -> R {
        let calls = CALLS.take();
        let result = work();
        CALLS.set(calls);
        result
    }
}
