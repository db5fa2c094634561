//! `cargo xtask compare` with scripts in place of the programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nn_testing::{stderr, stdout};
use tempfile::TempDir;

use crate::common::{write_script, xtask};

/// `nn`: 6,000 images per second after a slow first epoch.
const OURS: &str = r#"echo '{"event":"start"}'
echo '{"event":"epoch","test_accuracy":0.5,"images_per_s":1000}'
echo '{"event":"epoch","test_accuracy":0.96,"images_per_s":6000}'
echo '{"event":"done","test_accuracy":0.96}'"#;

/// A peer that is faster with one thread: 3,000 images per second against 2,000.
const PEER: &str = r#"rate=2000
case "$*" in *"--threads 1"*) rate=3000;; esac
echo '{"epoch":1,"images_per_s":1}'
echo "{\"epoch\":2,\"images_per_s\":$rate}"
echo '{"test_accuracy":0.95}'"#;

/// A workspace of scripts; each logs its arguments.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { root: tempfile::tempdir().unwrap() };
        place.program("cargo", "");
        place.program("target/release/nn", OURS);
        place.file("data/mnist/train-images-idx3-ubyte.gz", "");
        for peer in ["burn", "candle", "python"] {
            fs::create_dir_all(place.path("benches/peers").join(peer)).unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn file(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn program(&self, name: &str, script: &str) {
        let log = self.path("called");
        let lines = format!("echo \"{name} $*\" >> '{}'\n{script}", log.display());
        write_script(&self.path(name), &lines);
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = xtask(&["compare", "--epochs", "2"]);
        command.args(words).env("CARGO", self.path("cargo"));
        command.env("CARGO_MANIFEST_DIR", self.path("xtask"));
        command.env_remove("CARGO_TARGET_DIR").env_remove("PEERS_PYTHON");
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Returns name and arguments of every script that ran, in order.
    fn called(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("called")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

#[test]
fn nn_and_the_peers_alternate_after_all_is_built() {
    let place = Place::new();
    place.program("target/peers/release/burn-peer", PEER);
    place.program("target/peers/release/candle-peer", &PEER.replace("0.95", "0.94"));
    let words = ["--networks", "2", "--peers", "burn,candle", "--rounds", "2"];
    let output = place.run(&words);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    let row = "| 784-128-10, 64, 0.2 | 6,000 | 3,000 (2.0 x, 1 t) | 3,000 (2.0 x, 1 t) | 96.00 / 95.00 / 94.00 |";
    assert!(text.contains(row), "{text}");
    assert!(text.starts_with("| network, batch"), "{text}");

    let called = place.called();
    let names: Vec<&str> = called.iter().map(|line| line.split(' ').next().unwrap()).collect();
    let (nn, burn, candle) =
        ("target/release/nn", "target/peers/release/burn-peer", "target/peers/release/candle-peer");
    let build = ["cargo"; 3];
    let trials = [burn, burn, candle, candle];
    let round = [nn, burn, nn, candle];
    assert_eq!(names, [&build[..], &trials, &round, &round].concat());
    let data = place.path("data/mnist").display().to_string();
    let shared = |threads: usize, seed: usize| {
        format!(
            "--data {data} --hidden 128 --batch 64 --epochs 2 --threads {threads} --seed {seed} --lr 0.2"
        )
    };
    let ours = "train --format json --quiet --optimizer sgd --schedule constant";
    assert!(called[7].starts_with(&format!("{nn} {ours} {} --out ", shared(2, 1))), "{called:?}");
    assert_eq!(called[8], format!("{burn} {}", shared(1, 1)));
    assert_eq!(called[14], format!("{candle} {}", shared(1, 2)));
}

#[test]
fn unavailable_peers_are_reported_and_the_rest_is_measured() {
    let place = Place::new();
    place.program("target/peers/release/burn-peer", PEER);
    place.program("python", "echo \"ModuleNotFoundError: No module named 'jax'\" >&2; exit 1");
    let words = ["--networks", "1", "--rounds", "1", "--peers", "jax,burn,candle", "--no-install"];
    let output = place.command(&words).env("PEERS_PYTHON", place.path("python")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("test accuracy in %: nn / burn |"), "{text}");
    assert!(
        text.contains("Not measured: JAX (") && text.contains("No module named 'jax'"),
        "{text}"
    );
    assert!(text.contains("Not measured: candle (") && text.contains("not built"), "{text}");
    assert!(stderr(&output).contains("warning: JAX is missing"), "{}", stderr(&output));
    // Only nn is built with --no-install.
    let builds = place.called().iter().filter(|line| line.starts_with("cargo ")).count();
    assert_eq!(builds, 1);
}

#[test]
fn a_python_with_the_packages_runs_the_scripts() {
    let place = Place::new();
    place.program("python", PEER);
    let words = ["--networks", "3", "--rounds", "1", "--peers", "pytorch,jax,sklearn"];
    let output = place.command(&words).env("PEERS_PYTHON", place.path("python")).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("nn / PyTorch / JAX / scikit-learn"));
    let called = place.called().join("\n");
    for part in [
        "-c import numpy, torch",
        "-c import numpy, jax",
        "-c import numpy, sklearn",
        "benches/peers/python/pytorch_peer.py --data ",
        "benches/peers/python/jax_peer.py --data ",
        "benches/peers/python/sklearn_peer.py --data ",
    ] {
        assert!(called.contains(part), "{called}");
    }
    assert!(!called.contains("pip"), "{called}");
}

#[test]
fn packages_are_installed_where_they_are_missing() {
    let place = Place::new();
    // It can import the module once pip has run.
    let imports = format!(
        "case \"$*\" in *' pip '*) : > '{0}';; -c*) test -e '{0}';; *)\n{PEER}\n;; esac",
        place.path("installed").display()
    );
    place.program("target/peers-venv/bin/python", &imports);
    let words = ["--networks", "1", "--rounds", "1", "--peers", "sklearn"];
    let refused = place.run(&[&words[..], &["--no-install"]].concat());
    assert!(stdout(&refused).contains("Not measured: scikit-learn ("), "{}", stdout(&refused));
    let output = place.run(&words);
    assert!(stdout(&output).contains("nn / scikit-learn |"), "{}", stderr(&output));
    let called = place.called().join("\n");
    let install = "-m pip install --quiet --constraint ";
    assert_eq!(called.matches(install).count(), 1, "{called}");
    assert!(
        called.contains("/benches/peers/python/requirements.txt numpy scikit-learn"),
        "{called}"
    );
}

#[test]
fn a_machine_without_python_is_not_a_failure() {
    let place = Place::new();
    let output = place.run(&["--networks", "1", "--rounds", "1", "--peers", "jax"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("| 784-30-10, 10, 0.1 | 6,000 | 96.00 |"), "{text}");
    assert!(text.contains("Not measured: JAX (cannot start `python3 -m venv "), "{text}");
}

#[test]
fn a_peer_that_fails_is_reported_and_the_rest_is_measured() {
    for (script, expected) in [
        ("exit 3", "failed: exit status: 3"),
        ("echo Training...", "not a JSON object: \"Training...\""),
        ("echo '{\"test_accuracy\":0.9}'", "0 lines with \"images_per_s\" for 2 epochs"),
        // Succeeds in the trial runs, fails in the round.
        (&format!("case \"$*\" in *'--seed 1'*) exit 4;; esac\n{PEER}"), "failed: exit status: 4"),
    ] {
        let place = Place::new();
        place.program("target/peers/release/burn-peer", script);
        place.program("target/peers/release/candle-peer", PEER);
        let words = ["--networks", "1", "--peers", "burn,candle", "--rounds", "2"];
        let output = place.run(&words);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stdout(&output);
        let row =
            "| 784-30-10, 10, 0.1 | 6,000 | failed | 3,000 (2.0 x, 1 t) | 96.00 / - / 95.00 |";
        assert!(text.contains(row), "{text}");
        let failure = text.lines().find(|line| line.starts_with("Failed at 784-30-10: burn: "));
        let failure = failure.unwrap_or_else(|| panic!("{text}"));
        assert!(failure.contains("`burn-peer "), "{text}");
        assert!(failure.contains(expected), "{text}");
    }
}

#[test]
fn nn_must_not_fail() {
    let place = Place::new();
    place.program("target/release/nn", "exit 1");
    let output = place.run(&["--networks", "1", "--peers", "candle", "--no-install"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    assert!(stderr(&output).contains("error: `nn train --format json"), "{}", stderr(&output));

    place.program("cargo", "exit 101");
    let output = place.run(&["--networks", "1", "--peers", "candle"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("`cargo build --release --locked -p nn-cli"));
}

#[test]
fn without_data_nothing_is_built() {
    let place = Place::new();
    let empty: &Path = &place.path("empty");
    let output = place.command(&["--data"]).arg(empty).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains(&empty.display().to_string()), "{text}");
    assert!(text.contains("cargo xtask fetch-data"), "{text}");
    assert!(place.called().is_empty());
}

#[test]
fn usage_errors_exit_with_2() {
    let place = Place::new();
    for words in [
        ["--networks", "5"],
        ["--networks", "0"],
        ["--networks", "1;2"],
        ["--peers", "theano"],
        ["--rounds", "0"],
        ["--threads", "two"],
    ] {
        let output = place.run(&words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
    assert!(place.called().is_empty());
}
