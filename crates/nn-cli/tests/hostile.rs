//! What an attacker found: each here once, so that it stays mended.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, run, small_data, trained, words};
use image::{GrayImage, Luma};
use nn_data::{Compression, IdxArray, IdxValues, write_idx};
use std::fs;
use std::path::Path;

fn bar() -> GrayImage {
    GrayImage::from_fn(200, 200, |x, y| {
        let ink = (90..110).contains(&x) && (20..180).contains(&y);
        Luma([if ink { 0 } else { 255 }])
    })
}

#[test]
fn a_cut_jpeg_is_damaged_at_any_length_and_trailing_bytes_are_not() {
    let folder = trained();
    let path = folder.path();
    bar().save(path.join("whole.jpg")).unwrap();
    let whole = fs::read(path.join("whole.jpg")).unwrap();
    let mut padded = whole.clone();
    padded.extend([0; 3000]);
    fs::write(path.join("padded.jpg"), padded).unwrap();
    run(path, words("predict --model run whole.jpg padded.jpg")).succeeded();

    let lengths = [whole.len() / 3, whole.len() / 2, whole.len() - 2, whole.len() - 1];
    let names: Vec<String> = lengths.iter().map(|length| format!("{length}.jpg")).collect();
    for (name, length) in names.iter().zip(lengths) {
        fs::write(path.join(name), &whole[..length]).unwrap();
    }
    let line = format!("predict --model run {}", names.join(" "));
    let ran = run(path, words(&line)).failed_with(1).saying(&["4 of 4"]);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr.matches("damaged picture (its end is missing)").count(), 4, "{ran:?}");
}

#[test]
fn a_picture_of_another_kind_is_called_that() {
    let folder = trained();
    let path = folder.path();
    let starts: [(&str, &[u8]); 4] = [
        ("a.gif", b"GIF89a\x01\0\x01\0\0\0\0;"),
        ("a.bmp", b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0"),
        ("a.tiff", b"II*\0\x08\0\0\0"),
        ("a.webp", b"RIFF\x1a\0\0\0WEBPVP8L"),
    ];
    for (name, start) in starts {
        fs::write(path.join(name), start).unwrap();
        let ran = run(path, ["predict", "--model", "run", name]).failed_with(1);
        ran.saying(&[name, "neither a PNG or JPEG picture", "convert it"]);
    }
}

#[test]
fn a_png_that_claims_the_largest_size_there_is_is_too_large_not_damaged() {
    let folder = trained();
    let path = folder.path();
    bar().save(path.join("bomb.png")).unwrap();
    let mut bomb = fs::read(path.join("bomb.png")).unwrap();
    bomb[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
    let header = common::crc32(&bomb[12..29]).to_be_bytes();
    bomb[29..33].copy_from_slice(&header);
    fs::write(path.join("bomb.png"), bomb).unwrap();
    let ran = run(path, words("predict --model run bomb.png")).failed_with(1);
    ran.saying(&["bomb.png", "make it smaller"]);
}

#[test]
fn names_with_line_ends_and_escapes_stay_on_one_line_and_do_nothing() {
    let folder = trained();
    let path = folder.path();
    let name = "a\nb\u{1b}[31m.png";
    for (picture, code) in [(Some(bar()), 0), (Some(GrayImage::new(40, 40)), 0), (None, 1)] {
        match picture {
            Some(picture) => picture.save(path.join(name)).unwrap(),
            None => fs::remove_file(path.join(name)).unwrap(),
        }
        let ran = run(path, ["predict", "--model", "run", name]).failed_with(code);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(said.lines().count(), 1, "{said:?}");
        assert!(said.contains("a\\nb\\u{1b}[31m.png") && !said.contains('\u{1b}'), "{said:?}");
    }
}

/// The test images are so bright that no answer is finite, while the training runs well.
#[test]
fn a_state_without_finite_answers_is_not_kept() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 100, 2);
    for (name, count, pixel) in [("train", 100, 0.5_f32), ("t10k", 2, 3e38)] {
        let mut images = vec![0, 0, 0x0d, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        images.extend(std::iter::repeat_n(pixel.to_be_bytes(), usize::from(count) * 784).flatten());
        fs::write(data.join(format!("{name}-images-idx3-ubyte")), images).unwrap();
    }
    let line = format!("train --quiet --hidden 8 --epochs 2 --out run --data {}", data.display());
    run(path, words(&line)).failed_with(1).saying(&["trained on numbers from 0.5 to 0.5"]);
    assert!(!path.join("run/checkpoint.nn").exists() && !path.join("run/model.nn").exists());
}

/// `ulimit -f` ends a process that writes a longer file by SIGXFSZ, unless it listens.
#[cfg(unix)]
#[test]
fn a_file_size_limit_is_a_failed_write_and_no_death() {
    use std::process::{Command, Stdio};
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 100, 20);
    // 16 blocks are 8 KiB or 16 KiB; the weights of 784-16-10 alone are 50 kB.
    let script = "ulimit -f 16; exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_nn"), "train", "--quiet", "--hidden", "16"])
        .args(["--epochs", "2", "--out", "run", "--data"])
        .arg(data)
        .current_dir(path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(
        stderr.contains("warning: run/checkpoint.nn") && stderr.contains("goes on"),
        "{stderr}"
    );
    assert!(stderr.lines().last().unwrap().starts_with("error: run/model.nn"), "{stderr}");
    let left: Vec<_> = fs::read_dir(path.join("run"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".partial") || name.ends_with(".nn"))
        .collect();
    assert_eq!(left, [""; 0], "nothing half written stays");
}

