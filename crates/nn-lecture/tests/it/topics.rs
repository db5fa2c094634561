//! Claims of the topics `digits`, `linear`, `perceptron`, `activations`, `bias`, `descent`,
//! `ladder` and
//! `digits8x8`, compared with NumPy, SciPy and scikit-learn (golden/topics.py) and closed forms.

use nn_cpu::{CpuDevice, CpuTensor};
use nn_data::{Dataset, TrainTest};
use nn_lecture::topics::{
    activations, bias, descent, digits, digits8x8, ladder, linear, perceptron,
};
use nn_lecture::{Backend, LectureError, Parameters, TOPICS, page, run_topic};
use nn_tensor::ReferenceTensor;
use serde_json::Value;

fn golden(topic: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("../golden/topics.json")).unwrap();
    all[topic].clone()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn near(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{a} is not {b}");
    }
}

/// Returns the first `count` training digits of the embedded sample, and 100 test digits.
fn some_digits(count: u32) -> TrainTest {
    let sample = nn_data::embedded_sample().unwrap();
    let part = |set: &Dataset, count| set.subset(&(0..count).collect::<Vec<_>>()).unwrap();
    TrainTest::matched(part(&sample.train, count), part(&sample.test, 100)).unwrap()
}

fn backend() -> Backend<CpuTensor<f32>, CpuTensor<f64>> {
    let device = CpuDevice::new(1).unwrap();
    Backend { single: device.clone(), double: device }
}

#[test]
fn digits_are_what_numpy_reads() {
    let golden = golden("digits");
    let sample = nn_data::embedded_sample().unwrap();
    let data = digits::run(&digits::Settings::default(), &sample).unwrap();
    let counts: Vec<_> = data.train_counts.iter().map(|&count| count as f64).collect();
    near(&counts, &numbers(&golden["counts"]), 0.0);
    near(&[data.mean_pixel], &[golden["mean_pixel"].as_f64().unwrap()], 1e-12);
    let never = data.inked.iter().filter(|&&share| share == 0.0).count() as u64;
    assert_eq!(Some(never), golden["never_inked"].as_u64());
    let three: f64 = data.means[3].values.iter().sum();
    near(&[three], &[golden["mean_of_3"].as_f64().unwrap()], 1e-12);
    assert_eq!(data.shown[0].caption, golden["first_label"].to_string());
    // Each pixel is at its position, eq. (91): a weighted sum over positions detects permutations.
    let first = &data.shown[0].values;
    assert_eq!(first.len(), 784);
    let by_place: f64 = first.iter().enumerate().map(|(place, x)| place as f64 * x).sum();
    near(&[by_place], &[golden["first_image_by_place"].as_f64().unwrap()], 1e-12);
}

#[test]
fn qr_and_descent_find_numpys_least_squares() {
    let golden = golden("linear");
    let eight = digits8x8::embedded().unwrap();
    let settings = linear::Settings::default();
    let data = linear::run::<ReferenceTensor<f64>>(&settings, &(), &eight).unwrap();
    near(&data.solution, &numbers(&golden["small"]), 1e-12);
    near(&data.eigenvalues, &numbers(&golden["small_eigenvalues"]), 1e-12);
    let [slow, good, fast, diverging] = &data.descents[..] else { unreachable!() };
    assert!(slow.distance.unwrap() > 1e-3, "λ too small is slow");
    assert!(good.distance.unwrap() < 1e-8 && fast.distance.unwrap() < 1e-8);
    assert_eq!(diverging.distance, None, "diverges above 2/μmax");
}

/// Three pixels are always white, so the columns are dependent; the output of the network is unique
/// nevertheless.
#[test]
fn least_squares_on_images_answers_as_numpys() {
    let golden = golden("linear");
    let eight = digits8x8::embedded().unwrap();
    let settings = linear::Settings { samples: 10, steps: 1 };
    let found = linear::run::<ReferenceTensor<f64>>(&settings, &(), &eight).unwrap().classifier;
    assert_eq!(Some(found.rank as u64), golden["rank"].as_u64());
    let right = |accuracy: f64, samples: usize| Some((accuracy * samples as f64).round() as u64);
    assert_eq!(right(found.train_accuracy, 1437), golden["train_right"].as_u64());
    assert_eq!(right(found.test_accuracy, 360), golden["test_right"].as_u64());
    near(&found.eigenvalues[..5], &numbers(&golden["eigenvalues"]), 1e-10);
    for sample in 0..3 {
        // y_k = Σ_j w_kj x_j + b_k, eq. (92), written out.
        let x = eight.train.values(sample).unwrap();
        let output = |k: usize| {
            let sum: f64 = x.iter().zip(found.layer.weights_of(k)).map(|(x, w)| w * x).sum();
            sum + found.layer.biases[k]
        };
        let outputs: Vec<_> = (0..10).map(output).collect();
        near(&outputs, &numbers(&golden["outputs"][sample]), 1e-9);
    }
}

