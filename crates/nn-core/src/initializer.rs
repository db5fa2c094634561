//! Weights before the first step.

use crate::random::{Purpose, Stream};
use nn_tensor::{Element, Shape};
use serde::{Deserialize, Serialize};

/// How the weights of a layer are drawn; n is its number of inputs, m of outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initializer {
    /// U(-r, r), r = √(6 / (n + m)) (Glorot and Bengio 2010): sigmoid and tanh.
    GlorotUniform,
    /// N(0, 2 / (n + m)).
    GlorotNormal,
    /// U(-r, r), r = √(6 / n) (He et al. 2015): rectifiers.
    HeUniform,
    /// N(0, 2 / n).
    HeNormal,
    /// N(0, 1 / n) (LeCun et al. 1998).
    LecunNormal,
    /// The tutorial's: weights U(0, 1), biases 0.1.
    UniformPositive,
    /// Nielsen's first: weights and biases N(0, 1).
    StandardNormal,
}

impl Initializer {
    /// Every initializer, in the order in which help texts list them.
    pub const ALL: [Self; 7] = [
        Self::GlorotUniform,
        Self::GlorotNormal,
        Self::HeUniform,
        Self::HeNormal,
        Self::LecunNormal,
        Self::UniformPositive,
        Self::StandardNormal,
    ];

    /// The name in configuration files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GlorotUniform => "glorot-uniform",
            Self::GlorotNormal => "glorot-normal",
            Self::HeUniform => "he-uniform",
            Self::HeNormal => "he-normal",
            Self::LecunNormal => "lecun-normal",
            Self::UniformPositive => "uniform-positive",
            Self::StandardNormal => "standard-normal",
        }
    }

    /// Weights of layer `layer` (counted from 0), outputs x inputs, row-major.
    ///
    /// The stream depends on seed and layer alone. It is drawn in `f64`, so that `f32` and `f64`
    /// networks of one seed start at the same place.
    ///
    /// ```
    /// use nn_core::Initializer;
    /// use nn_tensor::Shape;
    /// let weights: Vec<f64> = Initializer::HeUniform.weights(Shape::new(3, 6), 0, 42);
    /// assert!(weights.iter().all(|w| w.abs() < 1.0)); // √(6/6)
    /// ```
    #[must_use]
    pub fn weights<E: Element>(self, shape: Shape, layer: usize, seed: u64) -> Vec<E> {
        let mut stream = Stream::new(seed, Purpose::Weights(layer as u64));
        let (outputs, inputs) = (shape.rows as f64, shape.columns as f64);
        let mut symmetric = |radius: f64| radius * (2.0 * stream.uniform() - 1.0);
        let draw: &mut dyn FnMut() -> f64 = match self {
            Self::GlorotUniform => &mut || symmetric((6.0 / (inputs + outputs)).sqrt()),
            Self::HeUniform => &mut || symmetric((6.0 / inputs).sqrt()),
            Self::GlorotNormal => &mut || (2.0 / (inputs + outputs)).sqrt() * stream.normal(),
            Self::HeNormal => &mut || (2.0 / inputs).sqrt() * stream.normal(),
            Self::LecunNormal => &mut || (1.0 / inputs).sqrt() * stream.normal(),
            Self::UniformPositive => &mut || stream.uniform(),
            Self::StandardNormal => &mut || stream.normal(),
        };
        (0..shape.len()).map(|_| E::from_f64(draw())).collect()
    }

    /// The `outputs` biases of layer `layer`, counted from 0: a constant, or drawn from a stream of
    /// their own.
    #[must_use]
    pub fn biases<E: Element>(self, outputs: usize, layer: usize, seed: u64) -> Vec<E> {
        let mut stream = Stream::new(seed, Purpose::Biases(layer as u64));
        let mut draw = || match self {
            Self::UniformPositive => 0.1,
            Self::StandardNormal => stream.normal(),
            _ => 0.0,
        };
        (0..outputs).map(|_| E::from_f64(draw())).collect()
    }
}
