//! `nn train --ablate`: what is each ingredient of a recipe worth? It is left out, one at a time.

use crate::backend;
use crate::error::CliError;
use crate::stdout;
use crate::table::{self, Side};
use crate::training::{Trained, Training};
use crate::training_report::percent;
use nn_images::{Pipeline, Step};
use nn_mlp::Summary;
use nn_mlp::settings::Settings;
use serde_json::{Value, json};

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
    for (name, settings) in variants(&base.resolved.run.settings) {
        let variant = base.variant(&name, &settings)?;
        let trained = (0..seeds)
            .map(|index| {
                let seed = base.resolved.seed().wrapping_add(index as u64);
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

/// The name of an ingredient, and how it is left out.
type Ingredient = (&'static str, fn(&mut Settings));

/// The recipe itself, and without each ingredient that it has. Of a recipe of several members, the members are the
/// ingredients; what one is made of, a recipe of it alone tells.
fn variants(recipe: &Settings) -> Vec<(String, Settings)> {
    let mut all = vec![("nothing".to_owned(), recipe.clone())];
    if recipe.member.len() > 1 {
        all.extend((0..recipe.member.len()).map(|index| without_member(recipe, index)));
        return all;
    }
    let ingredients: [Ingredient; 10] = [
        ("local", |settings| settings.network.local = None),
        ("batch-norm", |settings| settings.network.batch_norm = false),
        ("average", |settings| {
            (settings.training.average, settings.training.average_warm_up) = (None, false);
        }),
        ("weight-decay", |settings| settings.training.weight_decay = 0.0),
        ("l1", |settings| settings.training.l1 = 0.0),
        ("dropout", |settings| settings.training.dropout = 0.0),
        ("max-norm", |settings| settings.training.max_norm = None),
        ("clip-norm", |settings| settings.training.clip_norm = None),
        ("label-smoothing", |settings| settings.training.label_smoothing = 0.0),
        ("class-weights", |settings| settings.training.class_weights.clear()),
    ];
    for (name, leave_out) in ingredients {
        let mut settings = recipe.clone();
        leave_out(&mut settings);
        all.push((name.to_owned(), settings));
    }
    for index in 0..recipe.transform.steps().len() {
        all.extend(without_transform(recipe, index));
    }
    // What the recipe does not have is no ingredient, nor is what the rest cannot do without.
    let is_ingredient = |settings: &Settings| settings != recipe && settings.validate().is_ok();
    all.retain(|(name, settings)| name == "nothing" || is_ingredient(settings));
    all
}

/// Seeds go by the number of a member, so those behind the one left out begin with other weights.
fn without_member(recipe: &Settings, index: usize) -> (String, Settings) {
    let mut settings = recipe.clone();
    settings.member.remove(index);
    (format!("member-{}", index + 1), settings)
}

/// Without a transform, and without each of its settings that are off by default.
fn without_transform(recipe: &Settings, index: usize) -> Vec<(String, Settings)> {
    let steps = recipe.transform.steps();
    let with_steps = |steps: Vec<Step>| {
        let mut settings = Settings { transform: Pipeline::new(steps), ..recipe.clone() };
        if !settings.transform.has_random() {
            settings.test.copies = 0; // there is nothing left that could make copies
        }
        settings
    };
    let kind = steps[index].kind();
    let mut others = steps.to_vec();
    others.remove(index);
    let mut all = vec![(kind.name.to_owned(), with_steps(others))];
    for (key, default) in kind.defaults() {
        let is_off = default == Value::Bool(false) || default.as_f64() == Some(0.0);
        if let Some(step) = steps[index].with(&key, &default).ok().filter(|_| is_off) {
            let mut changed = steps.to_vec();
            changed[index] = step;
            all.push((format!("{}.{key}", kind.name), with_steps(changed)));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use nn_mlp::settings::Preset;

    #[test]
    fn only_what_a_recipe_has_is_left_out() {
        let names = |preset: &str| -> Vec<String> {
            let settings = Preset::find(preset).unwrap().settings().unwrap();
            variants(&settings).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names("nielsen"), ["nothing"]);
        let best = names("best");
        let has = |name: &str| best.iter().any(|one| one == name);
        assert!(has("augment.elastic") && has("average") && has("local"), "{best:?}");
        assert!(has("augment") && !has("dropout") && !has("augment.sigma"), "{best:?}");
        assert_eq!(names("joint"), ["nothing", "member-1", "member-2", "member-3"]);
    }
}
