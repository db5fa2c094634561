//! `nn test`, `predict`, `inspect`, `export`, `import`: what a trained model is good for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{Ran, crc32, folder, nn, run, small_data, trained, words};
use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// Digits of the sample's test set, enlarged `scale` times: (label, ink at (x, y), side).
fn enlarged(sample: usize, scale: u32) -> (u32, impl Fn(u32, u32) -> u8, u32) {
    let digits = nn_data::embedded_sample().unwrap().test;
    let pixels = digits.image(sample).unwrap().to_vec();
    let ink = move |x: u32, y: u32| pixels[(y / scale * 28 + x / scale) as usize];
    (digits.label(sample).unwrap(), ink, 28 * scale)
}

fn predictions(ran: &Ran) -> Vec<(u64, f64)> {
    let answer =
        |event: &Value| (event["class"].as_u64().unwrap(), event["probability"].as_f64().unwrap());
    ran.events().iter().map(answer).collect()
}

fn predict(folder: &Path, files: &[String]) -> Ran {
    let arguments = words("predict --model run --format json").into_iter().map(str::to_owned);
    run(folder, arguments.chain(files.iter().cloned()))
}

/// Writes one picture of each of the first samples, and returns names and labels.
fn write_pictures(
    folder: &Path,
    count: usize,
    scale: u32,
    picture: impl Fn(&dyn Fn(u32, u32) -> u8, u32) -> DynamicImage,
) -> (Vec<String>, Vec<u32>) {
    (0..count)
        .map(|number| {
            // Spread over the classes, which lie in no order.
            let (label, ink, side) = enlarged(number * 37, scale);
            let name = format!("{number}.png");
            picture(&ink, side).save(folder.join(&name)).unwrap();
            (name, label)
        })
        .unzip()
}

/// How many of 20 digits, drawn so, are read as what they are.
fn right_of_20(
    scale: u32,
    picture: impl Fn(&dyn Fn(u32, u32) -> u8, u32) -> DynamicImage,
) -> usize {
    let folder = trained();
    let (names, labels) = write_pictures(folder.path(), 20, scale, picture);
    let ran = predict(folder.path(), &names).succeeded();
    let right = |((class, _), label): &((u64, f64), &u32)| *class == u64::from(**label);
    predictions(&ran).into_iter().zip(&labels).filter(right).count()
}

#[test]
fn digits_are_read_however_they_are_drawn() {
    let white_on_black = |ink: &dyn Fn(u32, u32) -> u8, side: u32| {
        GrayImage::from_fn(side, side, |x, y| Luma([ink(x, y)])).into()
    };
    assert!(right_of_20(1, white_on_black) >= 17);

    let blue_on_yellow = |ink: &dyn Fn(u32, u32) -> u8, side: u32| {
        RgbImage::from_fn(side, side, |x, y| {
            let paper = 255 - ink(x, y);
            Rgb([paper, (u32::from(paper) * 240 / 255) as u8, 120])
        })
        .into()
    };
    assert!(right_of_20(7, blue_on_yellow) >= 17);

    let black_on_nothing = |ink: &dyn Fn(u32, u32) -> u8, side: u32| {
        RgbaImage::from_fn(side, side, |x, y| Rgba([0, 0, 0, ink(x, y)])).into()
    };
    assert!(right_of_20(3, black_on_nothing) >= 17);

    // In a corner of a wide grey sheet, lit from the left.
    let lit_from_the_left = |ink: &dyn Fn(u32, u32) -> u8, side: u32| {
        GrayImage::from_fn(side * 3, side * 2, |x, y| {
            let paper = 220.0 - 60.0 * f64::from(x) / f64::from(side * 3);
            let ink = if x < side && y < side { f64::from(ink(x, y)) / 255.0 } else { 0.0 };
            Luma([(paper * (1.0 - 0.8 * ink)) as u8])
        })
        .into()
    };
    assert!(right_of_20(10, lit_from_the_left) >= 16);
}