#[test]
fn a_perceptron_learns_digits_by_either_rule() {
    let sample = nn_data::embedded_sample().unwrap();
    let data = perceptron::run(&perceptron::Settings::default(), &sample).unwrap();
    for trained in &data.trained {
        assert!(mean(&trained.final_accuracy()) > 0.89, "{:?}", trained.train_accuracy);
        assert!(mean(&trained.test_accuracy) > 0.84, "{:?}", trained.test_accuracy);
    }
    assert!(data.trained[0].binary_accuracy.iter().all(|&share| share > 0.9));
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The mean accuracy over ten orders of the samples, ten passes each, equals that of scikit-learn's
/// perceptron on the same images (golden/perceptron.py).
#[test]
fn the_perceptron_is_as_accurate_as_scikit_learns() {
    let golden: Value = serde_json::from_str(include_str!("../golden/perceptron.json")).unwrap();
    let theirs = numbers(&golden["sample"]);
    let sample = nn_data::embedded_sample().unwrap();
    let settings = perceptron::Settings { runs: 10, ..Default::default() };
    let ours = perceptron::run(&settings, &sample).unwrap().trained[0].final_accuracy();
    assert_eq!((ours.len(), theirs.len()), (10, 10));
    let difference = mean(&ours) - mean(&theirs);
    assert!(difference.abs() < 0.02, "{ours:?} against {theirs:?}");
    // The statement about the lecture's number is the result of the script.
    let lecture = numbers(&golden["lecture"]);
    let least = lecture.iter().copied().fold(1.0, f64::min);
    let greatest = lecture.iter().copied().fold(0.0, f64::max);
    let [average, least, greatest] =
        [mean(&lecture), least, greatest].map(|share| format!("{:.1} %", 100.0 * share));
    let stated = format!("give {average} ({least} to {greatest})");
    assert!(perceptron::SCIKIT_LEARN.ends_with(&stated), "{stated}");
    assert_eq!(format!("{:.0} %", 100.0 * lecture[0]), perceptron::SCIKIT_LEARN[..4]);
}

/// Linearly separable data are separated without errors (Novikoff's theorem).
#[test]
fn a_perceptron_separates_what_is_separable() {
    let inputs = (0..40).flat_map(|i| [f64::from(i % 8) / 8.0, f64::from(i / 8)]).collect();
    let labels = (0..40).map(|i| u32::from(i / 8 > 2)).collect();
    let set = Dataset::classification(inputs, 2, labels, 2).unwrap();
    let both = TrainTest::matched(set.clone(), set).unwrap();
    let settings = perceptron::Settings { epochs: 200, seed: 3, runs: 2 };
    for trained in perceptron::run(&settings, &both).unwrap().trained {
        assert_eq!(trained.final_accuracy(), [1.0, 1.0], "{:?}", trained.rule);
    }
}

#[test]
fn activations_and_slopes_are_scipys() {
    let golden = golden("activations");
    let settings = activations::Settings { range: 4.0, points: 33 };
    for sampled in activations::run(&settings).unwrap() {
        assert!(sampled.worst_slope_error < 1e-9, "{sampled:?}");
        let rows = &golden["values"][sampled.activation.name()];
        for (index, z) in numbers(&golden["z"]).into_iter().enumerate() {
            let at = |points: &[(f64, f64)]| points.iter().find(|point| point.0 == z).unwrap().1;
            near(&[at(&sampled.values)], &[numbers(&rows[0])[index]], 1e-14);
            near(&[at(&sampled.slopes)], &[numbers(&rows[1])[index]], 1e-14);
        }
    }
}

#[test]
fn an_absorbed_bias_changes_nothing() {
    let settings = bias::Settings { inputs: 20, outputs: 6, samples: 33, seed: 5 };
    let data = bias::run::<ReferenceTensor<f64>>(&settings, &()).unwrap();
    near(&data.separate, &data.absorbed, 1e-14);
    near(&data.bias_gradient, &data.last_column, 1e-14);
    assert_eq!((data.separate.len(), data.last_column.len()), (33 * 6, 6));
    assert_eq!(bias::append(&[1., 2., 3., 4.], 2, &[9., 8.]), [1., 2., 9., 3., 4., 8.]);
}

/// Compares eq. (99) with its formula, and the derivative of eq. (100) with central differences.
#[test]
fn the_gradient_of_the_two_weight_cost_is_its_slope() {
    let h = 1e-5;
    for (unit, at) in [(descent::Unit::Sigmoid, [0.3, -0.7]), (descent::Unit::Sine, [3.1, 0.4])] {
        let cost = descent::Cost::new(unit, [2.0, -1.0], 9);
        let slope = |dx: f64, dy: f64| {
            let value = |sign: f64| cost.value([at[0] + sign * dx, at[1] + sign * dy]);
            (value(1.0) - value(-1.0)) / (2.0 * h)
        };
        near(&cost.gradient(at), &[slope(h, 0.0), slope(0.0, h)], 1e-9);
        near(&cost.gradient(cost.minimum), &[0.0, 0.0], 1e-15);
    }
    let cost = descent::Cost::new(descent::Unit::Sigmoid, [2.0, -1.0], 9);
    let expected = (0.25 - 1.0 / (1.0 + (-1.1_f64).exp())).powi(2);
    near(&[cost.of_sample([0.5, 0.1], (2.0, 0.25))], &[expected], 1e-15);
}

/// ΔC < 0 for small λ, and its relative error to the prediction is proportional to λ.
#[test]
fn small_steps_go_down_as_predicted() {
    let data = descent::run(&descent::Settings::default()).unwrap();
    let errors: Vec<_> =
        data.first_steps.iter().map(|step| (step.change / step.predicted - 1.0).abs()).collect();
    assert!(data.first_steps.iter().all(|step| step.change < 0.0 && step.predicted < 0.0));
    assert!(errors.windows(2).all(|pair| pair[1] < 0.2 * pair[0]), "{errors:?}");
    let near_ten = errors[2] / errors[3];
    assert!((9.5..10.5).contains(&near_ten), "of first order in λ: {near_ten}");
}

#[test]
fn the_three_learning_rates_behave_as_named() {
    let data = descent::run(&descent::Settings::default()).unwrap();
    let end = |index: usize| *data.rates[index].costs.last().unwrap();
    assert!(data.rates[0].rises() == 0 && end(0) > 1e-3, "too small: slow");
    assert!(data.rates[1].rises() == 0 && end(1) < 1e-6, "good: converges");
    assert!(data.rates[2].rises() > 5 && end(2) > 1e-4, "too large: jumps");
}

#[test]
fn four_starts_end_in_the_four_minima_that_scipy_finds() {
    let data = descent::run(&descent::Settings::default()).unwrap();
    let golden = golden("descent");
    for (walk, minimum) in data.starts.iter().zip(golden.as_array().unwrap()) {
        let [w1, w2] = *walk.points.last().unwrap();
        near(&[w1, w2, *walk.costs.last().unwrap()], &numbers(minimum), 1e-5);
        assert!(walk.last_slope < 1e-9);
    }
}

#[test]
fn the_networks_of_the_ladder_are_counted_and_the_deep_one_is_best() {
    let data = some_digits(2000);
    let rungs = ladder::run::<CpuTensor<f32>>(
        &ladder::Settings::default(),
        &CpuDevice::new(1).unwrap(),
        &data,
    )
    .unwrap();
    let parameters: Vec<_> = rungs.iter().map(|rung| rung.parameters).collect();
    let deep = 785 * 128 + 129 * 64 + 65 * 10;
    assert_eq!(parameters, [7850, 7850, 785 * 30 + 31 * 10, deep]);
    assert_eq!(rungs[3].multiplications, 784 * 128 + 128 * 64 + 64 * 10);
    assert!(rungs[3].test_accuracy > rungs[0].test_accuracy, "{rungs:?}");
}

#[test]
fn the_8x8_digits_are_scikit_learns_and_are_learned() {
    let golden = golden("digits8x8");
    let data = digits8x8::embedded().unwrap();
    let counts = |set: &Dataset| set.class_counts().iter().map(|&c| c as f64).collect::<Vec<_>>();
    near(&counts(&data.train), &numbers(&golden["counts"]), 0.0);
    near(&counts(&data.test), &numbers(&golden["test_counts"]), 0.0);
    let ink = |set: &Dataset| -> f64 {
        (0..set.len()).flat_map(|sample| set.values(sample).unwrap()).map(|v| v * 16.0).sum()
    };
    assert_eq!(Some(ink(&data.train)), golden["ink"].as_f64());
    assert_eq!(Some(ink(&data.test)), golden["test_ink"].as_f64());
    let settings = digits8x8::Settings::default();
    let found = digits8x8::run::<CpuTensor<f32>>(&settings, &CpuDevice::new(1).unwrap()).unwrap();
    let theirs = golden["test_accuracy"].as_f64().unwrap();
    assert!(found.test_accuracy > theirs - 0.04, "{} against {theirs}", found.test_accuracy);
}

#[test]
fn wrong_parameters_are_named_with_what_is_allowed() {
    let data = some_digits(50);
    let refused = |topic: &str, name: &str, value: &str| {
        let typed = Parameters::from_pairs([(name, value)]);
        let error = run_topic(topic, &typed, &backend(), &data).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, LectureError::Parameter { .. }), "{topic}: {text}");
        assert!(text.contains(name) && text.contains(value), "{topic}: {text}");
    };
    refused("digits", "count", "0");
    refused("digits", "first", "50");
    refused("perceptron", "epochs", "0");
    refused("perceptron", "epochs", "many");
    refused("perceptron", "runs", "0");
    refused("linear", "samples", "3");
    refused("linear", "steps", "0");
    refused("activations", "range", "-1");
    refused("activations", "range", "NaN");
    refused("activations", "points", "2");
    refused("bias", "inputs", "0");
    refused("descent", "good", "-0.1");
    refused("descent", "steps", "0");
    refused("ladder", "epochs", "0");
    refused("digits8x8", "hidden", "0");
    let unknown = |topic, name| {
        let typed = Parameters::from_pairs([(name, "1")]);
        run_topic(topic, &typed, &backend(), &data).unwrap_err().to_string()
    };
    assert_eq!(
        unknown("perceptron", "width"),
        "topic perceptron has no parameter width; it has epochs, seed, runs"
    );
    assert!(unknown("perceptrons", "x").contains("the topics are digits, linear, perceptron"));
}

