//! Settings of a training: the flag beats the file, the file beats the default.
//!
//! One structure is flags, file and printout at once, so that they cannot drift apart: every key of
//! the TOML file is the name of a flag.

use crate::backend::Backend;
use crate::cli::{DeviceArgs, activation_parser, check_threads, loss_parser, parse_threads};
use crate::error::CliError;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nn_core::{
    Activation, Architecture, Curve, Initializer, Loss, Optimizer, Schedule, TrainingConfig,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Every setting, each given or not.
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Folder with the four IDX files, or "sample" [default: data/mnist if there, else the sample]
    #[arg(long, value_name = "DIR", help_heading = "Data")]
    pub(crate) data: Option<String>,
    /// Share of the training set that is held out for validation [default: 0, with --patience 0.1]
    #[arg(long, value_name = "FRACTION", help_heading = "Data")]
    pub(crate) validation: Option<f64>,

    /// Neurons of each hidden layer; "" for none [default: 256,128]
    #[arg(long, value_name = "N,N,...", value_parser = parse_widths, help_heading = "Network")]
    pub(crate) hidden: Option<Widths>,
    /// σ of the hidden layers [default: relu]
    #[arg(long, value_name = "NAME", value_parser = activation_parser(), help_heading = "Network")]
    pub(crate) activation: Option<Activation>,
    /// σ of the last layer [default: identity]
    #[arg(long, value_name = "NAME", value_parser = activation_parser(), help_heading = "Network")]
    pub(crate) output_activation: Option<Activation>,
    /// How the first weights are drawn [default: he-uniform, with sigmoid and tanh glorot-uniform]
    #[arg(long, value_name = "NAME", value_parser = initializer_parser(), help_heading = "Network")]
    pub(crate) initializer: Option<Initializer>,

    /// What is made small; a squared error compares with the class as a unit vector [default: cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = loss_parser(), help_heading = "Training")]
    pub(crate) loss: Option<Loss>,
    /// How gradients become steps [default: adam]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Optimizer::NAMES), help_heading = "Training")]
    pub(crate) optimizer: Option<String>,
    /// Learning rate [default: 0.004; sgd 0.2, momentum and nesterov 0.04, rms-prop 0.001]
    #[arg(long, value_name = "F", help_heading = "Training")]
    pub(crate) lr: Option<f64>,
    /// How the learning rate moves [default: one-cycle]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Schedule::NAMES), help_heading = "Training")]
    pub(crate) schedule: Option<String>,
    /// Share of all steps over which the learning rate first rises from 0 [default: 0]
    #[arg(long, value_name = "FRACTION", help_heading = "Training")]
    pub(crate) warm_up: Option<f64>,
    /// Passes through the training set [default: 10]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(crate) epochs: Option<usize>,
    /// Samples in a step [default: 128]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(crate) batch: Option<usize>,
    /// Seed of initial weights, shuffles, split and dropout [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64), help_heading = "Training")]
    pub(crate) seed: Option<u64>,
    /// Stop after N epochs without a lower validation loss; the best weights are kept [default: off]
    #[arg(long, value_name = "N", help_heading = "Training")]
    pub(crate) patience: Option<usize>,

    /// L2 penalty λ/2 Σw²; with adamw the decoupled decay [default: 0]
    #[arg(long, value_name = "F", help_heading = "Regularisation")]
    pub(crate) weight_decay: Option<f64>,
    /// L1 penalty λ Σ|w| [default: 0]
    #[arg(long, value_name = "F", help_heading = "Regularisation")]
    pub(crate) l1: Option<f64>,
    /// Share of hidden neurons that is left out in each step [default: 0]
    #[arg(long, value_name = "FRACTION", help_heading = "Regularisation")]
    pub(crate) dropout: Option<f64>,
    /// Longest gradient (Euclidean norm) that a step may use [default: off]
    #[arg(long, value_name = "F", help_heading = "Regularisation")]
    pub(crate) clip_norm: Option<f64>,

    /// What computes: cpu is made for speed, reference to be read [default: cpu]
    #[arg(long, value_enum, help_heading = "Machine")]
    pub(crate) backend: Option<Backend>,
    /// Threads, 1 to 1024; the results do not depend on it [default: one a core]
    #[arg(long, value_name = "N", value_parser = parse_threads, help_heading = "Machine")]
    pub(crate) threads: Option<usize>,

    /// For momentum and nesterov: share of the velocity that stays [default: 0.9]
    #[arg(long, value_name = "F", help_heading = "Details of an optimizer or schedule")]
    pub(crate) momentum: Option<f64>,
    /// For rms-prop: share of the mean square that stays [default: 0.99]
    #[arg(long, value_name = "F", help_heading = "Details of an optimizer or schedule")]
    pub(crate) smoothing: Option<f64>,
    /// For adam and adamw [default: 0.9]
    #[arg(long, value_name = "F", help_heading = "Details of an optimizer or schedule")]
    pub(crate) beta1: Option<f64>,
    /// For adam and adamw [default: 0.999]
    #[arg(long, value_name = "F", help_heading = "Details of an optimizer or schedule")]
    pub(crate) beta2: Option<f64>,
    /// For adam, adamw and rms-prop [default: 1e-8]
    #[arg(long, value_name = "F", help_heading = "Details of an optimizer or schedule")]
    pub(crate) epsilon: Option<f64>,
    /// For the step schedule: epochs between two drops [default: 10]
    #[arg(long, value_name = "N", help_heading = "Details of an optimizer or schedule")]
    pub(crate) step_epochs: Option<usize>,
    /// For the step schedule: what each drop multiplies by [default: 0.1]
    #[arg(long, value_name = "F", help_heading = "Details of an optimizer or schedule")]
    pub(crate) step_factor: Option<f64>,
}

