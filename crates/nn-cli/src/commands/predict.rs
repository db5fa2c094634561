//! `nn predict`.

use crate::backend::{self, WorkInOwn};
use crate::cli::PredictArgs;
use crate::error::CliError;
use crate::ink::Polarity;
use crate::mistakes::said;
use crate::model_file::{load_model, rows_and_columns, shape_in_words};
use crate::photograph::read_photograph;
use crate::prepare::{Prepared, prepare};
use crate::printable::printable;
use crate::progress::thousands;
use crate::terminal_picture::{Ink, render};
use crate::{stderr, stdout};
use nn_core::Loss;
use nn_data::{Dataset, IdxValues, read_idx};
use nn_mlp::{Model, Predictor, TestViews};
use nn_tensor::Tensor;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Says what each file shows. A file that fails says so; the others go on.
pub(crate) fn run(arguments: PredictArgs) -> Result<(), CliError> {
    let model = load_model(&arguments.model)?;
    let model = model.with_views(TestViews::default())?;
    backend::run_in(model.element_name(), arguments.device, Prediction { arguments, model })
}

/// Predictions that wait for their backend.
struct Prediction {
    arguments: PredictArgs,
    model: Model,
}

impl WorkInOwn for Prediction {
    type Output = ();

    fn run<T: Tensor>(self, device: &T::Device) -> Result<(), CliError> {
        let mut predictor = Predictor::<T>::new(&self.model, device)?;
        let mut failed = 0;
        for path in &self.arguments.files {
            let result = match is_idx(path) {
                Ok(true) => self.predict_idx(&mut predictor, path),
                Ok(false) => self.predict_photograph(&mut predictor, path),
                Err(cause) => Err(CliError::io("read", path, cause)),
            };
            match result {
                // Where results cannot be written, the next file fares no better.
                Err(error @ CliError::Stdout(_)) => return Err(error),
                Err(error) => {
                    failed += 1;
                    stderr::error(error.to_string());
                }
                Ok(()) => {}
            }
        }
        let all = self.arguments.files.len();
        match (failed, all) {
            (0, _) => Ok(()),
            (1, 1) => Err(CliError::AlreadySaid),
            _ => Err(CliError::Failed(format!("{failed} of {all} files could not be used"))),
        }
    }
}

impl Prediction {
    fn predict_photograph<T: Tensor>(
        &self,
        predictor: &mut Predictor<T>,
        path: &Path,
    ) -> Result<(), CliError> {
        let &[height, width] = self.model.sample_shape() else {
            let shape = shape_in_words(self.model.sample_shape());
            let path = path.display();
            return Err(CliError::Failed(format!(
                "{path}: the model takes samples of shape {shape}, not pictures; give it an IDX file"
            )));
        };
        let picture = read_photograph(path)
            .map_err(|cause| CliError::Photograph { path: path.into(), cause })?;
        match prepare(&picture, height, width) {
            Prepared::Blank => self.say_blank(path),
            Prepared::Digit { sample, polarity } => {
                // The label is what is asked for: any will do.
                let outputs = self.model.outputs();
                let shape = self.model.sample_shape();
                let single = Dataset::from_images(sample.clone(), shape, vec![0], outputs)?;
                let mut ranked = Vec::new();
                predictor.for_each(&single, |_, outputs| ranked = self.ranked(outputs))?;
                self.say(&path.display().to_string(), None, &ranked, Some(polarity))?;
                self.show(&sample, height, width)
            }
        }
    }

    fn predict_idx<T: Tensor>(
        &self,
        predictor: &mut Predictor<T>,
        path: &Path,
    ) -> Result<(), CliError> {
        let samples = self.load_samples(path)?;
        let name = path.display().to_string();
        let (height, width) = rows_and_columns(samples.sample_shape());
        let mut said = Ok(());
        predictor.for_each(&samples, |index, outputs| {
            if said.is_ok() {
                said = self.say(&name, Some(index), &self.ranked(outputs), None);
            }
            if said.is_ok() {
                said = self.show(&crate::mistakes::pixels_of(&samples, index), height, width);
            }
        })?;
        said
    }

