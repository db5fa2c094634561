//! Several trainings started in one folder at once: exactly one may use it.

use std::path::Path;

use crate::program::{expect_code, start};
use crate::trial::{Effort, Random, Tally, bytes_of, same};

const TRAINING: &str = "train --quiet --data sample --hidden 8 --epochs 1 --seed 3 --out";

/// Starts several trainings in one folder at once.
pub fn run(effort: &Effort) -> Tally {
    Tally::in_folder(|folder, tally| run_in(folder, effort, tally))
}

fn run_in(folder: &Path, effort: &Effort, tally: &mut Tally) -> Result<(), String> {
    let line = |name: &str| format!("{TRAINING} {name}");
    expect_code(&mut start(effort, folder, line("straight").split_whitespace())?, &[0])?;
    let expected = bytes_of(&folder.join("straight/model.nn"))?;
    let mut random = Random::new(effort.seed);
    let mut round = 0;
    while effort.continues(round) {
        let name = format!("run{round}");
        let count = 2 + random.below(3);
        let children: Result<Vec<_>, _> =
            (0..count).map(|_| start(effort, folder, line(&name).split_whitespace())).collect();
        let mut successes = 0;
        for mut child in children? {
            let code = expect_code(&mut child, &[0, 1]);
            match code.map_err(|error| format!("{name}: {error}"))? {
                0 => successes += 1,
                _ => tally.count(1, "refused"),
            }
        }
        same(&format!("{name}: number of trainings that used the folder"), &successes, &1)?;
        same(&name, &bytes_of(&folder.join(&name).join("model.nn"))?, &expected)?;
        tally.count(count, "trainings started in a shared folder");
        round += 1;
    }
    Ok(())
}