/// Widths of the hidden layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Widths(pub(crate) Vec<usize>);

/// `256,128`; the empty text is no hidden layer.
fn parse_widths(text: &str) -> Result<Widths, String> {
    if text.trim().is_empty() {
        return Ok(Widths(Vec::new()));
    }
    let widths: Result<Vec<usize>, _> = text.split(',').map(|width| width.trim().parse()).collect();
    let valid = widths.ok().filter(|widths| !widths.contains(&0));
    valid.map(Widths).ok_or_else(|| "not a list of widths such as 256,128".to_owned())
}

fn initializer_parser() -> impl TypedValueParser<Value = Initializer> {
    let names = PossibleValuesParser::new(Initializer::ALL.map(Initializer::name));
    names.try_map(|name| Initializer::ALL.into_iter().find(|i| i.name() == name).ok_or(name))
}

impl Settings {
    /// Reads a TOML file of settings.
    pub(crate) fn load(path: &Path) -> Result<Self, CliError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| CliError::io("read the settings", path, cause))?;
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            CliError::Usage(format!("{}, line {line}: {}", path.display(), error.message()))
        })
    }

    /// These settings, and where they are silent, `other`'s.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            data: self.data.or(other.data),
            validation: self.validation.or(other.validation),
            hidden: self.hidden.or(other.hidden),
            activation: self.activation.or(other.activation),
            output_activation: self.output_activation.or(other.output_activation),
            initializer: self.initializer.or(other.initializer),
            loss: self.loss.or(other.loss),
            optimizer: self.optimizer.or(other.optimizer),
            lr: self.lr.or(other.lr),
            schedule: self.schedule.or(other.schedule),
            warm_up: self.warm_up.or(other.warm_up),
            epochs: self.epochs.or(other.epochs),
            batch: self.batch.or(other.batch),
            seed: self.seed.or(other.seed),
            patience: self.patience.or(other.patience),
            weight_decay: self.weight_decay.or(other.weight_decay),
            l1: self.l1.or(other.l1),
            dropout: self.dropout.or(other.dropout),
            clip_norm: self.clip_norm.or(other.clip_norm),
            backend: self.backend.or(other.backend),
            threads: self.threads.or(other.threads),
            momentum: self.momentum.or(other.momentum),
            smoothing: self.smoothing.or(other.smoothing),
            beta1: self.beta1.or(other.beta1),
            beta2: self.beta2.or(other.beta2),
            epsilon: self.epsilon.or(other.epsilon),
            step_epochs: self.step_epochs.or(other.step_epochs),
            step_factor: self.step_factor.or(other.step_factor),
        }
    }

    /// The same with every default filled in, and checked.
    pub(crate) fn resolve(self) -> Result<Resolved, CliError> {
        let device = DeviceArgs { backend: self.backend, threads: self.threads };
        if let Some(Err(error)) = self.threads.map(check_threads) {
            return Err(CliError::Usage(format!("threads {error}")));
        }
        let optimizer = self.resolve_optimizer()?;
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
        let config = TrainingConfig {
            loss: self.loss.unwrap_or(defaults.loss),
            optimizer,
            learning_rate: self.lr.unwrap_or_else(|| default_learning_rate(&optimizer)),
            schedule,
            epochs: self.epochs.unwrap_or(defaults.epochs),
            batch: self.batch.unwrap_or(defaults.batch),
            seed: self.seed.unwrap_or(defaults.seed),
            initializer: self.initializer.unwrap_or_else(|| default_initializer(activation)),
            l1: self.l1.unwrap_or(defaults.l1),
            weight_decay: self.weight_decay.unwrap_or(defaults.weight_decay),
            dropout: self.dropout.unwrap_or(defaults.dropout),
            clip_norm: self.clip_norm.or(defaults.clip_norm),
            patience: self.patience.or(defaults.patience),
        };
        let resolved = Resolved {
            data: self.data,
            validation,
            hidden: self.hidden.map_or_else(|| vec![256, 128], |widths| widths.0),
            activation,
            output_activation: self.output_activation.unwrap_or(Activation::Identity),
            config,
            device,
        };
        // Inputs and outputs come from the data; everything else can be checked before it is read.
        resolved.config.validate_with(&resolved.architecture(1, 1))?;
        Ok(resolved)
    }

    fn resolve_optimizer(&self) -> Result<Optimizer, CliError> {
        let name = match (self.optimizer.as_deref(), self.momentum) {
            // As PyTorch has it: SGD with a momentum is the momentum method.
            (Some("sgd"), Some(_)) => "momentum",
            (name, _) => name.unwrap_or("adam"),
        };
        let mut optimizer = Optimizer::from_name(name)
            .ok_or_else(|| unknown("optimizer", name, &Optimizer::NAMES))?;
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

    /// As a TOML file that [`Settings::load`] reads back.
    pub(crate) fn to_toml(&self) -> Result<String, CliError> {
        toml::to_string(self).map_err(|error| CliError::Failed(format!("settings: {error}")))
    }

    /// What is set, under the names of the flags.
    pub(crate) fn to_table(&self) -> toml::Table {
        toml::Table::try_from(self).unwrap_or_default()
    }

    /// What is set here and is otherwise in `saved`: a sentence, or nothing.
    ///
    /// Data may have moved (its content is compared elsewhere), and threads change no result.
    pub(crate) fn contradiction(&self, saved: &Self) -> Option<String> {
        let free = Self { data: saved.data.clone(), threads: saved.threads, ..self.clone() };
        let merged = free.or(saved.clone());
        let (merged, saved) = (merged.to_table(), saved.to_table());
        let differs = merged.iter().find(|(key, value)| saved.get(*key) != Some(*value));
        let (key, value) = differs?;
        let was = saved.get(key).map_or("not set".to_owned(), |was| was.to_string());
        Some(format!("--{key} {value} contradicts the run, in which it is {was}"))
    }
}