/// Each layer would get its memory, and the system would end the process that filled them all.
#[cfg(target_os = "linux")]
#[test]
fn a_network_larger_than_the_machine_is_refused_before_it_is_made() {
    let folder = folder();
    let widths = vec!["20000"; 4000].join(",");
    let line = format!("train --data sample --quiet --out run --hidden {widths}");
    let ran = run(folder.path(), words(&line)).failed_with(1);
    ran.saying(&["GiB of memory", "use a smaller network"]);
    assert!(!folder.path().join("run").exists());
}

#[cfg(unix)]
#[test]
fn settings_without_an_end_are_refused_unread() {
    let folder = folder();
    let ran = run(folder.path(), words("train --config /dev/zero")).failed_with(2);
    ran.saying(&["/dev/zero", "longer than 1 MiB", "--print-config"]);
    fs::write(folder.path().join("long.toml"), "# 1\n".repeat(300_000)).unwrap();
    let ran = run(folder.path(), words("train --config long.toml")).failed_with(2);
    ran.saying(&["long.toml", "longer than 1 MiB"]);
}

#[test]
fn comparison_and_calibration_refuse_an_empty_set_and_other_classes() {
    let folder = trained();
    let path = folder.path();
    small_data(path, 0, 0);
    for line in ["compare run run --data data-small", "calibrate --model run --data data-small"] {
        run(path, words(line)).failed_with(1).saying(&["the test set is empty"]);
    }
    // A model of three classes, and digits, of which there are ten.
    let sheet = |shape: Vec<usize>, bytes| IdxArray::new(shape, IdxValues::U8(bytes)).unwrap();
    let write = |name: &str, array| write_idx(&path.join(name), &array, Compression::None).unwrap();
    write("images", sheet(vec![6, 28, 28], vec![9; 6 * 784]));
    write("labels", sheet(vec![6], vec![0, 1, 2, 0, 1, 2]));
    let line = "train --images images --labels labels --epochs 1 --hidden 4 --quiet --out three";
    run(path, words(line)).succeeded();
    let lines = [
        "compare three run --data sample",
        "compare run three --data sample",
        "calibrate --model three --data sample",
    ];
    for line in lines {
        run(path, words(line)).failed_with(1).saying(&["3 outputs", "asks for 10"]);
    }
}

/// A data set of black and white images, told apart by their class.
fn write_black_and_white(folder: &Path, height: usize, width: usize) {
    fs::create_dir(folder).unwrap();
    for (name, count) in [("train", 60), ("t10k", 20)] {
        let write = |kind: &str, shape, bytes| {
            let array = IdxArray::new(shape, IdxValues::U8(bytes)).unwrap();
            write_idx(&folder.join(format!("{name}-{kind}-ubyte")), &array, Compression::None)
                .unwrap();
        };
        let pixels = (0..count).flat_map(|index| vec![255 * (index % 2); height * width]).collect();
        write("images-idx3", vec![count as usize, height, width], pixels);
        write("labels-idx1", vec![count as usize], (0..count).map(|index| index % 2).collect());
    }
}

/// Where every answer is right, the cross-entropy falls with the temperature for ever.
#[test]
fn no_temperature_is_fitted_to_answers_that_are_all_right() {
    let folder = folder();
    let path = folder.path();
    write_black_and_white(&path.join("halves"), 2, 2);
    let line =
        "train --quiet --data halves --validation 0.3 --hidden 16 --batch 4 --epochs 20 --out run";
    run(path, words(line)).succeeded();
    run(path, words("calibrate --model run --out warm.nn"))
        .failed_with(1)
        .saying(&["no temperature for 18 right answers of 18", "give more"]);
    assert!(!path.join("warm.nn").exists());
}

#[test]
fn a_sheet_of_very_wide_images_is_shown() {
    let folder = folder();
    let path = folder.path();
    write_black_and_white(&path.join("wide"), 1, 65_536);
    run(path, words("data sheet --data wide --count 2")).succeeded();
}

#[test]
fn words_that_name_nothing_are_wrong_usage_with_a_next_step() {
    let folder = folder();
    let path = folder.path();
    for command in ["train", "test --model x", "data info", "data sheet", "lecture digits"] {
        let arguments = words(command).into_iter().chain(["--data", ""]);
        run(path, arguments).failed_with(2).saying(&["--data"]);
    }
    fs::write(path.join("empty.toml"), "data.path = \"\"").unwrap();
    run(path, words("train --config empty.toml"))
        .failed_with(2)
        .saying(&["data.path is \"\", must be a path", "leave it out"]);
    fs::write(path.join("binary.toml"), [0xff, 0xfe, 0, 1]).unwrap();
    run(path, words("train --config binary.toml")).failed_with(2).saying(&[
        "binary.toml",
        "not a text file",
        "--print-config",
    ]);
    fs::write(path.join("broken.toml"), "epochs = [1,\n\n\"").unwrap();
    let broken = run(path, words("train --config broken.toml")).failed_with(2);
    assert_eq!(broken.stderr.lines().count(), 1, "{broken:?}");
}
