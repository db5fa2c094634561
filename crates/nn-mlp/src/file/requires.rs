//! The features that a reader must know to understand a file.

use crate::file::error::FileFault;
use crate::model::ModelParts;
use nn_core::TrainingState;
use nn_images::KINDS;

/// Features besides the kinds of transforms, which are features by their own names.
const FEATURES: [&str; 10] = [
    "batch-norm",
    "class-names",
    "several-members",
    "scaler",
    "test-views",
    "training",
    "local-connections",
    "max-norm",
    "moving-average",
    "exchange-gradients",
];

/// Returns the features that a model and the training under way need, in a fixed order.
pub(super) fn features_of(parts: &ModelParts, training: Option<&TrainingState>) -> Vec<String> {
    let members = &parts.members;
    let hooks = training.iter().flat_map(|state| &state.members).flat_map(|member| &member.hooks);
    let kinds = members.iter().flat_map(|member| member.transforms.steps());
    let mut features: Vec<String> = [
        ("batch-norm", members.iter().any(|member| !member.values.norms.is_empty())),
        ("class-names", !parts.class_names.is_empty()),
        ("several-members", members.len() > 1),
        ("scaler", parts.scaler.is_some()),
        ("test-views", parts.views.count() > 1),
        ("training", training.is_some()),
    ]
    .into_iter()
    .filter(|(_, needed)| *needed)
    .map(|(name, _)| name.to_owned())
    .chain(hooks.map(|hook| hook.name.clone()))
    .chain(kinds.map(|step| step.kind().name.to_owned()))
    .collect();
    features.sort_unstable();
    features.dedup();
    features
}

/// Checks that this build knows every feature of a file. A hook of the caller's own is no feature of this build, so a
/// training with one is refused here as everywhere but where it was begun.
pub(super) fn check(features: &[Vec<u8>]) -> Result<(), FileFault> {
    let known = |name: &str| FEATURES.contains(&name) || KINDS.iter().any(|kind| kind.name == name);
    let names = features.iter().map(|name| String::from_utf8_lossy(name));
    let unknown: Vec<String> =
        names.filter(|name| !known(name)).map(|name| one_line(&name)).collect();
    if unknown.is_empty() { Ok(()) } else { Err(FileFault::Requires { names: unknown }) }
}

/// Returns a name with control characters made visible.
fn one_line(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).collect()
}
