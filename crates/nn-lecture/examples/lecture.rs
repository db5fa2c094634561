//! Runs topics and writes their figures and one page:
//! `cargo run -p nn-lecture --example lecture -- OUT [DATA FOLDER or -] [TOPIC ...] [NAME=VALUE ...]`

#![allow(clippy::print_stdout, reason = "an example for the terminal")]

use nn_cpu::{CpuDevice, CpuTensor};
use nn_lecture::{Backend, Parameters, TOPICS, page, run_topic};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = PathBuf::from(arguments.next().ok_or("say where the figures go")?);
    let source = arguments.next().unwrap_or_else(|| "-".to_owned());
    let (settings, wanted): (Vec<_>, Vec<_>) = arguments.partition(|word| word.contains('='));
    let parameters = Parameters::from_pairs(settings.iter().filter_map(|s| s.split_once('=')));
    let data = match source.as_str() {
        "-" => nn_data::embedded_sample()?,
        folder => nn_data::load_folder(Path::new(folder))?,
    };
    let device = CpuDevice::available()?;
    let backend =
        Backend::<CpuTensor<f32>, CpuTensor<f64>> { single: device.clone(), double: device };
    std::fs::create_dir_all(&out)?;
    let mut reports = Vec::new();
    for topic in TOPICS.iter().filter(|t| wanted.is_empty() || wanted.iter().any(|w| w == t.name)) {
        let start = Instant::now();
        let report = run_topic(topic.name, &parameters, &backend, &data)?;
        println!("{} ({:.1} s)", report.title, start.elapsed().as_secs_f64());
        report.claims.iter().for_each(|claim| println!("  - {}", claim.sentence));
        for table in &report.tables {
            println!("  {}\n    {}", table.title, table.header.join(" | "));
            table.rows.iter().for_each(|row| println!("    {}", row.join(" | ")));
        }
        for (stem, figure) in &report.figures {
            nn_plot::save(figure, &out, stem)?;
        }
        reports.push(report);
    }
    let images = format!("{} training and {} test images", data.train.len(), data.test.len());
    std::fs::write(out.join("index.html"), page(&reports, &images)?)?;
    Ok(())
}
