//! Builds `nn` and the Rust peers and installs the Python packages, before the first measurement.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::contender::Contender;
use super::peer::{Kind, Peer};
use crate::error::Error;
use crate::workspace::{cargo, line};

/// Finds the programs, and installs or builds them if it may.
pub(super) struct Installer<'a> {
    root: &'a Path,
    target: PathBuf,
    may_install: bool,
}

impl<'a> Installer<'a> {
    pub(super) fn new(root: &'a Path, may_install: bool) -> Self {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Self { root, target, may_install }
    }

    /// Builds `nn`.
    pub(super) fn ours(&self) -> Result<Contender, Error> {
        let mut build = cargo(self.root);
        build.args(["build", "--release", "--locked", "-p", "nn-cli", "--target-dir"]);
        run(build.arg(&self.target))?;
        Ok(Contender::ours(self.target.join("release").join(format!("nn{EXE_SUFFIX}"))))
    }

    /// Returns the program of a peer, installed or built if necessary.
    pub(super) fn peer(&self, peer: Peer) -> Result<Contender, Error> {
        let peers = self.root.join("benches").join("peers");
        match peer.kind() {
            Kind::Python { script, package, module } => {
                let folder = peers.join("python");
                let python = self.python(&folder, package, module)?;
                Ok(Contender::peer(peer, python, vec![folder.join(script).into()]))
            }
            Kind::Rust { folder, program } => {
                let program = self.built(&peers.join(folder), program)?;
                Ok(Contender::peer(peer, program, Vec::new()))
            }
        }
    }

    /// Returns a Python interpreter that can import the module.
    fn python(&self, folder: &Path, package: &str, module: &'static str) -> Result<PathBuf, Error> {
        if let Some(python) = env::var_os("PEERS_PYTHON") {
            let python = PathBuf::from(python);
            return can_import(&python, module).map(|()| python);
        }
        let venv = self.target.join("peers-venv");
        let python = python_of(&venv);
        if self.may_install && !python.exists() {
            run(Command::new(SYSTEM_PYTHON).args(["-m", "venv"]).arg(&venv))?;
        }
        if self.may_install && can_import(&python, module).is_err() {
            let mut install = Command::new(&python);
            install.args(["-m", "pip", "install", "--quiet", "--constraint"]);
            // Constrained to versions that are known to work.
            run(install.arg(folder.join("requirements.txt")).args(["numpy", package]))?;
        }
        can_import(&python, module).map(|()| python)
    }

    /// Returns the program of a Rust peer.
    fn built(&self, folder: &Path, program: &str) -> Result<PathBuf, Error> {
        let target = self.target.join("peers");
        let path = target.join("release").join(format!("{program}{EXE_SUFFIX}"));
        if self.may_install {
            let mut build = cargo(self.root);
            // In the peer's folder, so that cargo finds the peers' configuration: target-cpu=native.
            build.current_dir(folder).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
            build.args(["build", "--release", "--locked", "--target-dir"]);
            run(build.arg(target))?;
        }
        if path.exists() { Ok(path) } else { Err(Error::NotBuilt { path }) }
    }
}

#[cfg(windows)]
const SYSTEM_PYTHON: &str = "python";
#[cfg(not(windows))]
const SYSTEM_PYTHON: &str = "python3";

fn python_of(venv: &Path) -> PathBuf {
    let folder = if cfg!(windows) { "Scripts" } else { "bin" };
    venv.join(folder).join(format!("python{EXE_SUFFIX}"))
}

fn can_import(python: &Path, module: &'static str) -> Result<(), Error> {
    let mut command = Command::new(python);
    command.args(["-c", &format!("import numpy, {module}")]).stdin(Stdio::null());
    let output =
        command.output().map_err(|source| Error::NotStarted { command: line(&command), source })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let cause = said.lines().last().unwrap_or("no error message").trim().to_owned();
    Err(Error::NoModule { python: python.to_path_buf(), module, cause })
}

/// Runs a step of the installation with its output on stderr.
fn run(command: &mut Command) -> Result<(), Error> {
    let started = command.stdin(Stdio::null()).stdout(std::io::stderr()).status();
    let status = started.map_err(|source| Error::NotStarted { command: line(command), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line(command), status }) }
}
