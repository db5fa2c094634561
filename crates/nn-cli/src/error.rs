//! Why a command ended without success, and the exit code for it.

use crate::photograph::PhotographError;
use nn_core::{ConfigError, NetworkError, TrainError};
use nn_data::DataError;
use nn_images::ImageError;
use nn_lecture::LectureError;
use nn_mlp::settings::SettingsError;
use nn_mlp::{FileError, MlpError};
use nn_plot::PlotError;
use nn_solvers::SolverError;
use std::io;
use std::path::{Path, PathBuf};

/// Every way in which a command can fail. `main` prints it, once.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    /// The command line or configuration file asks for something that makes no sense.
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Image(#[from] ImageError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    File(#[from] FileError),
    /// Any other fault of a model or its training.
    #[error(transparent)]
    Mlp(MlpError),
    #[error(transparent)]
    Lecture(#[from] LectureError),
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error(transparent)]
    Solver(#[from] SolverError),
    #[error("{}: {cause}", path.display())]
    Photograph { path: PathBuf, cause: PhotographError },
    #[error("{}: cannot {action}: {cause}", path.display())]
    Io { path: PathBuf, action: &'static str, cause: io::Error },
    #[error("cannot write the results to stdout: {0}")]
    Stdout(io::Error),
    /// Anything else that failed; the sentence says what and what to do.
    #[error("{0}")]
    Failed(String),
    /// A failure whose message has gone out already.
    #[error("failed")]
    AlreadySaid,
    /// A signal asked to stop; what is needed to go on is saved and was said.
    #[error("interrupted")]
    Interrupted { signal: i32 },
}

impl CliError {
    pub(crate) fn io(action: &'static str, path: &Path, cause: io::Error) -> Self {
        Self::Io { path: path.into(), action, cause }
    }

    /// Whether what there is to say has been said.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self, Self::AlreadySaid | Self::Interrupted { .. })
    }

    /// 2 for wrong usage, 128 + signal after a signal, else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Lecture(error) if error.is_usage() => 2,
            Self::Solver(SolverError::TooManyParameters { .. }) => 2,
            Self::Interrupted { signal } => u8::try_from(128 + signal).unwrap_or(1),
            _ => 1,
        }
    }
}

/// A setting out of range came from the command line or a configuration file.
impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Errors that this program tells apart are taken out.
impl From<MlpError> for CliError {
    fn from(error: MlpError) -> Self {
        match error {
            MlpError::File(error) => Self::File(error),
            MlpError::Settings(error) => error.into(),
            MlpError::Data(error) => Self::Data(error),
            MlpError::Image(error) => Self::Image(error),
            MlpError::Network(NetworkError::Config(error)) => error.into(),
            MlpError::Network(error) => Self::Network(error),
            MlpError::Train(error) => Self::Train(error),
            other => Self::Mlp(other),
        }
    }
}

/// So did a setting that makes no sense; its message says from where.
impl From<SettingsError> for CliError {
    fn from(error: SettingsError) -> Self {
        Self::Usage(error.to_string())
    }
}
