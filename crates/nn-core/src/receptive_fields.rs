//! A first layer whose neurons see a window of the image each, in place of all of it.

use crate::{ConfigError, Initializer, NetworkError};
use nn_tensor::{Element, Role, Shape, Tensor};
use serde::{Deserialize, Serialize};

/// Local receptive fields of the first hidden layer: its neurons lie on a grid over the image, as many in each
/// place, and each is joined to the pixels of a square window about its place; the weights of all others are 0
/// and stay so.
///
/// Nothing is shared: two neurons have no weight in common, wherever they lie, so this is no convolution but a
/// fully connected layer of which most weights are not there. What a pixel means is told by the pixels next to
/// it, and a network that need not find that out learns it from fewer images (LeCun 1989, "Generalization and
/// network design strategies", whose second to fourth network differ in just this).
///
/// ```
/// use nn_core::ReceptiveFields;
/// // Four places on an image of 4 x 4 pixels, one neuron in each, which sees 2 x 2 pixels.
/// let fields = ReceptiveFields { window: 2, grid: 2 };
/// let mask: Vec<f32> = fields.mask([4, 4], 4);
/// assert_eq!(mask[..16], [1., 1., 0., 0., 1., 1., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.]);
/// assert_eq!(mask.iter().sum::<f32>(), 16.0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReceptiveFields {
    /// Pixels along each side of the window. Where the image is smaller than that, the window is all of it.
    pub window: usize,
    /// Places along each side of the grid.
    pub grid: usize,
}

impl ReceptiveFields {
    /// Most places along a side.
    const MOST_PLACES: usize = 4096;

    /// Whether both are in their range, and `neurons`, the width of the first hidden layer, go evenly onto the
    /// grid.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming what is not.
    pub fn validate(&self, neurons: usize) -> Result<(), ConfigError> {
        let Self { window, grid } = *self;
        ConfigError::check("receptive field", window, window > 0, "at least 1")?;
        let countable = (1..=Self::MOST_PLACES).contains(&grid);
        ConfigError::check("receptive grid", grid, countable, "from 1 to 4096")?;
        let places = grid * grid;
        let even = neurons > 0 && neurons.is_multiple_of(places);
        let allowed = format!("a multiple of {places}, the places of a receptive grid of {grid}");
        ConfigError::check("width of the first hidden layer", neurons, even, &allowed)
    }

    /// 1 for each weight that is there and 0 for the others: `neurons` rows, one column for each pixel of an
    /// image of `[height, width]`, row-major. Neurons of one place stand side by side, places row by row.
    ///
    /// # Panics
    /// When [`validate`](Self::validate) refuses `neurons`.
    #[must_use]
    pub fn mask<E: Element>(&self, sides: [usize; 2], neurons: usize) -> Vec<E> {
        let mut mask = vec![E::ZERO; neurons * sides[0] * sides[1]];
        self.for_each_weight(sides, neurons, |index| mask[index] = E::ONE);
        mask
    }

    /// First weights, drawn as for a layer of as many inputs as a window has pixels; 0 outside the windows.
    ///
    /// Rows and columns, and panics, as of [`mask`](Self::mask).
    #[must_use]
    pub fn weights<E: Element>(
        &self,
        sides: [usize; 2],
        neurons: usize,
        initializer: Initializer,
        seed: u64,
    ) -> Vec<E> {
        let seen = sides.map(|side| self.window.min(side));
        let drawn = initializer.weights::<E>(Shape::new(neurons, seen[0] * seen[1]), 0, seed);
        let mut drawn = drawn.into_iter();
        let mut weights = vec![E::ZERO; neurons * sides[0] * sides[1]];
        self.for_each_weight(sides, neurons, |index| {
            weights[index] = drawn.next().expect("a window has `seen` pixels, so many are drawn");
        });
        weights
    }

