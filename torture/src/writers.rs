//! Every writer of the workspace, with each of its file operations failing in turn, and with the
//! process aborting there: the old or the new file must remain, whole.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use nn_data::{Compression, IdxArray, IdxValues, write_idx};
use nn_files::{append_to_file, replace_file, sweep_partial_files, watch_file_operations};
use nn_mlp::{Checkpoint, Model, ModelParts, safetensors};
use xtask::fetch::{DataFile, install};

use crate::samples::small_checkpoint;
use crate::trial::{Effort, Tally, bytes_of};

/// Writes one of two states to a file.
type Write = fn(&Path, State) -> Result<(), String>;

/// The content that a writer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Old,
    New,
}

/// Writers: name, file name, function.
const WRITERS: [(&str, &str, Write); 7] = [
    ("checkpoint", "checkpoint.nn", write_checkpoint),
    ("safetensors", "model.safetensors", write_safetensors),
    ("idx", "images-idx3-ubyte", |path, state| write_array(path, state, Compression::None)),
    ("idx-gzip", "images-idx3-ubyte.gz", |path, state| write_array(path, state, Compression::Gzip)),
    ("text", "settings.toml", write_text),
    ("download", "labels", write_download),
    ("metrics", "metrics.jsonl", append_line),
];

fn number(state: State) -> u8 {
    if state == State::Old { 1 } else { 2 }
}

fn write_checkpoint(path: &Path, state: State) -> Result<(), String> {
    let checkpoint = checkpoint_of(state)?;
    checkpoint.save(path).map_err(|error| error.to_string())
}

/// Returns a model alone, or an unfinished training.
fn checkpoint_of(state: State) -> Result<Checkpoint, String> {
    let checkpoint = small_checkpoint()?;
    match state {
        State::Old => Ok(Checkpoint { training: None, ..checkpoint }),
        State::New => Ok(checkpoint),
    }
}

fn write_safetensors(path: &Path, state: State) -> Result<(), String> {
    let parts = small_checkpoint()?.model.into_parts();
    let sample_shape = if state == State::Old { vec![16] } else { vec![4, 4] };
    let model = Model::from_parts(ModelParts { sample_shape, ..parts });
    let model = model.map_err(|error| error.to_string())?;
    safetensors::export(&model, path).map_err(|error| error.to_string())
}

fn write_array(path: &Path, state: State, compression: Compression) -> Result<(), String> {
    let values =
        IdxValues::U8((0..784).map(|index| (index as u8).wrapping_mul(number(state))).collect());
    let array = IdxArray::new(vec![1, 28, 28], values).map_err(|error| error.to_string())?;
    write_idx(path, &array, compression).map_err(|error| error.to_string())
}

fn write_text(path: &Path, state: State) -> Result<(), String> {
    let text = format!("epochs = {}\n", number(state)).repeat(30);
    replace_file(path, |file| file.write_all(text.as_bytes())).map_err(|error| error.to_string())
}

fn write_download(path: &Path, state: State) -> Result<(), String> {
    let file = DataFile { name: "labels", shape: &[3], sha256: None };
    let bytes = [file.header(), vec![number(state); 3]].concat();
    let folder = path.parent().ok_or("no folder")?;
    install(&bytes[..], folder, &file).map(|_| ()).map_err(|error| format!("{error:?}"))
}

/// Appends a line; see [`Stage::is_whole`].
fn append_line(path: &Path, state: State) -> Result<(), String> {
    let line = format!("{{\"event\":\"epoch\",\"epoch\":{}}}\n", number(state));
    match state {
        State::Old => replace_file(path, |file| file.write_all(line.as_bytes())),
        State::New => append_to_file(path, line.as_bytes()),
    }
    .map_err(|error| error.to_string())
}

/// Makes each operation of each writer fail, then aborts a process at each.
pub fn run(effort: &Effort) -> Tally {
    let mut tally = Tally::default();
    let mut rounds = 0;
    while effort.continues(rounds) {
        for (writer, file, write) in WRITERS {
            let result = fail_everywhere(file, write, &mut tally);
            tally.check(result.map_err(|error| format!("{writer}: {error}")));
            let result = abort_everywhere(effort, writer, file, write, &mut tally);
            tally.check(result.map_err(|error| format!("{writer}: {error}")));
        }
        rounds += 1;
    }
    tally
}

