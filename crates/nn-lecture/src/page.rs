//! One self-contained HTML page of all reports, with the figures inside as SVG.

use crate::{CodeReference, Report, Table, find_topic};
use nn_plot::{PlotError, svg};
use std::fmt::Write;

const STYLE: &str = "body{font:18px/1.5 sans-serif;max-width:70rem;margin:auto;padding:1rem;\
color:#1e1e1e}table{border-collapse:collapse;margin:1rem 0}td,th{border:1px solid #bbb;\
padding:.2rem .7rem;text-align:right}td:first-child,th:first-child{text-align:left}\
caption{text-align:left;font-weight:bold}figure{margin:1rem 0}figure svg{width:100%;\
max-width:56rem;height:auto;border:1px solid #ddd}h2{border-top:3px solid #0072b2;\
padding-top:1rem}code{background:#f2f2f2;padding:0 .2rem}li{margin:.3rem 0}";

/// Formats all `reports` as one self-contained HTML page; `data` names the data set they used.
///
/// # Errors
/// Returns [`PlotError`] if a figure cannot be drawn.
pub fn page(reports: &[Report], data: &str) -> Result<String, PlotError> {
    let mut html = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n");
    let width = "<meta name=\"viewport\" content=\"width=device-width\">";
    let title = "The lecture, computed";
    add(&mut html, format_args!("{width}\n<title>{title}</title>\n<style>{STYLE}</style>\n"));
    add(&mut html, format_args!("<h1>{title}</h1>\n<p>Computed on {}.</p>\n<ul>\n", escape(data)));
    for Report { topic, title, .. } in reports {
        let title = escape(title);
        add(&mut html, format_args!("<li><a href=\"#{topic}\">{topic}</a>: {title}</li>\n"));
    }
    html.push_str("</ul>\n");
    for report in reports {
        add_report(&mut html, report)?;
    }
    html.push_str("</html>\n");
    Ok(html)
}

fn add_report(html: &mut String, report: &Report) -> Result<(), PlotError> {
    let Report { topic, title, .. } = report;
    add(html, format_args!("<h2 id=\"{topic}\">{}</h2>\n", escape(title)));
    let numbers = find_topic(topic).map_or(&[][..], |topic| topic.equations);
    if let (Some(first), Some(last)) = (numbers.first(), numbers.last()) {
        let range =
            if first == last { format!("({first})") } else { format!("({first}) to ({last})") };
        add(html, format_args!("<p>Equations {range} of the lecture.</p>\n"));
    }
    html.push_str("<ul>\n");
    for claim in &report.claims {
        add(html, format_args!("<li>{}.</li>\n", escape(&claim.sentence)));
    }
    html.push_str("</ul>\n");
    report.tables.iter().for_each(|table| add_table(html, table));
    for (stem, figure) in &report.figures {
        add(html, format_args!("<figure id=\"{stem}\">\n{}</figure>\n", svg(figure)?));
    }
    html.push_str("<p>In the code:</p>\n<ul>\n");
    for CodeReference { equation, function, file } in &report.code {
        let (equation, function) = (escape(equation), escape(function));
        add(
            html,
            format_args!("<li>{equation}: <code>{function}</code> in <code>{file}</code></li>\n"),
        );
    }
    html.push_str("</ul>\n");
    Ok(())
}

fn add_table(html: &mut String, table: &Table) {
    let cells = |cells: &[String], tag: &str| -> String {
        cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect()
    };
    let header = cells(&table.header, "th");
    let caption = escape(&table.title);
    add(html, format_args!("<table><caption>{caption}</caption>\n<tr>{header}</tr>\n"));
    for row in &table.rows {
        add(html, format_args!("<tr>{}</tr>\n", cells(row, "td")));
    }
    html.push_str("</table>\n");
}

fn add(html: &mut String, text: std::fmt::Arguments<'_>) {
    html.write_fmt(text).expect("writing to a String does not fail");
}

/// Escapes text for HTML.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
