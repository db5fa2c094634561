//! `nn compare`.

use crate::backend::{self, Work};
use crate::cli::CompareArgs;
use crate::error::CliError;
use crate::model_file::load_checkpoint;
use crate::progress::thousands;
use crate::run_folder::data_given_or_of_run;
use crate::stdout;
use crate::table::{self, Side};
use crate::training_report::percent;
use nn_core::argmax;
use nn_data::Dataset;
use nn_mlp::{McNemar, Model, Predictor};
use nn_tensor::Tensor;
use serde_json::json;

/// A difference is called one below this.
const SIGNIFICANT: f64 = 0.05;

/// Tests two models on the same images.
pub(crate) fn run(arguments: CompareArgs) -> Result<(), CliError> {
    let load = |path| Ok::<_, CliError>(load_checkpoint(path)?.model);
    let models = [load(&arguments.first)?, load(&arguments.second)?];
    let source = data_given_or_of_run(arguments.data.as_deref(), &arguments.first);
    let data = source.load()?.test;
    if data.classes().is_none() {
        return Err(CliError::Failed(format!("{source}: no classes to compare answers with")));
    }
    backend::run(arguments.device, Comparison { arguments, models, data })
}

struct Comparison {
    arguments: CompareArgs,
    models: [Model; 2],
    data: Dataset,
}

impl Work for Comparison {
    type Output = ();

    fn run<T: Tensor<Elem = f32>>(self, device: &T::Device) -> Result<(), CliError> {
        let right: Vec<Vec<bool>> = self
            .models
            .iter()
            .map(|model| right_answers::<T>(model, &self.data, device))
            .collect::<Result<_, _>>()?;
        let count = |first: bool, second: bool| {
            right[0].iter().zip(&right[1]).filter(|(a, b)| (**a, **b) == (first, second)).count()
        };
        let [both, only_first, only_second, neither] =
            [count(true, true), count(true, false), count(false, true), count(false, false)];
        let test = McNemar { only_first_right: only_first, only_second_right: only_second };
        let all = self.data.len();
        if self.arguments.format.is_json() {
            let event = json!({
                "event": "comparison",
                "count": all,
                "both_right": both,
                "only_first_right": only_first,
                "only_second_right": only_second,
                "both_wrong": neither,
                "p_value": test.p_value(),
                "significant": test.p_value() < SIGNIFICANT,
            });
            return stdout::line(event.to_string());
        }
        let share = |right: usize| percent(Some(right as f64 / all as f64));
        let name = |path: &std::path::Path| path.display().to_string();
        let (first, second) = (name(&self.arguments.first), name(&self.arguments.second));
        let rows = [
            ["A".to_owned(), share(both + only_first), first],
            ["B".to_owned(), share(both + only_second), second],
            ["both right".to_owned(), thousands(both as u64), String::new()],
            ["only A right".to_owned(), thousands(only_first as u64), String::new()],
            ["only B right".to_owned(), thousands(only_second as u64), String::new()],
            ["both wrong".to_owned(), thousands(neither as u64), String::new()],
        ];
        let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
        let sides = [Side::Left, Side::Right, Side::Left];
        table::lines(&rows, &sides).iter().try_for_each(stdout::line)?;
        stdout::line(format!("\n{}", verdict(&test)))
    }
}

/// What the test says, in a sentence.
fn verdict(test: &McNemar) -> String {
    let p = test.p_value();
    let chance = if p < 0.0001 { "p < 0.0001".to_owned() } else { format!("p = {p:.4}") };
    let better = if test.only_first_right > test.only_second_right { "A" } else { "B" };
    if p < SIGNIFICANT {
        format!(
            "{better} is better: chance alone would differ as much with {chance} (McNemar, exact)"
        )
    } else {
        format!("the difference is not statistically significant: {chance} (McNemar, exact)")
    }
}

fn right_answers<T: Tensor>(
    model: &Model,
    data: &Dataset,
    device: &T::Device,
) -> Result<Vec<bool>, CliError> {
    let mut right = vec![false; data.len()];
    let mut predictor = Predictor::<T>::new(model, device)?;
    predictor.evaluate(data)?; // refuses an empty set, and other classes than the model's
    predictor.for_each(data, |sample, outputs| {
        right[sample] = data.label(sample) == Some(argmax(outputs) as u32);
    })?;
    Ok(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_names_the_better_one_or_none() {
        let said = |a, b| verdict(&McNemar { only_first_right: a, only_second_right: b });
        assert!(said(5, 6).contains("not statistically significant"));
        assert!(said(2, 30).starts_with("B is better"));
        assert!(said(300, 30).contains("with p < 0.0001 ("));
    }
}
