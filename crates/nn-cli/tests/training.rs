//! `nn train`: runs, repeatability, interruption, refusals.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

mod common;

use common::{folder, nn, run, small_data, words};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn send(child: &Child, signal: &str) {
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Starts a training with events and waits for the first epoch to end.
fn start_and_wait_for_an_epoch(folder: &Path, line: &str) -> (Child, impl BufRead + use<>) {
    let mut command = nn(folder);
    let mut child =
        command.args(words(line)).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut event = String::new();
    while !event.contains("\"epoch\":1") {
        event.clear();
        assert_ne!(stdout.read_line(&mut event).unwrap(), 0, "the training ended early");
    }
    (child, stdout)
}

#[test]
fn in_an_empty_folder_it_trains_on_the_sample_and_says_so() {
    let folder = folder();
    let ran = run(folder.path(), words("train --hidden 32 --epochs 2 --format json")).succeeded();
    let ran = ran.saying(&["sample", "cargo xtask fetch-data"]);
    let events = ran.events();
    let kinds: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["start", "epoch", "epoch", "done"]);
    assert_eq!(events[0]["network"], "784-32-10");
    for epoch in &events[1..3] {
        for key in ["train_loss", "test_loss", "test_accuracy", "images_per_s", "seconds"] {
            assert!(epoch[key].as_f64().unwrap() > 0.0, "{key}");
        }
    }
    let accuracy = events[3]["test_accuracy"].as_f64().unwrap();
    assert!(accuracy > 0.8 && accuracy < 1.0, "{accuracy}");

    let model = folder.path().join(events[3]["model"].as_str().unwrap());
    assert!(model.is_file());
    let run_folder = model.parent().unwrap();
    for name in ["settings.toml", "origin.toml", "checkpoint.nn", "metrics.jsonl"] {
        assert!(run_folder.join(name).is_file(), "{name}");
    }
    let metrics = fs::read_to_string(run_folder.join("metrics.jsonl")).unwrap();
    assert_eq!(metrics, ran.stdout);
    let origin = fs::read_to_string(run_folder.join("origin.toml")).unwrap();
    assert!(origin.contains(env!("CARGO_PKG_VERSION")) && origin.contains("train-pixels"));
}

#[test]
fn the_same_seed_gives_the_same_bytes_at_any_thread_count() {
    let folder = folder();
    let path = folder.path();
    for (name, rest) in [("1", "--threads 1"), ("2", "--threads 2"), ("3", "--threads 3 --seed 2")]
    {
        let line =
            format!("train --quiet --hidden 40,24 --epochs 2 --dropout 0.1 --out {name} {rest}");
        run(path, words(&line)).succeeded();
    }
    for file in ["model.nn", "checkpoint.nn"] {
        let read = |name: &str| bytes(path.join(name).join(file));
        assert_eq!(read("1"), read("2"), "{file}");
        assert_ne!(read("1"), read("3"), "{file}");
    }
}

#[test]
fn of_several_seeds_it_says_which_are_not_begun() {
    let folder = folder();
    let line = "train --seeds 4 --seed 5 --hidden 200,100 --epochs 1000 --format json --out all";
    let (child, stdout) = start_and_wait_for_an_epoch(folder.path(), line);
    send(&child, "-INT");
    drop(stdout);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("nn train --resume all/seed-5"), "{said}");
    assert!(said.contains("--seed 6 --seeds 3"), "{said}");
}

#[test]
fn interrupted_and_resumed_it_ends_with_the_bytes_of_a_straight_run() {
    let folder = folder();
    let path = folder.path();
    let common = "train --quiet --hidden 200,100 --epochs 6 --batch 16 --optimizer momentum \
                  --dropout 0.1 --validation 0.1 --patience 6";
    run(path, words(&format!("{common} --out straight"))).succeeded();
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let line = format!("{common} --format json --out {code}");
        let (mut child, mut stdout) = start_and_wait_for_an_epoch(path, &line);
        send(&child, signal);
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(code));
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut stdout, &mut rest).unwrap();
        assert!(rest.lines().last().unwrap().contains("interrupted"), "{rest}");
        assert!(!path.join(code.to_string()).join("model.nn").exists());

        run(path, words(&format!("train --quiet --resume {code} --threads 1"))).succeeded();
        for file in ["model.nn", "checkpoint.nn"] {
            let read = |name: &str| bytes(path.join(name).join(file));
            assert_eq!(read("straight"), read(&code.to_string()), "{file}");
        }
        let metrics =
            fs::read_to_string(path.join(code.to_string()).join("metrics.jsonl")).unwrap();
        let epochs = metrics.lines().filter(|line| line.contains("\"event\":\"epoch\""));
        assert_eq!(epochs.count(), 6, "{metrics}");
    }
}

