//! Claims of the topics `solvers`, `single-step`, `universal`, `backprop`, `overfitting` and
//! `vanishing`, compared with closed forms, central differences and golden values of NumPy and
//! SciPy.

use nn_core::{Activation, Initializer};
use nn_data::Dataset;
use nn_lecture::chain::Mistake;
use nn_lecture::topics::{backprop, overfitting, single_step, solvers, universal, vanishing};
use nn_lecture::{Parameters, shrinkage};
use nn_tensor::{ReferenceTensor, Shape};

type Reference = ReferenceTensor<f64>;

/// Returns the numbers of a golden file, separated by any whitespace.
fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn typed<const N: usize>(pairs: [(&str, &str); N]) -> Parameters {
    Parameters::from_pairs(pairs)
}

// ---- solvers ----

#[test]
fn solvers_agree_with_scipy_on_the_minimum() {
    let data = solvers::run::<Reference>(&solvers::Settings::default(), &()).unwrap();
    let golden = numbers(include_str!("../golden/neuron_minimum.txt"));
    assert!((data.lowest_cost - golden[2]).abs() < 1e-12, "{}", data.lowest_cost);
    for walk in &data.walks {
        let name = walk.run.solver;
        if name == "newton-raphson" {
            continue; // without a safeguard it need not converge
        }
        let (w, b) = walk.path[walk.path.len() - 1];
        let away = ((w - golden[0]).powi(2) + (b - golden[1]).powi(2)).sqrt();
        assert!(away < 1e-4, "{name}: ({w}, {b}) against {golden:?}");
        assert_eq!(walk.path.len(), walk.run.minimum.iterations + 1, "{name}");
    }
    let steps = |name: &str| {
        data.walks.iter().find(|walk| walk.run.solver == name).unwrap().run.minimum.iterations
    };
    for quick in ["conjugate-gradient", "lbfgs", "newton", "gauss-newton"] {
        assert!(steps(quick) * 5 < steps("gradient-descent"), "{quick}: {}", steps(quick));
    }
}

// ---- single-step ----

/// Compares every line of the table with its formula, and the derivatives with central differences.
#[test]
fn every_number_of_the_single_step_is_right() {
    let settings = single_step::Settings::default();
    let data = single_step::run::<Reference>(&settings, &()).unwrap();
    let line =
        |symbol: &str| data.lines.iter().find(|line| line.symbol == symbol).unwrap().values.clone();
    let (w1, b1, w2, b2) = (line("W1"), line("b1"), line("W2"), line("b2"));
    assert_eq!((b1.clone(), b2.clone()), (vec![0.1; 3], vec![0.1]));
    let cost = |p: &[f64]| {
        let hidden = (0..3).map(|i| 1.0 / (1.0 + (-(p[i] * settings.x + p[3 + i])).exp()));
        let output: f64 = hidden.enumerate().map(|(i, a)| p[6 + i] * a).sum::<f64>() + p[9];
        0.5 * (settings.y - output).powi(2)
    };
    let same = |symbol: &str, expected: &[f64]| {
        let values = line(symbol);
        assert_eq!(values.len(), expected.len(), "{symbol}");
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-15, "{symbol}: {value} {expected}");
        }
    };
    let z1: Vec<f64> = w1.iter().map(|w| w * settings.x + 0.1).collect();
    let a1: Vec<f64> = z1.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
    let a2 = w2.iter().zip(&a1).map(|(w, a)| w * a).sum::<f64>() + 0.1;
    let delta2 = a2 - settings.y;
    let delta1: Vec<f64> = w2.iter().zip(&a1).map(|(w, a)| delta2 * w * a * (1.0 - a)).collect();
    same("z1", &z1);
    same("a1", &a1);
    same("a2", &[a2]);
    same("C", &[0.5 * delta2 * delta2]);
    same("δ2", &[delta2]);
    same("δ1", &delta1);
    let start = [w1, b1, w2, b2].concat();
    assert!((cost(&start) - data.cost_before).abs() < 1e-15);
    let gradient = ["dC/dW1", "dC/db1", "dC/dW2", "dC/db2"].map(line).concat();
    for (index, derivative) in gradient.iter().enumerate() {
        let at = |by: f64| {
            let mut moved = start.clone();
            moved[index] += by;
            cost(&moved)
        };
        let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
        assert!((derivative - numeric).abs() < 1e-9, "{index}: {derivative} {numeric}");
    }
    let after = ["W1 after", "b1 after", "W2 after", "b2 after"].map(line).concat();
    for ((after, before), derivative) in after.iter().zip(&start).zip(&gradient) {
        assert!((after - (before - settings.learning_rate * derivative)).abs() < 1e-15);
    }
    assert!((cost(&after) - data.cost_after).abs() < 1e-15);
    assert!(data.disagreement < 1e-12);
}

