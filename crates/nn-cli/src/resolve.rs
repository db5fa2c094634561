//! Settings with every default filled in, and checked.

use crate::cli::{DeviceArgs, check_threads};
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::settings::{ClassWeights, SOLVERS, Settings, Widths, optimizer_names};
use nn_core::{
    Activation, Architecture, Branch, Curve, Distortion, Initializer, Loss, Optimizer,
    ReceptiveFields, Schedule, TrainingConfig, Views,
};
use nn_solvers::Solver;

/// Settings of steps on batches and of the views of the last test, which a solver on the whole training
/// set does not take, as it takes no distortion.
const OF_SINGLE_STEPS: [&str; 24] = [
    "batch",
    "lr",
    "schedule",
    "warm-up",
    "dropout",
    "clip-norm",
    "patience",
    "momentum",
    "smoothing",
    "beta1",
    "beta2",
    "epsilon",
    "step-epochs",
    "step-factor",
    "receptive-field",
    "receptive-grid",
    "batch-norm",
    "max-norm",
    "label-smoothing",
    "class-weights",
    "average",
    "test-shifts",
    "test-copies",
    "test-strength",
];

/// How images are distorted.
const OF_DISTORTION: [&str; 8] =
    ["rotation", "scale", "shear", "shift", "elastic", "sigma", "fade", "fade-to"];

/// What a branch of a network may have otherwise than the first, besides its distortion.
const OF_BRANCHES: [&str; 7] = [
    "hidden",
    "receptive-field",
    "receptive-grid",
    "deskew",
    "directions",
    "root-directions",
    "second-order-directions",
];

/// Places along each side of the grid of receptive fields, where nothing else is said: one for each second
/// pixel of an image of MNIST.
const RECEPTIVE_GRID: usize = 14;

/// How strongly the copies of a test are distorted, where nothing else is said: on images that were
/// held out, a quarter of the training's amounts answers best (docs/recipes.md).
pub(crate) const TEST_STRENGTH: f64 = 0.25;

impl Settings {
    /// The same with every default filled in, and checked.
    pub(crate) fn resolve(mut self) -> Result<Resolved, CliError> {
        let tables = self.branch.take().unwrap_or_default();
        let of_branches = (!tables.is_empty()).then(|| self.clone());
        let mut first = self.resolve_first()?;
        if let Some(shared) = of_branches {
            if let Some(solver) = first.solver {
                let name = solver.name();
                let error = format!("branch does not go with optimizer {name}; leave it out");
                return Err(CliError::Usage(error));
            }
            first.config.branches = resolve_branches(&tables, &shared)?;
            first.config.validate()?;
        }
        Ok(first)
    }