#[test]
fn a_resume_takes_no_other_settings_and_no_other_data() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 300, 50);
    run(
        path,
        ["train", "--quiet", "--hidden", "8", "--epochs", "1", "--out", "run", "--data"]
            .map(Into::into)
            .into_iter()
            .chain([data.clone().into_os_string()]),
    )
    .succeeded();

    run(path, words("train --resume run")).succeeded().saying(&["finished", "nn test"]);
    run(path, words("train --resume run --hidden 9")).failed_with(2).saying(&["--hidden", "8"]);
    run(path, words("train --resume run --config x.toml")).failed_with(2);
    run(path, words("train --resume run --out other")).failed_with(2);
    run(path, words("train --resume nowhere")).failed_with(1).saying(&["nowhere", "checkpoint.nn"]);

    // As if the run had been killed before its model was kept.
    fs::remove_file(path.join("run/model.nn")).unwrap();
    run(path, words("train --resume run --data sample"))
        .failed_with(1)
        .saying(&["the training set is another one"]);
    run(path, words("train --resume run")).succeeded();
    assert!(path.join("run/model.nn").is_file());
}

#[test]
fn a_checkpoint_of_another_run_is_refused() {
    let folder = folder();
    let path = folder.path();
    for hidden in ["8", "9"] {
        let line = format!("train --quiet --hidden {hidden} --epochs 1 --out run{hidden}");
        run(path, words(&line)).succeeded();
    }
    fs::copy(path.join("run9/checkpoint.nn"), path.join("run8/checkpoint.nn")).unwrap();
    fs::remove_file(path.join("run8/model.nn")).unwrap();
    run(path, words("train --resume run8")).failed_with(1).saying(&["run8", "other settings"]);
}

