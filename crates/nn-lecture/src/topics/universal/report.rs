//! The report of the topic.

use super::results::{Approximation, Change, Sweep, Trial};
use super::settings::TOPIC;
use crate::fit::{SolverRun, short, thinned};
use crate::{Claim, CodeReference, Report, Table};
use nn_plot::{Axis, Bars, Curves, Figure, Series, Style};

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Approximation) -> Report {
    let mut claims = vec![fit_claim(data), change_claim(data)];
    claims.extend(data.sweeps.iter().map(|sweep| sweep_claim(sweep, data.settings.tolerance)));
    if let Some(best) = data.trials.iter().min_by(|a, b| a.error.total_cmp(&b.error)) {
        let combination = in_words(best);
        let sentence = format!("The best fit of {} uses {combination}", data.settings.harder);
        claims.push(Claim::new(sentence, [("root mean square error", short(best.error))]));
    }
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims,
        tables: vec![change_table(data), sweep_table(data), trial_table(data)],
        figures: vec![
            ("universal-fit".to_owned(), fit_figure(data)),
            ("universal-cost".to_owned(), cost_figure(data)),
            ("universal-width".to_owned(), width_figure(data)),
            ("universal-trials".to_owned(), trial_figure(data)),
        ],
        code: code(),
    }
}

fn fit_claim(data: &Approximation) -> Claim {
    let (fit, settings) = (&data.fit, &data.settings);
    let first = fit.run.history.first().map_or(f64::NAN, |&(_, cost)| cost);
    let last = fit.run.minimum.cost;
    let sentence = format!(
        "{} with {} neurons and {}: {} steps reduce C = ½ Σ (y - a)² from {} to {}; the root mean \
         square error is {}",
        settings.expression,
        settings.width,
        fit.run.solver,
        fit.run.minimum.iterations,
        short(first),
        short(last),
        short(fit.error)
    );
    Claim::new(sentence, [("C", short(last)), ("root mean square error", short(fit.error))])
}

fn change_claim(data: &Approximation) -> Claim {
    let fold = |change: &Change| format!("{:.1}-fold", sensitivity(change));
    let parts: Vec<String> =
        data.changes.iter().map(|change| format!("{} {}", change.setting, fold(change))).collect();
    let sentence = format!(
        "Change of the final cost between half a setting and twice it: {}",
        parts.join(", ")
    );
    let values = data.changes.iter().map(|change| (change.setting.to_owned(), fold(change)));
    Claim { sentence, values: values.collect() }
}

/// Returns the factor, at least 1, by which the cost differs between half the setting and twice it.
fn sensitivity(change: &Change) -> f64 {
    let ratio = change.costs[0] / change.costs[2];
    if ratio.is_finite() && ratio > 0.0 { ratio.max(1.0 / ratio) } else { f64::INFINITY }
}

fn sweep_claim(sweep: &Sweep, tolerance: f64) -> Claim {
    let Some(smallest) = sweep.smallest else {
        let widest = sweep.errors.len();
        let sentence = format!(
            "No network of up to {widest} neurons fits {} to {tolerance}",
            sweep.expression
        );
        return Claim::new(sentence, [("smallest network", "none".to_owned())]);
    };
    let sentence = format!(
        "The smallest network found that fits {} to {tolerance} has {smallest} neuron{}",
        sweep.expression,
        if smallest == 1 { "" } else { "s" }
    );
    Claim::new(sentence, [("smallest network", format!("1-{smallest}-1"))])
}

fn in_words(trial: &Trial) -> String {
    let layers = if trial.layers == 1 { "1 layer" } else { "2 layers" };
    format!("{}, {layers}, {}", trial.activation.name(), trial.solver)
}

fn code() -> Vec<CodeReference> {
    let at = |equation, function, file| CodeReference { equation, function, file };
    vec![
        at("½ Σ (y - a)²", "Loss::from_sum", "crates/nn-core/src/loss.rs"),
        at("weights U(0, 1)", "Initializer::weights", "crates/nn-core/src/initializer.rs"),
        at("the steps", "minimize", "crates/nn-solvers/src/minimize.rs"),
    ]
}

