//! Loading: MNIST as gzip and unpacked, if it has been downloaded, and the embedded sample.

use crate::measure::{group, timed};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use nn_benches::{Table, digits, repeat, thousands};
use nn_data::{Compression, TrainTest, embedded_sample, load_folder, write_folder};

/// Benchmarks loading of files that are written first, in both forms, and read from the page cache.
pub(crate) fn benches(criterion: &mut Criterion) {
    let (data, name) = digits().expect("the data is readable");
    let mut group = group(criterion, "load", 3.0);
    let heading = ["what", "seconds", "MB/s of pixels", "images/s"];
    let mut table = Table::new("Loading, from the page cache", &heading);
    for (kind, compression) in [("gzip", Compression::Gzip), ("unpacked", Compression::None)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        write_folder(folder.path(), &data, compression).expect("room for the files");
        let load = || load_folder(folder.path()).expect("they have just been written");
        one(&mut group, &mut table, &format!("{name} {kind}"), load);
    }
    let sample = || embedded_sample().expect("it is compiled in");
    one(&mut group, &mut table, "embedded sample", sample);
    group.finish();
    table.print();
}

fn one(
    group: &mut BenchmarkGroup<'_, WallTime>,
    table: &mut Table,
    name: &str,
    load: impl Fn() -> TrainTest,
) {
    let loaded = load();
    let images = (loaded.train.len() + loaded.test.len()) as f64;
    let bytes = images * loaded.train.input_width() as f64;
    group.throughput(Throughput::Bytes(bytes as u64));
    let seconds = timed(group, BenchmarkId::from_parameter(name), |times| repeat(times, &load));
    if let Some(seconds) = seconds {
        let rate = thousands(bytes / seconds / 1e6);
        table.row([name.to_owned(), format!("{seconds:.4}"), rate, thousands(images / seconds)]);
    }
}
