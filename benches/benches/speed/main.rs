//! What is fast and how fast: `cargo bench -p nn-benches`, or `-- matmul`, `-- step`, `-- evaluate`,
//! `-- predict`, `-- load` for a part. After each group comes a table with the shares of the measured peak.

mod evaluate;
mod load;
mod matmul;
mod measure;
mod step;

use measure::Selection;
use nn_benches::{Peak, Table, giga};

fn main() {
    let selection = Selection::from_arguments();
    let peak = Peak::measure();
    let title = "Peak: independent chains of multiply-adds, in thousands of millions of operations a second";
    let mut table = Table::new(title, &["numbers", "1 thread", "2 threads"]);
    for (name, peaks) in [("f32", peak.f32), ("f64", peak.f64)] {
        table.row([name.to_owned(), giga(peaks[0]), giga(peaks[1])]);
    }
    table.print();
    matmul::benches(&selection, &peak);
    step::benches(&selection, &peak);
    evaluate::benches(&selection, &peak);
    evaluate::one_image(&selection);
    load::benches(&selection);
}