#[test]
fn data_without_classes_or_samples_are_refused() {
    let values = Dataset::regression(vec![1.0, 2.0], 1, vec![1.0, 2.0], 1).unwrap();
    let empty = some_digits(10).train.subset(&[]).unwrap();
    for set in [values, empty] {
        let data = TrainTest { train: set.clone(), test: set };
        for topic in ["digits", "linear", "perceptron", "ladder"] {
            let error = run_topic(topic, &Parameters::default(), &backend(), &data).unwrap_err();
            assert!(matches!(error, LectureError::Data { .. }), "{topic}: {error}");
        }
    }
}

/// The documented defaults are the ones that are used.
#[test]
fn stated_defaults_are_the_defaults() {
    let typed = |name: &str| {
        let topic = TOPICS.iter().find(|topic| topic.name == name).unwrap();
        Parameters::from_pairs(topic.parameters.iter().map(|p| (p.name, p.default)))
    };
    assert_eq!(digits::Settings::read(&typed("digits")).unwrap(), Default::default());
    assert_eq!(linear::Settings::read(&typed("linear")).unwrap(), Default::default());
    assert_eq!(perceptron::Settings::read(&typed("perceptron")).unwrap(), Default::default());
    assert_eq!(activations::Settings::read(&typed("activations")).unwrap(), Default::default());
    assert_eq!(bias::Settings::read(&typed("bias")).unwrap(), Default::default());
    assert_eq!(descent::Settings::read(&typed("descent")).unwrap(), Default::default());
    assert_eq!(ladder::Settings::read(&typed("ladder")).unwrap(), Default::default());
    assert_eq!(digits8x8::Settings::read(&typed("digits8x8")).unwrap(), Default::default());
}