fn unknown(what: &str, name: &str, known: &[&str]) -> CliError {
    CliError::Usage(format!("unknown {what} {name:?}, must be one of {}", known.join(", ")))
}

/// A rate that works with the other defaults on MNIST.
fn default_learning_rate(optimizer: &Optimizer) -> f64 {
    match optimizer {
        Optimizer::Sgd => 0.2,
        Optimizer::Momentum { .. } | Optimizer::Nesterov { .. } => 0.04,
        Optimizer::RmsProp { .. } => 0.001,
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
    pub(crate) data: Option<String>,
    pub(crate) validation: f64,
    pub(crate) hidden: Vec<usize>,
    pub(crate) activation: Activation,
    pub(crate) output_activation: Activation,
    pub(crate) config: TrainingConfig,
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
            data: self.data.clone(),
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
            clip_norm: config.clip_norm,
            backend: Some(self.device.backend.unwrap_or_default()),
            threads: self.device.threads,
            ..Settings::default()
        };
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
        if let Curve::Step { epochs, factor } = config.schedule.curve {
            (settings.step_epochs, settings.step_factor) = (Some(epochs), Some(factor));
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, CommandFactory, FromArgMatches};

    fn flags(arguments: &[&str]) -> Settings {
        let all = ["nn"].iter().chain(arguments);
        let matches = Settings::augment_args(clap::Command::new("nn")).get_matches_from(all);
        Settings::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn flag_beats_file_beats_default() {
        let file: Settings = toml::from_str("epochs = 3\nbatch = 7\nlr = 1").unwrap();
        let resolved = flags(&["--epochs", "5"]).or(file).resolve().unwrap();
        assert_eq!(resolved.config.epochs, 5);
        assert_eq!(resolved.config.batch, 7);
        assert_eq!(resolved.config.learning_rate, 1.0);
        assert_eq!(resolved.config.seed, TrainingConfig::default().seed);
    }

    #[test]
    fn without_flags_the_defaults_are_the_librarys() {
        assert_eq!(Settings::default().resolve().unwrap().config, TrainingConfig::default());
    }

    #[test]
    fn what_is_printed_reads_back_to_the_same() {
        for name in Optimizer::NAMES {
            let mut given = flags(&["--optimizer", name, "--schedule", "step", "--hidden", ""]);
            given.clip_norm = Some(0.1);
            let printed = given.resolve().unwrap().to_settings();
            let read: Settings = toml::from_str(&printed.to_toml().unwrap()).unwrap();
            assert_eq!(read, printed);
            assert_eq!(read.resolve().unwrap().to_settings(), printed);
        }
    }

    #[test]
    fn the_help_tells_the_true_defaults() {
        let printed = Settings::default().resolve().unwrap().to_settings().to_table();
        let command = Settings::augment_args(clap::Command::new("nn"));
        let help_of = |argument: &Arg| argument.get_help().unwrap().to_string();
        for (key, value) in printed {
            let argument = command.get_arguments().find(|a| a.get_long() == Some(&key)).unwrap();
            let value = match value {
                toml::Value::Float(number) => number.to_string().replace("0.00000001", "1e-8"),
                toml::Value::Array(widths) => {
                    widths.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                }
                toml::Value::String(text) => text,
                other => other.to_string(),
            };
            let stated = help_of(argument);
            let told = stated.split_once("[default: ").unwrap().1;
            let told = told.split([';', ']']).next().unwrap().split(", ").next().unwrap();
            assert_eq!(told, value, "--{key}");
        }
    }

    #[test]
    fn values_out_of_range_are_wrong_usage() {
        let wrong = [
            ["--lr", "0"],
            ["--lr", "NaN"],
            ["--lr", "inf"],
            ["--epochs", "0"],
            ["--batch", "0"],
            ["--dropout", "1"],
            ["--validation", "1"],
            ["--validation", "NaN"],
            ["--clip-norm", "0"],
            ["--patience", "0"],
            ["--momentum", "0.9"],
            ["--step-factor", "0.5"],
            ["--activation", "heaviside"],
            ["--output-activation", "sigmoid"],
            ["--l1", "inf"],
        ];
        for arguments in wrong {
            let error = flags(&arguments).resolve().unwrap_err();
            assert_eq!(error.exit_code(), 2, "{arguments:?}: {error}");
        }
    }

    #[test]
    fn a_resumed_run_may_not_be_contradicted() {
        let saved = Settings::default().resolve().unwrap().to_settings();
        assert_eq!(flags(&["--epochs", "10", "--threads", "2"]).contradiction(&saved), None);
        let text = flags(&["--batch", "64"]).contradiction(&saved).unwrap();
        assert!(text.contains("--batch 64") && text.contains("128"), "{text}");
        assert!(flags(&["--patience", "3"]).contradiction(&saved).unwrap().contains("not set"));
    }

    #[test]
    fn the_command_line_is_sound() {
        crate::cli::Cli::command().debug_assert();
    }
}
