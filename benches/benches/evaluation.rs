//! Using a network: the test set as a whole, and one image at a time.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn_benches::{NETWORKS, architecture, digits};
use nn_core::{Initializer, Loss, Network, Predictor, evaluate};
use nn_cpu::{CpuDevice, CpuTensor};

fn evaluation(criterion: &mut Criterion) {
    let (data, name) = digits().expect("the data is readable");
    let mut group =
        criterion.benchmark_group(format!("evaluate {} images of {name}", data.test.len()));
    group.throughput(Throughput::Elements(data.test.len() as u64));
    for (hidden, _) in NETWORKS {
        for threads in [1, 2] {
            let device = CpuDevice::new(threads).expect("a small number of threads");
            let form = architecture(hidden);
            let network = Network::<CpuTensor<f32>>::new(&device, &form, Initializer::HeUniform, 1)
                .expect("memory");
            group.bench_function(BenchmarkId::new(form.to_string(), threads), |bencher| {
                bencher.iter(|| evaluate(&network, &data.test, Loss::CrossEntropy));
            });
        }
    }
}

fn one_image(criterion: &mut Criterion) {
    let (data, _) = digits().expect("the data is readable");
    let device = CpuDevice::new(1).expect("one thread");
    let image = data.test.image(0).expect("the test set has images");
    for (hidden, _) in NETWORKS {
        let form = architecture(hidden);
        let network = Network::<CpuTensor<f32>>::new(&device, &form, Initializer::HeUniform, 1)
            .expect("memory");
        let mut predictor =
            Predictor::new(&network, Loss::CrossEntropy, 1).expect("memory for one image");
        criterion.bench_function(&format!("predict one image {form}"), |bencher| {
            bencher.iter(|| predictor.predict_bytes(image).map(|outputs| outputs[0]));
        });
    }
}

criterion_group!(benches, evaluation, one_image);
criterion_main!(benches);