#[test]
fn the_decision_about_inversion_is_said() {
    let folder = trained();
    let (_, ink, side) = enlarged(0, 4);
    let dark = GrayImage::from_fn(side, side, |x, y| Luma([255 - ink(x, y)]));
    dark.save(folder.path().join("dark.jpg")).unwrap();
    let light = GrayImage::from_fn(side, side, |x, y| Luma([ink(x, y)]));
    light.save(folder.path().join("light.png")).unwrap();
    let ran = run(folder.path(), words("predict --model run dark.jpg light.png")).succeeded();
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("dark.jpg: ") && lines[0].contains(" inverted"), "{lines:?}");
    assert!(lines[1].contains("not inverted") && lines[1].contains("then "), "{lines:?}");

    let shown = run(folder.path(), words("predict --model run --show light.png")).succeeded();
    assert_eq!(shown.stdout.lines().count(), 1 + 14);
    assert!(shown.stdout.contains('█') && !shown.stdout.contains('\x1b'), "plain when piped");
}

#[test]
fn a_bad_file_fails_alone() {
    let folder = trained();
    let path = folder.path();
    let (_, ink, side) = enlarged(0, 2);
    GrayImage::from_fn(side, side, |x, y| Luma([ink(x, y)])).save(path.join("good.png")).unwrap();
    let good = fs::read(path.join("good.png")).unwrap();
    fs::write(path.join("cut.png"), &good[..good.len() / 2]).unwrap();
    fs::write(path.join("text.png"), "not a picture").unwrap();
    fs::write(path.join("empty.png"), "").unwrap();
    GrayImage::from_pixel(90, 60, Luma([230])).save(path.join("blank.png")).unwrap();
    let files = "none.png cut.png text.png empty.png blank.png good.png";
    let ran = run(path, words(&format!("predict --model run {files}"))).failed_with(1);
    assert_eq!(ran.stdout.lines().count(), 2, "{ran:?}");
    assert!(ran.stdout.starts_with("blank.png: blank"));
    let ran = ran.saying(&["none.png", "cut.png", "text.png", "empty.png", "4 of 6 files"]);
    assert_eq!(ran.stderr.lines().count(), 5);

    let alone = run(path, words("predict --model run text.png")).failed_with(1);
    assert_eq!(alone.stderr.lines().count(), 1);
}

/// Every cut and every flipped byte of a small picture ends with an answer or one line.
#[test]
fn a_damaged_picture_never_panics() {
    let folder = trained();
    let path = folder.path();
    let (_, ink, side) = enlarged(3, 1);
    GrayImage::from_fn(side, side, |x, y| Luma([ink(x, y)])).save(path.join("good.png")).unwrap();
    let good = fs::read(path.join("good.png")).unwrap();
    let mut names = Vec::new();
    for place in (0..good.len()).step_by(3) {
        let mut flipped = good.clone();
        flipped[place] ^= 0x55;
        names.push(format!("{place}-flipped.png"));
        fs::write(path.join(&names[names.len() - 1]), flipped).unwrap();
        names.push(format!("{place}-cut.png"));
        fs::write(path.join(&names[names.len() - 1]), &good[..place]).unwrap();
    }
    let ran = predict(path, &names);
    assert!(matches!(ran.code, Some(0 | 1)), "{ran:?}");
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let said = ran.stdout.lines().count() + ran.stderr.lines().count();
    assert_eq!(said, names.len() + 1, "a line each, and a sum");
}

