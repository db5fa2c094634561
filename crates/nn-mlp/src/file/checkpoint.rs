//! Models, and trainings under way, in files.
//!
//! The payload of format 1, in this order:
//! - the names of features that a reader must know, each as its bytes;
//! - a description as the bytes of its JSON: everything that is no long list of numbers;
//! - the numbers of each network: layers, then batch normalisations;
//! - of a training under way, its state: position, members with their optimizer's and hooks' numbers, running sums, best
//!   epoch, fingerprints, history.

use crate::file::envelope;
use crate::file::error::{FileError, FileFault};
use crate::file::requires;
use crate::input_range::InputRange;
use crate::model::{Model, ModelMember, ModelParts};
use crate::scaler::Scaler;
use crate::settings::Settings;
use crate::task::Task;
use nn_core::{
    Architecture, DataFingerprint, EarlyStopping, EpochRecord, HookState, Loss, MemberState,
    NetworkValues, Position, TrainingConfig, TrainingState, Values,
};
use nn_files::BoundedFile;
use nn_images::{Pipeline, TestViews};
use nn_tensor::{Linear, Moments};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A model, and the training that it comes from while that is under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The model as it is now.
    pub model: Model,
    /// The training, which can be resumed.
    pub training: Option<SavedTraining>,
}

/// A training under way.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedTraining {
    /// The settings that it was begun with, every default filled in.
    pub settings: Settings,
    /// All that it is between two steps.
    pub state: TrainingState,
}

/// Everything in a file that is no long list of numbers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Description {
    task: Task,
    loss: Loss,
    sample_shape: Vec<usize>,
    input_range: InputRange,
    scaler: Option<Scaler>,
    class_names: Vec<String>,
    views: TestViews,
    members: Vec<MemberDescription>,
    training: Option<TrainingDescription>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MemberDescription {
    architecture: Architecture,
    transforms: Pipeline,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TrainingDescription {
    settings: Settings,
    config: TrainingConfig,
    /// Names of the hooks of each member.
    hooks: Vec<Vec<String>>,
}

/// What follows the names of features.
#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(with = "crate::file::envelope::json_bytes")]
    description: Description,
    members: Vec<NetworkValues>,
    training: Option<TrainingNumbers>,
}

#[derive(Serialize, Deserialize)]
struct TrainingNumbers {
    position: Position,
    members: Vec<MemberNumbers>,
    tally: Vec<f64>,
    early_stopping: Option<EarlyStopping>,
    data: DataFingerprint,
    validation: Vec<DataFingerprint>,
    history: Vec<EpochRecord>,
}

#[derive(Serialize, Deserialize)]
struct MemberNumbers {
    values: NetworkValues,
    moments: Vec<Linear<Moments<Values>>>,
    hooks: Vec<Option<NetworkValues>>,
}

