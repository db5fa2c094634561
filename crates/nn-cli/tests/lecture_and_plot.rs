//! `nn lecture` and `nn plot`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, run, trained, words};
use std::path::Path;

/// Whether the figure is there, as a drawing and as a picture that opens.
fn is_drawn(folder: &Path, stem: &str) -> bool {
    let svg = std::fs::read_to_string(folder.join(format!("{stem}.svg")));
    let png = image::open(folder.join(format!("{stem}.png")));
    svg.is_ok_and(|svg| svg.contains("</svg>")) && png.is_ok_and(|png| png.width() > 100)
}

#[test]
fn without_a_topic_all_are_listed_with_their_parameters() {
    let folder = folder();
    let ran = run(folder.path(), ["lecture"]).succeeded();
    for topic in nn_lecture::TOPICS {
        assert!(ran.stdout.lines().any(|line| line.starts_with(topic.name)), "{}", topic.name);
        for parameter in topic.parameters {
            let typed = format!("{}={}", parameter.name, parameter.default);
            assert!(ran.stdout.contains(&typed), "{typed}");
        }
    }
}

#[test]
fn a_topic_prints_its_numbers_and_draws_its_figures() {
    let folder = folder();
    let path = folder.path();
    let ran = run(path, words("lecture perceptron --out figures")).succeeded();
    let title = nn_lecture::find_topic("perceptron").unwrap().title;
    assert!(ran.stdout.starts_with(title) && ran.stdout.contains("In the code"), "{}", ran.stdout);
    let drawn: Vec<_> = std::fs::read_dir(path.join("figures")).unwrap().collect();
    assert!(!drawn.is_empty());
    for figure in drawn {
        let stem = figure.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(is_drawn(&path.join("figures"), &stem), "{stem}");
    }
}

#[test]
fn unknown_topics_and_parameters_are_wrong_usage() {
    let folder = folder();
    let path = folder.path();
    run(path, words("lecture magic")).failed_with(2).saying(&["magic", "single-step"]);
    run(path, words("lecture universal wdith=20")).failed_with(2).saying(&["wdith", "width"]);
    run(path, words("lecture universal width=x")).failed_with(2).saying(&["width"]);
    run(path, words("lecture universal width")).failed_with(2).saying(&["NAME=VALUE"]);
    for (topic, wrong) in [
        ("universal", "width=0"),
        ("universal", "learning-rate=-0.1"),
        ("universal", "learning-rate=nan"),
        ("universal", "expression=sin("),
        ("universal", "expression=a*x"),
        ("universal", "expression=1/(x-1)"),
        ("descent", "good=-1"),
        ("perceptron", "runs=0"),
        ("backprop", "activation=heaviside"),
        ("digits8x8", "hidden=0"),
    ] {
        let (name, _) = wrong.split_once('=').unwrap();
        let ran = run(path, ["lecture", topic, wrong, "--data", "sample"]).failed_with(2);
        let ran = ran.saying(&[&format!("parameter {name} is "), ", must be "]);
        assert!(ran.stdout.is_empty() && ran.stderr.lines().count() == 1, "{}", ran.stderr);
    }
    run(path, words("lecture all width=20")).failed_with(2).saying(&["one topic"]);
}

#[test]
fn a_run_is_drawn() {
    let folder = trained();
    let path = folder.path();
    let ran = run(path, words("plot run")).succeeded();
    let stems = ["weights", "loss", "accuracy", "confusion", "gradient-norms"];
    for stem in stems {
        assert!(is_drawn(&path.join("run/figures"), stem), "{stem}");
    }
    assert_eq!(ran.stdout.lines().count(), stems.len(), "{}", ran.stdout);

    run(path, words("plot --model run/model.nn --weights --out here")).succeeded();
    assert!(is_drawn(&path.join("here"), "weights") && !path.join("here/loss.svg").exists());
}

#[test]
fn what_cannot_be_drawn_says_why() {
    let folder = trained();
    let path = folder.path();
    run(path, ["plot"]).failed_with(2).saying(&["RUN_DIR"]);
    run(path, words("plot nowhere")).failed_with(1).saying(&["nowhere"]);
    std::fs::write(path.join("run/metrics.jsonl"), "").unwrap();
    run(path, words("plot run")).failed_with(1).saying(&["metrics.jsonl", "no epoch"]);
}

#[test]
fn a_run_whose_data_has_moved_is_drawn_with_data_from_elsewhere() {
    let folder = trained();
    let path = folder.path();
    let settings = std::fs::read_to_string(path.join("run/settings.toml")).unwrap();
    assert!(settings.contains("path = \"sample\""), "{settings}");
    let moved = settings.replace("path = \"sample\"", "path = \"gone\"");
    std::fs::write(path.join("run/settings.toml"), moved).unwrap();
    run(path, words("plot run")).failed_with(1).saying(&["gone"]);
    run(path, words("plot run --data sample")).succeeded();
    assert!(is_drawn(&path.join("run/figures"), "confusion"));
}
