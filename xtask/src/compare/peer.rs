//! The frameworks to compare with.

use clap::ValueEnum;

/// A framework to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// PyTorch, eager
    #[value(name = "pytorch")]
    PyTorch,
    /// JAX, a whole epoch jitted
    Jax,
    /// TensorFlow, a whole epoch compiled by XLA
    #[value(name = "tensorflow")]
    TensorFlow,
    /// scikit-learn's MLPClassifier
    Sklearn,
    /// burn with its flex backend
    Burn,
    /// candle
    Candle,
}

/// How to run a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A script in `benches/peers/python`.
    Python {
        /// The file.
        script: &'static str,
        /// What pip installs.
        package: &'static str,
        /// What the script imports.
        module: &'static str,
    },
    /// A package in `benches/peers`.
    Rust {
        /// Its folder.
        folder: &'static str,
        /// Its program.
        program: &'static str,
    },
}

impl Peer {
    /// Returns the name as the project writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch",
            Self::Jax => "JAX",
            Self::TensorFlow => "TensorFlow",
            Self::Sklearn => "scikit-learn",
            Self::Burn => "burn",
            Self::Candle => "candle",
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::PyTorch => {
                Kind::Python { script: "pytorch_peer.py", package: "torch", module: "torch" }
            }
            Self::Jax => Kind::Python { script: "jax_peer.py", package: "jax", module: "jax" },
            Self::TensorFlow => Kind::Python {
                script: "tensorflow_peer.py",
                package: "tensorflow",
                module: "tensorflow",
            },
            Self::Sklearn => Kind::Python {
                script: "sklearn_peer.py",
                package: "scikit-learn",
                module: "sklearn",
            },
            Self::Burn => Kind::Rust { folder: "burn", program: "burn-peer" },
            Self::Candle => Kind::Rust { folder: "candle", program: "candle-peer" },
        }
    }
}
