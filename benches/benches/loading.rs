//! Reading data: MNIST from its gzip files where it has been fetched, and the embedded sample.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nn_benches::mnist_folder;
use nn_data::{embedded_sample, folder_files, load_folder};

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("load");
    group.throughput(Throughput::Elements(7_000));
    group.bench_function("embedded sample", |bencher| bencher.iter(embedded_sample));
    if folder_files(&mnist_folder()).is_ok() {
        group.throughput(Throughput::Elements(70_000));
        group.bench_function("mnist", |bencher| bencher.iter(|| load_folder(&mnist_folder())));
    }
}

criterion_group!(benches, loading);
criterion_main!(benches);
