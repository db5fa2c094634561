//! Whatever an output path names, each command that writes files treats it as a user expects: devices and
//! FIFOs are written into, links followed, permissions kept, and inputs never overwritten.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails says so by a panic")]
#![allow(clippy::print_stderr, reason = "what fails says for which command")]

mod common;

use common::{Ran, folder, nn, run, small_data, words};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::{self, JoinHandle};
use tempfile::TempDir;

/// A command that writes, as it is typed in a folder that [`workshop`] has furnished.
struct Writer {
    /// Its command line, in which `OUT` stands for the output path.
    line: &'static str,
    /// The file that is looked at, where the output path is that of a folder.
    inside: Option<&'static str>,
}

const fn file(line: &'static str) -> Writer {
    Writer { line, inside: None }
}

const fn inside(line: &'static str, file: &'static str) -> Writer {
    Writer { line, inside: Some(file) }
}

/// Every command that writes files: a new one is a line here.
const WRITERS: [Writer; 14] = [
    file("export --model run --out OUT"),
    file("import weights.safetensors --out OUT"),
    file("ensemble run run/model.nn --out OUT"),
    file("calibrate --model run --out OUT"),
    file("test --model run --mistakes OUT"),
    file("data sheet --data data-small --count 4 --out OUT"),
    file("data augment --data data-small --count 1 --copies 2 --out OUT"),
    file("train --data data-small --hidden 4 --epochs 1 --quiet --seeds 2 --ensemble OUT"),
    inside("train --data data-small --hidden 4 --epochs 1 --quiet --out OUT", "settings.toml"),
    inside("train --data data-small --hidden 4 --epochs 1 --quiet --out OUT", "model.nn"),
    inside("calibrate --model run --figures OUT", "reliability.svg"),
    inside("plot --model run --weights --out OUT", "weights.png"),
    inside("lecture single-step --data data-small --out OUT", "single-step-rates.svg"),
    inside("man --out OUT", "nn-data-sheet.1"),
];

impl Writer {
    fn run(&self, place: &Path, out: &Path) -> Ran {
        // Those that make run folders make them where they are thrown away.
        let ran = run(place, self.words(out));
        fs::remove_dir_all(place.join("runs")).ok();
        assert!(!ran.stderr.contains(".nn-") && !ran.stderr.contains(".partial"), "{ran:?}");
        ran
    }

    fn words(&self, out: &Path) -> Vec<String> {
        let out = out.to_str().unwrap();
        words(self.line).iter().map(|word| word.replace("OUT", out)).collect()
    }

    /// The output path that makes the command write `target`, which lies in a folder of its own.
    fn out_for<'t>(&self, target: &'t Path) -> &'t Path {
        if self.inside.is_some() { target.parent().unwrap() } else { target }
    }

    fn name(&self) -> &'static str {
        self.inside.unwrap_or("out")
    }

    /// Whether a file that is there already is taken for a finished run.
    fn refuses_what_is_there(&self) -> bool {
        self.inside == Some("model.nn")
    }
}

/// A folder with a small run, its weights, and data.
fn workshop() -> TempDir {
    let place = folder();
    let path = place.path();
    small_data(path, 60, 20);
    let line = "train --data data-small --hidden 4 --epochs 1 --validation 0.3 --quiet --out run";
    run(path, words(line)).succeeded();
    run(path, words("export --model run --out weights.safetensors")).succeeded();
    place
}

/// What a command writes to a path where nothing is.
fn usual_bytes(writer: &Writer, place: &Path) -> Vec<u8> {
    let target = fresh_folder(place).join(writer.name());
    writer.run(place, writer.out_for(&target)).succeeded();
    fs::read(&target).unwrap()
}

/// A new folder in `place`.
fn fresh_folder(place: &Path) -> PathBuf {
    tempfile::tempdir_in(place).unwrap().keep()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Runs a test for each writer; what fails says for which.
fn for_each_writer(test: impl Fn(&Writer, &Path)) {
    let place = workshop();
    for writer in &WRITERS {
        eprintln!("nn {}", writer.line);
        test(writer, place.path());
    }
}

#[test]
fn permissions_are_kept() {
    for_each_writer(|writer, place| {
        if writer.refuses_what_is_there() {
            return;
        }
        let target = fresh_folder(place).join(writer.name());
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, Permissions::from_mode(0o600)).unwrap();
        writer.run(place, writer.out_for(&target)).succeeded();
        assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read(&target).unwrap(), usual_bytes(writer, place));
    });
}