fn change_table(data: &Approximation) -> Table {
    let header = ["setting", "cost at half", "unchanged", "at twice"];
    data.changes.iter().fold(
        Table::new("Effect of each setting on the final cost", &header),
        |table, change| {
            let [half, same, twice] = change.costs.map(or_diverged);
            table.row([change.setting.to_owned(), half, same, twice])
        },
    )
}

/// Formats a cost, or says that the run diverged.
fn or_diverged(cost: f64) -> String {
    if cost.is_finite() { short(cost) } else { "diverged".to_owned() }
}

fn sweep_table(data: &Approximation) -> Table {
    let names = data.sweeps.iter().map(|sweep| sweep.expression.as_str());
    let header: Vec<&str> = std::iter::once("neurons").chain(names).collect();
    let mut table = Table::new("Root mean square error by width, best of three fits", &header);
    let widths = data.sweeps.first().map_or(0, |sweep| sweep.errors.len());
    for index in 0..widths {
        let errors = data.sweeps.iter().map(|sweep| short(sweep.errors[index].1));
        table.rows.push(std::iter::once((index + 1).to_string()).chain(errors).collect());
    }
    table
}

fn trial_table(data: &Approximation) -> Table {
    let header = ["activation", "hidden layers", "solver", "root mean square error"];
    let title = format!("Combinations that fit {}", data.settings.harder);
    data.trials.iter().fold(Table::new(&title, &header), |table, trial| {
        table.row([
            trial.activation.name().to_owned(),
            trial.layers.to_string(),
            trial.solver.to_owned(),
            short(trial.error),
        ])
    })
}

fn fit_figure(data: &Approximation) -> Figure {
    Figure::Curves(Curves {
        title: format!("{} and its fit", data.settings.expression),
        x: Axis::linear("x"),
        y: Axis::linear("y"),
        series: vec![
            Series::line("data", data.fit.samples.clone()).styled(Style::Dashed),
            Series::line("network", data.fit.answers.clone()),
        ],
    })
}

fn cost_figure(data: &Approximation) -> Figure {
    Figure::Curves(Curves {
        title: "Cost by epoch".to_owned(),
        x: Axis::log("epoch"),
        y: Axis::log("C = ½ Σ (y - a)²"),
        series: vec![Series::line(data.fit.run.solver, cost_curve(&data.fit.run))],
    })
}

/// Returns the cost by epoch for a figure.
fn cost_curve(run: &SolverRun) -> Vec<(f64, f64)> {
    let curve =
        run.history.iter().enumerate().map(|(epoch, &(_, cost))| ((epoch + 1) as f64, cost));
    thinned(&curve.collect::<Vec<_>>(), 300)
}

fn width_figure(data: &Approximation) -> Figure {
    let series = |sweep: &Sweep| {
        let points = sweep.errors.iter().map(|&(width, error)| (width as f64, error)).collect();
        Series::line(&sweep.expression, points).styled(Style::LineAndPoints)
    };
    let widest = data.sweeps.first().map_or(1, |sweep| sweep.errors.len()) as f64;
    let tolerance = data.settings.tolerance;
    let fits = Series::line("tolerance", vec![(1.0, tolerance), (widest, tolerance)]);
    Figure::Curves(Curves {
        title: "Error by number of neurons".to_owned(),
        x: Axis::linear("hidden neurons"),
        y: Axis::log("root mean square error"),
        series: data.sweeps.iter().map(series).chain([fits.styled(Style::Dashed)]).collect(),
    })
}

fn trial_figure(data: &Approximation) -> Figure {
    let solvers: Vec<&str> = data.trials.iter().take(3).map(|trial| trial.solver).collect();
    let errors = |solver: &str| {
        let of_solver = data.trials.iter().filter(|trial| trial.solver == solver);
        (solver.to_owned(), of_solver.map(|trial| trial.error).collect())
    };
    let names = data.trials.iter().filter(|trial| Some(&trial.solver) == solvers.first());
    Figure::Bars(Bars {
        title: format!("Combinations that fit {}", data.settings.harder),
        x: "activation and hidden layers".to_owned(),
        y: Axis::linear("root mean square error"),
        names: names.map(|t| format!("{} {}", t.activation.name(), t.layers)).collect(),
        series: solvers.iter().map(|solver| errors(solver)).collect(),
    })
}
