//! In what two networks differ, in words.

use crate::Architecture;

impl Architecture {
    /// In what `other` differs from this network, layer by layer; `None` where it does not.
    ///
    /// ```
    /// use nn_core::{Activation, Architecture};
    /// let small = Architecture::new(784, [30], 10, Activation::Sigmoid);
    /// let wide = Architecture { hidden: vec![128], ..small.clone() };
    /// assert_eq!(small.difference(&small), None);
    /// assert_eq!(
    ///     small.difference(&wide).unwrap(),
    ///     "784-30-10 against 784-128-10: \
    ///      layer 1: 784 to 30, sigmoid against 784 to 128, sigmoid; \
    ///      layer 2: 30 to 10, identity against 128 to 10, identity",
    /// );
    /// ```
    #[must_use]
    pub fn difference(&self, other: &Self) -> Option<String> {
        let depth = self.depth().max(other.depth());
        let differing: Vec<String> = (0..depth)
            .map(|layer| (layer + 1, self.layer_in_words(layer), other.layer_in_words(layer)))
            .filter(|(_, here, there)| here != there)
            .map(|(number, here, there)| format!("layer {number}: {here} against {there}"))
            .collect();
        (!differing.is_empty()).then(|| format!("{self} against {other}: {}", differing.join("; ")))
    }

    /// Widths and activation of one layer.
    fn layer_in_words(&self, layer: usize) -> String {
        match self.widths().get(layer..layer + 2) {
            Some(pair) => {
                format!("{} to {}, {}", pair[0], pair[1], self.activation_of(layer).name())
            }
            None => "none".to_owned(),
        }
    }
}
