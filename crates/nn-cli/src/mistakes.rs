//! The answers that were wrong, those first that lie farthest above the right one.

use crate::error::CliError;
use crate::model_file::rows_and_columns;
use crate::picture::{Tile, save_png, sheet};
use nn_core::{Loss, argmax};
use nn_data::{Dataset, Inputs};
use nn_mlp::Predict;
use std::path::Path;

/// A sample that was taken for another class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mistake {
    /// Which sample of the data set.
    pub(crate) sample: usize,
    pub(crate) label: usize,
    pub(crate) answer: usize,
    /// The output of the wrong class less that of the right one: how wrong it is.
    pub(crate) margin: f64,
    /// The output of the wrong class: its probability, under cross-entropy.
    pub(crate) output: f64,
}

/// The `most` worst mistakes, the worst first.
pub(crate) fn worst_mistakes(
    model: &mut dyn Predict,
    data: &Dataset,
    loss: Loss,
    most: usize,
) -> Result<Vec<Mistake>, CliError> {
    let mut mistakes = Vec::new();
    model.visit_answers(data, &mut |sample, outputs| {
        let answer = argmax(outputs);
        let label = data.label(sample).map_or(answer, |label| label as usize);
        if label != answer {
            let [output, of_label] = [answer, label].map(|class| said(loss, outputs[class]));
            mistakes.push(Mistake { sample, label, answer, margin: output - of_label, output });
        }
    })?;
    mistakes.sort_by(|a, b| b.margin.total_cmp(&a.margin));
    mistakes.truncate(most);
    Ok(mistakes)
}

/// An output as people read it: a probability from its logarithm under cross-entropy.
pub(crate) fn said(loss: Loss, output: f64) -> f64 {
    if loss == Loss::CrossEntropy { output.exp() } else { output }
}

/// Draws the mistakes, each with `label→answer probability` below it.
pub(crate) fn draw_mistakes(
    mistakes: &[Mistake],
    data: &Dataset,
    path: &Path,
) -> Result<(), CliError> {
    let (height, width) = rows_and_columns(data.sample_shape());
    let tile = |mistake: &Mistake| {
        let share = (mistake.output * 100.0).round().clamp(0.0, 100.0);
        Tile {
            sample: pixels_of(data, mistake.sample),
            caption: format!("{}→{} {share}%", mistake.label, mistake.answer),
        }
    };
    let tiles: Vec<Tile> = mistakes.iter().map(tile).collect();
    save_png(&sheet(&tiles, height, width, 8), path)
}

/// A sample as bytes to draw: numbers are stretched from their smallest to their largest.
pub(crate) fn pixels_of(data: &Dataset, sample: usize) -> Vec<u8> {
    match data.inputs() {
        Inputs::Bytes(_) => data.image(sample).unwrap_or_default().to_vec(),
        Inputs::Values(_) => {
            let values = data.values(sample).unwrap_or_default();
            let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let range = (largest - smallest).max(f64::MIN_POSITIVE);
            values.iter().map(|value| ((value - smallest) / range * 255.0) as u8).collect()
        }
    }
}
