//! Shuffles, splits and samples give the values that an independent program computed
//! (`golden/streams.py`), so they are the same in every version and on every machine.

use nn_data::{Dataset, epoch_order, epoch_order_into, stratified_sample};

/// The lines of one kind: arguments and numbers.
fn golden(kind: &str) -> Vec<(Vec<u64>, Vec<u64>)> {
    let numbers = |text: &str| -> Vec<u64> {
        text.split_whitespace().map(|number| number.parse().unwrap()).collect()
    };
    let lines = include_str!("../golden/streams.txt").lines();
    let of_kind = lines.filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    let found: Vec<_> = of_kind
        .map(|line| line.split_once('=').unwrap())
        .map(|(arguments, values)| (numbers(arguments), numbers(values)))
        .collect();
    assert!(!found.is_empty(), "no golden line of kind {kind}");
    found
}

fn wide(numbers: &[u32]) -> Vec<u64> {
    numbers.iter().copied().map(u64::from).collect()
}

fn fnv1a(numbers: &[u32]) -> u64 {
    let bytes = numbers.iter().flat_map(|number| number.to_le_bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The data set of `golden/streams.py`; sample `s` has the one pixel `s`.
fn uneven_classes() -> Dataset {
    let labels = (0..200).map(|sample| [0, 1, 0, 2, 0, 1, 0][sample % 7]).collect();
    Dataset::from_images((0..200).collect(), &[1], labels, 3).unwrap()
}

#[test]
fn epoch_orders_are_pinned() {
    for (arguments, expected) in golden("order") {
        let order = epoch_order(arguments[0], arguments[1], arguments[2] as usize);
        assert_eq!(wide(&order), expected, "{arguments:?}");
    }
    for (arguments, expected) in golden("order-fnv1a") {
        let order = epoch_order(arguments[0], arguments[1], arguments[2] as usize);
        assert_eq!(fnv1a(&order), expected[0], "{arguments:?}");
    }
}

#[test]
fn splits_are_pinned() {
    for (arguments, expected) in golden("validation") {
        let (train, validation) =
            uneven_classes().split(arguments[0] as f64 / 100.0, arguments[1]).unwrap();
        assert_eq!(wide(validation.rows()), expected, "{arguments:?}");
        let rest: Vec<u64> = (0..200).filter(|sample| !expected.contains(sample)).collect();
        assert_eq!(wide(train.rows()), rest, "{arguments:?}");
    }
}

#[test]
fn samples_are_pinned() {
    for (arguments, expected) in golden("sample") {
        let sample =
            stratified_sample(&uneven_classes(), arguments[0] as usize, arguments[1]).unwrap();
        assert_eq!(wide(sample.rows()), expected, "{arguments:?}");
    }
}

#[test]
fn order_of_nothing_and_of_one() {
    assert!(epoch_order(3, 4, 0).is_empty());
    assert_eq!(epoch_order(3, 4, 1), [0]);
}

#[test]
fn order_into_a_kept_vector_is_the_same_and_keeps_its_memory() {
    let mut order = Vec::new();
    epoch_order_into(&mut order, 5, 0, 1000);
    let (address, capacity) = (order.as_ptr(), order.capacity());
    for epoch in 0..5 {
        for count in [1000, 999, 0, 1000] {
            epoch_order_into(&mut order, 5, epoch, count);
            assert_eq!(order, epoch_order(5, epoch, count));
        }
    }
    assert_eq!((order.as_ptr(), order.capacity()), (address, capacity));
}

#[test]
fn every_order_of_four_is_about_equally_frequent() {
    let rounds = 24_000;
    let mut counts = std::collections::HashMap::new();
    for epoch in 0..rounds {
        *counts.entry(epoch_order(9, epoch, 4)).or_insert(0_u32) += 1;
    }
    assert_eq!(counts.len(), 24);
    // 1000 of each expected; six standard deviations are 186.
    assert!(counts.values().all(|count| count.abs_diff(1000) < 186), "{counts:?}");
}
