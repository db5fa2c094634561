//! The tests and numbers named in `docs/reliability.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/reliability.md")).unwrap()
}

/// Returns every `FILE.rs::TEST` in backquotes on the page.
fn named_tests(page: &str) -> Vec<(String, String)> {
    let quoted = page.split('`').skip(1).step_by(2);
    quoted
        .filter_map(|text| text.split_once(".rs::"))
        .map(|(file, test)| (format!("{file}.rs"), test.to_owned()))
        .collect()
}

#[test]
fn every_test_of_the_page_exists() {
    let named = named_tests(&page());
    assert!(named.len() > 80, "only {} tests are named", named.len());
    for (file, test) in named {
        let text = fs::read_to_string(root().join(&file)).unwrap_or_else(|error| {
            panic!("docs/reliability.md names {file}: {error}");
        });
        let function = format!("fn {test}(");
        let place = text.find(&function);
        let place = place.unwrap_or_else(|| panic!("docs/reliability.md: no {test} in {file}"));
        // The attribute may be followed by others; proptest has them inside its macro.
        let before: Vec<&str> = text[..place].lines().rev().take(6).collect();
        assert!(before.iter().any(|line| line.trim() == "#[test]"), "{file}::{test} is not a test");
    }
}

/// Every row of faults has at least one test.
#[test]
fn every_fault_has_a_test() {
    let page = page();
    let table = page.split("## Faults").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(rows.len() >= 36, "{} rows", rows.len());
    for row in rows {
        assert!(!named_tests(row).is_empty(), "no test in: {row}");
    }
}

/// Returns the number on the page that follows these words.
fn number_after(words: &str) -> usize {
    let page = page();
    let rest =
        page.split(words).nth(1).unwrap_or_else(|| panic!("the page does not say {words:?}"));
    let digits: String = rest.trim_start().chars().take_while(|c| c.is_ascii_digit()).collect();
    digits.parse().unwrap()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// As `grep -rhoE 'unsafe (\{|impl)' crates/*/src | wc -l` counts them.
#[test]
fn the_number_of_unsafe_blocks_is_the_stated_one() {
    let mut files = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        rust_files(&entry.unwrap().path().join("src"), &mut files);
    }
    let mut found = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let count = text.matches("unsafe {").count() + text.matches("unsafe impl").count();
        let in_cpu = file.components().any(|part| part.as_os_str() == "nn-cpu");
        assert!(count == 0 || in_cpu, "{}: unsafe outside nn-cpu", file.display());
        found += count;
    }
    assert_eq!(found, number_after("`unsafe` blocks and implementations:"));
}

/// As `cargo tree -p nn-cli -e normal --prefix none | sort -u | wc -l` counts them, less our own.
#[test]
fn the_number_of_dependencies_is_the_stated_one() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = "tree --locked --offline -p nn-cli -e normal --prefix none --format {p} \
                 --target x86_64-unknown-linux-gnu";
    let output = Command::new(cargo).args(words.split_whitespace()).current_dir(root()).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let names: std::collections::BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty() && !line.contains(" (/") && !line.contains(":\\"))
        .collect();
    assert_eq!(names.len(), number_after("Packages in the command `nn` that are not ours:"));
}