#[test]
fn links_are_followed_also_where_they_lead_to_nothing() {
    for_each_writer(|writer, place| {
        for is_there in [true, false] {
            if is_there && writer.refuses_what_is_there() {
                continue;
            }
            let (links, elsewhere) = (fresh_folder(place), fresh_folder(place));
            let (link, target) = (links.join(writer.name()), elsewhere.join("target"));
            if is_there {
                fs::write(&target, "old").unwrap();
            }
            symlink(&target, elsewhere.join("next")).unwrap();
            symlink(elsewhere.join("next"), &link).unwrap();
            writer.run(place, writer.out_for(&link)).succeeded();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(&target).unwrap(), usual_bytes(writer, place));
            assert_eq!(names_in(&elsewhere), ["next", "target"]);
        }
    });
}

/// Reads a FIFO to its end.
fn reader(fifo: &Path) -> JoinHandle<Vec<u8>> {
    let fifo = fifo.to_owned();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        File::open(fifo).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    })
}

#[test]
fn a_fifo_is_written_into() {
    for_each_writer(|writer, place| {
        if writer.refuses_what_is_there() {
            return;
        }
        let fifo = fresh_folder(place).join(writer.name());
        assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = reader(&fifo);
        let ran = writer.run(place, writer.out_for(&fifo));
        // Where nobody has written, the reader waits no longer.
        drop(OpenOptions::new().read(true).write(true).open(&fifo).unwrap());
        ran.succeeded();
        assert_eq!(reader.join().unwrap(), usual_bytes(writer, place));
        assert!(fs::metadata(&fifo).unwrap().file_type().is_fifo());
    });
}

/// The null device, under a name of its own.
#[test]
fn a_device_is_written_into_and_stays_a_device() {
    for_each_writer(|writer, place| {
        if writer.refuses_what_is_there() {
            return;
        }
        let device = fresh_folder(place).join(writer.name());
        let made = Command::new("mknod").arg(&device).args(["c", "1", "3"]).output().unwrap();
        if !made.status.success() || OpenOptions::new().write(true).open(&device).is_err() {
            eprintln!("skipped: this user may not make or open devices here");
            return;
        }
        let before = fs::metadata(&device).unwrap();
        writer.run(place, writer.out_for(&device)).succeeded();
        let after = fs::symlink_metadata(&device).unwrap();
        assert!(after.file_type().is_char_device());
        assert_eq!((after.rdev(), after.ino()), (before.rdev(), before.ino()));
    });
}

#[test]
fn a_folder_may_be_a_link() {
    for_each_writer(|writer, place| {
        let Some(file) = writer.inside else { return };
        for is_there in [true, false] {
            let here = fresh_folder(place);
            let (link, target) = (here.join("link"), here.join("target"));
            if is_there {
                fs::create_dir(&target).unwrap();
            }
            symlink("target", &link).unwrap();
            writer.run(place, &link).succeeded();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read(target.join(file)).unwrap(), usual_bytes(writer, place));
        }
    });
}

#[test]
fn a_folder_in_the_place_of_a_file_is_refused_and_a_file_in_that_of_a_folder() {
    for_each_writer(|writer, place| {
        let here = fresh_folder(place);
        let out = here.join("taken");
        if writer.inside.is_some() {
            fs::write(&out, "old").unwrap();
            writer.run(place, &out).failed_with(1).saying(&["taken", "is a file, not a folder"]);
            assert_eq!(fs::read(&out).unwrap(), b"old");
        } else {
            fs::create_dir(&out).unwrap();
            writer.run(place, &out).failed_with(1).saying(&["taken", "it is a folder"]);
        }
        assert_eq!(names_in(&here), ["taken"]);
    });
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    for_each_writer(|writer, place| {
        if writer.inside.is_some() {
            return; // It is made.
        }
        let ran = writer.run(place, Path::new("no/such/folder/file")).failed_with(1);
        assert_eq!(ran.stderr.lines().last(), ran.stderr.lines().rfind(|l| l.contains("error: ")));
        ran.saying(&["no/such/folder/file", "the folder no/such/folder does not exist"]);
        assert!(!place.join("no").exists());
    });
}