/// The page is self-contained, and every function it names exists.
#[test]
fn the_page_is_self_contained_and_names_real_code() {
    let data = some_digits(300);
    let topics = ["digits", "linear", "perceptron", "activations", "bias", "descent", "digits8x8"];
    let run = |name: &&str| run_topic(name, &Parameters::default(), &backend(), &data).unwrap();
    let reports: Vec<_> = topics.iter().map(run).collect();
    let html = page(&reports, "a test <of> it").unwrap();
    assert!(html.contains("a test &lt;of&gt; it"));
    let figures: usize = reports.iter().map(|report| report.figures.len()).sum();
    assert_eq!(html.matches("<svg").count(), figures);
    for outside in ["src=", "<script", "href=\"http", "<link", "url("] {
        assert!(!html.contains(outside), "{outside}");
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for code in reports.iter().flat_map(|report| &report.code) {
        let text = std::fs::read_to_string(root.join(code.file)).unwrap();
        let name = code.function.split(' ').next().unwrap().rsplit("::").next().unwrap();
        assert!(text.contains(&format!("fn {name}")), "{} is not in {}", code.function, code.file);
    }
    for table in reports.iter().flat_map(|report| &report.tables) {
        assert!(table.rows.iter().all(|row| row.len() == table.header.len()), "{}", table.title);
    }
}
