//! `nn train --ablate`: what is each ingredient of a recipe worth? It is left out, one at a time.

use super::train::{Trained, Training};
use crate::backend;
use crate::error::CliError;
use crate::stdout;
use crate::table::{self, Side};
use crate::training_report::percent;
use nn_core::{Distortion, Summary, TrainingConfig};
use serde_json::json;

/// Columns: what is left out, then accuracies and their changes.
const WIDTHS: [usize; 5] = [23, 13, 8, 10, 8];

/// Trains the recipe as it is, and once without each of its ingredients, each with `seeds` seeds.
pub(crate) fn run(base: &Training, seeds: usize) -> Result<(), CliError> {
    let json = base.arguments.format.is_json();
    if !json {
        let heads = ["left out", "valid. acc.", "change", "test acc.", "change"];
        say(&heads.map(str::to_owned))?;
    }
    let mut whole: Option<Means> = None;
    for (name, config) in variants(&base.resolved.config) {
        let variant = base.variant(&name, config);
        let trained = (0..seeds)
            .map(|index| {
                let seed = base.resolved.config.seed.wrapping_add(index as u64);
                backend::run(variant.resolved.device, variant.with_seed(seed))
            })
            .collect::<Result<Vec<Trained>, CliError>>()?;
        let means = Means::of(&trained);
        let whole = *whole.get_or_insert(means);
        if json {
            let event = json!({
                "event": "ablation",
                "left_out": name,
                "seeds": seeds,
                "validation_accuracy": means.validation,
                "test_accuracy": means.test,
            });
            stdout::line(event.to_string())?;
        } else {
            say(&[
                name,
                percent(means.validation),
                change(whole.validation, means.validation),
                percent(means.test),
                change(whole.test, means.test),
            ])?;
        }
    }
    Ok(())
}

fn say(row: &[String]) -> Result<(), CliError> {
    stdout::line(table::line(row, &WIDTHS, &[Side::Left, Side::Right]))
}

/// Mean accuracies over seeds.
#[derive(Clone, Copy)]
struct Means {
    validation: Option<f64>,
    test: Option<f64>,
}

impl Means {
    fn of(trained: &[Trained]) -> Self {
        let mean = |accuracy: fn(&Trained) -> Option<f64>| {
            let all: Vec<f64> = trained.iter().filter_map(accuracy).collect();
            Summary::of(&all).map(|summary| summary.mean)
        };
        Self { validation: mean(|one| one.validation), test: mean(|one| one.accuracy) }
    }
}

/// In percent points, with its sign.
fn change(from: Option<f64>, to: Option<f64>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("{:+.2}", 100.0 * (to - from)),
        _ => "-".to_owned(),
    }
}

/// The recipe itself, and without each ingredient that it has.
fn variants(recipe: &TrainingConfig) -> Vec<(String, TrainingConfig)> {
    let mut all = vec![("nothing".to_owned(), recipe.clone())];
    if !recipe.branches.is_empty() {
        all.extend((0..recipe.branches.len()).map(|further| without_branch(recipe, further)));
        return all;
    }
    let mut without = |name: &str, leave_out: fn(&mut TrainingConfig)| {
        let mut config = recipe.clone();
        leave_out(&mut config);
        if config != *recipe {
            all.push((name.to_owned(), config));
        }
    };
    without("receptive-fields", |config| config.receptive_fields = None);
    without("batch-norm", |config| config.batch_norm = false);
    without("average", |config| config.average = None);
    without("weight-decay", |config| config.weight_decay = 0.0);
    without("l1", |config| config.l1 = 0.0);
    without("dropout", |config| config.dropout = 0.0);
    without("max-norm", |config| config.max_norm = None);
    without("clip-norm", |config| config.clip_norm = None);
    without("label-smoothing", |config| config.label_smoothing = 0.0);
    without("class-weights", |config| config.class_weights.clear());
    without("deskew", |config| config.deskew = false);
    without("directions", |config| {
        config.directions = false;
        (config.root_directions, config.second_order_directions) = (false, false);
    });
    without("root-directions", |config| config.root_directions = false);
    without("second-order-directions", |config| config.second_order_directions = false);
    without("distortion", |config| config.distortion = None);
    without("rotation", |config| distortion(config, |d| d.rotation = 0.0));
    without("scale", |config| distortion(config, |d| d.scale = 0.0));
    without("shear", |config| distortion(config, |d| d.shear = 0.0));
    without("shift", |config| distortion(config, |d| d.shift = 0.0));
    without("elastic", |config| distortion(config, |d| d.elastic = 0.0));
    without("fade", |config| distortion(config, |d| d.fade = 0.0));
    all
}

/// Of a network of branches the further ones are the ingredients; what a branch is made of, a recipe of it alone
/// tells. Those behind the one left out begin with other weights, as seeds go by their number.
fn without_branch(recipe: &TrainingConfig, further: usize) -> (String, TrainingConfig) {
    let mut config = recipe.clone();
    config.branches.remove(further);
    (format!("branch-{}", further + 2), config)
}

fn distortion(config: &mut TrainingConfig, change: fn(&mut Distortion)) {
    if let Some(distortion) = &mut config.distortion {
        change(distortion);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn only_what_a_recipe_has_is_left_out() {
        let names = |preset: Preset| -> Vec<String> {
            let config = preset.settings().unwrap().resolve().unwrap().config;
            variants(&config).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names(Preset::Nielsen), ["nothing"]);
        let best = names(Preset::Best);
        let has = |name: &str| best.iter().any(|one| one == name);
        assert!(has("elastic") && has("average") && !has("dropout"), "{best:?}");
        assert_eq!(names(Preset::Branches), ["nothing", "branch-2", "branch-3"]);
    }
}
