//! Latency of loading, the first step, a test and a prediction, and the memory of a training.

use crate::Done;
use nn_benches::{
    NETWORKS, Peak, Shares, Table, architecture, digits, fastest, forward_operations, percent,
    repeat,
};
use nn_core::{Initializer, Loss, Network, Predictor, evaluate};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::{Compression, TrainTest, load_folder, write_folder};
use serde_json::Value;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Number of trainings, of which the fastest start counts
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Path of nn [default: the one beside this program]
    #[arg(long)]
    nn: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Done {
    let (data, name) = digits()?;
    let mut table = Table::new(
        format!("Latency; data: {name}, in the page cache; 2 threads"),
        &["what", "measured", "goal"],
    );
    evaluations(&mut table, &data)?;
    prediction(&mut table, &data)?;
    let beside =
        std::env::current_exe()?.with_file_name(format!("nn{}", std::env::consts::EXE_SUFFIX));
    let nn = options.nn.clone().unwrap_or(beside);
    for (kind, compression, goal) in
        [("gzip", Compression::Gzip, "0.15 s"), ("unpacked", Compression::None, "-")]
    {
        let folder = tempfile::tempdir()?;
        write_folder(folder.path(), &data, compression)?;
        let seconds = fastest(2.0, |times| repeat(times, || load_folder(folder.path())));
        table.row([format!("load {kind}"), format!("{seconds:.3} s"), goal.to_owned()]);
        let runs = (0..options.rounds.max(1))
            .map(|_| training(&nn, folder.path()))
            .collect::<Result<Vec<_>, _>>()?;
        let first = runs.iter().map(|run| run.seconds_to_first_step).fold(f64::INFINITY, f64::min);
        let memory = runs.iter().map(|run| run.peak_megabytes).fold(0.0, f64::max);
        let (what, goal) =
            (format!("start of nn train to the end of its first step, {kind}"), "0.25 s");
        table.row([what, format!("{first:.3} s"), goal.to_owned()]);
        let what = format!("peak memory of that training, {kind}");
        table.row([what, format!("{memory:.0} MB"), "120 MB".to_owned()]);
    }
    table.print();
    Ok(())
}

/// Evaluates the test set with each network.
fn evaluations(table: &mut Table, data: &TrainTest) -> Done {
    let peak = Peak::measure();
    let device = CpuDevice::new(2)?;
    let shares = Shares::in_order(&data.test, data.test.len());
    for (hidden, _) in NETWORKS {
        let architecture = architecture(hidden);
        let network =
            Network::<CpuTensor<f32>>::new(&device, &architecture, Initializer::HeUniform, 1)?;
        let work = || evaluate(&network, &data.test, Loss::CrossEntropy);
        let seconds = fastest(1.0, |times| repeat(times, work));
        let operations = data.test.len() as f64 * forward_operations(&architecture, shares);
        let share = percent(operations / seconds / peak.f32[1]);
        let what = format!("test {architecture} on {} images", data.test.len());
        table.row([
            what,
            format!("{:.1} ms, {share} of the peak", 1e3 * seconds),
            "80 %".to_owned(),
        ]);
    }
    Ok(())
}

/// Predicts one image, from bytes to probabilities.
fn prediction(table: &mut Table, data: &TrainTest) -> Done {
    let (device, architecture) = (CpuDevice::new(1)?, architecture(&[128]));
    let network =
        Network::<CpuTensor<f32>>::new(&device, &architecture, Initializer::HeUniform, 1)?;
    let mut predictor = Predictor::new(network, Loss::CrossEntropy, 1)?;
    let mut images = (0..data.test.len()).filter_map(|index| data.test.image(index)).cycle();
    let seconds = fastest(0.5, |times| {
        repeat(times, || predictor.predict_bytes(images.next().unwrap_or_default()).map(|p| p[0]))
    });
    let measured = format!("{:.1} microseconds", 1e6 * seconds);
    table.row([
        format!("one image through {architecture}"),
        measured,
        "20 microseconds".to_owned(),
    ]);
    Ok(())
}

/// Measurements of one training.
struct Run {
    seconds_to_first_step: f64,
    peak_megabytes: f64,
}

/// Trains 784-128-10 for two epochs on the folder `data` in a separate process.
fn training(nn: &Path, data: &Path) -> Result<Run, Box<dyn Error>> {
    let out = tempfile::tempdir()?;
    let mut command = Command::new(nn);
    command.args(["train", "--format", "json", "--quiet", "--threads", "2", "--hidden", "128"]);
    command
        .args(["--epochs", "2"])
        .arg("--data")
        .arg(data)
        .arg("--out")
        .arg(out.path().join("run"));
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| {
        format!("{}: {error}; build it with cargo build -p nn-cli", nn.display())
    })?;
    let mut run = Run { seconds_to_first_step: f64::NAN, peak_megabytes: 0.0 };
    let lines = child.stdout.take().map(BufReader::new).into_iter().flat_map(BufReader::lines);
    for line in lines {
        let event: Value = serde_json::from_str(&line?)?;
        // Peak so far; after the last event a training needs no more memory.
        run.peak_megabytes = peak_megabytes(child.id()).max(run.peak_megabytes);
        if let Some(seconds) = event["seconds_to_first_step"].as_f64() {
            run.seconds_to_first_step = seconds;
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(run) } else { Err(format!("{}: {status}", nn.display()).into()) }
}

/// Returns the peak resident memory of a process on Linux, else 0.
fn peak_megabytes(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim()
        .trim_end_matches("kB")
        .trim()
        .parse::<f64>()
        .map_or(0.0, |kilobytes| kilobytes / 1e3)
}
