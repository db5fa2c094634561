//! Inference on the whole test set and on single images.

use crate::measure::{group, timed};
use criterion::{BenchmarkId, Criterion, Throughput};
use nn_benches::{
    NETWORKS, Peak, Shares, Table, architecture, digits, forward_operations, giga, percent, repeat,
    thousands,
};
use nn_core::{Initializer, Loss, Network, Predictor, evaluate};
use nn_cpu::{CpuDevice, CpuTensor};

/// Benchmarks [`evaluate`] on the whole test set.
pub(crate) fn benches(criterion: &mut Criterion, peak: &Peak) {
    let (data, name) = digits().expect("the data is readable");
    let images = data.test.len();
    // Tiles are independent of the batch size.
    let shares = Shares::in_order(&data.test, images);
    let mut group = group(criterion, "evaluate", 2.0);
    group.throughput(Throughput::Elements(images as u64));
    let title = format!(
        "Evaluation of {images} images of {name}; counted: {} of the products of the first layer, all of the others",
        percent(shares.forward)
    );
    let heading = ["network", "threads", "ms", "images/s", "Gop/s", "share of the peak"];
    let mut table = Table::new(title, &heading);
    for (hidden, _) in NETWORKS {
        for threads in [1, 2] {
            let device = CpuDevice::new(threads).expect("a small number of threads");
            let architecture = architecture(hidden);
            let network =
                Network::<CpuTensor<f32>>::new(&device, &architecture, Initializer::HeUniform, 1)
                    .expect("memory");
            let seconds =
                timed(&mut group, BenchmarkId::new(architecture.to_string(), threads), |times| {
                    repeat(times, || evaluate(&network, &data.test, Loss::CrossEntropy))
                });
            if let Some(seconds) = seconds {
                let rate = images as f64 / seconds;
                let operations = rate * forward_operations(&architecture, shares);
                let share = percent(operations / peak.of("f32", threads));
                let (ms, rate) = (format!("{:.2}", 1e3 * seconds), thousands(rate));
                table.row([
                    architecture.to_string(),
                    threads.to_string(),
                    ms,
                    rate,
                    giga(operations),
                    share,
                ]);
            }
        }
    }
    group.finish();
    table.print();
}

/// Benchmarks a [`Predictor`] on one image, from bytes to probabilities, on one thread.
pub(crate) fn one_image(criterion: &mut Criterion) {
    let (data, _) = digits().expect("the data is readable");
    let device = CpuDevice::new(1).expect("one thread");
    let mut group = group(criterion, "predict", 1.0);
    let mut table = Table::new("Prediction of one image", &["network", "microseconds"]);
    for (hidden, _) in NETWORKS {
        let architecture = architecture(hidden);
        let network =
            Network::<CpuTensor<f32>>::new(&device, &architecture, Initializer::HeUniform, 1)
                .expect("memory");
        let mut predictor =
            Predictor::new(network, Loss::CrossEntropy, 1).expect("memory for one image");
        let mut images = (0..data.test.len()).filter_map(|index| data.test.image(index)).cycle();
        let seconds = timed(&mut group, BenchmarkId::from_parameter(&architecture), |times| {
            repeat(times, || {
                let image = images.next().expect("the test set has images");
                predictor.predict_bytes(image).map(|outputs| outputs[0])
            })
        });
        if let Some(seconds) = seconds {
            table.row([architecture.to_string(), format!("{:.2}", 1e6 * seconds)]);
        }
    }
    group.finish();
    table.print();
}
