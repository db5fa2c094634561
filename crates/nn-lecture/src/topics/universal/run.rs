//! Runs the topic.

use super::results::{Approximation, Fit};
use super::settings::Settings;
use super::training::{Samples, fit, tutorial};
use super::trials::{changes, sweep, trials};
use crate::LectureError;
use crate::fit::{points, root_mean_square};
use nn_tensor::Tensor;

/// Runs the fit, changes one setting at a time, sweeps the width and tries combinations.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Approximation, LectureError> {
    settings.validate()?;
    let samples = Samples::of("expression", &settings.expression, settings.samples)?;
    let harder = Samples::of("harder", &settings.harder, settings.samples)?;
    let sweeps = [("expression", &samples), ("harder", &harder)];
    let sweeps = sweeps.map(|(name, samples)| {
        let text = if name == "harder" { &settings.harder } else { &settings.expression };
        sweep::<D>(settings, device, text, samples)
    });
    let [first, second] = sweeps;
    Ok(Approximation {
        fit: run_fit::<D>(settings, device)?,
        changes: changes::<D>(settings, device, &samples)?,
        sweeps: vec![first?, second?],
        trials: trials::<D>(settings, device, &harder)?,
        settings: settings.clone(),
    })
}

/// Runs the fit alone, with the tutorial's method.
///
/// # Errors
/// Returns [`LectureError`] for an invalid setting or a device failure.
pub fn run_fit<D: Tensor<Elem = f64>>(
    settings: &Settings,
    device: &D::Device,
) -> Result<Fit, LectureError> {
    settings.validate()?;
    let samples = Samples::of("expression", &settings.expression, settings.samples)?;
    let (run, answers) = fit::<D>(device, &samples, tutorial(settings, 1.0, 1.0, 1.0)?)?;
    Ok(Fit {
        error: root_mean_square(&answers, &samples.y),
        answers: points(&samples.x, &answers),
        samples: points(&samples.x, &samples.y),
        run,
    })
}
