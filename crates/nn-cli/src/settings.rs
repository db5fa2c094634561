//! Settings of a training: the flag beats the file, the file beats the default.
//!
//! One structure is flags, file and printout at once, so that they cannot drift apart: every key of
//! the TOML file is the name of a flag.

use crate::backend::Backend;
use crate::cli::{activation_parser, loss_parser, parse_threads};
use crate::error::CliError;
use crate::saved_path::SavedPath;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use nn_core::{Activation, Initializer, Loss, Optimizer, Schedule};
use nn_files::{BoundedReadError, read_at_most};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Every setting, each given or not.
#[derive(Args, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Folder with the four IDX files, or "sample" [default: data/mnist if there, else the sample]
    #[arg(long, value_name = "DIR", value_parser = SavedPath::parser(), conflicts_with = "images", help_heading = "Data")]
    pub(crate) data: Option<SavedPath>,
    /// Image file of any name to train on, instead of --data
    #[arg(long, value_name = "FILE", value_parser = SavedPath::parser(), requires = "labels", help_heading = "Data")]
    pub(crate) images: Option<SavedPath>,
    /// Label file that belongs to --images
    #[arg(long, value_name = "FILE", value_parser = SavedPath::parser(), requires = "images", help_heading = "Data")]
    pub(crate) labels: Option<SavedPath>,
    /// Image file to test on [default: a tenth of --images, held out]
    #[arg(long, value_name = "FILE", value_parser = SavedPath::parser(), requires_all = ["images", "test_labels"], help_heading = "Data")]
    pub(crate) test_images: Option<SavedPath>,
    /// Label file that belongs to --test-images
    #[arg(long, value_name = "FILE", value_parser = SavedPath::parser(), requires = "test_images", help_heading = "Data")]
    pub(crate) test_labels: Option<SavedPath>,
    /// Share of the training set that is held out for validation [default: 0, with --patience 0.1]
    #[arg(long, value_name = "FRACTION", help_heading = "Data")]
    pub(crate) validation: Option<f64>,
    /// Put images upright and to one size, in training and whenever the model is used [default:
    /// false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Data")]
    pub(crate) deskew: Option<bool>,
    /// Describe images by the directions of their edges, in training (after distortion) and whenever the model
    /// is used [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Data")]
    pub(crate) directions: Option<bool>,
    /// Take the square root of each number of these descriptions [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Data")]
    pub(crate) root_directions: Option<bool>,
    /// Describe also where the edges of each direction end and bend: directions of directions [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Data")]
    pub(crate) second_order_directions: Option<bool>,

    /// Neurons of each hidden layer; "" for none [default: 256,128]
    #[arg(long, value_name = "N,N,...", value_parser = parse_widths, help_heading = "Network")]
    pub(crate) hidden: Option<Widths>,
    /// σ of the hidden layers [default: relu]
    #[arg(long, value_name = "NAME", value_parser = activation_parser(), help_heading = "Network")]
    pub(crate) activation: Option<Activation>,
    /// σ of the last layer [default: identity]
    #[arg(long, value_name = "NAME", value_parser = activation_parser(), help_heading = "Network")]
    pub(crate) output_activation: Option<Activation>,
    /// Let each neuron of the first hidden layer see a window of this many pixels along each side, in place of
    /// the whole image; neurons lie on a grid, as many in each place; 0 is the whole image [default: 0]
    #[arg(long, value_name = "N", help_heading = "Network")]
    pub(crate) receptive_field: Option<usize>,
    /// Places along each side of that grid [default: 14]
    #[arg(long, value_name = "N", help_heading = "Network")]
    pub(crate) receptive_grid: Option<usize>,
    /// Normalise each hidden layer over its batch, before its activation [default: false]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", help_heading = "Network")]
    pub(crate) batch_norm: Option<bool>,
    /// How the first weights are drawn [default: he-uniform, with sigmoid and tanh glorot-uniform]
    #[arg(long, value_name = "NAME", value_parser = initializer_parser(), help_heading = "Network")]
    pub(crate) initializer: Option<Initializer>,

    /// What is made small; a squared error compares with the class as a unit vector [default: cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = loss_parser(), help_heading = "Training")]
    pub(crate) loss: Option<Loss>,
    /// How gradients become steps; the last four take the whole training set at each step, and an
    /// epoch is one of their iterations [default: adam]
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(optimizer_names()), help_heading = "Training")]
    pub(crate) optimizer: Option<String>,
    /// Learning rate [default: 0.004; rms-prop 0.002; sgd 0.4, momentum and nesterov 0.08, both divided
    /// by the factor that the loss has beside cross-entropy's]
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

    /// Longest row of weights (Euclidean norm of those into one neuron) after a step [default: off]
    #[arg(long, value_name = "F", help_heading = "Regularisation")]
    pub(crate) max_norm: Option<f64>,
    /// Share of each target that goes to all classes evenly, under cross-entropy [default: 0]
    #[arg(long, value_name = "FRACTION", help_heading = "Regularisation")]
    pub(crate) label_smoothing: Option<f64>,
    /// How much a sample of each class counts, under cross-entropy [default: all alike]
    #[arg(long, value_name = "W,W,...", value_parser = parse_class_weights, help_heading = "Regularisation")]
    pub(crate) class_weights: Option<ClassWeights>,
    /// Keep a moving average of the weights, of which this share stays in a step [default: off]
    #[arg(long, value_name = "FRACTION", help_heading = "Regularisation")]
    pub(crate) average: Option<f64>,

    /// Largest angle in degrees, to either side [default: off]
    #[arg(long, value_name = "F", help_heading = "Distortion of images, afresh in each epoch")]
    pub(crate) rotation: Option<f64>,
    /// Largest growth of each axis: 0.15 is from 1/1.15 to 1.15 times [default: off]
    #[arg(long, value_name = "F", help_heading = "Distortion of images, afresh in each epoch")]
    pub(crate) scale: Option<f64>,
    /// Largest slant, in columns a row [default: off]
    #[arg(long, value_name = "F", help_heading = "Distortion of images, afresh in each epoch")]
    pub(crate) shear: Option<f64>,
    /// Largest shift along each axis, in pixels [default: off]
    #[arg(long, value_name = "F", help_heading = "Distortion of images, afresh in each epoch")]
    pub(crate) shift: Option<f64>,
    /// Elastic displacement along each axis: root mean square, in pixels [default: off]
    #[arg(long, value_name = "F", help_heading = "Distortion of images, afresh in each epoch")]
    pub(crate) elastic: Option<f64>,
    /// Gaussian that smooths the elastic displacements: standard deviation, in pixels [default: 5]
    #[arg(long, value_name = "F", help_heading = "Distortion of images, afresh in each epoch")]
    pub(crate) sigma: Option<f64>,
    /// Share of the epochs, the last ones, over which distortion falls in a straight line [default: 0]
    #[arg(
        long,
        value_name = "FRACTION",
        help_heading = "Distortion of images, afresh in each epoch"
    )]
    pub(crate) fade: Option<f64>,
    /// Strength of distortion in the last epoch, where there is a fade [default: 0]
    #[arg(
        long,
        value_name = "FRACTION",
        help_heading = "Distortion of images, afresh in each epoch"
    )]
    pub(crate) fade_to: Option<f64>,

    /// In the last test, look at each image also shifted by up to N pixels along each axis, and take
    /// the mean of the answers [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=4), help_heading = "Test")]
    pub(crate) test_shifts: Option<u8>,
    /// In the last test, look also at N copies of each image, distorted as in training [default: 0]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1000), help_heading = "Test")]
    pub(crate) test_copies: Option<u16>,
    /// How strongly those copies are distorted; 1 is as in training [default: 0.25]
    #[arg(long, value_name = "F", help_heading = "Test")]
    pub(crate) test_strength: Option<f64>,

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
    /// Further branches of the network: each a table [[branch]] of a file, with what it has otherwise than the first.
    #[arg(skip)]
    pub(crate) branch: Option<Vec<Settings>>,
}

