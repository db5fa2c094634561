//! `nn calibrate`.

use crate::backend::{self, WorkInOwn};
use crate::cli::CalibrateArgs;
use crate::error::CliError;
use crate::model_file::load_model;
use crate::output_path;
use crate::run_folder::{data_given_or_of_run, find_model, validation_of_run};
use crate::{stderr, stdout};
use nn_data::{Dataset, TrainTest};
use nn_mlp::{Calibration, CalibrationBin, Model, Predictor, Temperature, TestViews};
use nn_plot::{Axis, Curves, Figure, Series, Style};
use nn_tensor::Tensor;
use serde_json::json;

/// Measures how far a model's probabilities can be trusted, and mends them where that is wanted.
pub(crate) fn run(arguments: CalibrateArgs) -> Result<(), CliError> {
    if let Some(out) = &arguments.out {
        output_path::expect_not_input(out, &find_model(&arguments.model.model))?;
        output_path::expect_writable(out)?;
    }
    let model = load_model(&arguments.model)?;
    let data = data_given_or_of_run(arguments.data.as_deref(), &arguments.model.model).load()?;
    // Probabilities are those of single views.
    let model = model.with_views(TestViews::default())?;
    backend::run_in(model.element_name(), arguments.device, Calibrating { arguments, model, data })
}

struct Calibrating {
    arguments: CalibrateArgs,
    model: Model,
    data: TrainTest,
}

impl WorkInOwn for Calibrating {
    type Output = ();

    fn run<T: Tensor>(self, device: &T::Device) -> Result<(), CliError> {
        let test = &self.data.test;
        let before = measure::<T>(&self.model, test, device)?;
        self.say("as trained", None, &before)?;
        let mut measured = vec![("as trained".to_owned(), before)];
        if let Some(path) = &self.arguments.out {
            let validation = self.validation()?;
            let mut predictor = Predictor::<T>::new(&self.model, device)?;
            let temperature = Temperature::fit(&mut predictor, &validation)?;
            let model = temperature.apply(&self.model)?;
            let after = measure::<T>(&model, test, device)?;
            let name = format!("temperature {:.3}", temperature.0);
            self.say(&name, Some(temperature.0), &after)?;
            measured.push((name, after));
            model.save(path)?;
        }
        if let Some(folder) = &self.arguments.figures {
            nn_files::create_folder(folder)
                .map_err(|cause| CliError::io("create", folder, cause))?;
            let figure = diagram(&measured);
            nn_plot::save(&figure, folder, "reliability")?;
            let path = folder.join("reliability");
            stderr::note(format!("{}.svg and .png: {}", path.display(), figure.title()));
        }
        Ok(())
    }
}

impl Calibrating {
    fn say(
        &self,
        name: &str,
        temperature: Option<f64>,
        calibration: &Calibration,
    ) -> Result<(), CliError> {
        let error = calibration.expected_error().unwrap_or_default();
        if !self.arguments.format.is_json() {
            let percent = 100.0 * error;
            return self.print(&format!("expected calibration error, {name}: {percent:.2} %"));
        }
        let bin = |bin: &CalibrationBin| {
            let (confidence, accuracy) = bin.means().unzip();
            json!({"count": bin.count, "confidence": confidence, "accuracy": accuracy})
        };
        let bins: Vec<_> = calibration.bins.iter().map(bin).collect();
        let event = json!({
            "event": "calibration",
            "temperature": temperature,
            "expected_calibration_error": error,
            "bins": bins,
        });
        self.print(&event.to_string())
    }

    /// Writes a result to stdout, unless the model goes there.
    fn print(&self, line: &str) -> Result<(), CliError> {
        match &self.arguments.out {
            Some(out) => output_path::say(out, line),
            None => stdout::line(line),
        }
    }

    /// The samples that the model's run held out.
    fn validation(&self) -> Result<Dataset, CliError> {
        let path = &self.arguments.model.model;
        let none = || {
            CliError::Failed(format!(
                "{}: its run held no validation set out, and a temperature must not be chosen on \
                 samples that were trained or tested on; train with --validation 0.1",
                path.display()
            ))
        };
        let (share, seed) = validation_of_run(path).ok_or_else(none)?;
        let (_, validation) = self.data.train.split(share, seed)?;
        if validation.is_empty() { Err(none()) } else { Ok(validation) }
    }
}

fn measure<T: Tensor>(
    model: &Model,
    data: &Dataset,
    device: &T::Device,
) -> Result<Calibration, CliError> {
    Ok(Calibration::measure(&mut Predictor::<T>::new(model, device)?, data)?)
}

/// Share of right answers over the probability that they were given with, and what it should be.
fn diagram(measured: &[(String, Calibration)]) -> Figure {
    let ideal = Series::line("as it should be", vec![(0.0, 0.0), (100.0, 100.0)]);
    let mut series = vec![ideal.styled(Style::Dashed)];
    for (name, calibration) in measured {
        let means = calibration.bins.iter().filter_map(CalibrationBin::means);
        let points = means.map(|(confidence, right)| (100.0 * confidence, 100.0 * right));
        series.push(Series::line(name, points.collect()).styled(Style::LineAndPoints));
    }
    Figure::Curves(Curves {
        title: "Is it right as often as it says? (test set)".to_owned(),
        x: Axis::linear("probability of the answer in %").from_to(0.0, 100.0),
        y: Axis::linear("right answers in %").from_to(0.0, 100.0),
        series,
    })
}
