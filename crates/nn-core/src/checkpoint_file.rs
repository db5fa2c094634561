//! Checkpoints in files.

use crate::checkpoint_error::{CheckpointError, CheckpointFault};
use crate::{BranchState, Checkpoint, MemberForm, Preprocessing, codec, format1};
use nn_files::{BoundedFile, replace_file};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What formats 3 to 8 have behind all that format 2 has. A model is written in the oldest format that can
/// hold it, so that no build that reads a file would show the model something else than it was trained on:
/// format 2 knows neither upright images nor directions, format 3 no directions, format 4 no committee whose
/// members differ in more than their numbers, format 5 no roots of directions, format 6 no directions of second order,
/// format 7 no training of several branches.
#[derive(Serialize, Deserialize)]
struct Extras {
    deskew: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    directions: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    root_directions: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    second_order_directions: bool,
    /// One for each companion, where any of them has a form of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forms: Vec<Option<MemberForm>>,
}

/// A checkpoint of format 3 or above, to be written.
#[derive(Serialize)]
struct Written<'c> {
    checkpoint: &'c Checkpoint,
    #[serde(with = "crate::codec::json_bytes")]
    extras: Extras,
}

/// The same, read.
#[derive(Deserialize)]
struct Read {
    checkpoint: Checkpoint,
    #[serde(with = "crate::codec::json_bytes")]
    extras: Extras,
}

/// A checkpoint of format 8, to be written or read: what the optimizers of further branches remember is last.
#[derive(Serialize, Deserialize)]
struct OfBranches<C> {
    checkpoint: C,
    branches: Vec<BranchState>,
}

impl OfBranches<Read> {
    fn into_checkpoint(self) -> Result<Checkpoint, CheckpointFault> {
        let mut checkpoint = self.checkpoint.into_checkpoint()?;
        let Some(training) = &mut checkpoint.training else {
            let cause = "branches in training of a finished model".to_owned();
            return Err(CheckpointFault::Inconsistent { cause });
        };
        training.branches = self.branches;
        Ok(checkpoint)
    }
}

impl Read {
    fn into_checkpoint(self) -> Result<Checkpoint, CheckpointFault> {
        let Self { mut checkpoint, extras } = self;
        let Extras { deskew, directions, root_directions, second_order_directions, forms } = extras;
        checkpoint.model.preprocessing =
            Preprocessing { deskew, directions, root_directions, second_order_directions };
        let companions = &mut checkpoint.model.companions;
        let (has, others) = (forms.len(), companions.len());
        if has != 0 && has != others {
            let cause = format!("{has} forms for the {others} further networks of a committee");
            return Err(CheckpointFault::Inconsistent { cause });
        }
        for (member, form) in companions.iter_mut().zip(forms) {
            member.form = form;
        }
        Ok(checkpoint)
    }
}

impl Checkpoint {
    /// The bytes of a checkpoint file. Equal checkpoints give equal bytes.
    ///
    /// # Errors
    /// [`CheckpointFault::Inconsistent`] where [`from_bytes`](Self::from_bytes) would refuse them,
    /// [`CheckpointFault::TooLarge`] beyond 16 GiB.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CheckpointFault> {
        self.check_consistency()?;
        let Preprocessing { deskew, directions, root_directions, second_order_directions } =
            self.model.preprocessing;
        let mut forms: Vec<_> =
            self.model.companions.iter().map(|member| member.form.clone()).collect();
        if forms.iter().all(Option::is_none) {
            forms.clear();
        }
        let any = |on: fn(Preprocessing) -> bool| self.model.parts().any(|p| on(p.preprocessing));
        let second_order = any(|seen| seen.second_order_directions);
        let roots = any(|seen| seen.root_directions);
        let branches = self.training.as_ref().map_or(&[][..], |training| &training.branches);
        let format = match (second_order, roots, forms.is_empty(), deskew, directions) {
            (true, ..) => 7,
            (_, true, ..) => 6,
            (.., false, _, _) => 5,
            (.., true) => 4,
            (.., true, false) => 3,
            (.., false, false) if branches.is_empty() => return codec::encode(2, self),
            (.., false, false) => 8,
        };
        let extras = Extras { deskew, directions, root_directions, second_order_directions, forms };
        let written = Written { checkpoint: self, extras };
        if branches.is_empty() {
            return codec::encode(format, &written);
        }
        codec::encode(8, &OfBranches { checkpoint: written, branches: branches.to_vec() })
    }

    /// The checkpoint in `bytes`, which may be compiled into a program.
    ///
    /// # Errors
    /// [`CheckpointFault`], whatever the bytes are: nothing is decoded before the checksum over all
    /// of them is right, and nothing returned whose parts do not fit each other.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointFault> {
        let (format, payload) = codec::open(bytes)?;
        let checkpoint: Self = match format {
            1 => codec::decode::<format1::Checkpoint>(payload)?.into(),
            2 => codec::decode(payload)?,
            8 => codec::decode::<OfBranches<Read>>(payload)?.into_checkpoint()?,
            _ => codec::decode::<Read>(payload)?.into_checkpoint()?,
        };
        checkpoint.check_consistency()?;
        Ok(checkpoint)
    }

    /// Writes the file `path`. What was there before stays until the new file is safely on disk.
    ///
    /// ```
    /// # use nn_core::{Activation, Architecture, Checkpoint, Initializer, Loss, Model, Network};
    /// # use nn_tensor::ReferenceTensor;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let architecture = Architecture {
    /// #     inputs: 4,
    /// #     hidden: vec![3],
    /// #     outputs: 2,
    /// #     activation: Activation::Relu,
    /// #     output_activation: Activation::Identity,
    /// # };
    /// # let network =
    /// #     Network::<ReferenceTensor<f32>>::new(&(), &architecture, Initializer::HeUniform, 1)?;
    /// let model = Model::from_network(&network, Loss::CrossEntropy, &[2, 2]);
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("model.nn");
    /// Checkpoint { model, training: None }.save(&path)?;
    /// let network = Checkpoint::load(&path)?.model.to_network::<ReferenceTensor<f32>>(&())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CheckpointFault::Io`] if the folder or the disk does not take the file, otherwise as
    /// [`to_bytes`](Self::to_bytes); the old file is then as it was.
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        let bytes = self.to_bytes().map_err(|fault| CheckpointError::new(path, fault))?;
        write_whole(path, &bytes)
    }

    /// Reads the file `path`: its size and header first, then the rest.
    ///
    /// # Errors
    /// [`CheckpointFault::Io`] if the system refuses, [`CheckpointFault::TooLarge`] beyond 16 GiB,
    /// otherwise as [`from_bytes`](Self::from_bytes).
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let load = || {
            let mut file = BoundedFile::open(path, codec::MAX_BYTES)?;
            let length = file.length();
            codec::check_header(file.first_bytes(codec::HEADER_LENGTH)?, length)?;
            Self::from_bytes(&file.into_bytes()?)
        };
        load().map_err(|fault| CheckpointError::new(path, fault))
    }
}

/// Replaces the file `path` by one with these bytes, or leaves it as it was.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), CheckpointError> {
    replace_file(path, |file| file.write_all(bytes))
        .map_err(|cause| CheckpointError::new(path, CheckpointFault::Io { action: "write", cause }))
}
