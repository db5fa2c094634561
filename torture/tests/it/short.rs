//! Short versions of the parts.

use nn_torture::kills::Ending;
use nn_torture::trial::{Effort, Tally};
use nn_torture::{damage, disk, downloads, kills, shared_folder, threads, writers};
use std::path::PathBuf;

fn briefly(rounds: u64) -> Effort {
    let victim = PathBuf::from(env!("CARGO_BIN_EXE_nn-torture"));
    let nn = PathBuf::from(env!("CARGO_BIN_EXE_nn-under-test"));
    Effort { nn, victim, seed: 20, rounds, until: None }
}

fn count(tally: &Tally, what: &str) -> u64 {
    tally.tried.iter().find(|(_, name)| *name == what).map_or(0, |(count, _)| *count)
}

#[test]
fn killed_trainings_end_with_the_bytes_of_a_straight_run() {
    let tally = kills::run(&briefly(12), Ending::Kill);
    tally.assert_nothing_lost();
    assert_eq!(count(&tally, "kills"), 12);
}

#[test]
fn interrupted_trainings_end_with_the_bytes_of_a_straight_run() {
    let tally = kills::run(&briefly(6), Ending::Terminate);
    tally.assert_nothing_lost();
    assert_eq!(count(&tally, "SIGTERMs"), 6);
}

#[test]
fn no_writer_loses_a_file_whatever_operation_fails_or_kills() {
    let tally = writers::run(&briefly(1));
    tally.assert_nothing_lost();
    for what in ["failed file operations", "processes aborted at a file operation"] {
        assert!(count(&tally, what) > 50, "{tally:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_costs_no_file_and_no_result() {
    disk::run(&briefly(3)).assert_nothing_lost();
}

#[test]
fn of_many_trainings_into_one_folder_one_gets_it() {
    shared_folder::run(&briefly(2)).assert_nothing_lost();
}

#[test]
fn the_number_of_threads_changes_nothing_for_any_network_optimizer_or_dropout() {
    let tally = threads::run(&briefly(48));
    tally.assert_nothing_lost();
    assert_eq!(count(&tally, "trainings with 1 to 4 threads"), 4 * 6 * 2 * 4);
}

#[test]
fn every_cut_and_every_flipped_bit_is_found() {
    let tally = damage::run(&briefly(1));
    tally.assert_nothing_lost();
    assert!(count(&tally, "files with one bit flipped") > 20_000, "{tally:?}");
}

#[test]
fn a_server_that_misbehaves_at_random_leaves_no_wrong_file() {
    downloads::run(&briefly(40)).assert_nothing_lost();
}