#[test]
fn two_trainings_do_not_share_a_folder() {
    let folder = folder();
    let path = folder.path();
    let line = "train --quiet --hidden 200 --epochs 500 --format json --out run";
    let (mut child, _stdout) = start_and_wait_for_an_epoch(path, line);
    run(path, words("train --out run")).failed_with(1).saying(&["run:", "another training"]);
    run(path, words("train --resume run")).failed_with(1).saying(&["another training"]);
    send(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    // Nor is a run written over when nobody holds it.
    run(path, words("train --out run")).failed_with(1).saying(&["--resume run"]);
}

#[test]
fn a_second_signal_ends_at_once() {
    let folder = folder();
    let path = folder.path();
    // One step of this takes far longer than the test waits between its signals.
    let line = "train --hidden 3000,3000 --batch 6000 --backend reference --format json --out run";
    let mut child =
        nn(path).args(words(line)).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).unwrap();
    send(&child, "-INT");
    while child.try_wait().unwrap().is_none() {
        std::thread::sleep(std::time::Duration::from_millis(50));
        if child.try_wait().unwrap().is_none() {
            send(&child, "-INT");
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

/// `NN_SIMD` names the instructions: those that fuse give the same model, and what this CPU has not got is refused.
#[test]
fn instructions_are_named_in_the_environment() {
    let folder = folder();
    let trained = |name: &str| {
        let line = format!(
            "train --quiet --hidden 40,20 --epochs 1 --dropout 0.1 --data sample --out {name}"
        );
        let output = nn(folder.path()).env("NN_SIMD", name).args(words(&line)).output().unwrap();
        let model = folder.path().join(name).join("model.nn");
        (output, fs::read(model).ok())
    };
    let (refused, model) = trained("avx1024");
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("NN_SIMD is \"avx1024\"; this CPU has"), "{message}");
    assert!(message.contains("portable") && model.is_none() && refused.status.code() == Some(1));
    assert!(trained("portable").1.is_some());
    let fused: Vec<_> = ["avx512", "avx2"].into_iter().filter_map(|name| trained(name).1).collect();
    assert!(fused.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn wrong_usage_is_exit_2() {
    let folder = folder();
    let wrong = [
        "--batch 0",
        "--batch -1",
        "--epochs 0",
        "--lr 0",
        "--lr -0.1",
        "--lr NaN",
        "--lr inf",
        "--threads 0",
        "--threads 1025",
        "--threads 99999999999999999999",
        "--dropout 1",
        "--validation 1",
        "--hidden 30,0",
        "--hidden x",
        "--activation heaviside",
        "--activation magic",
        "--optimizer magic",
        "--patience 0",
        "--set training.momentum=0.5",
        "--schedule step --set training.step-factor=0",
        "--set training.epochs",
        "--set epochs=3",
        "--seed -1",
        "--epochs 1e3",
        "--no-such-flag",
    ];
    for flags in wrong {
        let ran = run(folder.path(), words(&format!("train {flags}"))).failed_with(2);
        assert!(ran.stderr.starts_with("error: ") && ran.stdout.is_empty(), "{flags}: {ran:?}");
    }
    run(folder.path(), words("train --optimizer sgd --batch 0")).saying(&["batch is 0"]);
    for (flags, number) in [("--seed -1", "0 or more"), ("--epochs 1e3", "1 to")] {
        let typed = flags.split(' ').next_back().unwrap();
        let ran = run(folder.path(), words(&format!("train {flags}"))).failed_with(2);
        ran.saying(&[flags.split(' ').next().unwrap(), typed, "a whole number", number]);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn a_settings_file_is_checked_and_flags_beat_it() {
    let folder = folder();
    let path = folder.path();
    let printed =
        run(path, words("train --print-config --batch 32 --hidden").into_iter().chain([""]))
            .succeeded()
            .stdout;
    assert!(printed.contains("batch = 32") && printed.contains("hidden = []"), "{printed}");
    fs::write(path.join("my.toml"), &printed).unwrap();
    let again = run(path, words("train --config my.toml --print-config --batch 64")).succeeded();
    assert_eq!(again.stdout, printed.replace("batch = 32", "batch = 64"));

    fs::write(path.join("bad.toml"), "[training]\nbacth = 7\n").unwrap();
    run(path, words("train --config bad.toml"))
        .failed_with(2)
        .saying(&["bad.toml, line 2", "bacth"]);
    fs::write(path.join("bad.toml"), "training.epochs = 0").unwrap();
    run(path, words("train --config bad.toml"))
        .failed_with(2)
        .saying(&["bad.toml, line 1", "training.epochs is 0"]);
    run(path, words("train --config none.toml")).failed_with(1).saying(&["none.toml"]);
}

#[test]
fn divergence_names_step_and_rate_and_keeps_the_last_good_state() {
    let folder = folder();
    let line = "train --quiet --hidden 16 --optimizer sgd --loss squared-error --schedule constant \
                --lr 1e30 --epochs 2 --out run";
    run(folder.path(), words(line)).failed_with(1).saying(&["diverged", "step", "1e30"]);
    assert!(!folder.path().join("run/model.nn").exists());
}

#[test]
fn every_loss_optimizer_and_schedule_trains() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 400, 100);
    let rows = [
        ("cross-entropy", "sgd", "constant", "relu"),
        ("squared-error", "momentum", "step", "sigmoid"),
        ("half-squared-error", "nesterov", "cosine", "gelu"),
        ("half-squared-error", "rms-prop", "one-cycle", "softplus"),
        ("cross-entropy", "adamw", "one-cycle", "leaky-relu"),
        ("cross-entropy", "adam", "cosine", "tanh"),
    ];
    for (loss, optimizer, schedule, activation) in rows {
        let warm_up = if schedule == "one-cycle" { 0.0 } else { 0.1 };
        let line = format!(
            "train --quiet --epochs 6 --batch 20 --hidden 24 --loss {loss} --optimizer {optimizer} \
             --schedule {schedule} --activation {activation} --set training.warm-up={warm_up} \
             --weight-decay 1e-5 --set training.l1=1e-7 --set training.clip-norm=5 --format json --out {optimizer} --data {}",
            data.display()
        );
        let ran = run(path, line.split_whitespace()).succeeded();
        let accuracy = ran.last_event()["test_accuracy"].as_f64().unwrap();
        assert!(accuracy > 0.4, "{optimizer} {loss}: {accuracy}");
    }
}

#[test]
fn early_stopping_keeps_the_best_weights() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 300, 100);
    let line = format!(
        "train --epochs 200 --batch 10 --hidden 32 --patience 2 --validation 0.2 --schedule constant \
         --format json --out run --data {}",
        data.display()
    );
    let ran = run(path, words(&line)).succeeded();
    let done = ran.last_event();
    let best = done["best_epoch"].as_u64().unwrap();
    let losses: Vec<f64> =
        ran.events().iter().filter_map(|event| event["validation_loss"].as_f64()).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(losses[best as usize - 1], lowest);
    assert_eq!(losses.len() as u64, best + 2);
    let test =
        run(path, words(&format!("test --model run --format json --data {}", data.display())));
    assert_eq!(test.last_event()["accuracy"], done["test_accuracy"]);
}

#[test]
fn data_that_cannot_be_used_is_refused_before_a_folder_is_made() {
    let folder = folder();
    let path = folder.path();
    run(path, words("train --data nowhere --out run")).failed_with(1).saying(&["nowhere"]);
    let empty = small_data(path, 0, 10);
    let line = format!("train --out run --data {}", empty.display());
    run(path, words(&line)).failed_with(1).saying(&["empty"]);
    assert!(!path.join("run").exists());
}

#[test]
fn a_batch_larger_than_the_data_is_one_partial_batch_and_said() {
    let folder = folder();
    let data = small_data(folder.path(), 60, 20);
    let line = format!("train --hidden 8 --epochs 1 --batch 128 --data {}", data.display());
    run(folder.path(), words(&line)).succeeded().saying(&["batch 128", "60 samples"]);
}

#[test]
fn where_nothing_can_be_written_it_is_refused_before_the_first_epoch() {
    let folder = folder();
    fs::write(folder.path().join("file"), "in the way").unwrap();
    let ran = run(folder.path(), words("train --format json --hidden 8 --out file/run"));
    let ran = ran.failed_with(1).saying(&["file/run", "cannot create"]);
    assert!(!ran.stdout.contains("epoch"));
}

/// A folder in the checkpoint's place can be written over by no one, not even by root.
#[test]
fn a_checkpoint_that_cannot_be_written_is_a_warning_and_a_failed_last_save_is_exit_1() {
    let folder = folder();
    let path = folder.path();
    let data = small_data(path, 100, 20);
    let log = fs::File::create(path.join("log")).unwrap();
    let line = format!("train --hidden 8 --epochs 1000000 --out run --data {}", data.display());
    let mut child = nn(path).args(words(&line)).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let obstacle = path.join("run/checkpoint.nn/in-the-way");
    let warned = || fs::read_to_string(path.join("log")).unwrap().contains("warning: ");
    while !warned() {
        assert_ne!(stdout.read_line(&mut String::new()).unwrap(), 0, "the training goes on");
        fs::remove_file(path.join("run/checkpoint.nn")).ok();
        fs::create_dir_all(&obstacle).ok();
    }
    send(&child, "-TERM");
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "the last save failed");
    let log = fs::read_to_string(path.join("log")).unwrap();
    assert!(log.contains("the training goes on"), "{log}");
    assert!(log.lines().last().unwrap().starts_with("error: run/checkpoint.nn"), "{log}");
    assert!(obstacle.is_dir(), "what was there is as it was");
}

/// A device that is always full takes the results' place.
#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_a_failure() {
    let folder = folder();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = nn(folder.path()).args(["data", "info"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("stdout"));
}

#[test]
fn a_closed_stdout_is_no_error_and_the_model_is_kept() {
    let folder = folder();
    let line = "train --quiet --hidden 8 --epochs 3 --out run";
    let mut child = nn(folder.path())
        .args(words(line))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(folder.path().join("run/model.nn").is_file());
}