/// Commands whose stdout holds nothing but the file, where the file is stdout.
#[cfg(target_os = "linux")]
#[test]
fn stdout_as_a_file_holds_the_file_alone() {
    let place = workshop();
    let path = place.path();
    symlink("/proc/self/fd/1", path.join("stdout")).unwrap();
    for writer in &WRITERS[..7] {
        if writer.line.contains("--mistakes") {
            continue; // Its stdout is the test's report.
        }
        eprintln!("nn {}", writer.line);
        let usual = usual_bytes(writer, path);
        for out in ["/dev/stdout", "stdout"] {
            let output = nn(path).args(writer.words(out.as_ref())).output().unwrap();
            assert!(output.status.success());
            assert!(output.stdout == usual, "a pipe gets the file");
        }
        // Behind what a shell has written to it already.
        fs::write(path.join("all"), "before").unwrap();
        let all = OpenOptions::new().append(true).open(path.join("all")).unwrap();
        let status = nn(path).args(writer.words("stdout".as_ref())).stdout(all).status().unwrap();
        assert!(status.success());
        assert!(fs::read(path.join("all")).unwrap() == [b"before", &usual[..]].concat());
    }
    assert!(fs::symlink_metadata(path.join("stdout")).unwrap().is_symlink());
}

/// By its own name, by another spelling, by a symbolic and by a hard link.
#[test]
fn an_input_is_not_overwritten() {
    let place = workshop();
    let path = place.path();
    fs::copy(path.join("run/model.nn"), path.join("model.nn")).unwrap();
    let commands = [
        ("import weights.safetensors --out OUT", "weights.safetensors"),
        ("export --model model.nn --out OUT", "model.nn"),
        ("export --model run --out OUT", "run/model.nn"),
        ("ensemble model.nn run --out OUT", "model.nn"),
        ("ensemble model.nn run --out OUT", "run/model.nn"),
        ("calibrate --model run --out OUT", "run/model.nn"),
        ("test --model model.nn --mistakes OUT", "model.nn"),
    ];
    for (line, input) in commands {
        let old = fs::read(path.join(input)).unwrap();
        let here = fresh_folder(path);
        symlink(path.join(input), here.join("symbolic")).unwrap();
        fs::hard_link(path.join(input), here.join("hard")).unwrap();
        let names = [
            PathBuf::from(input),
            Path::new("run/..").join(input),
            path.join(input),
            here.join("symbolic"),
            here.join("hard"),
        ];
        for name in names {
            let line = line.replace("OUT", name.to_str().unwrap());
            run(path, words(&line)).failed_with(2).saying(&["file that is read", "another path"]);
            assert!(fs::read(path.join(input)).unwrap() == old, "{line}");
        }
    }
}

/// The manual knows every command and every option of it.
#[test]
fn every_option_that_names_an_output_is_tried() {
    const OPTIONS: [&str; 4] = ["--out", "--figures", "--mistakes", "--ensemble"];
    let place = folder();
    run(place.path(), words("man --out pages")).succeeded();
    let mut found = 0;
    for page in names_in(&place.path().join("pages")) {
        let text = fs::read_to_string(place.path().join("pages").join(&page)).unwrap();
        let command = page.trim_start_matches("nn-").trim_end_matches(".1").replace('-', " ");
        for option in OPTIONS {
            let escaped = option.replace('-', "\\-");
            let is_listed = text.contains(&format!("\\fB{escaped}\\fR"));
            let is_tried = |writer: &Writer| {
                writer.line.starts_with(&format!("{command} "))
                    && words(writer.line).windows(2).any(|pair| pair == [option, "OUT"])
            };
            assert!(!is_listed || WRITERS.iter().any(is_tried), "nn {command} {option}");
            found += usize::from(is_listed);
        }
    }
    assert!(found >= 13, "{found} options are found in the manual");
}