impl Checkpoint {
    /// Returns the bytes of a file. Equal checkpoints give equal bytes.
    ///
    /// # Errors
    /// [`FileFault::Inconsistent`] where [`from_bytes`](Self::from_bytes) would refuse them, [`FileFault::TooLarge`]
    /// beyond 16 GiB.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileFault> {
        self.check_consistency()?;
        let state = self.training.as_ref().map(|training| &training.state);
        let names = requires::features_of(self.model.parts(), state);
        let names: Vec<Vec<u8>> = names.into_iter().map(String::into_bytes).collect();
        envelope::encode(&names, &self.to_body())
    }

    /// Returns the checkpoint in `bytes`, which may be compiled into a program.
    ///
    /// # Errors
    /// [`FileFault`], whatever the bytes are: nothing is decoded before the checksum over all of them is right, and
    /// nothing returned whose parts do not fit each other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileFault> {
        let (names, rest) = envelope::decode_head::<Vec<Vec<u8>>>(envelope::open(bytes)?)?;
        requires::check(&names)?;
        let checkpoint = Self::from_body(envelope::decode(rest)?)?;
        checkpoint.check_consistency()?;
        Ok(checkpoint)
    }

    /// Writes the file `path`. What was there before stays until the new file is safely on disk.
    ///
    /// # Errors
    /// [`FileFault::Io`] where the folder or the disk does not take the file, otherwise as
    /// [`to_bytes`](Self::to_bytes); the old file is then as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        let path = path.as_ref();
        let bytes = self.to_bytes().map_err(|fault| FileError::new(path, fault))?;
        write_whole(path, &bytes)
    }

    /// Reads the file `path`: its size and header first, then the rest.
    ///
    /// # Errors
    /// [`FileFault::Io`] where the system refuses, [`FileFault::TooLarge`] beyond 16 GiB, otherwise as
    /// [`from_bytes`](Self::from_bytes).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        let path = path.as_ref();
        let load = || {
            let mut file = BoundedFile::open(path, envelope::MAX_BYTES)?;
            let length = file.length();
            envelope::check_header(file.first_bytes(envelope::HEADER_LENGTH)?, length)?;
            Self::from_bytes(&file.into_bytes()?)
        };
        load().map_err(|fault| FileError::new(path, fault))
    }

    /// Checks that the model is one (which its type says, but for what it was made of) and that the training is of it.
    fn check_consistency(&self) -> Result<(), FileFault> {
        let inconsistent = |cause: String| FileFault::Inconsistent { cause };
        self.model.parts().validate().map_err(|error| inconsistent(error.to_string()))?;
        let Some(SavedTraining { settings, state }) = &self.training else { return Ok(()) };
        state.validate().map_err(|error| inconsistent(error.to_string()))?;
        settings.validate().map_err(|error| inconsistent(error.to_string()))?;
        let (members, trained) = (self.model.members(), &state.members);
        let (has, needs) = (trained.len(), members.len());
        if has != needs {
            return Err(inconsistent(format!(
                "{has} networks in training for the {needs} of the model"
            )));
        }
        for (member, trained) in members.iter().zip(trained) {
            if let Some(difference) = member.architecture.difference(&trained.architecture) {
                return Err(inconsistent(format!("model and training: {difference}")));
            }
        }
        Ok(())
    }

    fn to_body(&self) -> Body {
        let parts = self.model.parts();
        let describe = |member: &ModelMember| MemberDescription {
            architecture: member.architecture.clone(),
            transforms: member.transforms.clone(),
        };
        let description = Description {
            task: parts.task,
            loss: parts.loss,
            sample_shape: parts.sample_shape.clone(),
            input_range: parts.input_range,
            scaler: parts.scaler.clone(),
            class_names: parts.class_names.clone(),
            views: parts.views,
            members: parts.members.iter().map(describe).collect(),
            training: self.training.as_ref().map(SavedTraining::describe),
        };
        Body {
            description,
            members: parts.members.iter().map(|member| member.values.clone()).collect(),
            training: self.training.as_ref().map(|training| numbers_of(&training.state)),
        }
    }

    fn from_body(body: Body) -> Result<Self, FileFault> {
        let Body { description, members, training } = body;
        let inconsistent = |cause: String| FileFault::Inconsistent { cause };
        let (described, has) = (description.members.len(), members.len());
        if described != has {
            return Err(inconsistent(format!("{has} networks, {described} described")));
        }
        let architectures: Vec<Architecture> =
            description.members.iter().map(|member| member.architecture.clone()).collect();
        let member = |(described, values): (MemberDescription, NetworkValues)| {
            let MemberDescription { architecture, transforms } = described;
            ModelMember { architecture, transforms, values }
        };
        let model = Model::from_parts(ModelParts {
            task: description.task,
            loss: description.loss,
            sample_shape: description.sample_shape,
            input_range: description.input_range,
            scaler: description.scaler,
            class_names: description.class_names,
            views: description.views,
            members: description.members.into_iter().zip(members).map(member).collect(),
        });
        let model = model.map_err(|error| inconsistent(error.to_string()))?;
        let training = match (description.training, training) {
            (None, None) => None,
            (Some(described), Some(numbers)) => Some(assemble(described, numbers, architectures)?),
            _ => {
                let cause = "one of description and numbers of a training without the other";
                return Err(inconsistent(cause.to_owned()));
            }
        };
        Ok(Self { model, training })
    }
}

