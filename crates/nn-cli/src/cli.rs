//! The command line: what can be asked for, and the help that says so.

use crate::device_args::DeviceArgs;
use crate::flags::Typed;
use crate::parsers::{self, Shape, fraction, pair, whole};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use nn_core::{Activation, Loss};
use nn_mlp::settings::Preset;
use std::path::PathBuf;

/// Neural networks from scratch: train, test and use multi-layer perceptrons on IDX data.
#[derive(Debug, Parser)]
#[command(name = "nn", version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  nn train                                   train on MNIST, or on the sample inside this program
  nn test --model runs/NAME                  how good it is, and where it fails
  nn predict --model runs/NAME photo.jpg     which digit is that?

Results go to stdout, progress and diagnostics to stderr.
Exit codes: 0 success, 1 failure, 2 usage error, 130 after Ctrl-C, 143 after SIGTERM.";

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train a network
    #[command(after_help = TRAIN_EXAMPLES, allow_negative_numbers = true)]
    Train(Box<TrainArgs>),
    /// Test a model: accuracy, confusion matrix, precision and recall, worst mistakes
    #[command(after_help = TEST_EXAMPLES)]
    Test(TestArgs),
    /// Say what digit a picture shows (PNG, JPEG), or each image of an IDX file
    #[command(after_help = PREDICT_EXAMPLES)]
    Predict(PredictArgs),
    /// Do two models differ, or is it chance? McNemar's test on the same images
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(CompareArgs),
    /// Is a model right as often as it says? Calibration error, reliability diagram, temperature
    #[command(after_help = CALIBRATE_EXAMPLES)]
    Calibrate(CalibrateArgs),
    /// Make one model of several that answers with the mean of their answers
    #[command(after_help = "Example:\n  nn ensemble runs/A runs/B runs/C --out ensemble.nn")]
    Ensemble(EnsembleArgs),
    /// Show what is in a model file
    #[command(after_help = "Example:\n  nn inspect runs/NAME/model.nn")]
    Inspect(InspectArgs),
    /// Compare every hand-derived gradient with central differences, in f64
    #[command(after_help = "Exit code 1 if any relative error is 1e-6 or more.")]
    Check(CheckArgs),
    /// Look at data
    #[command(subcommand)]
    Data(DataCommand),
    /// Run the lecture, topic by topic: its numbers, its figures, its places in the code
    #[command(after_help = LECTURE_EXAMPLES)]
    Lecture(LectureArgs),
    /// Draw a run: curves, confusion matrix, weights, gradient norms
    #[command(after_help = PLOT_EXAMPLES)]
    Plot(PlotArgs),
    /// Write a model's weights for other programs
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(ExportArgs),
    /// Make a model of weights from other programs
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(ImportArgs),
    /// Print a completion script for a shell
    #[command(
        after_help = "Example:\n  nn completions bash > ~/.local/share/bash-completion/completions/nn"
    )]
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the manual page, or write all of them into a folder
    #[command(
        after_help = "Examples:\n  nn man | man -l -\n  nn man --out ~/.local/share/man/man1"
    )]
    Man {
        /// Folder for nn.1, nn-train.1, ...; without it nn.1 goes to stdout
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

const TRAIN_EXAMPLES: &str = "\
Examples:
  nn train                                          the defaults: 784-256-128-10, Adam, 10 epochs
  nn train --hidden 30 --activation sigmoid --loss squared-error --optimizer sgd --batch 10
  nn train --hidden \"\"                              no hidden layer: a linear classifier
  nn train --optimizer lbfgs --epochs 50            full-batch: every step uses all samples
  nn train --data data/fashion-mnist --patience 3   stop early, keep the best weights
  nn train --images pictures.idx --labels names.idx any two files; a tenth is held out for the test
  nn train --set training.average=0.999             any other setting, here a moving average
  nn train --set transform.deskew=true --set transform.augment.rotation=10
  nn train --print-config > my.toml                 all settings, to change and pass to --config
  nn train --resume runs/NAME                       resume an interrupted run
  nn train --preset best                            a recipe; --print-config prints it
  nn train --preset fast --seeds 5                  five seeds: mean, spread and 95 % interval
  nn train --preset best --ablate --validation 0.1  what each ingredient is worth

Flags and --set override the --config file; the file overrides the preset.";

const TEST_EXAMPLES: &str = "\
Examples:
  nn test --model runs/NAME
  nn test --model model.nn --data data/mnist --min-accuracy 0.98
  nn test --model model.nn --images pictures.idx.gz --labels names.idx.gz
  nn test --model model.nn --mistakes mistakes.png --format json";

const COMPARE_EXAMPLES: &str = "\
Examples:
  nn compare runs/A runs/B
  nn compare a.nn b.nn --data data/mnist --format json";

const CALIBRATE_EXAMPLES: &str = "\
Examples:
  nn calibrate --model runs/NAME --figures .            reliability diagram, SVG and PNG
  nn calibrate --model runs/NAME --out calibrated.nn    the temperature that its validation set asks for";

const PREDICT_EXAMPLES: &str = "\
Examples:
  nn predict --model runs/NAME photo.jpg drawing.png
  nn predict --model model.nn --show drawing.png      also show what the network sees
  nn predict --model model.nn --format json t10k-images-idx3-ubyte.gz

Pictures are prepared as MNIST was: grey, white on black, fitted to 20 x 20, centred by mass.";

const LECTURE_EXAMPLES: &str = "\
Examples:
  nn lecture                                     the topics, in the lecture's order
  nn lecture single-step                         every number of one step of a 1-3-1 network
  nn lecture universal width=20 --out figures    a parameter set, figures written as SVG and PNG
  nn lecture all --out lecture                   everything, and one page: lecture/index.html";

const PLOT_EXAMPLES: &str = "\
Examples:
  nn plot runs/NAME                              figures into runs/NAME/figures
  nn plot --model model.nn --weights --out .     the first layer's weights, a picture a neuron";

const EXPORT_EXAMPLES: &str = "\
Example:
  nn export --model runs/NAME --format safetensors --out weights.safetensors
In PyTorch:
  model = Sequential(Linear(784, 256), ReLU(), Linear(256, 128), ReLU(), Linear(128, 10))
  model.load_state_dict(safetensors.torch.load_file(\"weights.safetensors\"))";

const IMPORT_EXAMPLES: &str = "\
Examples:
  nn import weights.safetensors --out model.nn
  nn import torch.safetensors --out model.nn --activation gelu --shape 28x28";

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// `--format`, the same everywhere.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct FormatArgs {
    /// How results are written to stdout
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

impl FormatArgs {
    pub(crate) fn is_json(self) -> bool {
        self.format == Format::Json
    }
}

/// `nn train`.
#[derive(Clone, Debug, Args)]
pub(crate) struct TrainArgs {
    /// The flags of settings.
    #[command(flatten)]
    pub(crate) typed: Typed,
    /// Set any setting; --print-config lists them all
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Read settings from this file, as --print-config writes it
    #[arg(long, value_name = "FILE.toml", conflicts_with = "resume")]
    pub(crate) config: Option<PathBuf>,
    /// Start from this recipe; the file, flags and --set override it
    #[arg(long, value_name = "NAME", value_parser = parsers::preset(), conflicts_with = "resume")]
    pub(crate) preset: Option<Preset>,
    /// Print all settings as they would be used, and stop
    #[arg(long, conflicts_with = "resume")]
    pub(crate) print_config: bool,
    /// Train with N seeds, and summarise
    #[arg(long, value_name = "N", value_parser = whole::<usize>(2, MOST_SEEDS), conflicts_with_all = ["resume", "print_config"])]
    pub(crate) seeds: Option<usize>,
    /// With --seeds: also write an ensemble of all models, which averages their answers
    #[arg(long, value_name = "MODEL", requires = "seeds")]
    pub(crate) ensemble: Option<PathBuf>,
    /// Train also without each ingredient of the recipe, one at a time, and report what each is worth
    #[arg(long, conflicts_with_all = ["resume", "print_config", "ensemble"])]
    pub(crate) ablate: bool,
    /// Write model, checkpoint, metrics and settings into this folder [default: a new one in runs/]
    #[arg(long, value_name = "RUN_DIR", conflicts_with = "resume")]
    pub(crate) out: Option<PathBuf>,
    /// Resume an interrupted run; the result is the same to the byte
    #[arg(long, value_name = "RUN_DIR")]
    pub(crate) resume: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    /// Show no progress bar and no notes
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

/// More seeds than this are no experiment that ends.
const MOST_SEEDS: u64 = 1000;

/// A model file, or the folder of a run.
#[derive(Debug, Args)]
pub(crate) struct ModelArgs {
    /// Model file, checkpoint, or run folder
    #[arg(long, short, value_name = "MODEL")]
    pub(crate) model: PathBuf,
}

/// `nn test`.
#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Folder with the four IDX files, or "sample" [default: the run's own; else as in train]
    #[arg(long, value_name = "DIR", conflicts_with = "images")]
    pub(crate) data: Option<PathBuf>,
    /// Image file of any name, instead of --data
    #[arg(long, value_name = "FILE", requires = "labels")]
    pub(crate) images: Option<PathBuf>,
    /// Label file that belongs to --images
    #[arg(long, value_name = "FILE", requires = "images")]
    pub(crate) labels: Option<PathBuf>,
    /// Average over copies shifted by up to N pixels along each axis [default: the model's own test views]
    #[arg(long, value_name = "N", value_parser = whole::<u8>(0, 4))]
    pub(crate) shifts: Option<u8>,
    /// Average also over N randomly augmented copies, augmented as in training [default: the model's own]
    #[arg(long, value_name = "N", value_parser = whole::<u16>(0, 1000))]
    pub(crate) copies: Option<u16>,
    /// With --copies: strength of their augmentation; 1 is as in training
    #[arg(long, value_name = "F", default_value = "0.25", value_parser = fraction, requires = "copies")]
    pub(crate) strength: f64,
    /// Exit with code 1 if the accuracy is below this fraction (0.98 is 98 %)
    #[arg(long, value_name = "FRACTION", value_parser = fraction)]
    pub(crate) min_accuracy: Option<f64>,
    /// Write the worst mistakes as a picture; each is marked "label→answer probability"
    #[arg(long, value_name = "FILE.png")]
    pub(crate) mistakes: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Model file, checkpoint, or run folder
    #[arg(value_name = "A")]
    pub(crate) first: PathBuf,
    /// The other one
    #[arg(value_name = "B")]
    pub(crate) second: PathBuf,
    /// Folder with the four IDX files, or "sample" [default: the data of run A; else as in train]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn calibrate`.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Folder with the four IDX files, or "sample" [default: the run's own; else as in train]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Write the reliability diagram into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) figures: Option<PathBuf>,
    /// Write the model with the temperature that its run's validation set asks for
    #[arg(long, value_name = "MODEL")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn ensemble`.
#[derive(Debug, Args)]
pub(crate) struct EnsembleArgs {
    /// Models that tell the same classes apart, of one recipe or of several: files or run folders
    #[arg(required = true, num_args = 2.., value_name = "MODEL")]
    pub(crate) models: Vec<PathBuf>,
    /// Model file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `nn predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// PNG or JPEG pictures of one digit each, or IDX files of images
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How many of the most probable classes to print
    #[arg(long, value_name = "K", default_value = "3", value_parser = whole::<usize>(1, u64::MAX))]
    pub(crate) top: usize,
    /// Show each image as the network sees it
    #[arg(long)]
    pub(crate) show: bool,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Model file, checkpoint, or run folder
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn data ...`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// Counts, sizes, classes and pixel statistics
    #[command(after_help = "Example:\n  nn data info --data data/mnist")]
    Info(DataInfoArgs),
    /// A contact sheet: many images in one picture, in the terminal and as PNG
    #[command(after_help = "Example:\n  nn data sheet --class 7 --count 100 --out sevens.png")]
    Sheet(SheetArgs),
    /// Draw randomly augmented copies of images, as training sees them
    #[command(after_help = "Example:\n  nn data augment --preset best --out augmented.png")]
    Augment(AugmentArgs),
}

/// `nn data augment`.
#[derive(Debug, Args)]
pub(crate) struct AugmentArgs {
    /// Folder with the four IDX files, or "sample" [default: data/mnist if there, else the sample]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// PNG to write
    #[arg(long, value_name = "FILE.png")]
    pub(crate) out: PathBuf,
    /// How many images, one a row
    #[arg(long, value_name = "N", default_value = "10", value_parser = whole::<u8>(1, 100))]
    pub(crate) count: u8,
    /// How many copies of each
    #[arg(long, value_name = "N", default_value = "9", value_parser = whole::<u8>(1, 30))]
    pub(crate) copies: u8,
    /// Which images and copies are drawn
    #[arg(long, value_name = "N", default_value = "1", value_parser = whole::<u64>(0, u64::MAX), allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// The recipe whose random transforms are shown
    #[arg(long, value_name = "NAME", default_value = "best", value_parser = parsers::preset())]
    pub(crate) preset: Preset,
    /// Read settings from this file; they override the recipe's
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    /// Show each image deskewed instead of augmented copies
    #[arg(long)]
    pub(crate) deskew: bool,
}

/// `nn data info`.
#[derive(Debug, Args)]
pub(crate) struct DataInfoArgs {
    /// Folder with the four IDX files, or "sample" [default: data/mnist if there, else the sample]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `nn data sheet`.
#[derive(Debug, Args)]
pub(crate) struct SheetArgs {
    /// Folder with the four IDX files, or "sample" [default: data/mnist if there, else the sample]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// PNG to write; without it the sheet is shown in the terminal
    #[arg(long, value_name = "FILE.png")]
    pub(crate) out: Option<PathBuf>,
    /// How many images
    #[arg(long, value_name = "N", default_value = "40", value_parser = whole::<usize>(1, MOST_IN_A_SHEET))]
    pub(crate) count: usize,
    /// Only images of this class
    #[arg(long, value_name = "K")]
    pub(crate) class: Option<u32>,
    /// Take test images instead of training images
    #[arg(long)]
    pub(crate) test: bool,
    /// Which images are drawn
    #[arg(long, value_name = "N", default_value = "1", value_parser = whole::<u64>(0, u64::MAX), allow_negative_numbers = true)]
    pub(crate) seed: u64,
}

/// `nn lecture`.
#[derive(Debug, Args)]
pub(crate) struct LectureArgs {
    /// Topic, or "all"; without it the topics are listed
    pub(crate) topic: Option<String>,
    /// Parameters of the topic, as width=20; the list shows them with their defaults
    #[arg(value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) parameters: Vec<(String, String)>,
    /// Folder for the figures and, with "all", the page index.html
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Folder with the four IDX files, or "sample" [default: data/mnist if there, else the sample]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) device: DeviceArgs,
}

/// `nn plot`.
#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// Folder of a run
    #[arg(value_name = "RUN_DIR", required_unless_present = "model", conflicts_with = "model")]
    pub(crate) run: Option<PathBuf>,
    /// Model file, for --weights
    #[arg(long, value_name = "MODEL", requires = "weights")]
    pub(crate) model: Option<PathBuf>,
    /// Only the weights of the first layer
    #[arg(long)]
    pub(crate) weights: bool,
    /// Folder with the data, where the run's own is no longer there
    #[arg(long, value_name = "DIR", conflicts_with = "weights")]
    pub(crate) data: Option<PathBuf>,
    /// Folder for the figures [default: RUN_DIR/figures, or here]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Formats of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// With the names and layout of torch.nn.Linear
    Safetensors,
}

/// `nn export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) model: ModelArgs,
    /// Format of the file
    #[arg(long, value_enum, default_value = "safetensors")]
    pub(crate) format: ExportFormat,
    /// Fold batch normalisation into the layer before it
    #[arg(long)]
    pub(crate) fold: bool,
    /// File to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// `nn import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// File of weights (safetensors)
    pub(crate) file: PathBuf,
    /// Model file to write
    #[arg(long, value_name = "MODEL")]
    pub(crate) out: PathBuf,
    /// Activation of the hidden layers [default: what the file says, else relu]
    #[arg(long, value_name = "NAME", value_parser = parsers::activation())]
    pub(crate) activation: Option<Activation>,
    /// Activation of the last layer [default: what the file says, else identity]
    #[arg(long, value_name = "NAME", value_parser = parsers::activation())]
    pub(crate) output_activation: Option<Activation>,
    /// Loss it was trained with [default: what the file says, else cross-entropy]
    #[arg(long, value_name = "NAME", value_parser = parsers::loss())]
    pub(crate) loss: Option<Loss>,
    /// Shape of a sample [default: what the file says, else 28x28 for 784 inputs, else a row]
    #[arg(long, value_name = "HxW", value_parser = parsers::shape)]
    pub(crate) shape: Option<Shape>,
    /// Names of the layers, first to last, where the file does not say their order
    #[arg(long, value_name = "NAME,NAME,...", value_delimiter = ',')]
    pub(crate) order: Option<Vec<String>>,
}

/// A sheet of 10,000 images is a picture of 60 million pixels; more is no sheet to look at.
const MOST_IN_A_SHEET: u64 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// What people reach for is found at a glance; the rest is set by --set.
    #[test]
    fn nn_train_has_few_flags() {
        let command = Cli::command();
        let train = command.find_subcommand("train").unwrap();
        assert!(train.get_arguments().count() < 36, "{}", train.get_arguments().count());
    }
}
