//! The guide names each equation once, and only code, tests and figures that exist.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::PathBuf;

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Name and file of a cell such as [`name`](../file).
fn link(cell: &str) -> (String, String) {
    let (name, file) = cell.trim().trim_start_matches("[`").split_once("`](").unwrap();
    (name.to_owned(), fs::read_to_string(docs().join(file.trim_end_matches(')'))).unwrap())
}

#[test]
fn every_equation_stands_once_with_code_and_test_that_exist() {
    let guide = fs::read_to_string(docs().join("lecture.md")).unwrap();
    let rows: Vec<_> = guide.lines().filter(|line| line.starts_with("| (")).collect();
    let number = |row: &&str| row[3..].split_once(')').unwrap().0.parse::<u16>().unwrap();
    assert_eq!(rows.iter().map(number).collect::<Vec<_>>(), (90..=120).collect::<Vec<_>>());
    for row in rows {
        let cells: Vec<_> = row.split(" | ").collect();
        let (function, code) = link(cells[2]);
        assert!(
            [format!("fn {function}("), format!("fn {function}<")].iter().any(|f| code.contains(f)),
            "{row}"
        );
        let (test, code) = link(cells[3].trim_end_matches(" |"));
        let found = code.find(&format!("fn {test}()")).unwrap_or_else(|| unreachable!("{row}"));
        assert!(code[..found].trim_end().ends_with("#[test]"), "{row}");
    }
}

#[test]
fn every_figure_of_the_guide_is_there_and_none_besides() {
    let guide = fs::read_to_string(docs().join("lecture.md")).unwrap();
    let shown = guide.split("](figures/").skip(1).map(|rest| rest.split(')').next().unwrap());
    let mut shown: Vec<_> = shown.map(str::to_owned).collect();
    let files = fs::read_dir(docs().join("figures")).unwrap();
    let mut files: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    shown.sort();
    files.sort();
    assert_eq!(shown, files);
}

/// Every topic has its section.
#[test]
fn every_topic_is_in_the_guide() {
    let guide = fs::read_to_string(docs().join("lecture.md")).unwrap();
    for topic in nn_lecture::TOPICS {
        assert!(guide.contains(&format!(": `{}`\n", topic.name)), "{}", topic.name);
    }
}
