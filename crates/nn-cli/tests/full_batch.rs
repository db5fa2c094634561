//! `nn train` with solvers that take the whole training set at each step.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, nn, run, small_data, words};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn solvers_train_and_never_climb() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 300, 100);
    for solver in ["lbfgs", "conjugate-gradient"] {
        let line = format!(
            "train --quiet --optimizer {solver} --hidden 16 --activation tanh --epochs 15 --out {solver} \
             --validation 0.1 --format json --data {}",
            data.display()
        );
        let ran = run(path, words(&line)).succeeded();
        let events = ran.events();
        assert_eq!(events.len(), 1 + 15 + 1, "{}", ran.stdout);
        assert_eq!(events[0]["settings"]["training"]["optimizer"], solver);
        let losses: Vec<f64> =
            events[1..16].iter().map(|event| event["train_loss"].as_f64().unwrap()).collect();
        assert!(losses.is_sorted_by(|a, b| a >= b), "{solver}: {losses:?}");
        for key in ["test_loss", "test_accuracy", "validation_loss", "images_per_s", "seconds"] {
            assert!(events[15][key].as_f64().unwrap() > 0.0, "{key}");
        }
        let accuracy = events[16]["test_accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.6, "{solver}: {accuracy}");
        let line = format!("test --model {solver} --format json --data {}", data.display());
        assert_eq!(run(path, words(&line)).succeeded().last_event()["accuracy"], accuracy);
    }
}

/// As with single steps, the training loss of an epoch is without the penalties: that of the model on the training
/// set.
#[test]
fn the_training_loss_is_without_the_penalties() {
    let folder = folder();
    let line = "train --quiet --optimizer lbfgs --hidden 8 --epochs 3 --weight-decay 0.1 \
                --set training.l1=0.001 --data sample --format json --out run";
    let events = run(folder.path(), words(line)).succeeded().events();
    let reported = events[3]["train_loss"].as_f64().unwrap();
    let model = nn_mlp::Model::load(folder.path().join("run/model.nn")).unwrap();
    let train = nn_mlp::data::sample().unwrap().train;
    let loss = model.evaluate(&train).unwrap().loss;
    assert!((reported - loss).abs() < 1e-4 * loss, "{reported} {loss}");
}

/// Those with a matrix, on the 8x8 digits: few weights, and a loss that falls quickly.
#[test]
fn second_order_methods_train_small_networks() {
    let folder = folder();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/digits8x8");
    for solver in ["newton", "gauss-newton"] {
        let line = format!(
            "train --quiet --optimizer {solver} --hidden 2 --activation tanh --epochs 10 \
             --format json --out {solver} --data {}",
            data.display()
        );
        let events = run(folder.path(), words(&line)).succeeded().events();
        let losses: Vec<f64> = events.iter().filter_map(|e| e["train_loss"].as_f64()).collect();
        assert!(losses.is_sorted_by(|a, b| a >= b), "{solver}: {losses:?}");
        assert!(losses[9] < 0.9 * losses[0], "{solver}: {losses:?}");
    }
}

#[test]
fn what_a_solver_cannot_use_is_refused() {
    let folder = folder();
    let path = folder.path();
    for flags in [
        "--batch 32",
        "--lr 0.1",
        "--schedule cosine",
        "--dropout 0.1",
        "--patience 2",
        "--set training.average=0.9",
        "--set transform.deskew=true",
        "--set transform.gradient-features=true",
    ] {
        let ran = run(path, words(&format!("train --optimizer lbfgs {flags}"))).failed_with(2);
        ran.saying(&[flags.split(' ').next().unwrap(), "does not go with", "lbfgs"]);
    }
    // What a preset says of single steps is dropped, and what it says of images is not.
    let line = "train --preset simard --optimizer lbfgs --print-config";
    run(path, words(line)).failed_with(2).saying(&["preset simard", "transform.augment", "lbfgs"]);
    let line = "train --preset nielsen --optimizer lbfgs --print-config";
    assert!(run(path, words(line)).succeeded().stdout.contains("\n#batch = 128\n"));
    // 784-256-128-10 has far more weights than a matrix of all by all can be made for.
    let ran = run(path, words("train --optimizer newton --out run")).failed_with(2);
    ran.saying(&["newton", "235146", "use lbfgs"]);
    assert!(!path.join("run").exists());
    let line = "train --quiet --optimizer lbfgs --hidden 4 --epochs 1 --out solved";
    run(path, words(line)).succeeded();
    run(path, words("train --resume solved")).failed_with(1).saying(&["lbfgs", "train a new one"]);
    run(path, words("train --quiet --hidden 8 --epochs 1 --out run")).succeeded();
    run(path, words("train --resume run --optimizer lbfgs")).failed_with(2).saying(&["lbfgs"]);
}

#[test]
fn interrupted_it_keeps_the_weights() {
    let folder = folder();
    let path = folder.path();
    let line = "train --quiet --optimizer lbfgs --epochs 100000 --format json --out run";
    let mut child =
        nn(path).args(words(line)).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.find(|line| line.as_ref().unwrap().contains("\"epoch\":1")).unwrap().unwrap();
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let last = lines.last().unwrap().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(last.contains("interrupted") && last.contains("model.nn"), "{last}");
    run(path, words("test --model run")).succeeded();
}