    /// The same of the only branch, or the first.
    fn resolve_first(self) -> Result<Resolved, CliError> {
        let device = DeviceArgs { backend: self.backend, threads: self.threads };
        if let Some(Err(error)) = self.threads.map(check_threads) {
            return Err(CliError::Usage(format!("threads {error}")));
        }
        let data = self.data_source()?;
        let solver = self.resolve_solver()?;
        let optimizer = match solver {
            Some(_) => TrainingConfig::default().optimizer, // nobody asks it
            None => self.resolve_optimizer()?,
        };
        let schedule = self.resolve_schedule()?;
        let defaults = TrainingConfig::default();
        let activation = self.activation.unwrap_or(Activation::Relu);
        let validation = self.validation.unwrap_or(if self.patience.is_some() { 0.1 } else { 0.0 });
        if !(0.0..1.0).contains(&validation) {
            let error = format!("validation is {validation}, must be from 0 to below 1");
            return Err(CliError::Usage(error));
        }
        if self.patience.is_some() && validation == 0.0 {
            let error = "patience needs a validation set: give --validation above 0, such as 0.1";
            return Err(CliError::Usage(error.to_owned()));
        }
        let loss = self.loss.unwrap_or(defaults.loss);
        let batch = self.batch.unwrap_or(defaults.batch);
        let distortion = self.resolve_distortion()?;
        let views = self.resolve_views(distortion)?;
        let receptive_fields = self.resolve_receptive_fields()?;
        let config = TrainingConfig {
            loss,
            optimizer,
            learning_rate: self
                .lr
                .unwrap_or_else(|| default_learning_rate(&optimizer, loss, batch)),
            schedule,
            epochs: self.epochs.unwrap_or(defaults.epochs),
            batch,
            seed: self.seed.unwrap_or(defaults.seed),
            initializer: self.initializer.unwrap_or_else(|| default_initializer(activation)),
            l1: self.l1.unwrap_or(defaults.l1),
            weight_decay: self.weight_decay.unwrap_or(defaults.weight_decay),
            dropout: self.dropout.unwrap_or(defaults.dropout),
            receptive_fields,
            batch_norm: self.batch_norm.unwrap_or(defaults.batch_norm),
            max_norm: self.max_norm.or(defaults.max_norm),
            label_smoothing: self.label_smoothing.unwrap_or(defaults.label_smoothing),
            class_weights: self.class_weights.map_or_else(Vec::new, |weights| weights.0),
            average: self.average.or(defaults.average),
            deskew: self.deskew.unwrap_or(defaults.deskew),
            directions: self.directions.unwrap_or(defaults.directions),
            root_directions: self.root_directions.unwrap_or(defaults.root_directions),
            second_order_directions: self
                .second_order_directions
                .unwrap_or(defaults.second_order_directions),
            distortion,
            clip_norm: self.clip_norm.or(defaults.clip_norm),
            patience: self.patience.or(defaults.patience),
            branches: Vec::new(),
        };
        let resolved = Resolved {
            data,
            validation,
            hidden: self.hidden.map_or_else(|| vec![256, 128], |widths| widths.0),
            activation,
            output_activation: self.output_activation.unwrap_or(Activation::Identity),
            config,
            views,
            solver,
            device,
        };
        // Inputs and outputs come from the data; everything else can be checked before it is read.
        resolved.config.validate_with(&resolved.architecture(1, 1))?;
        Ok(resolved)
    }

    /// How images are distorted; `None` where nothing asks for it.
    fn resolve_distortion(&self) -> Result<Option<Distortion>, CliError> {
        let defaults = Distortion::default();
        let distortion = Distortion {
            rotation: self.rotation.unwrap_or(defaults.rotation),
            scale: self.scale.unwrap_or(defaults.scale),
            shear: self.shear.unwrap_or(defaults.shear),
            shift: self.shift.unwrap_or(defaults.shift),
            elastic: self.elastic.unwrap_or(defaults.elastic),
            sigma: self.sigma.unwrap_or(defaults.sigma),
            fade: self.fade.unwrap_or(defaults.fade),
            fade_to: self.fade_to.unwrap_or(defaults.fade_to),
        };
        if !distortion.is_none() {
            return Ok(Some(distortion));
        }
        // Who says 0 takes the distortions of a preset away, and what goes with them.
        let amounts = [self.rotation, self.scale, self.shear, self.shift, self.elastic];
        if amounts.iter().any(Option::is_some) {
            return Ok(None);
        }
        match [("sigma", self.sigma), ("fade", self.fade), ("fade-to", self.fade_to)]
            .into_iter()
            .find(|(_, value)| value.is_some())
        {
            None => Ok(None),
            Some((key, _)) => Err(CliError::Usage(format!(
                "{key} is given, but no distortion: give rotation, scale, shear, shift or elastic"
            ))),
        }
    }

    /// Windows of the first hidden layer; `None` where nothing asks for them.
    fn resolve_receptive_fields(&self) -> Result<Option<ReceptiveFields>, CliError> {
        match (self.receptive_field, self.receptive_grid) {
            (None, None) => Ok(None),
            (None, Some(_)) => {
                let error = "receptive-grid is given, but no window: give receptive-field";
                Err(CliError::Usage(error.to_owned()))
            }
            // Who says 0 takes the windows of a preset away, and their grid with them.
            (Some(0), _) => Ok(None),
            (Some(window), grid) => {
                let grid = grid.unwrap_or(RECEPTIVE_GRID);
                Ok(Some(ReceptiveFields { window, grid }))
            }
        }
    }

