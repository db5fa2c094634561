//! The list of all topics: find one by name, and run it.

use crate::topics::{
    activations, backprop, bias, descent, digits, digits8x8, ladder, linear, overfitting,
    perceptron, single_step, solvers, universal, vanishing,
};
use crate::{Backend, LectureError, Parameters, Report, Topic};
use nn_data::TrainTest;
use nn_tensor::Tensor;

/// All topics, in the order of the lecture.
pub static TOPICS: &[Topic] = &[
    digits::TOPIC,
    linear::TOPIC,
    perceptron::TOPIC,
    activations::TOPIC,
    bias::TOPIC,
    descent::TOPIC,
    solvers::TOPIC,
    single_step::TOPIC,
    universal::TOPIC,
    backprop::TOPIC,
    overfitting::TOPIC,
    vanishing::TOPIC,
    ladder::TOPIC,
    digits8x8::TOPIC,
];

/// Finds the topic called `name`.
///
/// # Errors
/// Returns [`LectureError::UnknownTopic`], which lists all topics.
pub fn find_topic(name: &str) -> Result<&'static Topic, LectureError> {
    TOPICS.iter().find(|topic| topic.name == name).ok_or_else(|| unknown_topic(name))
}

fn unknown_topic(name: &str) -> LectureError {
    let known: Vec<_> = TOPICS.iter().map(|topic| topic.name).collect();
    LectureError::UnknownTopic { name: name.to_owned(), known: known.join(", ") }
}

/// Runs the topic called `name`.
///
/// The topics that learn digits use `data`, which must be labelled images.
///
/// # Errors
/// Returns [`LectureError`] for an unknown topic or parameter, a parameter out of range, data of
/// another kind, or a device failure.
pub fn run_topic<S: Tensor<Elem = f32>, D: Tensor<Elem = f64>>(
    name: &str,
    parameters: &Parameters,
    backend: &Backend<S, D>,
    data: &TrainTest,
) -> Result<Report, LectureError> {
    let topic = find_topic(name)?;
    check_names(topic, parameters)?;
    // One arm per topic: read the parameters, run, report.
    match topic.name {
        "digits" => {
            let settings = digits::Settings::read(parameters)?;
            Ok(digits::report(&digits::run(&settings, data)?))
        }
        "linear" => {
            let settings = linear::Settings::read(parameters)?;
            Ok(linear::report(&linear::run::<D>(&settings, &backend.double, data)?))
        }
        "perceptron" => {
            let settings = perceptron::Settings::read(parameters)?;
            Ok(perceptron::report(&perceptron::run(&settings, data)?))
        }
        "activations" => {
            let settings = activations::Settings::read(parameters)?;
            Ok(activations::report(&activations::run(&settings)?))
        }
        "bias" => {
            let settings = bias::Settings::read(parameters)?;
            Ok(bias::report(&bias::run::<D>(&settings, &backend.double)?))
        }
        "descent" => {
            let settings = descent::Settings::read(parameters)?;
            Ok(descent::report(&descent::run(&settings)?))
        }
        "solvers" => {
            let settings = solvers::Settings::read(parameters)?;
            Ok(solvers::report(&solvers::run::<D>(&settings, &backend.double)?))
        }
        "single-step" => {
            let settings = single_step::Settings::read(parameters)?;
            Ok(single_step::report(&single_step::run::<D>(&settings, &backend.double)?))
        }
        "universal" => {
            let settings = universal::Settings::read(parameters)?;
            Ok(universal::report(&universal::run::<D>(&settings, &backend.double)?))
        }
        "backprop" => {
            let settings = backprop::Settings::read(parameters)?;
            Ok(backprop::report(&backprop::run::<D>(&settings, &backend.double)?))
        }
        "overfitting" => {
            let settings = overfitting::Settings::read(parameters)?;
            Ok(overfitting::report(&overfitting::run::<D>(&settings, &backend.double)?))
        }
        "vanishing" => {
            let settings = vanishing::Settings::read(parameters)?;
            Ok(vanishing::report(&vanishing::run::<D>(&settings, &backend.double, &data.train)?))
        }
        "ladder" => {
            let settings = ladder::Settings::read(parameters)?;
            Ok(ladder::report(&ladder::run::<S>(&settings, &backend.single, data)?))
        }
        "digits8x8" => {
            let settings = digits8x8::Settings::read(parameters)?;
            Ok(digits8x8::report(&digits8x8::run::<S>(&settings, &backend.single)?))
        }
        _ => Err(unknown_topic(name)),
    }
}

/// Checks that the topic has every parameter given.
fn check_names(topic: &'static Topic, parameters: &Parameters) -> Result<(), LectureError> {
    let known = || topic.parameters.iter().map(|parameter| parameter.name);
    match parameters.names().find(|&name| known().all(|k| k != name)) {
        None => Ok(()),
        Some(name) => {
            let names: Vec<_> = known().collect();
            let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let parameter = name.to_owned();
            Err(LectureError::UnknownParameter { topic: topic.name, parameter, known: names })
        }
    }
}