/// Widths of the hidden layers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Widths(pub(crate) Vec<usize>);

/// A weight for each class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ClassWeights(pub(crate) Vec<f64>);

fn parse_class_weights(text: &str) -> Result<ClassWeights, String> {
    let weights: Result<Vec<f64>, _> = text.split(',').map(|word| word.trim().parse()).collect();
    weights.map(ClassWeights).map_err(|_| "not a list of numbers such as 1,1,2.5".to_owned())
}

/// `256,128`; the empty text is no hidden layer.
fn parse_widths(text: &str) -> Result<Widths, String> {
    if text.trim().is_empty() {
        return Ok(Widths(Vec::new()));
    }
    let widths: Result<Vec<usize>, _> = text.split(',').map(|width| width.trim().parse()).collect();
    let valid = widths.ok().filter(|widths| !widths.contains(&0));
    valid.map(Widths).ok_or_else(|| "not a list of widths such as 256,128".to_owned())
}

/// Solvers that take the whole training set at each step. Newton and Raphson's bare step is not among
/// them: from a random start it climbs as gladly as it descends.
pub(crate) const SOLVERS: [&str; 4] = ["conjugate-gradient", "lbfgs", "newton", "gauss-newton"];

/// All that --optimizer may be.
pub(crate) fn optimizer_names() -> Vec<&'static str> {
    [&Optimizer::NAMES[..], &SOLVERS].concat()
}

fn initializer_parser() -> impl TypedValueParser<Value = Initializer> {
    let names = PossibleValuesParser::new(Initializer::ALL.map(Initializer::name));
    names.try_map(|name| Initializer::ALL.into_iter().find(|i| i.name() == name).ok_or(name))
}