#[test]
fn huge_pictures_are_read_or_refused_by_their_header() {
    let folder = trained();
    let path = folder.path();
    let mut large = GrayImage::from_pixel(10_000, 10_000, Luma([255]));
    for y in 2_000..8_000 {
        for x in 4_800..5_200 {
            large.put_pixel(x, y, Luma([0]));
        }
    }
    large.save(path.join("large.png")).unwrap();
    let ran = predict(path, &["large.png".to_owned()]).succeeded();
    assert_eq!(predictions(&ran)[0].0, 1, "a long upright bar is a one");

    // The header alone says 100,000 x 100,000; no such memory is ever asked for.
    let mut bomb = fs::read(path.join("large.png")).unwrap();
    bomb[16..24].copy_from_slice(&[0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0]);
    let header = crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&header);
    bomb.truncate(4096);
    fs::write(path.join("bomb.png"), bomb).unwrap();
    let ran = run(path, words("predict --model run bomb.png")).failed_with(1);
    ran.saying(&["bomb.png", "100000 x 100000"]);
}

#[test]
fn idx_files_are_answered_image_by_image() {
    let folder = trained();
    let path = folder.path();
    let data = small_data(path, 10, 50);
    let images = data.join("t10k-images-idx3-ubyte").display().to_string();
    let labels = data.join("t10k-labels-idx1-ubyte").display().to_string();
    let ran = predict(path, std::slice::from_ref(&images)).succeeded();
    assert_eq!(ran.stdout.lines().count(), 50);
    let tested = run(
        path,
        ["test", "--model", "run", "--format", "json", "--images", &images, "--labels", &labels],
    );
    let errors = tested.succeeded().last_event()["errors"].as_u64().unwrap();
    let set = nn_data::load_pair(images.as_ref(), labels.as_ref()).unwrap();
    let is_wrong = |(sample, (class, _)): &(usize, (u64, f64))| {
        u64::from(set.label(*sample).unwrap()) != *class
    };
    let wrong = predictions(&ran).into_iter().enumerate().filter(is_wrong).count();
    assert_eq!(wrong as u64, errors);
    predict(path, &[labels]).failed_with(1).saying(&["shape", "28 x 28"]);
}