    /// Draws `weight` (neurons x pixels) anew, and gives the mask by which it is kept in its windows.
    ///
    /// # Errors
    /// [`ConfigError::Value`] where samples are no images, or what the device reports.
    pub(crate) fn narrow<T: Tensor>(
        &self,
        weight: &mut T,
        sample_shape: &[usize],
        initializer: Initializer,
        seed: u64,
    ) -> Result<T, NetworkError> {
        let &[height, width] = sample_shape else {
            let found = format!("for samples of shape {sample_shape:?}");
            return Err(ConfigError::value("receptive field", found, "for images").into());
        };
        let (sides, shape) = ([height, width], weight.shape());
        weight.write(&self.weights(sides, shape.rows, initializer, seed));
        let device = weight.device().clone();
        Ok(T::from_values(&device, shape, Role::Weight, &self.mask(sides, shape.rows))?)
    }

    /// Calls `visit` with the index of each weight that is there, neuron after neuron.
    fn for_each_weight(&self, sides: [usize; 2], neurons: usize, mut visit: impl FnMut(usize)) {
        self.validate(neurons).expect("the caller has validated the width");
        let [height, width] = sides;
        let in_each_place = neurons / (self.grid * self.grid);
        for neuron in 0..neurons {
            let place = neuron / in_each_place;
            let rows = self.lines(place / self.grid, height);
            let columns = self.lines(place % self.grid, width);
            for row in rows {
                for column in columns.clone() {
                    visit((neuron * height + row) * width + column);
                }
            }
        }
    }

    /// The lines of `side` that a window sees along one axis: about its place, and not beyond the image.
    fn lines(&self, place: usize, side: usize) -> std::ops::Range<usize> {
        let window = self.window.min(side);
        // Twice the middle of the place, so that halves are whole numbers.
        let middle = (2 * place + 1) * side / self.grid;
        let start = (middle.saturating_sub(window) / 2).min(side - window);
        start..start + window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_lie_about_their_places_and_inside_the_image() {
        let fields = ReceptiveFields { window: 8, grid: 14 };
        let lines: Vec<_> = (0..14).map(|place| fields.lines(place, 28)).collect();
        assert_eq!(lines[..4], [0..8, 0..8, 1..9, 3..11]);
        assert_eq!(lines[12..], [20..28, 20..28]);
        let wide = ReceptiveFields { window: 9, grid: 3 };
        assert_eq!(wide.lines(0, 5), 0..5);
        assert_eq!(ReceptiveFields { window: 1, grid: 5 }.lines(2, 5), 2..3);
    }

    #[test]
    fn weights_are_those_of_a_layer_that_sees_nothing_else() {
        let fields = ReceptiveFields { window: 3, grid: 2 };
        let (sides, neurons) = ([5, 7], 12);
        let weights: Vec<f64> = fields.weights(sides, neurons, Initializer::HeUniform, 3);
        let mask: Vec<f64> = fields.mask(sides, neurons);
        let inside: Vec<f64> =
            weights.iter().zip(&mask).filter(|(_, mask)| **mask == 1.0).map(|(w, _)| *w).collect();
        assert_eq!(inside, Initializer::HeUniform.weights::<f64>(Shape::new(12, 9), 0, 3));
        let outside = weights.iter().zip(&mask).filter(|(_, mask)| **mask == 0.0);
        assert!(
            outside.clone().count() == 12 * (35 - 9) && outside.clone().all(|(w, _)| *w == 0.0)
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let refused = |window, grid, neurons| {
            ReceptiveFields { window, grid }.validate(neurons).unwrap_err().to_string()
        };
        assert_eq!(refused(0, 14, 196), "receptive field is 0, must be at least 1");
        assert_eq!(refused(8, 0, 196), "receptive grid is 0, must be from 1 to 4096");
        assert_eq!(
            refused(8, 14, 256),
            "width of the first hidden layer is 256, must be a multiple of 196, the places of a receptive \
             grid of 14"
        );
    }
}
