//! A process killed while it saves, at any moment, leaves the old checkpoint or the new one.

use super::checkpoint_damage::CHECKPOINT;
use nn_core::Position;
use nn_mlp::Checkpoint;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Set in the process that is to be killed: the file that it saves to.
const CHILD: &str = "NN_TEST_SAVES_TO";

/// Two states of one training, which differ in more than a byte.
fn states() -> [Checkpoint; 2] {
    let first = Checkpoint::from_bytes(CHECKPOINT).unwrap();
    let mut second = first.clone();
    let training = &mut second.training.as_mut().unwrap().state;
    training.position = Position { epoch: 2, batch: 2, step: 8 };
    training.tally = vec![4.5, 0.0, 3.0, 2.0];
    [first, second]
}

/// In the child: saves one state after the other until it is killed. Otherwise nothing.
#[test]
fn child_that_saves_for_ever() {
    let Some(path) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    for state in states().iter().cycle() {
        state.save(&path).unwrap();
    }
}

fn start_child(path: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "checkpoint_killed::child_that_saves_for_ever"])
        .env(CHILD, path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("last.nn");
    let states = states();
    for round in 0..30 {
        std::fs::write(&path, b"not yet").unwrap();
        let mut child = start_child(&path);
        // As soon as it has saved once, and then a little later every time.
        while std::fs::read(&path).unwrap() == b"not yet" {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(317 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = Checkpoint::load(&path).unwrap();
        assert!(states.contains(&found), "round {round}");
    }
}
