//! Settings in the terms of `nn_core`, whose configuration holds transforms, local windows and members one by one.

use crate::data_settings::DataSettings;
use crate::data_source::DataSource;
use crate::device_args::DeviceArgs;
use crate::error::CliError;
use crate::run_settings::RunSettings;
use nn_core::{
    Architecture, Branch, Distortion, Preprocessing, ReceptiveFields, TrainingConfig, Views,
};
use nn_mlp::settings::{
    MemberSettings, Settings, SettingsError, TRANSFORM_KINDS, transform_of_kind,
};
use nn_solvers::Solver;
use toml::{Table, Value};

/// Settings with nothing left open, except where data is that was not named.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The settings, with every default filled in that depends on others.
    pub(crate) run: RunSettings,
    pub(crate) data: Option<DataSource>,
    pub(crate) config: TrainingConfig,
    /// The copies of each image on which it is tested.
    pub(crate) views: Views,
    /// The full-batch solver, in place of the optimizer in `config`.
    pub(crate) solver: Option<Solver>,
    pub(crate) device: DeviceArgs,
}

impl Resolved {
    pub(crate) fn new(run: &RunSettings) -> Result<Self, CliError> {
        let run = RunSettings { settings: run.settings.pinned(), ..run.clone() };
        let settings = &run.settings;
        let optimizer = settings.training.optimizer;
        // The rate is for solvers that are not among these.
        let solver = Solver::from_name(optimizer.name(), 1.0).filter(|_| optimizer.is_full_batch());
        Ok(Self {
            data: run.data.source()?,
            config: training_config(settings)?,
            views: views(settings)?,
            solver,
            device: run.machine.device(),
            run,
        })
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
        self.config.seed = seed;
        self
    }

    /// The same with other settings of network and training.
    pub(crate) fn with_settings(&self, settings: &Settings) -> Result<Self, CliError> {
        Self::new(&RunSettings { settings: settings.clone(), ..self.run.clone() })
    }

    /// The share of the training set that is held out for validation.
    pub(crate) fn validation(&self) -> f64 {
        self.run.settings.validation()
    }

    /// The network of the first member between data of these widths.
    pub(crate) fn architecture(&self, inputs: usize, outputs: usize) -> Architecture {
        let settings = &self.run.settings;
        settings.members().first().map_or_else(
            || settings.architecture(inputs, outputs),
            |first| settings.member_architecture(first, inputs, outputs),
        )
    }
}

/// What the trainer is told.
pub(crate) fn training_config(settings: &Settings) -> Result<TrainingConfig, SettingsError> {
    let members = settings.members();
    let branches = members.iter().map(branch).collect::<Result<Vec<Branch>, _>>()?;
    let mut branches = branches.into_iter();
    let first = branches.next().unwrap_or_default();
    let Preprocessing { deskew, directions, root_directions, second_order_directions } =
        first.preprocessing;
    Ok(TrainingConfig {
        max_norm: settings.training.max_norm,
        average: settings.training.average,
        receptive_fields: first.receptive_fields,
        deskew,
        directions,
        root_directions,
        second_order_directions,
        distortion: first.distortion,
        branches: branches.collect(),
        ..settings.training_config()
    })
}

fn branch(member: &MemberSettings) -> Result<Branch, SettingsError> {
    expect_known_order(&member.transforms)?;
    let of_kind = |kind| transform_of_kind(&member.transforms, kind);
    let features = of_kind("gradient-features");
    let is_on =
        |name| features.and_then(|features| features.get(name)) == Some(&Value::Boolean(true));
    let preprocessing = Preprocessing {
        deskew: of_kind("deskew").is_some(),
        directions: features.is_some(),
        root_directions: is_on("sqrt"),
        second_order_directions: is_on("second-order"),
    };
    let windows = |local: nn_mlp::settings::LocalWindows| ReceptiveFields {
        window: local.window,
        grid: local.grid,
    };
    Ok(Branch {
        hidden: member.hidden.clone(),
        receptive_fields: member.local.map(windows),
        preprocessing,
        distortion: distortion(member)?,
    })
}

/// The trainer applies transforms in one order, each kind once.
fn expect_known_order(transforms: &[Table]) -> Result<(), SettingsError> {
    let places = transforms.iter().map(|transform| {
        let kind = transform.get("kind").and_then(Value::as_str);
        TRANSFORM_KINDS.iter().position(|known| Some(*known) == kind)
    });
    if places.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let problem =
        format!("transforms must be in the order {}, each once", TRANSFORM_KINDS.join(", "));
    Err(SettingsError::new("transform", problem))
}

/// How the images that a member is trained on are augmented.
pub(crate) fn distortion(member: &MemberSettings) -> Result<Option<Distortion>, SettingsError> {
    let Some(augment) = transform_of_kind(&member.transforms, "augment") else { return Ok(None) };
    let mut strengths = augment.clone();
    strengths.remove("kind");
    let read = strengths.try_into().map(Some);
    read.map_err(|error: toml::de::Error| SettingsError::new("transform.augment", error.message()))
}

/// The copies of each image on which it is tested, augmented as for the first member that is.
pub(crate) fn views(settings: &Settings) -> Result<Views, SettingsError> {
    let test = &settings.test;
    if test.copies == 0 {
        return Ok(Views { shifts: test.shifts, ..Views::default() });
    }
    let members = settings.members();
    let all = members.iter().map(distortion).collect::<Result<Vec<_>, _>>()?;
    let distortion = all.into_iter().flatten().next().unwrap_or_default();
    Ok(Views { shifts: test.shifts, copies: test.copies, distortion, strength: test.strength })
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_mlp::settings::Preset;

    fn config(text: &str) -> TrainingConfig {
        training_config(&Settings::from_toml(text).unwrap()).unwrap()
    }

    #[test]
    fn the_defaults_are_the_trainers() {
        assert_eq!(config(""), TrainingConfig::default());
    }

    #[test]
    fn members_are_branches() {
        let joint = Preset::find("joint").unwrap().settings().unwrap();
        let config = training_config(&joint).unwrap();
        assert!(config.validate().is_ok());
        assert!(config.deskew && config.directions && config.second_order_directions);
        assert_eq!(config.receptive_fields, Some(ReceptiveFields { window: 12, grid: 9 }));
        let [second, third] = &config.branches[..] else { panic!("{config:?}") };
        assert!(second.preprocessing.deskew && !third.preprocessing.deskew);
        assert_eq!(second.hidden, [1568, 784]);
        assert_eq!(third.distortion.unwrap().shear, 0.25);
        assert_eq!(second.distortion.unwrap().shear, 0.0);
    }

    #[test]
    fn another_order_of_transforms_is_refused() {
        let text = "[[transform]]\nkind = 'gradient-features'\n[[transform]]\nkind = 'deskew'";
        let settings = Settings::from_toml(text).unwrap();
        assert!(training_config(&settings).unwrap_err().to_string().contains("in the order"));
    }
}
