//! Data that lies elsewhere than in a folder of four standard names, and models in double precision.
#![allow(clippy::unwrap_used, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, run, small_data, words};
use nn_core::{Activation, Architecture, Loss, NetworkValues, Values};
use nn_data::{Compression, IdxArray, IdxValues, write_idx};
use nn_images::{Pipeline, TestViews};
use nn_mlp::{InputRange, Model, ModelMember, ModelParts, Task};
use nn_tensor::Linear;
use std::fs;
use std::path::Path;

/// The files of a small data set under other names: `images` and `labels` with 300 digits, `exam` and
/// `answers` with 50.
fn renamed(folder: &Path) {
    let data = small_data(folder, 300, 50);
    let names = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
    for (old, new) in names.into_iter().zip(["images", "labels", "exam", "answers"]) {
        fs::copy(data.join(format!("{old}-ubyte")), folder.join(new)).unwrap();
    }
}

#[test]
fn a_pair_of_files_trains_and_tests_as_the_folder_of_the_same_files_does() {
    let folder = folder();
    let path = folder.path();
    renamed(path);
    let line = "train --quiet --hidden 8 --epochs 1 --format json";
    let files = "--images images --labels labels --test-images exam --test-labels answers";
    let of_files = run(path, words(&format!("{line} --out files {files}"))).succeeded();
    run(path, words(&format!("{line} --out folder --data data-small"))).succeeded();
    let model = |name: &str| fs::read(path.join(name).join("model.nn")).unwrap();
    assert_eq!(model("files"), model("folder"));

    // The run knows its files: test and resume find them, from another folder as well.
    let accuracy = of_files.last_event()["test_accuracy"].clone();
    let elsewhere = common::folder();
    let run_folder = path.join("files").display().to_string();
    let test = run(elsewhere.path(), ["test", "--format", "json", "--model", &run_folder]);
    assert_eq!(test.succeeded().last_event()["accuracy"], accuracy);
    fs::remove_file(path.join("files/model.nn")).unwrap();
    run(elsewhere.path(), ["train", "--resume", &run_folder]).succeeded();
    assert_eq!(model("files"), model("folder"));
}

#[test]
fn without_test_files_the_same_tenth_is_held_out_in_every_run() {
    let folder = folder();
    let path = folder.path();
    renamed(path);
    let line = "train --images images --labels labels --hidden 8 --epochs 1 --format json";
    let first = run(path, words(&format!("{line} --out first"))).succeeded();
    let start = &first.events()[0];
    assert_eq!((&start["training_samples"], &start["test_samples"]), (&270.into(), &30.into()));
    assert!(start["data"].as_str().unwrap().contains("a tenth of it held out"), "{start}");

    let tested = |model: &str| {
        let ran = run(path, words(&format!("test --format json --model {model}"))).succeeded();
        let event = ran.last_event();
        (event["accuracy"].clone(), event["count"].clone())
    };
    assert_eq!(tested("first"), (first.last_event()["test_accuracy"].clone(), 30.into()));
    let second = run(path, words(&format!("{line} --out second --seed 7"))).succeeded();
    assert_eq!(tested("second").0, second.last_event()["test_accuracy"]);
}

#[test]
fn half_a_pair_and_two_places_are_wrong_usage() {
    let folder = folder();
    let path = folder.path();
    for flags in [
        "--images a",
        "--labels a",
        "--images a --labels b --test-images c",
        "--test-images a --test-labels b",
        "--images a --labels b --data sample",
    ] {
        run(path, words(&format!("train {flags}"))).failed_with(2);
    }
    for (settings, word) in [
        ("images = 'a'", "data.images needs data.labels"),
        ("labels = 'a'", "data.labels needs data.images"),
        ("test-images = 'a'\ntest-labels = 'b'", "data.test-images needs data.images"),
        ("path = 'sample'\nimages = 'a'\nlabels = 'b'", "exclude"),
        ("images = ''\nlabels = 'b'", "data.images is \"\""),
        ("path = 7", "data.path is 7, must be a path"),
    ] {
        fs::write(path.join("my.toml"), format!("[data]\n{settings}")).unwrap();
        let ran = run(path, words("train --config my.toml")).failed_with(2);
        ran.saying(&["my.toml, line ", word]);
    }
    // A flag that names data takes the place of all that the file says of data.
    fs::write(path.join("my.toml"), "data = { images = 'a', labels = 'b' }").unwrap();
    let printed = run(path, words("train --config my.toml --print-config --data x")).succeeded();
    assert!(printed.stdout.contains("\npath = \"x\"\n") && !printed.stdout.contains("\nimages"));
}

