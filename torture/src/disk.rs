//! Disks that fill up during a training: a file size limit, and a small file system.

use std::fs;
use std::path::Path;
use std::process::Command;

use nn_mlp::Checkpoint;

use crate::program::{expect_code, spawn, start};
use crate::trial::{Effort, Random, Tally, bytes_of, same};

const TRAINING: &str = "train --quiet --data sample --hidden 8 --epochs 2 --batch 64 --out";

/// Runs trainings with disk limits of many sizes.
pub fn run(effort: &Effort) -> Tally {
    Tally::in_folder(|folder, tally| run_in(folder, effort, tally))
}

fn run_in(folder: &Path, effort: &Effort, tally: &mut Tally) -> Result<(), String> {
    let line = format!("{TRAINING} straight");
    expect_code(&mut start(effort, folder, line.split_whitespace())?, &[0])?;
    let straight = folder.join("straight");
    let expected = bytes_of(&straight.join("model.nn"))?;
    let largest = bytes_of(&straight.join("checkpoint.nn"))?.len() as u64;

    let mut random = Random::new(effort.seed);
    let may_mount = may_mount();
    let mut round = 0;
    while effort.continues(round) {
        let name = format!("limit{round}");
        // In blocks of 1024 bytes, from 0 to more than enough.
        let blocks = random.below(largest / 1024 + 20);
        limited(effort, folder, &name, blocks)?;
        check_and_finish(effort, folder, &name, &expected, tally)?;
        tally.count(1, "trainings with a file size limit");
        if may_mount {
            let name = format!("mount{round}");
            let kilobytes = 4 + random.below(largest * 3 / 1024);
            in_small_file_system(effort, folder, &name, kilobytes)?;
            check_and_finish(effort, folder, &name, &expected, tally)?;
            tally.count(1, "trainings on a full file system");
        }
        round += 1;
    }
    Ok(())
}

/// Checks that files are whole, and that the run can be finished to the same bytes without the
/// limit.
fn check_and_finish(
    effort: &Effort,
    folder: &Path,
    name: &str,
    expected: &Vec<u8>,
    tally: &mut Tally,
) -> Result<(), String> {
    let run = folder.join(name);
    for file in ["model.nn", "checkpoint.nn"].map(|file| run.join(file)) {
        if file.exists() {
            Checkpoint::load(&file).map_err(|error| format!("{name}: {error}"))?;
            tally.count(1, "files found whole");
        }
    }
    let line = match run.join("checkpoint.nn").exists() {
        // A disk that was full before the first save may have truncated the settings, too.
        true if run.join("settings.toml").exists() => format!("train --quiet --resume {name}"),
        _ => {
            let _ = fs::remove_dir_all(&run);
            format!("{TRAINING} {name}")
        }
    };
    expect_code(&mut start(effort, folder, line.split_whitespace())?, &[0])?;
    same(name, &bytes_of(&run.join("model.nn"))?, expected)?;
    fs::remove_dir_all(&run).map_err(|error| error.to_string())
}

/// Runs a shell script with `nn` as $0 and further arguments; exit code 0 or 1 is accepted.
fn script(effort: &Effort, folder: &Path, text: &str, words: &[&str]) -> Result<(), String> {
    let mut shell = Command::new("sh");
    shell.args(["-c", text]).arg(&effort.nn).args(words).current_dir(folder);
    let code = expect_code(&mut spawn(&mut shell)?, &[0, 1]);
    code.map(|_| ()).map_err(|error| format!("{words:?}: {error}"))
}

fn limited(effort: &Effort, folder: &Path, name: &str, blocks: u64) -> Result<(), String> {
    // The unit of `ulimit -f` is 512 or 1024 bytes; both are fine.
    let text = format!("ulimit -f {blocks}; exec \"$0\" {TRAINING} {name}");
    script(effort, folder, &text, &[])
}

const MOUNT: &str = "mount -t tmpfs -o size=";

/// Returns whether this user can mount a file system in a namespace.
fn may_mount() -> bool {
    let script = format!("{MOUNT}64k none /tmp");
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    spawn(&mut unshare).and_then(|mut child| expect_code(&mut child, &[0])).is_ok()
}

/// Trains on a small file system, and copies the result out before the script ends.
fn in_small_file_system(
    effort: &Effort,
    folder: &Path,
    name: &str,
    kilobytes: u64,
) -> Result<(), String> {
    let inside = format!(
        "mkdir small && {MOUNT}{kilobytes}k none small && \
         {{ \"$0\" {TRAINING} small/{name}; code=$?; cp -r small/{name} . 2>/dev/null; exit $code; }}"
    );
    let text = "exec unshare --user --map-root-user --mount sh -c \"$1\" \"$0\"";
    let result = script(effort, folder, text, &[&inside]);
    let _ = fs::remove_dir(folder.join("small"));
    result
}