/// ΔC < 0 for small λ, and equal to the predicted -λ |dC/dw|² in the limit, eqs. (102) and (103).
#[test]
fn a_small_step_lowers_the_cost_as_predicted() {
    let mut last = f64::INFINITY;
    for learning_rate in [1e-1, 1e-2, 1e-3, 1e-4] {
        let settings = single_step::Settings { learning_rate, ..Default::default() };
        let data = single_step::run::<Reference>(&settings, &()).unwrap();
        let change = data.cost_after - data.cost_before;
        let off = (change / data.predicted_change - 1.0).abs();
        assert!(change < 0.0 && off < last, "{learning_rate}: {change}, off by {off}");
        last = off;
    }
    assert!(last < 1e-3, "{last}");
}

// ---- universal ----

fn small(expression: &str) -> universal::Settings {
    let expression = expression.to_owned();
    universal::Settings { expression, epochs: 50, most_width: 5, samples: 60, ..Default::default() }
}

/// The tutorial's settings, epoch by epoch equal to NumPy from the same weights.
#[test]
fn the_tutorials_fit_is_numpys() {
    let start = numbers(include_str!("../golden/universal_start.txt"));
    let weights = |layer| -> Vec<f64> {
        let shape = if layer == 0 { Shape::new(10, 1) } else { Shape::new(1, 10) };
        Initializer::UniformPositive.weights(shape, layer, 1)
    };
    assert_eq!([weights(0), vec![0.1; 10], weights(1), vec![0.1]].concat(), start);

    let fit = universal::run_fit::<Reference>(&universal::Settings::default(), &()).unwrap();
    let history = &fit.run.history;
    assert_eq!(history.len(), 5001);
    for golden in numbers(include_str!("../golden/universal_costs.txt")).chunks(2) {
        let cost = history[golden[0] as usize].1;
        assert!((cost / golden[1] - 1.0).abs() < 1e-9, "epoch {}: {cost}", golden[0]);
    }
}

/// tanh(3x) needs one neuron, the difference of two tanh needs two.
#[test]
fn the_smallest_network_is_found_where_it_is_known() {
    let data = universal::run::<Reference>(&small("0.5 + 2*tanh(3*x)"), &()).unwrap();
    assert_eq!(data.sweeps[0].smallest, Some(1), "{:?}", data.sweeps[0].errors);
    let data = universal::run::<Reference>(&small("tanh(4*x+2) - tanh(4*x-2)"), &()).unwrap();
    assert_eq!(data.sweeps[0].smallest, Some(2), "{:?}", data.sweeps[0].errors);
}

#[test]
fn more_neurons_fit_better() {
    let data = universal::run::<Reference>(&small("sin(2*x)"), &()).unwrap();
    let errors = &data.sweeps[0].errors;
    assert!(errors[4].1 < errors[0].1 / 10.0, "{errors:?}");
}

// ---- backprop ----

#[test]
fn the_gradient_check_finds_every_planted_mistake() {
    for activation in [Activation::Tanh, Activation::Sigmoid, Activation::Softplus] {
        for seed in 1..4 {
            let settings = backprop::Settings { activation, seed, ..Default::default() };
            let data = backprop::run::<Reference>(&settings, &()).unwrap();
            assert_eq!(data.attempts.len(), Mistake::ALL.len());
            for attempt in &data.attempts {
                let worst = attempt.worst();
                if attempt.mistake == Mistake::None {
                    assert!(worst < 1e-6, "{activation:?} {seed}: {worst}");
                } else {
                    assert!(worst > 1e-2, "{activation:?} {seed} {:?}: {worst}", attempt.mistake);
                }
            }
        }
    }
}