#[test]
fn test_reports_and_has_a_bar() {
    let folder = trained();
    let path = folder.path();
    let ran = run(path, words("test --model run --data sample --mistakes worst.png")).succeeded();
    for word in ["accuracy", "precision", "recall", "F1", "Confusion matrix", "the first 2"] {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    assert!(image::open(path.join("worst.png")).unwrap().width() > 300);

    let json = run(path, words("test --model run/model.nn --format json")).succeeded();
    let event = json.last_event();
    assert_eq!(event["event"], "test");
    let (errors, count) = (event["errors"].as_u64().unwrap(), event["count"].as_u64().unwrap());
    assert_eq!(count, 1000);
    let accuracy = event["accuracy"].as_f64().unwrap();
    assert!((accuracy - (count - errors) as f64 / count as f64).abs() < 1e-12);
    assert!(json.stderr.contains("sample"), "says which data it took");

    run(path, words("test --model run --min-accuracy 0.5")).succeeded();
    run(path, words("test --model run --min-accuracy 1")).failed_with(1).saying(&["below the bar"]);
    run(path, words("test --model run --min-accuracy 98")).failed_with(2).saying(&["0.98"]);
}

#[test]
fn a_model_and_data_of_different_sizes_refuse_each_other() {
    let folder = trained();
    let path = folder.path();
    let tiny = nn_data::Dataset::from_images(vec![7; 4 * 6], &[2, 3], vec![0, 1, 2, 3], 4).unwrap();
    let data = nn_data::TrainTest { train: tiny.clone(), test: tiny };
    nn_data::write_folder(&path.join("tiny"), &data, nn_data::Compression::Gzip).unwrap();
    run(path, words("test --model run --data tiny")).failed_with(1).saying(&["28 x 28", "2 x 3"]);
    // Images that are not square train and test as any others.
    run(path, words("train --quiet --data tiny --hidden 4 --epochs 1 --out small")).succeeded();
    run(path, words("test --model small --data tiny")).succeeded();
    let (_, ink, side) = enlarged(0, 2);
    GrayImage::from_fn(side, side, |x, y| Luma([ink(x, y)])).save(path.join("a.png")).unwrap();
    run(path, words("predict --model small a.png")).succeeded();
}

#[test]
fn a_damaged_model_is_refused() {
    let folder = trained();
    let path = folder.path();
    let mut bytes = fs::read(path.join("run/model.nn")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path.join("bad.nn"), &bytes).unwrap();
    fs::write(path.join("cut.nn"), &bytes[..middle]).unwrap();
    run(path, words("inspect bad.nn")).failed_with(1).saying(&["bad.nn", "damaged"]);
    run(path, words("test --model cut.nn")).failed_with(1).saying(&["cut.nn", "cut short"]);
    run(path, words("inspect none.nn")).failed_with(1).saying(&["none.nn"]);
}

#[test]
fn what_is_not_there_is_said_with_a_way_out() {
    let folder = trained();
    let path = folder.path();
    fs::create_dir(path.join("empty")).unwrap();
    for line in ["test --model empty", "inspect empty", "compare run empty", "plot empty"] {
        run(path, words(line)).failed_with(1).saying(&[
            "empty",
            "no model.nn",
            "the folder of a run",
        ]);
    }
    let missing = run(path, words("test --model runs/NAME")).failed_with(1);
    missing.saying(&["runs/NAME", "no such file", "last lines of a training"]);
    run(path, words("plot run/model.nn")).failed_with(2).saying(&["run/model.nn", "--model"]);
    // Before the test, not after it.
    let late = run(path, words("test --model run --data sample --mistakes none/m.png"));
    let late = late.failed_with(1).saying(&["none/m.png", "cannot write"]);
    assert!(late.stdout.is_empty(), "{}", late.stdout);
    run(path, words("train --data sample --lr -1"))
        .failed_with(2)
        .saying(&["--lr", "learning-rate is -1"]);
    let alike = run(path, words("data augment --data sample --preset fast --out d.png"));
    alike.succeeded().saying(&["no random transform"]);
    let figures = run(path, words("calibrate --model run --data sample --figures f"));
    figures.succeeded().saying(&["reliability.svg and .png"]);
}

#[test]
fn exported_and_imported_it_is_the_same_model() {
    let folder = trained();
    let path = folder.path();
    run(path, words("export --model run --format safetensors --out w.safetensors")).succeeded();
    run(path, words("import w.safetensors --out back.nn")).succeeded();
    let same =
        fs::read(path.join("back.nn")).unwrap() == fs::read(path.join("run/model.nn")).unwrap();
    assert!(same);
    fs::write(path.join("junk.safetensors"), "junk").unwrap();
    run(path, words("import junk.safetensors --out junk.nn"))
        .failed_with(1)
        .saying(&["junk.safetensors"]);
    assert!(!path.join("junk.nn").exists());
}

#[test]
fn a_closed_stdout_is_no_error() {
    let folder = trained();
    let data = small_data(folder.path(), 10, 1000);
    let images = data.join("t10k-images-idx3-ubyte").display().to_string();
    for arguments in [vec!["predict", "--model", "run", &images], vec!["check"], vec!["man"]] {
        let mut command = nn(folder.path());
        let mut child =
            command.args(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
    }
}

#[test]
fn inspect_shows_the_layers() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 100, 20);
    let line = format!(
        "train --quiet --hidden 30,20 --activation tanh --epochs 1 --out run --data {}",
        data.display()
    );
    run(path, words(&line)).succeeded();
    insta::assert_snapshot!(run(path, words("inspect run/model.nn")).succeeded().stdout);
    let training = run(path, words("inspect run/checkpoint.nn")).succeeded().stdout;
    assert!(training.contains("1 of 1 epochs") && training.contains("one-cycle"), "{training}");
    let json = run(path, words("inspect run --format json")).succeeded().last_event();
    assert_eq!(json["parameters"], 784 * 30 + 30 + 30 * 20 + 20 + 20 * 10 + 10);
}