    /// In how many ways each image is looked at in the last test.
    fn resolve_views(&self, distortion: Option<Distortion>) -> Result<Views, CliError> {
        let (shifts, copies) =
            (self.test_shifts.unwrap_or_default(), self.test_copies.unwrap_or_default());
        // Who says 0 takes the copies of a preset away, and its strength with them.
        if self.test_copies.is_none() && self.test_strength.is_some() {
            let error = "test-strength is given, but no copies: give test-copies above 0";
            return Err(CliError::Usage(error.to_owned()));
        }
        if copies == 0 {
            return Ok(Views { shifts, ..Views::default() });
        }
        let distortion = distortion.ok_or_else(|| {
            let error = "test-copies are distorted as in training, where no distortion is asked \
                         for: give rotation, scale, shear, shift or elastic";
            CliError::Usage(error.to_owned())
        })?;
        let strength = self.test_strength.unwrap_or(TEST_STRENGTH);
        if !(0.0..=1.0).contains(&strength) {
            let error = format!("test-strength is {strength}, must be from 0 to 1");
            return Err(CliError::Usage(error));
        }
        Ok(Views { shifts, copies, distortion, strength })
    }

    /// The solver that is asked for instead of an optimizer, if one is.
    fn resolve_solver(&self) -> Result<Option<Solver>, CliError> {
        let name = self.optimizer.as_deref().filter(|name| SOLVERS.contains(name));
        let Some(name) = name else { return Ok(None) };
        let table = self.to_table();
        let single_steps = OF_SINGLE_STEPS.into_iter().chain(OF_DISTORTION);
        let single = single_steps.into_iter().find(|key| table.contains_key(*key));
        // These are written into a solver's settings too, as false.
        let prepared = [
            ("deskew", self.deskew),
            ("directions", self.directions),
            ("root-directions", self.root_directions),
            ("second-order-directions", self.second_order_directions),
        ];
        let prepared = prepared.into_iter().find(|(_, on)| *on == Some(true));
        match single.or(prepared.map(|(key, _)| key)) {
            Some(key) => Err(CliError::Usage(format!(
                "{key} does not go with optimizer {name}, which finds its own way on the whole training \
                 set as it is; leave it out"
            ))),
            // The rate is for solvers that are not among these.
            None => Ok(Solver::from_name(name, 1.0)),
        }
    }

    fn resolve_optimizer(&self) -> Result<Optimizer, CliError> {
        let name = match (self.optimizer.as_deref(), self.momentum) {
            // As PyTorch has it: SGD with a momentum is the momentum method.
            (Some("sgd"), Some(_)) => "momentum",
            (name, _) => name.unwrap_or("adam"),
        };
        let mut optimizer = Optimizer::from_name(name)
            .ok_or_else(|| unknown("optimizer", name, &optimizer_names()))?;
        let mut given = [
            ("momentum", self.momentum),
            ("smoothing", self.smoothing),
            ("beta1", self.beta1),
            ("beta2", self.beta2),
            ("epsilon", self.epsilon),
        ];
        let mut take = |key: &str, place: &mut f64| {
            for (name, value) in &mut given {
                if *name == key {
                    *place = value.take().unwrap_or(*place);
                }
            }
        };
        match &mut optimizer {
            Optimizer::Sgd => {}
            Optimizer::Momentum { momentum } | Optimizer::Nesterov { momentum } => {
                take("momentum", momentum);
            }
            Optimizer::RmsProp { smoothing, epsilon } => {
                take("smoothing", smoothing);
                take("epsilon", epsilon);
            }
            Optimizer::Adam { beta1, beta2, epsilon }
            | Optimizer::AdamW { beta1, beta2, epsilon } => {
                take("beta1", beta1);
                take("beta2", beta2);
                take("epsilon", epsilon);
            }
        }
        match given.iter().find(|(_, value)| value.is_some()) {
            Some((key, _)) => Err(CliError::Usage(format!("optimizer {name} has no {key}"))),
            None => Ok(optimizer),
        }
    }

    fn resolve_schedule(&self) -> Result<Schedule, CliError> {
        let name = self.schedule.as_deref().unwrap_or("one-cycle");
        let mut schedule =
            Schedule::from_name(name).ok_or_else(|| unknown("schedule", name, &Schedule::NAMES))?;
        schedule.warm_up = self.warm_up.unwrap_or(0.0);
        match &mut schedule.curve {
            Curve::Step { epochs, factor } => {
                *epochs = self.step_epochs.unwrap_or(*epochs);
                *factor = self.step_factor.unwrap_or(*factor);
            }
            _ if self.step_epochs.is_some() || self.step_factor.is_some() => {
                let error =
                    format!("step-epochs and step-factor are for schedule step, not {name}");
                return Err(CliError::Usage(error));
            }
            _ => {}
        }
        Ok(schedule)
    }
}