/// A mistake affects the layers that its equation propagates to.
#[test]
fn mistakes_show_in_the_layers_they_affect() {
    let data = backprop::run::<Reference>(&backprop::Settings::default(), &()).unwrap();
    let layers = |mistake| {
        let attempt = data.attempts.iter().find(|attempt| attempt.mistake == mistake).unwrap();
        attempt.errors.iter().map(|&error| error > 1e-6).collect::<Vec<_>>()
    };
    assert_eq!(layers(Mistake::WrongSign), [true, true, true]);
    assert_eq!(layers(Mistake::NoHiddenSlope), [true, true, false]);
    assert_eq!(layers(Mistake::TransposedWeight), [true, true, false]);
}

// ---- overfitting ----

#[test]
fn the_network_overfits_and_remedies_help() {
    let settings = overfitting::Settings::default();
    let data = overfitting::run::<Reference>(&settings, &()).unwrap();
    let remedy = |name: &str| data.remedies.iter().find(|remedy| remedy.name == name).unwrap();
    let plain = remedy("nothing");
    assert!(plain.train_cost < data.least_cost / 2.0, "{}", plain.train_cost);
    assert!(plain.test_cost > 1.5 * data.least_cost, "{}", plain.test_cost);
    for name in ["early stopping", "L2", "L1", "more samples"] {
        assert!(remedy(name).test_cost < plain.test_cost, "{name}");
    }
    assert!(remedy("L2").weight_size < plain.weight_size);
    assert!(remedy("L1").weight_size < plain.weight_size);
    // The report counts the remedies correctly, including the ensemble.
    let report = overfitting::report(&data);
    let costs: Vec<f64> = data.remedies[1..].iter().map(|remedy| remedy.test_cost).collect();
    let costs = [costs, vec![data.ensemble.cost_of_mean]].concat();
    let helped = costs.iter().filter(|&&cost| cost < plain.test_cost).count();
    let sentence = &report.claims[1].sentence;
    assert!(sentence.starts_with(&format!("{helped} of 7 remedies lower")), "{sentence}");
    let ensemble_helps = data.ensemble.cost_of_mean < plain.test_cost;
    assert_eq!(sentence.contains("but not") && sentence.ends_with("ensemble"), !ensemble_helps);
    // Early stopping keeps the step with the lowest validation cost.
    let early = remedy("early stopping");
    assert!(early.steps < settings.steps);
}

/// Krogh and Vedelsby (1995): the cost of the mean is the mean cost minus the variance, exactly.
#[test]
fn the_cost_of_an_ensemble_is_lower_by_its_variance() {
    let settings = overfitting::Settings { steps: 200, ..Default::default() };
    let ensemble = overfitting::run::<Reference>(&settings, &()).unwrap().ensemble;
    let difference = ensemble.mean_cost - ensemble.spread - ensemble.cost_of_mean;
    assert!(difference.abs() < 1e-12, "{difference}");
    assert!(ensemble.spread > 0.0);
}

#[test]
fn early_stopping_and_l2_match_their_closed_forms() {
    let settings = overfitting::Settings { steps: 10, ..Default::default() };
    let data = overfitting::run::<Reference>(&settings, &()).unwrap();
    assert_eq!(data.shrinkage.len(), 3);
    assert!(data.shrinkage.iter().all(|way| way.stopped.len() == way.penalised.len()));
    assert!(shrinkage::worst_error(&data.shrinkage) < 1e-9);
}

// ---- vanishing ----

fn few_images() -> Dataset {
    let pixels = (0..20 * 16).map(|i: u32| (i * 37 % 251) as u8).collect();
    Dataset::from_images(pixels, &[4, 4], (0..20).map(|i| i % 4).collect(), 4).unwrap()
}

#[test]
fn the_chain_is_the_product_of_its_slopes() {
    for depth in [2, 10, 30] {
        let settings = vanishing::Settings { depth, ..Default::default() };
        let data = vanishing::run::<Reference>(&settings, &(), &few_images()).unwrap();
        assert_eq!(data.chain.len(), depth + 1);
        for (measured, exact) in data.chain.iter().zip(&data.chain_closed_form) {
            assert!((measured / exact - 1.0).abs() < 1e-12, "{measured} {exact}");
        }
        // |σ'| <= 1/4 and w = 1, so each layer passes on at most a quarter.
        let hidden = &data.chain[..depth];
        assert!(hidden.windows(2).all(|pair| pair[0].abs() <= 0.25 * pair[1].abs() + 1e-300));
    }
}

