//! The report of the topic.

use super::results::Outcomes;
use super::run::MORE;
use super::settings::TOPIC;
use crate::fit::{points, short};
use crate::shrinkage::{self, Shrinkage};
use crate::{Claim, CodeReference, Report, Table};
use nn_plot::{Axis, Bars, Curves, Figure, Series, Style};

/// Formats the results as a report.
#[must_use]
pub fn report(data: &Outcomes) -> Report {
    let figures = vec![
        ("overfitting-costs".to_owned(), cost_figure(data)),
        ("overfitting-fits".to_owned(), fit_figure(data)),
        ("overfitting-remedies".to_owned(), remedy_figure(data)),
        ("overfitting-shrinkage".to_owned(), shrinkage_figure(data)),
    ];
    Report {
        topic: TOPIC.name,
        title: TOPIC.title.to_owned(),
        claims: vec![
            plain_claim(data),
            remedies_claim(data),
            ensemble_claim(data),
            shrinkage_claim(data),
        ],
        tables: vec![table(data), shrinkage_table(data)],
        figures,
        code: code(),
    }
}

fn plain_claim(data: &Outcomes) -> Claim {
    let plain = &data.remedies[0];
    Claim::new(
        format!(
            "Without a remedy the network reduces its training cost to {} while the cost on fresh \
             samples is {}; the variance of the noise is {}",
            short(plain.train_cost),
            short(plain.test_cost),
            short(data.least_cost)
        ),
        [("training cost", short(plain.train_cost)), ("test cost", short(plain.test_cost))],
    )
}

/// Returns the cost on fresh samples of each remedy, including the ensemble.
fn costs(data: &Outcomes) -> Vec<(&'static str, f64)> {
    let remedies = data.remedies[1..].iter().map(|remedy| (remedy.name, remedy.test_cost));
    remedies.chain([("ensemble", data.ensemble.cost_of_mean)]).collect()
}

fn remedies_claim(data: &Outcomes) -> Claim {
    let plain = data.remedies[0].test_cost;
    let all = costs(data);
    let named = |lower: bool| -> Vec<&str> {
        let kept = all.iter().filter(|(_, cost)| (*cost < plain) == lower);
        kept.map(|(name, _)| *name).collect()
    };
    let (helped, not) = (named(true), named(false));
    let rest = if not.is_empty() { String::new() } else { format!(", but not {}", not.join(", ")) };
    let list = if helped.is_empty() { "none".to_owned() } else { helped.join(", ") };
    Claim::new(
        format!(
            "{} of {} remedies lower the cost on fresh samples: {list}{rest}",
            helped.len(),
            all.len()
        ),
        [("remedies that help", helped.len().to_string()), ("of", all.len().to_string())],
    )
}

fn ensemble_claim(data: &Outcomes) -> Claim {
    let ensemble = &data.ensemble;
    Claim::new(
        format!(
            "The cost of the ensemble is {}: the mean cost of its networks, {}, minus their \
             variance, {}. It is never above the mean cost, and far below it only where the outputs \
             differ",
            short(ensemble.cost_of_mean),
            short(ensemble.mean_cost),
            short(ensemble.spread)
        ),
        [
            ("cost of the ensemble", short(ensemble.cost_of_mean)),
            ("mean cost", short(ensemble.mean_cost)),
        ],
    )
}

fn shrinkage_claim(data: &Outcomes) -> Claim {
    let error = shrinkage::worst_error(&data.shrinkage);
    Claim::new(
        format!(
            "On a quadratic cost w_j after n steps is [1 - (1 - μ_j λ)ⁿ] w_j* and with an L2 \
             penalty μ_j / (μ_j + α) w_j*, to {error:.0e}: stopping after n steps acts like \
             α = 1 / (n λ)"
        ),
        [("largest difference", format!("{error:.1e}"))],
    )
}

fn code() -> Vec<CodeReference> {
    let at = |equation, function, file| CodeReference { equation, function, file };
    vec![
        at("(106)", "Loss::from_sum", "crates/nn-core/src/loss.rs"),
        at("L1, L2", "Penalty::gradient", "crates/nn-tensor/src/update.rs"),
        at("dropout", "dropout_factor", "crates/nn-tensor/src/keep.rs"),
        at("w_j(n)", "after_steps", "crates/nn-lecture/src/shrinkage.rs"),
    ]
}

fn table(data: &Outcomes) -> Table {
    let header = ["remedy", "training cost", "test cost", "RMS of the weights", "steps"];
    let table = data.remedies.iter().fold(Table::new("Remedies", &header), |table, remedy| {
        table.row([
            remedy.name.to_owned(),
            short(remedy.train_cost),
            short(remedy.test_cost),
            short(remedy.weight_size),
            remedy.steps.to_string(),
        ])
    });
    let none = String::new;
    table.row(["ensemble".to_owned(), none(), short(data.ensemble.cost_of_mean), none(), none()])
}