/// The further branches of the network: where the table of one is silent, it is as the first.
fn resolve_branches(tables: &[Settings], first: &Settings) -> Result<Vec<Branch>, CliError> {
    let unseen = Settings { test_shifts: None, test_copies: None, ..first.clone() };
    let shared = Settings { test_strength: None, ..unseen };
    let resolve = |(index, table): (usize, &Settings)| {
        let named = |error: String| CliError::Usage(format!("branch {}: {error}", index + 2));
        if let Some(key) = keys_of_all(table).next() {
            return Err(named(match key.as_str() {
                "branch" => "a branch has no branches of its own".to_owned(),
                _ => format!("{key} is for all branches alike; give it above"),
            }));
        }
        let whole = table.clone().or(shared.clone()).resolve();
        let Resolved { hidden, config, .. } = whole.map_err(|error| named(error.to_string()))?;
        let preprocessing = config.preprocessing();
        let TrainingConfig { receptive_fields, distortion, .. } = config;
        Ok(Branch { hidden, receptive_fields, preprocessing, distortion })
    };
    tables.iter().enumerate().map(resolve).collect()
}

/// What is set that all branches of a network share.
fn keys_of_all(settings: &Settings) -> impl Iterator<Item = String> {
    let keys = settings.to_table().into_iter().map(|(key, _)| key);
    let own = |key: &str| OF_BRANCHES.contains(&key) || OF_DISTORTION.contains(&key);
    keys.filter(move |key| !own(key))
}

impl Settings {
    /// Whether anything is set that each branch of a network may have otherwise.
    pub(crate) fn says_something_of_branches(&self) -> bool {
        keys_of_all(self).count() < self.to_table().len()
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> CliError {
    CliError::Usage(format!("unknown {what} {name:?}, must be one of {}", known.join(", ")))
}

/// A rate that works with the other defaults on MNIST: each the best of a few that were tried.
///
/// Plain descent feels the factor that a loss has before its gradient; the rate makes up for it.
/// RMSProp and Adam divide it out by themselves.
fn default_learning_rate(optimizer: &Optimizer, loss: Loss, batch: usize) -> f64 {
    let batch = batch.max(1); // 0 is refused by the name of batch, not of this rate
    let usual = 1.0 / batch as f64;
    let correction = usual / loss.gradient_factor(batch);
    match optimizer {
        Optimizer::Sgd => 0.4 * correction,
        Optimizer::Momentum { .. } | Optimizer::Nesterov { .. } => 0.08 * correction,
        Optimizer::RmsProp { .. } => 0.002,
        Optimizer::Adam { .. } | Optimizer::AdamW { .. } => TrainingConfig::default().learning_rate,
    }
}

fn default_initializer(activation: Activation) -> Initializer {
    match activation {
        Activation::Sigmoid | Activation::Tanh => Initializer::GlorotUniform,
        _ => TrainingConfig::default().initializer,
    }
}

/// Settings with nothing left open, except where data lies that was not named.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) data: Option<DataSource>,
    pub(crate) validation: f64,
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: Activation,
    pub(crate) output_activation: Activation,
    pub(crate) config: TrainingConfig,
    /// In how many ways each image is looked at in the last test.
    pub(crate) views: Views,
    /// What trains on the whole training set at each step, in place of the optimizer in `config`.
    pub(crate) solver: Option<Solver>,
    pub(crate) device: DeviceArgs,
}

impl Resolved {
    /// The network between data of these widths.
    pub(crate) fn architecture(&self, inputs: usize, outputs: usize) -> Architecture {
        Architecture {
            inputs,
            hidden: self.hidden.clone(),
            outputs,
            activation: self.activation,
            output_activation: self.output_activation,
        }
    }

