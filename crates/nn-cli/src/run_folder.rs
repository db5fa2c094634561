//! The folder of a training: settings, origin, metrics, checkpoint, model.

use crate::clock::utc_now;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::run_settings::RunSettings;
use nn_data::TrainTest;
use nn_files::{append_to_file, create_folder, replace_file, sweep_partial_files};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const MODEL: &str = "model.nn";
const CHECKPOINT: &str = "checkpoint.nn";
const SETTINGS: &str = "settings.toml";
const ORIGIN: &str = "origin.toml";
const METRICS: &str = "metrics.jsonl";
const LOCK: &str = "run.lock";

/// A run's folder, held by a lock so that no second training writes into it.
pub(crate) struct RunFolder {
    path: PathBuf,
    /// The system unlocks it when this process ends, however it ends.
    _lock: File,
}

impl RunFolder {
    /// A folder for a new run: `wanted`, or a new one in `runs/` with `name` in its name.
    pub(crate) fn create(wanted: Option<&Path>, name: &str) -> Result<Self, CliError> {
        let path = match wanted {
            Some(path) => path.to_owned(),
            None => return Self::create_unique(Path::new("runs"), name),
        };
        create_folder(&path).map_err(|cause| CliError::io("create", &path, cause))?;
        let folder = Self::lock(path)?;
        Self::expect_free(folder.path())?;
        Ok(folder)
    }

    /// Refuses a folder in which a run lies already.
    pub(crate) fn expect_free(path: &Path) -> Result<(), CliError> {
        if path.join(CHECKPOINT).exists() || path.join(MODEL).exists() {
            let path = path.display();
            return Err(CliError::Failed(format!(
                "{path}: holds a run already; go on with it (--resume {path}) or give another --out"
            )));
        }
        Ok(())
    }

    fn create_unique(parent: &Path, name: &str) -> Result<Self, CliError> {
        create_folder(parent).map_err(|cause| CliError::io("create", parent, cause))?;
        let stem = format!("{name}-{}", utc_now());
        for attempt in 1..1000 {
            let suffix = if attempt == 1 { String::new() } else { format!("-{attempt}") };
            let path = parent.join(format!("{stem}{suffix}"));
            match fs::create_dir(&path) {
                Err(cause) if cause.kind() == ErrorKind::AlreadyExists => {}
                Err(cause) => return Err(CliError::io("create", &path, cause)),
                Ok(()) => return Self::lock(path),
            }
        }
        Err(CliError::Failed(format!("{}: no free name; give --out", parent.join(stem).display())))
    }

