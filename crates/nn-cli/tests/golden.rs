//! Trainings whose results must not change to the last digit: errors and loss on the sample's test set. nielsen, clipped
//! and lbfgs are as commit af950c9 printed them before the restructuring; the others are those of the commit that gave Adam its
//! present order of operations. A change of the order of summation may change them once; the changelog says so.
//!
//! The numbers are those of CPUs with AVX2 and FMA: the portable path rounds twice where they round once.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, run};
use std::path::Path;

/// Name, flags, wrong answers, loss.
type Row = (&'static str, &'static str, u64, f64);

/// They take about fifteen seconds together.
const ROWS: [Row; 11] = [
    ("defaults", "--epochs 2", 69, 0.2386541860090936),
    ("nielsen", "--preset nielsen --validation 0 --epochs 2", 293, 0.1951539326980054),
    (
        "regularised",
        "--hidden 77,33 --batch 37 --optimizer momentum --dropout 0.2 --batch-norm --epochs 2 \
         --set training.average=0.99 --set training.max-norm=3 --set training.label-smoothing=0.1",
        73,
        0.34055687668706613,
    ),
    (
        "clipped",
        "--hidden 50 --activation gelu --optimizer nesterov --weight-decay 1e-4 --schedule cosine \
         --epochs 2 --set training.l1=1e-5 --set training.clip-norm=1 --set training.warm-up=0.1",
        87,
        0.330127360722524,
    ),
    (
        "distorted",
        "--hidden 64 --epochs 2 --set transform.augment.rotation=10 --set transform.augment.shift=1 \
         --set transform.augment.scale=0.1 --set transform.augment.shear=0.1 \
         --set transform.augment.elastic=1",
        101,
        0.3665966403854442,
    ),
    ("early", "--hidden 64 --validation 0.2 --patience 2 --epochs 6", 74, 0.2696283668100195),
    ("deskewed", "--hidden 64 --epochs 2 --set transform.deskew=true", 44, 0.1562333699443924),
    ("lbfgs", "--hidden 16 --optimizer lbfgs --epochs 5", 418, 1.3283228568083048),
    ("best", "--preset best --epochs 1", 22, 0.07381775790620451),
    ("windows", "--config WINDOWS --epochs 1", 37, 0.13587511436439112),
    ("joint", "--preset joint --epochs 1", 23, 0.05762382663151993),
];

#[test]
fn trainings_end_with_the_same_digits() {
    if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
        return;
    }
    let here = folder();
    let windows = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/config/windows.toml");
    let mut changed = Vec::new();
    for &(name, flags, errors, loss) in &ROWS {
        let common = ["train", "--data", "sample", "--threads", "2", "--seed", "7", "--quiet"];
        let flags =
            flags.split_whitespace().map(|word| if word == "WINDOWS" { windows } else { word });
        run(here.path(), common.into_iter().chain(["--out", name]).chain(flags)).succeeded();
        let (expected, found) = ((Some(errors), Some(loss)), tested(here.path(), name));
        let model = here.path().join(name).join("model.nn");
        assert_eq!(through_the_front_door(&model), found, "{name} by way of nn-mlp");
        if found != expected {
            changed.push((name, expected, found));
        }
    }
    assert!(changed.is_empty(), "{changed:#?}");
    run(here.path(), ["ensemble", "deskewed", "defaults", "--out", "ensemble.nn"]).succeeded();
    let expected = tested(here.path(), "ensemble.nn");
    let model = here.path().join("ensemble.nn");
    assert_eq!(through_the_front_door(&model), expected, "ensemble by way of nn-mlp");
}

/// Wrong answers and loss, as `nn test` prints them.
fn tested(folder: &Path, model: &str) -> (Option<u64>, Option<f64>) {
    let test = ["test", "--model", model, "--data", "sample", "--format", "json"];
    let tested = run(folder, test).succeeded().last_event();
    (tested["errors"].as_u64(), tested["loss"].as_f64())
}

/// The same of a saved model that a program loads, with whatever preprocessing it has.
fn through_the_front_door(model: &Path) -> (Option<u64>, Option<f64>) {
    let test = nn_mlp::data::sample().unwrap().test;
    let evaluation = nn_mlp::Model::load(model).unwrap().evaluate(&test).unwrap();
    (evaluation.errors().map(|errors| errors as u64), Some(evaluation.loss))
}