    /// Every setting spelled out.
    pub(crate) fn to_settings(&self) -> Settings {
        let config = &self.config;
        let mut settings = Settings {
            validation: Some(self.validation),
            hidden: Some(Widths(self.hidden.clone())),
            activation: Some(self.activation),
            output_activation: Some(self.output_activation),
            initializer: Some(config.initializer),
            loss: Some(config.loss),
            optimizer: Some(config.optimizer.name().to_owned()),
            lr: Some(config.learning_rate),
            schedule: Some(config.schedule.name().to_owned()),
            warm_up: Some(config.schedule.warm_up),
            epochs: Some(config.epochs),
            batch: Some(config.batch),
            seed: Some(config.seed),
            patience: config.patience,
            weight_decay: Some(config.weight_decay),
            l1: Some(config.l1),
            dropout: Some(config.dropout),
            receptive_field: config.receptive_fields.map(|fields| fields.window),
            receptive_grid: config.receptive_fields.map(|fields| fields.grid),
            batch_norm: Some(config.batch_norm),
            max_norm: config.max_norm,
            label_smoothing: Some(config.label_smoothing),
            class_weights: class_weights(config),
            average: config.average,
            deskew: Some(config.deskew),
            directions: Some(config.directions),
            root_directions: config.root_directions.then_some(true),
            second_order_directions: config.second_order_directions.then_some(true),
            clip_norm: config.clip_norm,
            backend: Some(self.device.backend.unwrap_or_default()),
            threads: self.device.threads,
            ..Settings::default().with_data(self.data.as_ref())
        };
        if let Some(solver) = self.solver {
            settings.optimizer = Some(solver.name().to_owned());
            (settings.lr, settings.schedule, settings.warm_up) = (None, None, None);
            (settings.batch, settings.dropout) = (None, None);
            (settings.batch_norm, settings.label_smoothing) = (None, None);
            return settings;
        }
        match config.optimizer {
            Optimizer::Sgd => {}
            Optimizer::Momentum { momentum } | Optimizer::Nesterov { momentum } => {
                settings.momentum = Some(momentum);
            }
            Optimizer::RmsProp { smoothing, epsilon } => {
                (settings.smoothing, settings.epsilon) = (Some(smoothing), Some(epsilon));
            }
            Optimizer::Adam { beta1, beta2, epsilon }
            | Optimizer::AdamW { beta1, beta2, epsilon } => {
                (settings.beta1, settings.beta2) = (Some(beta1), Some(beta2));
                settings.epsilon = Some(epsilon);
            }
        }
        if let Some(distortion) = config.distortion {
            settings.set_distortion(&distortion);
        }
        settings.set_views(&self.views);
        if let Curve::Step { epochs, factor } = config.schedule.curve {
            (settings.step_epochs, settings.step_factor) = (Some(epochs), Some(factor));
        }
        let branches: Vec<Settings> = config.branches.iter().map(Settings::of_branch).collect();
        settings.branch = (!branches.is_empty()).then_some(branches);
        settings
    }
}

fn class_weights(config: &TrainingConfig) -> Option<ClassWeights> {
    let weights = config.class_weights.clone();
    (!weights.is_empty()).then_some(ClassWeights(weights))
}

impl Settings {
    /// All that a branch may have otherwise than the first.
    fn of_branch(branch: &Branch) -> Self {
        let Branch { hidden, receptive_fields, preprocessing, distortion } = branch;
        let mut settings = Self {
            hidden: Some(Widths(hidden.clone())),
            receptive_field: Some(receptive_fields.map_or(0, |fields| fields.window)),
            receptive_grid: receptive_fields.map(|fields| fields.grid),
            deskew: Some(preprocessing.deskew),
            directions: Some(preprocessing.directions),
            root_directions: Some(preprocessing.root_directions),
            second_order_directions: Some(preprocessing.second_order_directions),
            ..Self::default()
        };
        settings.set_distortion(&distortion.unwrap_or_default());
        settings
    }

    /// Those that say more than that each image is looked at as it is.
    fn set_views(&mut self, views: &Views) {
        self.test_shifts = (views.shifts > 0).then_some(views.shifts);
        self.test_copies = (views.copies > 0).then_some(views.copies);
        self.test_strength = (views.copies > 0).then_some(views.strength);
    }

    fn set_distortion(&mut self, distortion: &Distortion) {
        self.rotation = Some(distortion.rotation);
        self.scale = Some(distortion.scale);
        self.shear = Some(distortion.shear);
        self.shift = Some(distortion.shift);
        self.elastic = Some(distortion.elastic);
        self.sigma = Some(distortion.sigma);
        self.fade = Some(distortion.fade);
        self.fade_to = Some(distortion.fade_to);
    }
}