    /// The folder of a run that is to go on.
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let has_checkpoint = || path.join(CHECKPOINT).is_file();
        // Locked before it is searched: another training may be about to write its first checkpoint.
        if path.join(LOCK).is_file() || has_checkpoint() {
            let folder = Self::lock(path.to_owned())?;
            if has_checkpoint() {
                return Ok(folder);
            }
        }
        let why = if path.join(MODEL).is_file() {
            "its model was trained in one piece, as by lbfgs; train a new one with more epochs"
        } else {
            "so there is nothing to go on with; give the folder of a run"
        };
        Err(CliError::Failed(format!("{}: no {CHECKPOINT} in it, {why}", path.display())))
    }

    fn lock(path: PathBuf) -> Result<Self, CliError> {
        let file = path.join(LOCK);
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(&file);
        let lock = lock.map_err(|cause| CliError::io("write", &file, cause))?;
        match lock.try_lock() {
            Ok(()) => {
                sweep_partial_files(&path);
                Ok(Self { path, _lock: lock })
            }
            Err(TryLockError::WouldBlock) => Err(CliError::Failed(format!(
                "{}: another training is running in this folder; wait for it or give another --out",
                path.display()
            ))),
            Err(TryLockError::Error(cause)) => Err(CliError::io("lock", &file, cause)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The finished model.
    pub(crate) fn model(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    /// The last state of the training.
    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.path.join(CHECKPOINT)
    }

    /// The settings with which the run began.
    pub(crate) fn settings(&self) -> Result<RunSettings, CliError> {
        RunSettings::load(&self.path.join(SETTINGS))
    }

    /// Keeps the settings and where everything came from; also shows that the folder can be written.
    pub(crate) fn describe(
        &self,
        settings: &RunSettings,
        source: &DataSource,
        data: &TrainTest,
    ) -> Result<(), CliError> {
        let head = "# Every setting of this run. nn train --config THIS_FILE repeats it.\n\n";
        self.write(SETTINGS, &format!("{head}{}", settings.to_toml()?))?;
        let origin = toml::to_string(&Origin::now(source, data)?)
            .map_err(|error| CliError::Failed(format!("{ORIGIN}: {error}")))?;
        self.write(ORIGIN, &origin)?;
        self.write(METRICS, "")
    }

    fn write(&self, name: &str, text: &str) -> Result<(), CliError> {
        let path = self.path.join(name);
        replace_file(&path, |file| file.write_all(text.as_bytes()))
            .map_err(|cause| CliError::io("write", &path, cause))
    }

    /// Adds an event to the metrics.
    pub(crate) fn append_metrics(&self, event: &Value) -> Result<(), CliError> {
        let path = self.path.join(METRICS);
        append_to_file(&path, format!("{event}\n").as_bytes())
            .map_err(|cause| CliError::io("write", &path, cause))
    }

    /// What the metrics say so far; a line that a power cut left half written is left out.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path.join(METRICS)).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Drops what the metrics say of epochs after `epochs`, which will be done again; gives the
    /// seconds that the others took.
    pub(crate) fn rewind_metrics(&self, epochs: usize) -> Result<f64, CliError> {
        let path = self.path.join(METRICS);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(0.0),
            Err(cause) => return Err(CliError::io("read", &path, cause)),
        };
        let (mut kept, mut seconds) = (String::new(), 0.0);
        for line in text.lines() {
            // A line that a power cut left half written is dropped as well.
            let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
            if event["epoch"].as_u64().is_none_or(|epoch| epoch <= epochs as u64) {
                kept.extend([line, "\n"]);
                seconds += event["seconds"].as_f64().unwrap_or(0.0);
            }
        }
        self.write(METRICS, &kept)?;
        Ok(seconds)
    }
}

/// The model in `path`: a file, or a run's finished model, or else its last checkpoint.
pub(crate) fn find_model(path: &Path) -> PathBuf {
    let inside = [MODEL, CHECKPOINT].map(|name| path.join(name));
    inside.into_iter().find(|file| file.is_file()).unwrap_or_else(|| path.to_owned())
}

/// The data that is given; else that of the run that `model` is of; else the default. What was not
/// given is announced.
pub(crate) fn data_given_or_of_run(given: Option<&Path>, model: &Path) -> DataSource {
    if let Some(given) = given {
        return DataSource::named(given);
    }
    let source = data_of_run(model).unwrap_or_else(DataSource::default_choice);
    source.announce_choice();
    source
}

/// The data that the run of a model file was trained on, if the file lies in a run's folder.
pub(crate) fn data_of_run(model: &Path) -> Option<DataSource> {
    settings_of_run(model)?.data.source().ok()?
}

/// The settings of the run of a model file, if the file lies in a run's folder.
fn settings_of_run(model: &Path) -> Option<RunSettings> {
    let folder = if model.is_dir() { model } else { model.parent()? };
    RunSettings::load(&folder.join(SETTINGS)).ok()
}

/// Share and seed of the split that the run of a model file held out, if the file lies in a run's
/// folder and anything was held out.
pub(crate) fn validation_of_run(model: &Path) -> Option<(f64, u64)> {
    let settings = settings_of_run(model)?.settings;
    let share = Some(settings.validation()).filter(|&share| share > 0.0);
    share.zip(Some(settings.training.seed))
}

/// Where a run came from: program, machine, data.
#[derive(Serialize)]
struct Origin {
    program: String,
    system: String,
    started: String,
    command: Vec<String>,
    data: DataOrigin,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct DataOrigin {
    source: String,
    training_samples: usize,
    test_samples: usize,
    sample_shape: Vec<usize>,
    classes: Option<usize>,
    sha256: BTreeMap<String, String>,
}

impl Origin {
    fn now(source: &DataSource, data: &TrainTest) -> Result<Self, CliError> {
        Ok(Self {
            program: concat!("nn ", env!("CARGO_PKG_VERSION")).to_owned(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            started: format!("{} UTC", utc_now()),
            command: std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect(),
            data: DataOrigin {
                source: source.absolute().to_string(),
                training_samples: data.train.len(),
                test_samples: data.test.len(),
                sample_shape: data.train.sample_shape().to_vec(),
                classes: data.train.classes(),
                sha256: source.hashes(data)?.into_iter().collect(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_second_training_in_the_folder_is_refused_while_the_first_runs() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        let first = RunFolder::create(Some(&path), "").unwrap();
        let error = RunFolder::create(Some(&path), "").err().unwrap().to_string();
        assert!(error.contains("another training is running"), "{error}");
        drop(first);
        assert!(RunFolder::create(Some(&path), "").is_ok());
    }

    #[test]
    fn a_folder_that_holds_a_run_is_not_written_over() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join(CHECKPOINT), "x").unwrap();
        let error = RunFolder::create(Some(parent.path()), "").err().unwrap().to_string();
        assert!(error.contains("--resume"), "{error}");
    }

    #[test]
    fn half_written_files_of_a_killed_training_are_swept_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        for name in [".nn-x1.partial", ".nn-x1", "x1.partial"] {
            fs::write(parent.path().join(name), "x").unwrap();
        }
        let _folder = RunFolder::create(Some(parent.path()), "").unwrap();
        let is_there = |name: &str| parent.path().join(name).exists();
        assert!(!is_there(".nn-x1.partial") && is_there(".nn-x1") && is_there("x1.partial"));
    }

    #[test]
    fn names_made_in_the_same_second_differ() {
        let parent = tempfile::tempdir().unwrap();
        let first = RunFolder::create_unique(parent.path(), "a").unwrap();
        let second = RunFolder::create_unique(parent.path(), "a").unwrap();
        assert_ne!(first.path(), second.path());
    }

    #[test]
    fn rewinding_drops_later_epochs_and_half_written_lines() {
        let parent = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(Some(parent.path()), "").unwrap();
        folder.append_metrics(&json!({"event": "start"})).unwrap();
        for epoch in 1..=3 {
            folder
                .append_metrics(&json!({"event": "epoch", "epoch": epoch, "seconds": 1.5}))
                .unwrap();
        }
        let path = parent.path().join(METRICS);
        fs::write(&path, fs::read_to_string(&path).unwrap() + "{\"event\":\"ep").unwrap();
        assert_eq!(folder.rewind_metrics(2).unwrap(), 3.0);
        let lines: Vec<String> =
            fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[2].contains("\"epoch\":2"));
    }
}
