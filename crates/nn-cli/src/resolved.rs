//! Settings with nothing left open, except where data is that was not named.

use crate::data_settings::DataSettings;
use crate::data_source::DataSource;
use crate::device_args::DeviceArgs;
use crate::error::CliError;
use crate::run_settings::RunSettings;
use nn_mlp::settings::Settings;
use nn_solvers::Solver;

/// The settings of a run, every default filled in that depends on others.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) run: RunSettings,
    pub(crate) data: Option<DataSource>,
    /// The full-batch solver, in place of an optimizer.
    pub(crate) solver: Option<Solver>,
    pub(crate) device: DeviceArgs,
}

impl Resolved {
    pub(crate) fn new(run: &RunSettings) -> Result<Self, CliError> {
        let run = RunSettings { settings: run.settings.pinned(), ..run.clone() };
        let optimizer = run.settings.training.optimizer;
        // The rate is for solvers that are not among these.
        let solver = Solver::from_name(optimizer.name(), 1.0).filter(|_| optimizer.is_full_batch());
        Ok(Self { data: run.data.source()?, solver, device: run.machine.device(), run })
    }

    /// The same with data from `source`.
    pub(crate) fn with_data(mut self, source: &DataSource) -> Self {
        self.run.data = DataSettings::of(source);
        self.data = Some(source.clone());
        self
    }

    /// The same with another seed.
    pub(crate) fn with_seed(mut self, seed: u64) -> Self {
        self.run.settings.training.seed = seed;
        self
    }

    /// The same with other settings of network and training.
    pub(crate) fn with_settings(&self, settings: &Settings) -> Result<Self, CliError> {
        Self::new(&RunSettings { settings: settings.clone(), ..self.run.clone() })
    }

    /// The settings of network and training.
    pub(crate) fn settings(&self) -> &Settings {
        &self.run.settings
    }

    /// The seed.
    pub(crate) fn seed(&self) -> u64 {
        self.run.settings.training.seed
    }
}