#[test]
fn sigmoids_vanish_and_better_weights_and_rectifiers_do_not() {
    let settings = vanishing::Settings::default();
    let data = vanishing::run::<Reference>(&settings, &(), &few_images()).unwrap();
    let ratio = |name: &str| {
        let of_kind = data.measured.iter().find(|measured| measured.kind.name == name);
        of_kind.unwrap().first_over_last()
    };
    assert!(ratio("sigmoid, Glorot") < 1e-3);
    assert!(ratio("sigmoid, 4 x Glorot") > 100.0 * ratio("sigmoid, Glorot"));
    assert!(ratio("ReLU, He") > 0.05);
}

// ---- wrong parameters ----

#[test]
fn wrong_parameters_are_named() {
    let says = |result: Result<(), nn_lecture::LectureError>, words: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.starts_with(words) && !error.contains('\n'), "{error}");
    };
    let solvers = |name, value| {
        solvers::Settings::read(&typed([(name, value)])).and_then(|settings| settings.validate())
    };
    says(solvers("learning-rate", "-1"), "parameter learning-rate is -1, must be a number above 0");
    says(solvers("iterations", "0"), "parameter iterations is 0, must be");
    says(solvers("gradient-norm", "NaN"), "parameter gradient-norm is NaN, must be");
    let step = |name, value| {
        single_step::Settings::read(&typed([(name, value)]))
            .and_then(|settings| settings.validate())
    };
    says(step("x", "inf"), "parameter x is inf, must be");
    says(step("learning-rate", "0"), "parameter learning-rate is 0, must be");
    let universal = |name, value| {
        universal::Settings::read(&typed([(name, value)])).and_then(|settings| settings.validate())
    };
    says(universal("width", "0"), "parameter width is 0, must be a whole number from 1");
    says(universal("expression", "sin("), "parameter expression is sin(, must be an expression");
    says(universal("activation", "heaviside"), "parameter activation is heaviside, must be");
    says(universal("solver", "magic"), "parameter solver is magic, must be gradient-descent");
    let backprop = |name, value| {
        backprop::Settings::read(&typed([(name, value)])).and_then(|settings| settings.validate())
    };
    says(backprop("layers", "1"), "parameter layers is 1, must be");
    says(backprop("activation", "tanhh"), "parameter activation is tanhh, must be");
    let overfitting = |name, value| {
        overfitting::Settings::read(&typed([(name, value)]))
            .and_then(|settings| settings.validate())
    };
    says(overfitting("samples", "1"), "parameter samples is 1, must be");
    says(overfitting("dropout", "1"), "parameter dropout is 1, must be");
    let vanishing = |name, value| {
        vanishing::Settings::read(&typed([(name, value)])).and_then(|settings| settings.validate())
    };
    says(vanishing("depth", "1"), "parameter depth is 1, must be");
}

/// The documented defaults are the ones that are used, and are in range.
#[test]
fn defaults_are_as_documented() {
    let typed = |topic: nn_lecture::Topic| {
        Parameters::from_pairs(topic.parameters.iter().map(|p| (p.name, p.default)))
    };
    assert_eq!(solvers::Settings::read(&typed(solvers::TOPIC)).unwrap(), Default::default());
    let step = single_step::Settings::read(&typed(single_step::TOPIC)).unwrap();
    assert!((step.y - single_step::Settings::default().y).abs() < 1e-10);
    assert_eq!(universal::Settings::read(&typed(universal::TOPIC)).unwrap(), Default::default());
    assert_eq!(backprop::Settings::read(&typed(backprop::TOPIC)).unwrap(), Default::default());
    assert_eq!(
        overfitting::Settings::read(&typed(overfitting::TOPIC)).unwrap(),
        Default::default()
    );
    assert_eq!(vanishing::Settings::read(&typed(vanishing::TOPIC)).unwrap(), Default::default());
}