/// The most bytes that a file of settings may have.
const LONGEST_FILE: u64 = 1 << 20;

fn no_settings(path: &Path, cause: &str) -> CliError {
    CliError::Usage(format!(
        "{}: {cause}, so no settings; nn train --print-config writes such a file",
        path.display()
    ))
}

impl Settings {
    /// Reads a TOML file of settings.
    pub(crate) fn load(path: &Path) -> Result<Self, CliError> {
        let bytes = read_at_most(path, LONGEST_FILE).map_err(|error| match error {
            BoundedReadError::Io { cause, .. } => CliError::io("read the settings", path, cause),
            _ => no_settings(path, "longer than 1 MiB"),
        })?;
        let text = String::from_utf8(bytes).map_err(|_| no_settings(path, "not a text file"))?;
        toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            CliError::Usage(format!(
                "{}, line {line}: {}",
                path.display(),
                error.message().replace('\n', ", ")
            ))
        })
    }

    /// These settings, and where they are silent, `other`'s.
    ///
    /// Data is one setting: who names a folder or files does not get files of `other` besides.
    pub(crate) fn or(self, other: Self) -> Self {
        let names_data = self.data_paths().iter().any(|(_, path)| path.is_some());
        let other = if names_data { other.with_data(None) } else { other };
        Self {
            data: self.data.or(other.data),
            images: self.images.or(other.images),
            labels: self.labels.or(other.labels),
            test_images: self.test_images.or(other.test_images),
            test_labels: self.test_labels.or(other.test_labels),
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
            receptive_field: self.receptive_field.or(other.receptive_field),
            receptive_grid: self.receptive_grid.or(other.receptive_grid),
            batch_norm: self.batch_norm.or(other.batch_norm),
            max_norm: self.max_norm.or(other.max_norm),
            label_smoothing: self.label_smoothing.or(other.label_smoothing),
            class_weights: self.class_weights.or(other.class_weights),
            average: self.average.or(other.average),
            deskew: self.deskew.or(other.deskew),
            directions: self.directions.or(other.directions),
            root_directions: self.root_directions.or(other.root_directions),
            second_order_directions: self.second_order_directions.or(other.second_order_directions),
            rotation: self.rotation.or(other.rotation),
            scale: self.scale.or(other.scale),
            shear: self.shear.or(other.shear),
            shift: self.shift.or(other.shift),
            elastic: self.elastic.or(other.elastic),
            sigma: self.sigma.or(other.sigma),
            fade: self.fade.or(other.fade),
            fade_to: self.fade_to.or(other.fade_to),
            test_shifts: self.test_shifts.or(other.test_shifts),
            test_copies: self.test_copies.or(other.test_copies),
            test_strength: self.test_strength.or(other.test_strength),
            backend: self.backend.or(other.backend),
            threads: self.threads.or(other.threads),
            momentum: self.momentum.or(other.momentum),
            smoothing: self.smoothing.or(other.smoothing),
            beta1: self.beta1.or(other.beta1),
            beta2: self.beta2.or(other.beta2),
            epsilon: self.epsilon.or(other.epsilon),
            step_epochs: self.step_epochs.or(other.step_epochs),
            step_factor: self.step_factor.or(other.step_factor),
            branch: self.branch.or(other.branch),
        }
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
        let free = Self { threads: saved.threads, ..self.clone() };
        let merged = free.with_data(None).or(saved.clone());
        let (merged, saved) = (merged.to_table(), saved.to_table());
        let differs = merged.iter().find(|(key, value)| saved.get(*key) != Some(*value));
        let (key, value) = differs?;
        let was = saved.get(key).map_or("not set".to_owned(), |was| was.to_string());
        Some(format!("--{key} {value} contradicts the run, in which it is {was}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, CommandFactory, FromArgMatches};
    use nn_core::TrainingConfig;

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
    fn a_solver_takes_no_settings_of_single_steps() {
        for name in SOLVERS {
            let printed = flags(&["--optimizer", name]).resolve().unwrap().to_settings();
            assert_eq!(printed.optimizer.as_deref(), Some(name));
            assert_eq!(printed.clone().resolve().unwrap().to_settings(), printed);
        }
        for arguments in [["--batch", "5"], ["--dropout", "0"], ["--beta1", "0.5"]] {
            let error = flags(&["--optimizer", "lbfgs", arguments[0], arguments[1]]).resolve();
            let error = error.unwrap_err().to_string();
            assert!(error.contains(&arguments[0][2..]), "{error}");
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
            ["--label-smoothing", "1"],
            ["--max-norm", "0"],
            ["--average", "1"],
            ["--class-weights", "1,0"],
            ["--elastic", "NaN"],
            ["--sigma", "4"],
            ["--test-copies", "4"],
            ["--test-strength", "0.5"],
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