impl SavedTraining {
    fn describe(&self) -> TrainingDescription {
        let names = |member: &MemberState| {
            member.hooks.iter().map(|hook| hook.name.clone()).collect::<Vec<_>>()
        };
        TrainingDescription {
            settings: self.settings.clone(),
            config: self.state.config.clone(),
            hooks: self.state.members.iter().map(names).collect(),
        }
    }
}

fn numbers_of(state: &TrainingState) -> TrainingNumbers {
    let member = |member: &MemberState| MemberNumbers {
        values: member.values.clone(),
        moments: member.moments.clone(),
        hooks: member.hooks.iter().map(|hook| hook.values.clone()).collect(),
    };
    TrainingNumbers {
        position: state.position,
        members: state.members.iter().map(member).collect(),
        tally: state.tally.clone(),
        early_stopping: state.early_stopping.clone(),
        data: state.data,
        validation: state.validation.clone(),
        history: state.history.clone(),
    }
}

/// Puts description and numbers of a training together.
fn assemble(
    described: TrainingDescription,
    numbers: TrainingNumbers,
    architectures: Vec<Architecture>,
) -> Result<SavedTraining, FileFault> {
    let TrainingDescription { settings, config, hooks } = described;
    let counts = [hooks.len(), numbers.members.len(), architectures.len()];
    let same = |names: &Vec<String>, member: &MemberNumbers| names.len() == member.hooks.len();
    let fits = counts.iter().all(|count| *count == counts[0])
        && hooks.iter().zip(&numbers.members).all(|(names, member)| same(names, member));
    if !fits {
        let cause = format!("members and hooks of the training: {counts:?} of them");
        return Err(FileFault::Inconsistent { cause });
    }
    let member =
        |((architecture, names), numbers): ((Architecture, Vec<String>), MemberNumbers)| {
            let MemberNumbers { values, moments, hooks } = numbers;
            let hook = |(name, values)| HookState { name, values };
            let hooks = names.into_iter().zip(hooks).map(hook).collect();
            MemberState { architecture, values, moments, hooks }
        };
    let state = TrainingState {
        config,
        position: numbers.position,
        members: architectures.into_iter().zip(hooks).zip(numbers.members).map(member).collect(),
        tally: numbers.tally,
        early_stopping: numbers.early_stopping,
        data: numbers.data,
        validation: numbers.validation,
        history: numbers.history,
    };
    Ok(SavedTraining { settings, state })
}

impl Model {
    /// Writes the model to the file `path`. What was there before stays until the new file is safely on disk.
    ///
    /// # Errors
    /// [`FileFault::Io`] where the folder or the disk does not take the file, [`FileFault::TooLarge`] beyond 16 GiB; the
    /// old file is then as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), FileError> {
        Checkpoint { model: self.clone(), training: None }.save(path)
    }

    /// Reads the model in the file `path`; that of a training under way is the model as it is now.
    ///
    /// # Errors
    /// As [`Checkpoint::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, FileError> {
        Ok(Checkpoint::load(path)?.model)
    }

    /// Returns the bytes of a file, as [`save`](Self::save) writes them.
    ///
    /// # Errors
    /// As [`Checkpoint::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, FileFault> {
        Checkpoint { model: self.clone(), training: None }.to_bytes()
    }

    /// Returns the model in `bytes`, which may be compiled into a program.
    ///
    /// # Errors
    /// As [`Checkpoint::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileFault> {
        Ok(Checkpoint::from_bytes(bytes)?.model)
    }
}

/// Replaces the file `path` by one with these bytes, or leaves it as it was.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    nn_files::replace_file(path, |file| file.write_all(bytes))
        .map_err(|cause| FileError::new(path, FileFault::Io { action: "write", cause }))
}
