//! The guide names each equation once, and its code, tests, lines and figures exist.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::fs;
use std::path::PathBuf;

fn docs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn guide() -> String {
    fs::read_to_string(docs().join("lecture.md")).unwrap()
}

/// A link to a line of code: [`name`](../file.rs#L12).
struct CodeLink<'g> {
    name: &'g str,
    file: &'g str,
    line: usize,
}

/// Returns all links to functions in Markdown, in order.
fn code_links(markdown: &str) -> Vec<CodeLink<'_>> {
    let link = |rest: &'_ str| -> Option<(usize, usize)> {
        let (name, after) = rest.split_once("`](")?;
        let (target, _) = after.split_once(')')?;
        (!name.contains('`') && target.contains(".rs")).then_some((name.len(), target.len()))
    };
    let found = markdown.split("[`").skip(1).filter_map(|rest| {
        let (name, target) = link(rest)?;
        let (name, target) = (&rest[..name], &rest[name + 3..name + 3 + target]);
        let (file, line) = target.split_once("#L").unwrap_or((target, "0"));
        Some(CodeLink { name, file, line: line.parse().unwrap() })
    });
    found.collect()
}

/// Returns the line, counted from 1, where the function begins, or 0.
fn line_of(function: &str, code: &str) -> usize {
    let heads = [format!("fn {function}("), format!("fn {function}<")];
    let begins = |line: &str| heads.iter().any(|head| line.contains(head));
    code.lines().position(begins).map_or(0, |index| index + 1)
}

/// The command that writes the line numbers instead of comparing them.
const UPDATE: &str = "NN_UPDATE_GUIDE=1 cargo test -p nn-lecture --test guide every_link";

#[test]
fn every_link_to_code_points_at_the_line_of_its_function() {
    let guide = guide();
    let (mut right, mut wrong) = (guide.clone(), Vec::new());
    let links = code_links(&guide);
    assert!(links.len() > 62, "{}", links.len()); // two for each of 31 equations, and some more
    for CodeLink { name, file, line } in links {
        let code = fs::read_to_string(docs().join(file)).unwrap_or_default();
        let actual = line_of(name, &code);
        assert!(actual > 0, "{file} has no function {name}");
        if line != actual {
            wrong.push(format!("{name} is on line {actual} of {file}, not {line}"));
            let old = if line == 0 { String::new() } else { format!("#L{line}") };
            let link = |anchor: &str| format!("[`{name}`]({file}{anchor})");
            right = right.replace(&link(&old), &link(&format!("#L{actual}")));
        }
    }
    if std::env::var_os("NN_UPDATE_GUIDE").is_some() {
        fs::write(docs().join("lecture.md"), right).unwrap();
    } else {
        assert!(wrong.is_empty(), "{wrong:#?}\nfix them with {UPDATE}");
    }
}

#[test]
fn every_equation_stands_once_with_a_function_and_a_test() {
    let guide = guide();
    let rows: Vec<_> = guide.lines().filter(|line| line.starts_with("| (")).collect();
    let number = |row: &&str| row[3..].split_once(')').unwrap().0.parse::<u16>().unwrap();
    assert_eq!(rows.iter().map(number).collect::<Vec<_>>(), (90..=120).collect::<Vec<_>>());
    for row in rows {
        let links = code_links(row);
        let [_, CodeLink { name: test, file, .. }] = links[..] else {
            unreachable!("the row needs one function and one test: {row}")
        };
        let code = fs::read_to_string(docs().join(file)).unwrap();
        let found = code.find(&format!("fn {test}()")).unwrap_or_else(|| unreachable!("{row}"));
        assert!(code[..found].trim_end().ends_with("#[test]"), "{row}");
    }
}

#[test]
fn every_figure_of_the_guide_is_there_and_none_besides() {
    let guide = guide();
    let shown = guide.split("](figures/").skip(1).map(|rest| rest.split(')').next().unwrap());
    let mut shown: Vec<_> = shown.map(str::to_owned).collect();
    let files = fs::read_dir(docs().join("figures")).unwrap();
    let mut files: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    shown.sort();
    files.sort();
    assert_eq!(shown, files);
}

/// Every topic has a section with links to its code.
#[test]
fn every_topic_is_in_the_guide() {
    let guide = guide();
    for topic in nn_lecture::TOPICS {
        let (_, section) = guide.split_once(&format!(": `{}`\n", topic.name)).unwrap();
        let section = section.split("\n## ").next().unwrap();
        assert!(!code_links(section).is_empty(), "{}", topic.name);
    }
}
