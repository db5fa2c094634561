//! Using a network: the test set as a whole, and one image at a time.

use crate::measure::Selection;
use nn_benches::{
    NETWORKS, Peak, Shares, Table, architecture, digits, forward_operations, giga, percent, repeat,
    thousands,
};
use nn_core::{Initializer, Loss, Network, Predictor, evaluate};
use nn_cpu::{CpuDevice, CpuTensor};

/// The whole test set through [`evaluate`].
pub(crate) fn benches(selection: &Selection, peak: &Peak) {
    let (data, name) = digits().expect("the data is readable");
    let images = data.test.len();
    // Tiles are the same however large the pieces are in which the set goes through.
    let shares = Shares::in_order(&data.test, images);
    let title = format!(
        "Evaluation of {images} images of {name}; counted: {} of the first layer's products, all others",
        percent(shares.forward)
    );
    let heading = ["network", "threads", "ms", "images/s", "Gop/s", "share of the peak"];
    let mut table = Table::new(title, &heading);
    for (hidden, _) in NETWORKS {
        for threads in [1, 2] {
            let device = CpuDevice::new(threads).expect("a small number of threads");
            let form = architecture(hidden);
            let network = Network::<CpuTensor<f32>>::new(&device, &form, Initializer::HeUniform, 1)
                .expect("memory");
            let seconds = selection.time(&format!("evaluate/{form}/{threads}"), 2.0, |times| {
                repeat(times, || evaluate(&network, &data.test, Loss::CrossEntropy))
            });
            if let Some(seconds) = seconds {
                let rate = images as f64 / seconds;
                let operations = rate * forward_operations(&form, shares);
                let share = percent(operations / peak.of("f32", threads));
                let (ms, rate) = (format!("{:.2}", 1e3 * seconds), thousands(rate));
                table.row([
                    form.to_string(),
                    threads.to_string(),
                    ms,
                    rate,
                    giga(operations),
                    share,
                ]);
            }
        }
    }
    table.print();
}

/// One image through a [`Predictor`], from bytes to probabilities, on one thread.
pub(crate) fn one_image(selection: &Selection) {
    let (data, _) = digits().expect("the data is readable");
    let device = CpuDevice::new(1).expect("one thread");
    let mut table = Table::new("Prediction of one image", &["network", "microseconds"]);
    for (hidden, _) in NETWORKS {
        let form = architecture(hidden);
        let network = Network::<CpuTensor<f32>>::new(&device, &form, Initializer::HeUniform, 1)
            .expect("memory");
        let mut predictor =
            Predictor::new(&network, Loss::CrossEntropy, 1).expect("memory for one image");
        let mut images = (0..data.test.len()).filter_map(|index| data.test.image(index)).cycle();
        let seconds = selection.time(&format!("predict/{form}"), 1.0, |times| {
            repeat(times, || {
                let image = images.next().expect("the test set has images");
                predictor.predict_bytes(image).map(|outputs| outputs[0])
            })
        });
        if let Some(seconds) = seconds {
            table.row([form.to_string(), format!("{:.2}", 1e6 * seconds)]);
        }
    }
    table.print();
}