fn shrinkage_table(data: &Outcomes) -> Table {
    let header = ["μ", "n", "after n steps", "closed form", "L2, α = 1/(nλ)", "closed form"];
    let mut table = Table::new("Early stopping and L2 on a quadratic cost", &header);
    for weight in &data.shrinkage {
        for (&(n, stopped), &(_, with_l2)) in weight.stopped.iter().zip(&weight.penalised) {
            if [1, 10, 100, 1000].contains(&n) {
                let exact = shrinkage::after_steps(weight.curvature, n);
                let penalised = shrinkage::with_penalty(weight.curvature, n);
                let cells = [stopped, exact, with_l2, penalised].map(|v| format!("{v:.6}"));
                let [stopped, exact, with_l2, penalised] = cells;
                let (mu, n) = (weight.curvature.to_string(), n.to_string());
                table = table.row([mu, n, stopped, exact, with_l2, penalised]);
            }
        }
    }
    table
}

fn cost_figure(data: &Outcomes) -> Figure {
    let remedy = |name: &str| data.remedies.iter().find(|remedy| remedy.name == name);
    let mut series = Vec::new();
    for (name, remedy) in [("nothing", remedy("nothing")), ("L2", remedy("L2"))] {
        let Some(remedy) = remedy else { continue };
        let (train, fresh) = (remedy.train_history.clone(), remedy.validation_history.clone());
        series.push(Series::line(&format!("{name}: training"), train).styled(Style::Dashed));
        series.push(Series::line(&format!("{name}: fresh samples"), fresh));
    }
    if let Some(early) = remedy("early stopping") {
        let lowest = early.validation_history.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1));
        let at = lowest.map(|(_, cost)| (early.steps as f64, cost));
        series.push(Series::line("early stopping", at.into_iter().collect()).styled(Style::Points));
    }
    Figure::Curves(Curves {
        title: "Cost by step".to_owned(),
        x: Axis::log("step"),
        y: Axis::log("mean squared error"),
        series,
    })
}

fn fit_figure(data: &Outcomes) -> Figure {
    let truth: Vec<f64> = data.x.iter().map(|x| x * x).collect();
    let mut series = vec![
        Series::line("samples", data.samples.clone()).styled(Style::Points),
        Series::line("x²", points(&data.x, &truth)).styled(Style::Dashed),
    ];
    for remedy in
        data.remedies.iter().filter(|r| ["nothing", "early stopping", "L2"].contains(&r.name))
    {
        series.push(Series::line(remedy.name, points(&data.x, &remedy.fit)));
    }
    series.push(Series::line("ensemble", points(&data.x, &data.ensemble.fit)));
    Figure::Curves(Curves {
        title: "Fits of noisy samples".to_owned(),
        x: Axis::linear("x"),
        y: Axis::linear("y"),
        series,
    })
}

fn remedy_figure(data: &Outcomes) -> Figure {
    let names = data.remedies.iter().map(|remedy| match remedy.name {
        "early stopping" => "early stop".to_owned(), // short, so that the font of all names stays large
        "smaller network" => "small net".to_owned(),
        "more samples" => format!("{MORE} x data"),
        name => name.to_owned(),
    });
    let costs = data.remedies.iter().map(|remedy| remedy.test_cost);
    Figure::Bars(Bars {
        title: "Cost on fresh samples by remedy".to_owned(),
        x: "remedy".to_owned(),
        y: Axis::linear("mean squared error"),
        names: names.chain(["ensemble".to_owned()]).collect(),
        series: vec![("test cost".to_owned(), costs.chain([data.ensemble.cost_of_mean]).collect())],
    })
}

fn shrinkage_figure(data: &Outcomes) -> Figure {
    let line = |points: &[(usize, f64)]| points.iter().map(|&(n, w)| (n as f64, w)).collect();
    let both = |weight: &Shrinkage| {
        let name = format!("μ = {}", weight.curvature);
        [
            Series::line(&format!("{name}, n steps"), line(&weight.stopped)),
            Series::line(&format!("{name}, L2"), line(&weight.penalised)).styled(Style::Dashed),
        ]
    };
    Figure::Curves(Curves {
        title: "Early stopping and L2".to_owned(),
        x: Axis::log("steps n, or 1/(α λ)"),
        y: Axis::linear("w / w*"),
        series: data.shrinkage.iter().flat_map(both).collect(),
    })
}
