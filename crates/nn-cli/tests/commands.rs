//! Help, manual, completions, `nn check`, `nn data`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, run, words};

#[test]
fn help_is_as_it_was_agreed() {
    let folder = folder();
    for command in ["", "train ", "test ", "predict ", "data sheet ", "import "] {
        let ran = run(folder.path(), format!("{command}--help").split(' ')).succeeded();
        assert!(ran.stderr.is_empty());
        let name = format!("help-{}", command.trim().replace(' ', "-"));
        insta::assert_snapshot!(name, ran.stdout);
    }
}

#[test]
fn without_a_command_it_is_wrong_usage() {
    let folder = folder();
    run(folder.path(), [""; 0]).failed_with(2).saying(&["Usage", "train"]);
    run(folder.path(), ["tarin"]).failed_with(2).saying(&["train"]);
    let version = run(folder.path(), ["--version"]).succeeded().stdout;
    assert_eq!(version, format!("nn {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn check_compares_every_gradient() {
    let folder = folder();
    let ran = run(folder.path(), words("check --format json")).succeeded();
    let done = ran.last_event();
    assert_eq!(done["failed"], 0);
    assert!(done["worst_relative_error"].as_f64().unwrap() < 1e-6);
    let text = run(folder.path(), ["check"]).succeeded().stdout;
    for name in nn_core::Loss::ALL.map(nn_core::Loss::name) {
        assert!(text.contains(name), "{name}");
    }
    let trainable = nn_core::Activation::ALL.into_iter().filter(|a| a.is_trainable());
    assert!(trainable.into_iter().all(|activation| text.contains(activation.name())));
}

#[test]
fn completions_and_manual_pages_are_made() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(run(folder.path(), ["completions", shell]).succeeded().stdout.contains("predict"));
    }
    assert!(run(folder.path(), ["man"]).succeeded().stdout.contains(".TH nn 1"));
    run(folder.path(), words("man --out pages/man1")).succeeded();
    for page in ["nn.1", "nn-train.1", "nn-data-sheet.1"] {
        assert!(folder.path().join("pages/man1").join(page).is_file(), "{page}");
    }
}

#[test]
fn data_info_counts() {
    let folder = folder();
    let ran = run(folder.path(), words("data info")).succeeded().saying(&["sample"]);
    for word in ["6,000", "1,000", "28 x 28", "class 9", "600"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    let json = run(folder.path(), words("data info --format json")).succeeded();
    let train = &json.events()[0];
    assert_eq!(train["count"], 6000);
    assert_eq!(train["class_counts"], serde_json::json!(vec![600; 10]));
    // The mean and deviation of MNIST's pixels are known: 33.3 and 78.6 of 255.
    assert!((train["mean"].as_f64().unwrap() - 33.3).abs() < 1.0);
    assert!((train["standard_deviation"].as_f64().unwrap() - 78.6).abs() < 1.0);
}

#[test]
fn a_sheet_is_a_picture_of_the_wanted_class() {
    let folder = folder();
    let path = folder.path();
    run(path, words("data sheet --out sevens.png --class 7 --count 30")).succeeded();
    let sheet = image::open(path.join("sevens.png")).unwrap().into_luma8();
    assert!(sheet.width() > 700 && sheet.pixels().any(|pixel| pixel.0[0] < 20));
    run(path, words("data sheet --out again.png --class 7 --count 30")).succeeded();
    let [first, again] =
        ["sevens.png", "again.png"].map(|name| std::fs::read(path.join(name)).unwrap());
    assert_eq!(first, again);

    let text = run(path, words("data sheet --count 4")).succeeded().stdout;
    assert!(text.contains('█') && !text.contains('\x1b'));
    run(path, words("data sheet --class 10")).failed_with(1).saying(&["no image of class 10"]);
    run(path, words("data sheet --count 0")).failed_with(2);
    run(path, words("data sheet --out none/sheet.png")).failed_with(1).saying(&["none/sheet.png"]);
}
