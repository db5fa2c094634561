//! Many trainings started into one folder at once: one of them gets it.

use crate::kills::start;
use crate::trial::{Dice, Effort, Tally, bytes_of, same};

const TRAINING: &str = "train --quiet --data sample --hidden 16 --epochs 2 --seed 3 --out";

/// Starts trainings into one folder at once.
pub fn run(effort: &Effort) -> Tally {
    let mut tally = Tally::default();
    let result = run_in_folder(effort, &mut tally);
    tally.check(result);
    tally
}

fn run_in_folder(effort: &Effort, tally: &mut Tally) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let line = |name: &str| format!("{TRAINING} {name}");
    let mut straight = start(effort, folder.path(), line("straight").split_whitespace())?;
    straight.wait().map_err(|error| error.to_string())?;
    let expected = bytes_of(&folder.path().join("straight/model.nn"))?;
    let mut dice = Dice::new(effort.seed);
    let mut round = 0;
    while effort.goes_on(round) {
        let name = format!("run{round}");
        let count = 2 + dice.below(5);
        let children: Result<Vec<_>, _> = (0..count)
            .map(|_| start(effort, folder.path(), line(&name).split_whitespace()))
            .collect();
        let mut successes = 0;
        for mut child in children? {
            match child.wait().map_err(|error| error.to_string())?.code() {
                Some(0) => successes += 1,
                Some(1) => tally.count(1, "refused"),
                other => return Err(format!("{name}: exit code {other:?}")),
            }
        }
        same(&format!("{name}: number of trainings that got the folder"), &successes, &1)?;
        same(&name, &bytes_of(&folder.path().join(&name).join("model.nn"))?, &expected)?;
        tally.count(count, "trainings into a folder shared at once");
        round += 1;
    }
    Ok(())
}
