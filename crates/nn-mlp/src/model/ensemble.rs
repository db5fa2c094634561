//! Committees as models: the networks that answer together, as they are kept.

use crate::model::Values;
use crate::{Architecture, ConfigError, Model, Network, NetworkError, Preprocessing};
use nn_tensor::{BatchNorm, Linear, Tensor};
use serde::{Deserialize, Serialize};

/// The numbers of one network of a committee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// As [`Model::layers`].
    pub layers: Vec<Linear<Values>>,
    /// As [`Model::norms`].
    pub norms: Vec<BatchNorm<Values>>,
    /// What it has of its own, where it is not of the form of the committee's first network.
    #[serde(skip)] // stands at the end of a checkpoint
    pub form: Option<MemberForm>,
}

/// What the networks of a committee may differ in besides their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MemberForm {
    /// As [`Model::architecture`]: with the outputs of the first network.
    pub architecture: Architecture,
    /// As [`Model::preprocessing`].
    pub preprocessing: Preprocessing,
}

/// One network of a model: the model's own, or one of its companions.
#[derive(Clone, Copy, Debug)]
pub struct ModelPart<'m> {
    /// Layers and activations.
    pub architecture: &'m Architecture,
    /// What becomes of images before it sees them.
    pub preprocessing: Preprocessing,
    /// Weights and biases.
    pub layers: &'m [Linear<Values>],
    /// Batch normalisation of the hidden layers; none where there is no such thing.
    pub norms: &'m [BatchNorm<Values>],
}

impl ModelPart<'_> {
    /// Puts it onto a device.
    fn to_network<T: Tensor>(self, device: &T::Device) -> Result<Network<T>, NetworkError> {
        Network::from_layers(device, self.architecture, self.layers, self.norms)
    }
}

impl Model {
    /// Its networks: of a committee all, the first one first, otherwise its only one.
    pub fn parts(&self) -> impl Iterator<Item = ModelPart<'_>> {
        let (architecture, preprocessing) = (&self.architecture, self.preprocessing);
        let first =
            ModelPart { architecture, preprocessing, layers: &self.layers, norms: &self.norms };
        let others = self.companions.iter().map(move |Member { layers, norms, form }| {
            let own = form.as_ref().map(|form| (&form.architecture, form.preprocessing));
            let (architecture, preprocessing) = own.unwrap_or((architecture, preprocessing));
            ModelPart { architecture, preprocessing, layers, norms }
        });
        std::iter::once(first).chain(others)
    }

    /// Puts the network onto a device; of a committee, its first.
    ///
    /// # Errors
    /// [`NetworkError::Tensor`] where the device refuses; [`NetworkError::Config`] where the parts
    /// do not fit each other (see [`Self::validate`]).
    pub fn to_network<T: Tensor>(&self, device: &T::Device) -> Result<Network<T>, NetworkError> {
        self.validate()?;
        Network::from_layers(device, &self.architecture, &self.layers, &self.norms)
    }

    /// Puts all networks of a committee onto a device; of a model that is none, its only one.
    ///
    /// # Errors
    /// As [`to_network`](Self::to_network).
    pub fn to_networks<T: Tensor>(
        &self,
        device: &T::Device,
    ) -> Result<Vec<Network<T>>, NetworkError> {
        self.validate()?;
        self.parts().map(|part| part.to_network(device)).collect()
    }

    /// One model of several, which answers with the mean of their answers. They may be of different
    /// architectures and see images differently.
    ///
    /// # Errors
    /// [`NetworkError::Committee`] for no model at all, or where one differs from the first in
    /// outputs, loss, shape of a sample or element type.
    pub fn committee(models: impl IntoIterator<Item = Self>) -> Result<Self, NetworkError> {
        let mut models = models.into_iter();
        let refuse = |cause: String| NetworkError::Committee { cause };
        let mut committee = models.next().ok_or_else(|| refuse("there is no model".to_owned()))?;
        for (index, model) in models.enumerate() {
            if let Some(difference) = committee.cannot_answer_with(&model) {
                return Err(refuse(format!("model {} has another {difference}", index + 2)));
            }
            committee.join(&model);
        }
        Ok(committee)
    }

    /// Adds the networks of `model`, whose answers are of the same kind.
    pub(crate) fn join(&mut self, model: &Self) {
        let members: Vec<Member> = model.parts().map(|part| self.member(part)).collect();
        self.companions.extend(members);
    }

    /// In what the answers of `other` are not to be averaged with this model's.
    fn cannot_answer_with(&self, other: &Self) -> Option<String> {
        let words = |what: &str, here: &str, there: &str| {
            (here != there).then(|| format!("{what}: {there}, not {here}"))
        };
        let element = |model: &Self| model.layers.first().map_or("", |l| l.weight.element_name());
        let (one, two) = (&self.architecture, &other.architecture);
        let [outputs, others] = [one, two].map(|form| form.outputs.to_string());
        let [activation, of_other] = [one, two].map(|form| form.output_activation.name());
        let [shape, its] = [self, other].map(|model| format!("{:?}", model.sample_shape));
        words("number of outputs", &outputs, &others)
            .or_else(|| words("activation of the outputs", activation, of_other))
            .or_else(|| words("loss", self.loss.name(), other.loss.name()))
            .or_else(|| words("shape of a sample", &shape, &its))
            .or_else(|| words("element type", element(self), element(other)))
    }

    /// A network as a member of this committee.
    fn member(&self, part: ModelPart<'_>) -> Member {
        let ModelPart { architecture, preprocessing, layers, norms } = part;
        let same = (architecture, preprocessing) == (&self.architecture, self.preprocessing);
        let own = || MemberForm { architecture: architecture.clone(), preprocessing };
        let form = (!same).then(own);
        Member { layers: layers.to_vec(), norms: norms.to_vec(), form }
    }

    /// Whether the answers of all networks are of one kind.
    pub(crate) fn validate_answers(&self) -> Result<(), ConfigError> {
        let Architecture { outputs, output_activation, .. } = self.architecture;
        for part in self.parts() {
            let (others, of_part) =
                (part.architecture.outputs, part.architecture.output_activation);
            let allowed = format!("{outputs}, as of the committee's first network");
            ConfigError::check("outputs", others, others == outputs, &allowed)?;
            let (name, allowed) = (of_part.name(), output_activation.name());
            ConfigError::check(
                "activation of the outputs",
                name,
                of_part == output_activation,
                allowed,
            )?;
        }
        Ok(())
    }
}
