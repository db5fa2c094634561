//! `nn lecture`.

use crate::backend::{WorkInBoth, run_in_both};
use crate::cli::LectureArgs;
use crate::data_source::DataSource;
use crate::error::CliError;
use crate::table::{self, Side};
use crate::{stderr, stdout};
use nn_data::TrainTest;
use nn_files::{create_folder, replace_file};
use nn_lecture::{Backend, Parameters, Report, TOPICS, Topic, find_topic, page, run_topic};
use nn_tensor::Tensor;
use std::path::{Path, PathBuf};

/// Lists the topics, runs one, or runs all.
pub(crate) fn run(arguments: LectureArgs) -> Result<(), CliError> {
    let Some(name) = &arguments.topic else { return list() };
    let topics: Vec<&'static Topic> =
        if name == "all" { TOPICS.iter().collect() } else { vec![find_topic(name)?] };
    if topics.len() > 1 && !arguments.parameters.is_empty() {
        return Err(CliError::Usage("parameters belong to one topic, not to all".to_owned()));
    }
    if let Some(folder) = &arguments.out {
        create_folder(folder).map_err(|cause| CliError::io("create", folder, cause))?;
    }
    let source = DataSource::choose(arguments.data.as_deref());
    if arguments.data.is_none() {
        source.announce_choice();
    }
    let data = source.load()?;
    let device = arguments.device;
    let parameters = Parameters::from_pairs(arguments.parameters);
    run_in_both(device, Lesson { topics, parameters, out: arguments.out, source, data })
}

/// The topics, each with its equations and parameters.
fn list() -> Result<(), CliError> {
    let heads = ["topic", "equations", "what it shows"].map(str::to_owned).to_vec();
    let row = |topic: &Topic| {
        vec![topic.name.to_owned(), numbers(topic.equations), topic.title.to_owned()]
    };
    let rows: Vec<_> = std::iter::once(heads).chain(TOPICS.iter().map(row)).collect();
    table::lines(&rows, &[Side::Left]).iter().try_for_each(stdout::line)?;
    stdout::line("\nparameters, with their defaults")?;
    let parameters = TOPICS.iter().flat_map(|topic| {
        topic.parameters.iter().map(|parameter| {
            let typed = format!("{}={}", parameter.name, parameter.default);
            vec![topic.name.to_owned(), typed, parameter.meaning.to_owned()]
        })
    });
    let rows: Vec<_> = parameters.collect();
    table::lines(&rows, &[Side::Left]).iter().try_for_each(stdout::line)
}

/// `(118)-(120)` for numbers that follow each other, else `(92), (97)`.
fn numbers(equations: &[u16]) -> String {
    let mut parts: Vec<(u16, u16)> = Vec::new();
    for &number in equations {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let text = |&(first, last): &(u16, u16)| {
        if first == last { format!("({first})") } else { format!("({first})-({last})") }
    };
    parts.iter().map(text).collect::<Vec<_>>().join(", ")
}

/// Topics that wait for their backend.
struct Lesson {
    topics: Vec<&'static Topic>,
    parameters: Parameters,
    out: Option<PathBuf>,
    source: DataSource,
    data: TrainTest,
}

impl WorkInBoth for Lesson {
    type Output = ();

    fn run<S: Tensor<Elem = f32>, D: Tensor<Elem = f64>>(
        self,
        single: &S::Device,
        double: &D::Device,
    ) -> Result<(), CliError> {
        let backend = Backend::<S, D> { single: single.clone(), double: double.clone() };
        let mut reports = Vec::new();
        for topic in &self.topics {
            let report = run_topic(topic.name, &self.parameters, &backend, &self.data)?;
            show(&report)?;
            if let Some(folder) = &self.out {
                save_figures(&report, folder)?;
            }
            reports.push(report);
        }
        let figures: usize = reports.iter().map(|report| report.figures.len()).sum();
        if self.out.is_none() && figures > 0 {
            let what = if figures == 1 { "a figure" } else { "figures" };
            stderr::note(format!("there is more to see: --out DIR draws {what}"));
        }
        match &self.out {
            Some(folder) if reports.len() > 1 => self.write_page(&reports, folder),
            _ => Ok(()),
        }
    }
}

impl Lesson {
    fn write_page(&self, reports: &[Report], folder: &Path) -> Result<(), CliError> {
        let path = folder.join("index.html");
        let html = page(reports, &self.source.to_string())?;
        replace_file(&path, |file| file.write_all(html.as_bytes()))
            .map_err(|cause| CliError::io("write", &path, cause))?;
        stdout::line(format!("{}: all figures and numbers on one page", path.display()))
    }
}

fn save_figures(report: &Report, folder: &Path) -> Result<(), CliError> {
    for (stem, figure) in &report.figures {
        nn_plot::save(figure, folder, stem)?;
        stderr::note(format!("{}.svg and .png: {}", folder.join(stem).display(), figure.title()));
    }
    Ok(())
}

/// Title, findings, tables, and where the equations stand.
fn show(report: &Report) -> Result<(), CliError> {
    stdout::line(format!("{}\n{}", report.title, "=".repeat(report.title.chars().count())))?;
    for claim in &report.claims {
        stdout::line(format!("- {}", claim.sentence))?;
    }
    for table in &report.tables {
        let rows: Vec<_> = std::iter::once(&table.header).chain(&table.rows).cloned().collect();
        stdout::line(format!("\n{}", table.title))?;
        let sides = [Side::Left, Side::Right];
        table::lines(&rows, &sides)
            .iter()
            .try_for_each(|line| stdout::line(format!("  {line}")))?;
    }
    let code = report
        .code
        .iter()
        .map(|place| [place.equation, place.function, place.file].map(str::to_owned).to_vec());
    stdout::line("\nIn the code")?;
    let rows: Vec<_> = code.collect();
    table::lines(&rows, &[Side::Left])
        .iter()
        .try_for_each(|line| stdout::line(format!("  {line}")))?;
    stdout::line("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_follow_each_other_are_a_range() {
        assert_eq!(numbers(&[92, 93, 97, 118, 119, 120]), "(92)-(93), (97), (118)-(120)");
        assert_eq!(numbers(&[]), "");
    }
}
