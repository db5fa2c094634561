//! Benchmarks: `cargo bench -p nn-benches --features criterion`, or `-- matmul`, `-- step`, `-- evaluate`, `-- predict`,
//! `-- load` for one group. Each group ends with a table of shares of the measured peak.

mod evaluate;
mod load;
mod matmul;
mod measure;
mod step;

use criterion::Criterion;
use nn_benches::{Peak, Table, giga};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let peak = Peak::measure();
    let title = "Peak: independent chains of multiply-adds, in Gop/s";
    let mut table = Table::new(title, &["type", "1 thread", "2 threads"]);
    for (name, peaks) in [("f32", peak.f32), ("f64", peak.f64)] {
        table.row([name.to_owned(), giga(peaks[0]), giga(peaks[1])]);
    }
    table.print();
    matmul::benches(&mut criterion, &peak);
    step::benches(&mut criterion, &peak);
    evaluate::benches(&mut criterion, &peak);
    evaluate::one_image(&mut criterion);
    load::benches(&mut criterion);
    criterion.final_summary();
}
