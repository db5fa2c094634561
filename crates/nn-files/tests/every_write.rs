//! No other code of the workspace writes files: what goes past `replace_file` replaces devices, loses
//! permissions and leaves half a file behind.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// What writes, creates or renames a file.
const WRITERS: [&str; 9] = [
    "File::create",
    "fs::write(",
    "fs::rename(",
    "fs::copy(",
    "OpenOptions::new",
    "create_dir_all(",
    "generate_to(",
    ".persist(",
    ".save_with_format(",
];

/// Files that may, and why.
const ALLOWED: [(&str, &str); 4] = [
    ("crates/nn-cli/src/run_folder.rs", "opens the lock of a run, in which nothing is written"),
    ("xtask/src/corpus.rs", "unpacks thousands of inputs, which can be unpacked again"),
    ("xtask/src/fetch/download.rs", "adds to the part of a download, whose content is checked"),
    ("xtask/src/fetch/package.rs", "hands files in a temporary folder to another program"),
];

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The lines of code before the tests, without comments.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_write_goes_through_this_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let mut packages: Vec<PathBuf> =
        ["xtask", "torture", "benches"].map(|name| root.join(name)).into();
    for group in ["crates", "examples"] {
        packages.extend(fs::read_dir(root.join(group)).unwrap().map(|entry| entry.unwrap().path()));
    }
    let mut files = Vec::new();
    for package in packages.iter().filter(|package| !package.ends_with("crates/nn-files")) {
        // examples/config has settings alone.
        if package.join("src").is_dir() {
            rust_files(&package.join("src"), &mut files);
        }
    }
    assert!(files.len() > 200, "{} files are searched", files.len());
    let mut allowed = Vec::new();
    for file in &files {
        let code = code(file);
        let used: Vec<_> = WRITERS.iter().filter(|writer| code.contains(**writer)).collect();
        let name = file.strip_prefix(&root).unwrap().to_str().unwrap();
        if ALLOWED.iter().any(|(file, _)| *file == name) {
            allowed.push((name, used.len()));
        } else {
            assert!(used.is_empty(), "{name}: {used:?}; use nn_files::replace_file or the like");
        }
    }
    assert_eq!(allowed.len(), ALLOWED.len(), "{allowed:?}");
    assert!(allowed.iter().all(|(_, used)| *used > 0), "allowed without need: {allowed:?}");
}
