//! When two results agree, and how their disagreement is told.

use crate::Element;

/// Roundings of the element type by which an element-wise result may differ from the reference's,
/// relative to the larger of 1 and the result.
pub const ELEMENT_ULPS: f64 = 32.0;

/// One rounding of the element type: the distance from 1 to the next number.
pub(super) fn epsilon<E: Element>() -> f64 {
    E::epsilon().to_f64()
}

/// Panics with everything one needs to find the fault.
#[track_caller]
#[expect(clippy::panic, reason = "a suite of tests reports by panicking")]
pub(super) fn disagree(
    operation: &str,
    case: &str,
    element: usize,
    actual: f64,
    expected: f64,
    bound: f64,
) -> ! {
    panic!(
        "conformance: {operation}, {case}: element {element} is {actual:e}, expected {expected:e} \
         (off by {:e}, allowed {bound:e})",
        (actual - expected).abs()
    );
}

/// Holds each element to its own bound. NaN agrees with NaN, infinity with the same infinity.
#[track_caller]
pub(super) fn expect_close<E: Element, F: Element>(
    operation: &str,
    case: &str,
    actual: &[E],
    expected: &[F],
    bound: impl Fn(usize) -> f64,
) {
    assert_eq!(actual.len(), expected.len(), "conformance: {operation}, {case}: wrong length");
    for (index, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        let (actual, expected) = (actual.to_f64(), expected.to_f64());
        let same = actual == expected || (actual.is_nan() && expected.is_nan());
        // Written so that a NaN on one side only is a disagreement.
        let near = (actual - expected).abs() <= bound(index);
        if !same && !near {
            disagree(operation, case, index, actual, expected, bound(index));
        }
    }
}

/// Holds an element-wise result to the reference's within [`ELEMENT_ULPS`].
#[track_caller]
pub(super) fn expect_elements<E: Element>(
    operation: &str,
    case: &str,
    actual: &[E],
    expected: &[E],
) {
    expect_close(operation, case, actual, expected, |index| {
        ELEMENT_ULPS * epsilon::<E>() * expected[index].to_f64().abs().max(1.0)
    });
}

/// Holds a result to the reference's exactly.
#[track_caller]
pub(super) fn expect_equal<E: Element>(operation: &str, case: &str, actual: &[E], expected: &[E]) {
    expect_close(operation, case, actual, expected, |_| 0.0);
}

/// Holds two results of the same backend to each other bit by bit.
#[track_caller]
pub(super) fn expect_same_bits<E: Element>(operation: &str, case: &str, again: &[E], once: &[E]) {
    for (index, (&again, &once)) in again.iter().zip(once).enumerate() {
        if again.integer_decode() != once.integer_decode() || again.is_nan() != once.is_nan() {
            disagree(operation, case, index, again.to_f64(), once.to_f64(), 0.0);
        }
    }
}