    /// The samples of an IDX file, or its only one, if they are of the model's size.
    fn load_samples(&self, path: &Path) -> Result<Dataset, CliError> {
        let (shape, values) = read_idx(path)?.into_parts();
        let wanted = self.model.sample_shape();
        let count = match shape.as_slice() {
            [count, sample @ ..] if sample == wanted => *count,
            single if single == wanted => 1,
            _ => {
                return Err(CliError::Failed(format!(
                    "{}: its shape is {}, the model takes samples of {}; use data of the size it was trained on",
                    path.display(),
                    shape_in_words(&shape),
                    shape_in_words(wanted)
                )));
            }
        };
        // The labels are what is asked for: any will do.
        let labels = vec![0; count];
        let outputs = self.model.outputs();
        let numbers = match values {
            IdxValues::U8(bytes) => {
                return Ok(Dataset::from_images(bytes, wanted, labels, outputs)?);
            }
            IdxValues::I8(values) => values.into_iter().map(f64::from).collect(),
            IdxValues::I16(values) => values.into_iter().map(f64::from).collect(),
            IdxValues::I32(values) => values.into_iter().map(f64::from).collect(),
            IdxValues::F32(values) => values.into_iter().map(f64::from).collect(),
            IdxValues::F64(values) => values,
        };
        let width = wanted.iter().product();
        Ok(Dataset::classification(numbers, width, labels, outputs)?)
    }

    /// The largest outputs with their classes, the largest first.
    fn ranked(&self, outputs: &[f64]) -> Vec<(usize, f64)> {
        let outputs = outputs.iter().map(|&output| said(self.model.loss(), output));
        let mut all: Vec<(usize, f64)> = outputs.enumerate().collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        all.truncate(self.arguments.top);
        all
    }

    fn say(
        &self,
        name: &str,
        index: Option<usize>,
        ranked: &[(usize, f64)],
        polarity: Option<Polarity>,
    ) -> Result<(), CliError> {
        if self.arguments.format.is_json() {
            return stdout::line(self.event(name, index, ranked, polarity).to_string());
        }
        let place = index.map_or(String::new(), |index| format!("[{}]", thousands(index as u64)));
        let note = match polarity {
            Some(Polarity::DarkOnLight) => "  (dark on light: inverted)",
            Some(Polarity::LightOnDark) => "  (light on dark: not inverted)",
            None => "",
        };
        let words: Vec<String> = ranked.iter().map(|answer| self.in_words(*answer)).collect();
        let (first, others) = words.split_first().map_or(("", &[][..]), |(a, b)| (a.as_str(), b));
        let then = if others.is_empty() { "" } else { "  then " };
        let name = printable(name);
        stdout::line(format!("{name}{place}: {first}{then}{}{note}", others.join(", ")))
    }

    /// `7 (98.12 %)`, or without a softmax the bare output.
    fn in_words(&self, (class, output): (usize, f64)) -> String {
        if self.is_probability() {
            format!("{class} ({:.2} %)", output * 100.0)
        } else {
            format!("{class} (output {output:.3})")
        }
    }

    fn is_probability(&self) -> bool {
        self.model.loss() == Loss::CrossEntropy
    }

    fn event(
        &self,
        name: &str,
        index: Option<usize>,
        ranked: &[(usize, f64)],
        polarity: Option<Polarity>,
    ) -> Value {
        let key = if self.is_probability() { "probability" } else { "output" };
        let answer = |&(class, output): &(usize, f64)| json!({"class": class, key: output});
        let (class, output) = ranked.first().copied().unzip();
        json!({
            "event": "prediction",
            "file": name,
            "index": index,
            "class": class,
            key: output,
            "runners_up": ranked.iter().skip(1).map(answer).collect::<Vec<_>>(),
            "inverted": polarity.map(|polarity| polarity == Polarity::DarkOnLight),
            "blank": false,
        })
    }

    fn say_blank(&self, path: &Path) -> Result<(), CliError> {
        let name = path.display().to_string();
        if self.arguments.format.is_json() {
            let event = json!({"event": "prediction", "file": name, "class": null, "blank": true});
            return stdout::line(event.to_string());
        }
        let name = printable(&name);
        stdout::line(format!("{name}: blank, no digit to be seen"))
    }

    fn show(&self, sample: &[u8], height: usize, width: usize) -> Result<(), CliError> {
        if !self.arguments.show || self.arguments.format.is_json() {
            return Ok(());
        }
        render(&[sample], height, width, Ink::for_stdout()).iter().try_for_each(stdout::line)
    }
}

/// Whether a file begins as an IDX file does, plain or in gzip. What it is no picture and no IDX
/// file either, the picture reader will say.
fn is_idx(path: &Path) -> std::io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut head)?;
    Ok(head == [0, 0] || head == [0x1f, 0x8b])
}
