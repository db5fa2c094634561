//! The parts of the torture test, their rounds and their shares of the time.

use std::path::Path;
use std::time::{Duration, Instant};

use nn_testing::CountingAllocator;

use crate::kills::Ending;
use crate::trial::{Effort, Tally};
use crate::{damage, disk, downloads, kills, noise, shared_folder, threads, writers};

/// Resources of the parts.
#[derive(Clone, Copy, Debug)]
pub struct Resources<'a> {
    /// Allocator that counts the memory of this process.
    pub memory: &'a CountingAllocator,
    /// Folder of the fuzzers' corpora.
    pub corpora: &'a Path,
}

/// A part of the torture test.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Name on the command line and in the table.
    pub name: &'static str,
    /// Rounds of the long version.
    pub rounds: u64,
    /// Share of the time in percent. Unused time goes to the later parts.
    pub share: u32,
    run: fn(&Effort, Resources<'_>) -> Tally,
}

/// All parts; their shares add up to 100. Those that must complete come first.
pub const PARTS: [Part; 9] = [
    Part { name: "writers", rounds: 1, share: 8, run: |effort, _| writers::run(effort) },
    Part { name: "damage", rounds: 1, share: 4, run: |effort, _| damage::run(effort) },
    Part { name: "threads", rounds: 48, share: 12, run: |effort, _| threads::run(effort) },
    Part {
        name: "kill",
        rounds: 200,
        share: 35,
        run: |effort, _| kills::run(effort, Ending::Kill),
    },
    Part {
        name: "signals",
        rounds: 100,
        share: 18,
        run: |effort, _| kills::run(effort, Ending::Terminate),
    },
    Part { name: "disk", rounds: 40, share: 8, run: |effort, _| disk::run(effort) },
    Part {
        name: "shared-folder",
        rounds: 30,
        share: 4,
        run: |effort, _| shared_folder::run(effort),
    },
    Part { name: "downloads", rounds: 300, share: 6, run: |effort, _| downloads::run(effort) },
    Part {
        name: "noise",
        rounds: 50_000,
        share: 5,
        run: |effort, resources| noise::run(effort, resources.memory, resources.corpora),
    },
];

/// The result of a part.
#[derive(Clone, Debug)]
pub struct Report {
    /// Name of the part.
    pub name: &'static str,
    /// What it tried and lost.
    pub tally: Tally,
    /// Duration.
    pub took: Duration,
    /// Whether the time ran out before its rounds were done.
    pub out_of_time: bool,
}

impl Part {
    /// Runs this part within `time`.
    fn run(self, effort: &Effort, time: Duration, resources: Resources<'_>) -> Report {
        let start = Instant::now();
        let until = start + time;
        let effort = Effort { rounds: self.rounds, until: Some(until), ..effort.clone() };
        let tally = (self.run)(&effort, resources);
        let out_of_time = Instant::now() >= until;
        Report { name: self.name, tally, took: start.elapsed(), out_of_time }
    }
}

/// Runs these parts one after the other within `minutes`, each within its share of the remaining
/// time.
///
/// `begins` is called with the name of each part.
#[must_use]
pub fn run(
    parts: &[Part],
    effort: &Effort,
    minutes: f64,
    resources: Resources<'_>,
    begins: fn(&str),
) -> Vec<Report> {
    let end = Instant::now() + Duration::from_secs_f64(minutes * 60.0);
    let mut reports = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let shares: u32 = parts[number..].iter().map(|part| part.share).sum();
        let left = end.saturating_duration_since(Instant::now());
        begins(part.name);
        reports.push(part.run(effort, left * part.share / shares, resources));
    }
    reports
}

/// Formats the table of what was tried and lost.
#[must_use]
pub fn table(reports: &[Report]) -> String {
    let mut text =
        format!("{:<14} {:>9}  {:<46} {:>5} {:>8}\n", "part", "tried", "what", "lost", "time");
    for report in reports {
        let mut lost = report.tally.lost.len().to_string();
        let mut took = format!("{:.1} s", report.took.as_secs_f64());
        let mut name = report.name;
        for (count, what) in &report.tally.tried {
            text.push_str(&format!("{name:<14} {count:>9}  {what:<46} {lost:>5} {took:>8}\n"));
            (name, lost, took) = ("", String::new(), String::new());
        }
        if report.tally.tried.is_empty() {
            text.push_str(&format!("{name:<14} {:>9}  {:<46} {lost:>5} {took:>8}\n", 0, "nothing"));
        }
        if report.out_of_time {
            text.push_str(&format!("{:<14} {:>9}  out of time\n", "", ""));
        }
    }
    let lost: usize = reports.iter().map(|report| report.tally.lost.len()).sum();
    let took: f64 = reports.iter().map(|report| report.took.as_secs_f64()).sum();
    text.push_str(&format!("{:<14} {:>9}  {:<46} {lost:>5} {took:>6.0} s", "total", "", ""));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_the_whole_time() {
        assert_eq!(PARTS.iter().map(|part| part.share).sum::<u32>(), 100);
    }

    #[test]
    fn the_table_names_what_was_tried_and_lost() {
        let tally = Tally {
            tried: vec![(200, "kills"), (31, "runs compared")],
            lost: vec!["model.nn differs".to_owned()],
        };
        let took = Duration::from_millis(1500);
        let table = table(&[Report { name: "kill", tally, took, out_of_time: true }]);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[1].starts_with("kill") && lines[1].contains("200  kills"), "{table}");
        assert!(lines[1].ends_with("1    1.5 s") && lines[4].contains(" 1 "), "{table}");
    }
}
