//! Trainings whose results must not change to the last digit: errors and loss on the sample's test set, as commit
//! af950c9 printed them before the restructuring. A change of the order of summation may change them once; the changelog
//! says so.
//!
//! The numbers are those of CPUs with AVX2 and FMA: the portable path rounds twice where they round once.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, run};

/// Name, flags, wrong answers, loss.
type Row = (&'static str, &'static str, u64, f64);

/// They take about twelve seconds together.
const ROWS: [Row; 11] = [
    ("defaults", "--epochs 2", 69, 0.23883162719844253),
    ("nielsen", "--preset nielsen --validation 0 --epochs 2", 293, 0.1951539326980054),
    (
        "regularised",
        "--hidden 77,33 --batch 37 --optimizer momentum --dropout 0.2 --batch-norm --epochs 2 \
         --set training.average=0.99 --set training.max-norm=3 --set training.label-smoothing=0.1",
        74,
        0.3132151840238105,
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
        0.3667356045326962,
    ),
    ("early", "--hidden 64 --validation 0.2 --patience 2 --epochs 6", 74, 0.2693803965340412),
    ("deskewed", "--hidden 64 --epochs 2 --set transform.deskew=true", 44, 0.15623319697741525),
    ("lbfgs", "--hidden 16 --optimizer lbfgs --epochs 5", 418, 1.3283228568083048),
    ("best", "--preset best --epochs 1", 25, 0.08505885257686892),
    ("windows", "--config WINDOWS --epochs 1", 39, 0.13965033786762499),
    ("joint", "--preset joint --epochs 1", 24, 0.06210444044494264),
];

#[test]
fn trainings_end_with_the_same_digits() {
    if !(is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")) {
        return;
    }
    let here = folder();
    let windows = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/config/windows.toml");
    for &(name, flags, errors, loss) in &ROWS {
        let common = ["train", "--data", "sample", "--threads", "2", "--seed", "7", "--quiet"];
        let flags =
            flags.split_whitespace().map(|word| if word == "WINDOWS" { windows } else { word });
        run(here.path(), common.into_iter().chain(["--out", name]).chain(flags)).succeeded();
        let test = ["test", "--model", name, "--data", "sample", "--format", "json"];
        let tested = run(here.path(), test).succeeded().last_event();
        let expected = (Some(errors), Some(loss));
        assert_eq!((tested["errors"].as_u64(), tested["loss"].as_f64()), expected, "{name}");
    }
}