// The file systems of macOS take names in UTF-8 alone.
#[cfg(all(unix, not(target_os = "macos")))]
#[test]
fn paths_need_not_be_utf8() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = folder();
    let path = folder.path();
    let latin = OsStr::from_bytes(b"caf\xe9");
    let place = path.join(latin);
    fs::create_dir(&place).unwrap();
    for file in fs::read_dir(small_data(path, 300, 50)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), place.join(file.file_name())).unwrap();
    }
    let with = |line: &str, last: &OsStr| {
        let line = words(line).into_iter().map(OsStr::new);
        run(path, line.chain([last])).succeeded()
    };
    let run_folder = OsStr::from_bytes(b"r\xfcn");
    let mut line = words("train --quiet --hidden 8 --epochs 1 --data").into_iter().map(OsStr::new);
    let all: Vec<&OsStr> = line.by_ref().chain([latin, OsStr::new("--out"), run_folder]).collect();
    run(path, all).succeeded();
    with("test --model", run_folder);
    with("data info --data", latin);
    with("inspect", run_folder);
    fs::remove_file(path.join(run_folder).join("model.nn")).unwrap();
    with("train --resume", run_folder);
    assert!(path.join(run_folder).join("model.nn").is_file());
    let images = place.join("t10k-images-idx3-ubyte");
    let mut predict = vec![OsStr::new("predict"), OsStr::new("--model"), run_folder];
    predict.push(images.as_os_str());
    assert_eq!(run(path, predict).succeeded().stdout.lines().count(), 50);
}

/// Two classes whose outputs differ by 1e-12: in single precision they are equal, and the first of two
/// equal answers is taken.
#[test]
fn a_model_in_double_precision_answers_in_double_precision() {
    let folder = folder();
    let path = folder.path();
    let layer =
        Linear { weight: Values::F64(vec![0.0, 0.0]), bias: Values::F64(vec![1.0, 1.0 + 1e-12]) };
    let member = ModelMember {
        architecture: Architecture::new(1, [], 2, Activation::Relu),
        transforms: Pipeline::default(),
        values: NetworkValues { layers: vec![layer], norms: vec![] },
    };
    let parts = ModelParts {
        task: Task::Classification,
        loss: Loss::HalfSquaredError,
        sample_shape: vec![1, 1],
        input_range: InputRange::Bytes,
        scaler: None,
        class_names: vec![],
        views: TestViews::default(),
        members: vec![member],
    };
    Model::from_parts(parts).unwrap().save(path.join("model.nn")).unwrap();
    let write = |name: &str, shape: Vec<usize>, bytes: Vec<u8>| {
        let array = IdxArray::new(shape, IdxValues::U8(bytes)).unwrap();
        write_idx(&path.join(name), &array, Compression::None).unwrap();
    };
    write("images", vec![3, 1, 1], vec![0, 100, 200]);
    write("labels", vec![3], vec![1, 1, 1]);
    for backend in ["cpu", "reference"] {
        let line = format!("--model model.nn --format json --backend {backend}");
        let test = format!("test {line} --images images --labels labels");
        assert_eq!(run(path, words(&test)).succeeded().last_event()["accuracy"], 1.0, "{backend}");
        let predict = run(path, words(&format!("predict {line} images"))).succeeded();
        assert!(predict.events().iter().all(|event| event["class"] == 1), "{backend}");
    }
}
