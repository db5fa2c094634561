//! The same bytes at any thread count: every network of the comparison, every optimizer, with and
//! without dropout, and concurrent trainings.

use nn_core::{Activation, Architecture, Optimizer, Trainer, TrainingConfig};
use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::{Dataset, embedded_sample};

use crate::trial::{Effort, Tally, same};

/// Hidden layers and batch sizes of the networks of `cargo xtask compare`.
pub const NETWORKS: [(&[usize], usize); 4] =
    [(&[30], 10), (&[128], 64), (&[800], 128), (&[512, 512], 256)];

/// The thread counts compared.
pub const THREADS: [usize; 4] = [1, 2, 3, 4];

/// A training: hidden layers, batch, name of the optimizer, dropout rate.
type Case = (&'static [usize], usize, &'static str, f64);

fn cases() -> impl Iterator<Item = Case> {
    NETWORKS.into_iter().flat_map(|(hidden, batch)| {
        Optimizer::NAMES
            .into_iter()
            .flat_map(move |name| [0.0, 0.2].map(|dropout| (hidden, batch, name, dropout)))
    })
}

/// Trains each case with every thread count, then with all thread counts at once.
pub fn run(effort: &Effort) -> Tally {
    let mut tally = Tally::default();
    let result = run_cases(effort, &mut tally);
    tally.check(result);
    tally
}

fn run_cases(effort: &Effort, tally: &mut Tally) -> Result<(), String> {
    let sample = embedded_sample().map_err(|error| error.to_string())?.train;
    for (done, case) in cases().enumerate() {
        if !effort.continues(done as u64) {
            break;
        }
        let expected = trained(&sample, case, THREADS[0])?;
        for threads in THREADS {
            let found = trained(&sample, case, threads)?;
            same(&format!("{case:?} with {threads} threads"), &found, &expected)?;
            tally.count(1, "trainings with 1 to 4 threads");
        }
    }
    concurrent(&sample, tally)
}

/// Runs several trainings in one process at once, each with its own thread count.
fn concurrent(sample: &Dataset, tally: &mut Tally) -> Result<(), String> {
    let case: Case = (&[128], 64, "adam", 0.2);
    let expected = trained(sample, case, 1)?;
    let found = std::thread::scope(|scope| {
        let runs = THREADS.map(|threads| scope.spawn(move || trained(sample, case, threads)));
        runs.map(|run| run.join().unwrap_or_else(|_| Err("a training panicked".to_owned())))
    });
    for (threads, found) in THREADS.iter().zip(found) {
        same(&format!("{threads} threads, concurrent"), &found?, &expected)?;
        tally.count(1, "concurrent trainings");
    }
    Ok(())
}

/// Returns the state after two epochs of a full and a partial batch, as bytes.
fn trained(sample: &Dataset, case: Case, threads: usize) -> Result<Vec<u8>, String> {
    let (hidden, batch, name, dropout) = case;
    let rows: Vec<u32> = (0..(batch + batch / 2) as u32).collect();
    let data = sample.subset(&rows).map_err(|error| error.to_string())?;
    let architecture = Architecture::new(784, hidden, 10, Activation::Relu);
    let optimizer = Optimizer::from_name(name).ok_or("no such optimizer")?;
    let config =
        TrainingConfig { optimizer, batch, dropout, epochs: 2, ..TrainingConfig::default() };
    let device = CpuDevice::oversubscribed(threads).map_err(|error| error.to_string())?;
    let mut trainer = Trainer::<CpuTensor<f32>>::new(&device, &architecture, &config, &data, None)
        .map_err(|error| error.to_string())?;
    trainer.run(&mut ()).map_err(|error| error.to_string())?;
    let state = trainer.state().map_err(|error| error.to_string())?;
    serde_json::to_vec(&state).map_err(|error| error.to_string())
}