/// A folder with the old file, and the bytes of both states.
struct Stage {
    folder: tempfile::TempDir,
    path: PathBuf,
    old: Vec<u8>,
    new: Vec<u8>,
}

impl Stage {
    fn new(file: &str, write: Write) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().join(file);
        write(&path, State::Old)?;
        let old = bytes_of(&path)?;
        write(&path, State::New)?;
        let new = bytes_of(&path)?;
        write(&path, State::Old)?;
        if old == new {
            Err("both states are the same".to_owned())
        } else {
            Ok(Self { folder, path, old, new })
        }
    }

    /// Checks that the old or the new file is there, and nothing else after partial files are
    /// removed.
    fn check(&self, operation: usize) -> Result<(), String> {
        let found = bytes_of(&self.path)?;
        if !self.is_whole(&found) {
            return Err(format!("operation {operation}: neither the old nor the new file"));
        }
        sweep_partial_files(self.folder.path());
        let count = fs::read_dir(self.folder.path()).map_err(|error| error.to_string())?.count();
        if count == 1 {
            Ok(())
        } else {
            Err(format!("operation {operation}: {count} files remain"))
        }
    }

    /// Returns whether the file is whole; a file that is appended to may end in a partial line.
    fn is_whole(&self, found: &[u8]) -> bool {
        let grows = self.new.starts_with(&self.old);
        found == self.old || found == self.new || grows && self.new.starts_with(found)
    }
}

fn fail_everywhere(file: &str, write: Write, tally: &mut Tally) -> Result<(), String> {
    for operation in 0.. {
        let stage = Stage::new(file, write)?;
        let done = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&done);
        let fail = move |_| match counter.fetch_add(1, Ordering::Relaxed) == operation {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        };
        let result = watch_file_operations(fail, || write(&stage.path, State::New));
        let reached = done.load(Ordering::Relaxed) > operation;
        match result {
            Ok(()) if !reached => return Ok(()),
            Ok(()) => return Err(format!("operation {operation} failed without an error")),
            Err(_) => stage.check(operation)?,
        }
        tally.count(1, "failed file operations");
    }
    Ok(())
}

fn abort_everywhere(
    effort: &Effort,
    writer: &str,
    file: &str,
    write: Write,
    tally: &mut Tally,
) -> Result<(), String> {
    for operation in 0.. {
        let stage = Stage::new(file, write)?;
        let status = Command::new(&effort.victim)
            .env(ABORT_AT, format!("{writer} {operation} {}", stage.path.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|error| error.to_string())?;
        if status.success() {
            return Ok(());
        }
        stage.check(operation)?;
        tally.count(1, "processes aborted at a file operation");
    }
    Ok(())
}

/// Environment variable of a process that must abort: writer, operation, file.
const ABORT_AT: &str = "NN_TORTURE_ABORT_AT";

/// Writes a file and aborts in between, if the environment asks for it.
///
/// # Errors
/// Returns what is wrong with the request, or why the write failed earlier.
pub fn abort_if_requested() -> Result<bool, String> {
    let Some(request) = std::env::var_os(ABORT_AT) else { return Ok(false) };
    let request = request.to_string_lossy().into_owned();
    let mut words = request.splitn(3, ' ');
    let (writer, operation, path) = (words.next(), words.next(), words.next());
    let writer = WRITERS.iter().find(|(name, ..)| Some(*name) == writer).ok_or("no such writer")?;
    let last: usize =
        operation.and_then(|word| word.parse().ok()).ok_or("the operation is not a number")?;
    let path = Path::new(path.ok_or("no file")?);
    let mut done = 0;
    let abort = move |_| {
        if done == last {
            std::process::abort();
        }
        done += 1;
        Ok(())
    };
    watch_file_operations(abort, || writer.2(path, State::New))?;
    Ok(true)
}
