//! The networks of the comparison and how they are trained.

/// A network and how it is trained.
#[derive(Debug, PartialEq)]
pub struct Network {
    /// Sizes of the layers, for the table.
    pub sizes: &'static str,
    /// Sizes of the hidden layers, for the flag `--hidden`.
    pub hidden: &'static str,
    /// Batch size.
    pub batch: usize,
    /// Learning rate of plain SGD, which works well in every framework.
    pub learning_rate: f64,
}

/// The networks from the smallest to the largest; `--networks` counts from 1.
pub const NETWORKS: [Network; 4] = [
    Network { sizes: "784-30-10", hidden: "30", batch: 10, learning_rate: 0.1 },
    Network { sizes: "784-128-10", hidden: "128", batch: 64, learning_rate: 0.2 },
    Network { sizes: "784-800-10", hidden: "800", batch: 128, learning_rate: 0.2 },
    Network { sizes: "784-512-512-10", hidden: "512,512", batch: 256, learning_rate: 0.2 },
];
