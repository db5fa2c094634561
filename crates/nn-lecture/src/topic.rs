//! The topics in the lecture's order.

use crate::topics::activations;
use crate::{Backend, LectureError, Parameters, Report};
use nn_data::TrainTest;
use nn_tensor::Tensor;

/// A part of the lecture that can be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What a person types.
    pub name: &'static str,
    /// One line.
    pub title: &'static str,
    /// Numbers in the lecture.
    pub equations: &'static [u16],
    /// What can be set.
    pub parameters: &'static [Parameter],
}

/// Something that can be set in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// What a person types.
    pub name: &'static str,
    /// As typed.
    pub default: &'static str,
    /// What it does, with its range.
    pub meaning: &'static str,
}

/// All topics, in the lecture's order.
pub static TOPICS: &[Topic] = &[activations::TOPIC];

/// The topic of this name.
///
/// # Errors
/// [`LectureError::UnknownTopic`], which names all there are.
pub fn find_topic(name: &str) -> Result<&'static Topic, LectureError> {
    TOPICS.iter().find(|topic| topic.name == name).ok_or_else(|| unknown_topic(name))
}

fn unknown_topic(name: &str) -> LectureError {
    let known: Vec<_> = TOPICS.iter().map(|topic| topic.name).collect();
    LectureError::UnknownTopic { name: name.to_owned(), known: known.join(", ") }
}

/// Runs the topic called `name`.
///
/// `data`: labelled images, for the topics that learn digits.
///
/// # Errors
/// [`LectureError`]: an unknown topic or parameter, a parameter out of its range, data of another
/// kind, a device that refuses.
pub fn run_topic<S: Tensor<Elem = f32>, D: Tensor<Elem = f64>>(
    name: &str,
    parameters: &Parameters,
    _backend: &Backend<S, D>,
    _data: &TrainTest,
) -> Result<Report, LectureError> {
    let topic = find_topic(name)?;
    check_names(topic, parameters)?;
    // One arm a topic: read the parameters, run, report.
    match topic.name {
        "activations" => {
            let settings = activations::Settings::read(parameters)?;
            Ok(activations::report(&activations::run(&settings)?))
        }
        _ => Err(unknown_topic(name)),
    }
}

/// Every parameter given is one the topic has.
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
