//! A first layer whose neurons see a window of the image each, in place of all of it.

use crate::{ConfigError, Initializer, NetworkError, TrainingConfig};
use nn_images::GradientEncoder;
use nn_tensor::{Element, Role, Shape, Tensor};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Local receptive fields of the first hidden layer: its neurons lie on a grid over the image, as many in each
/// place, and each is joined to what lies in a square window about its place; the weights of all other inputs are
/// 0 and stay so.
///
/// Nothing is shared: two neurons have no weight in common, wherever they lie, so this is no convolution but a
/// fully connected layer of which most weights are not there. What a pixel means is told by the pixels next to
/// it, and a network that need not find that out learns it from fewer images. LeCun ("Generalization and network
/// design strategies", 1989) compares fully connected networks with such ones, and those with ones that share weights.
///
/// ```
/// use nn_core::ReceptiveFields;
/// // Four places on an image of 4 x 4 pixels, each of which sees 2 x 2 of them.
/// let fields = ReceptiveFields { window: 2, grid: 2 };
/// assert_eq!(fields.window_of(0, [4, 4]), [0..2, 0..2]);
/// assert_eq!(fields.window_of(1, [4, 4]), [0..2, 2..4]);
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

    /// Rows and columns of an image (its `sides`: height and width) that the neurons of `place` see, places being
    /// counted row by row: those about it, and none beyond the image.
    #[must_use]
    pub fn window_of(&self, place: usize, sides: [usize; 2]) -> [Range<usize>; 2] {
        let lines = |place: usize, side: usize| {
            let window = self.window.min(side);
            // Twice the middle of the place, so that halves are whole numbers.
            let middle = (2 * place + 1) * side / self.grid;
            let start = (middle.saturating_sub(window) / 2).min(side - window);
            start..start + window
        };
        [lines(place / self.grid, sides[0]), lines(place % self.grid, sides[1])]
    }

    /// Draws `weight` (neurons x inputs) anew, and gives the mask by which it is kept in its windows. Neurons of
    /// one place stand side by side.
    ///
    /// # Errors
    /// [`ConfigError::Value`] where samples are no images, or what the device reports.
    pub(crate) fn narrow<T: Tensor>(
        &self,
        weight: &mut T,
        config: &TrainingConfig,
        sample_shape: &[usize],
    ) -> Result<T, NetworkError> {
        let &[height, width] = sample_shape else {
            let found = format!("for samples of shape {sample_shape:?}");
            return Err(ConfigError::value("receptive field", found, "for images").into());
        };
        let places = if config.directions {
            GradientEncoder::places(height, width, config.second_order_directions)
        } else {
            (0..height * width).map(|pixel| [pixel / width, pixel % width]).collect()
        };
        let (sides, shape) = ([height, width], weight.shape());
        let mask: Vec<T::Elem> = self.mask(sides, &places, shape.rows);
        weight.write(&masked_weights(&mask, shape, config.initializer, config.seed));
        let device = weight.device().clone();
        Ok(T::from_values(&device, shape, Role::Weight, &mask)?)
    }

    /// 1 for each weight that is there and 0 for the others: `neurons` rows, and a column for each input, which
    /// lies where `places` says (row and column of an image of these `sides`).
    fn mask<E: Element>(&self, sides: [usize; 2], places: &[[usize; 2]], neurons: usize) -> Vec<E> {
        let in_each_place = neurons / (self.grid * self.grid);
        let mut mask = Vec::with_capacity(neurons * places.len());
        for neuron in 0..neurons {
            let [rows, columns] = self.window_of(neuron / in_each_place, sides);
            let sees =
                |&[row, column]: &[usize; 2]| rows.contains(&row) && columns.contains(&column);
            mask.extend(places.iter().map(|place| if sees(place) { E::ONE } else { E::ZERO }));
        }
        mask
    }
}

/// First weights, where `mask` (of this shape) is 1, drawn as for a layer of as many inputs as the neuron with
/// most of them has; 0 elsewhere.
fn masked_weights<E: Element>(
    mask: &[E],
    shape: Shape,
    initializer: Initializer,
    seed: u64,
) -> Vec<E> {
    let seen = |row: &[E]| row.iter().filter(|&&mask| mask == E::ONE).count();
    let most = mask.chunks_exact(shape.columns).map(seen).max().unwrap_or(0);
    let mut drawn = initializer.weights::<E>(Shape::new(shape.rows, most), 0, seed).into_iter();
    // No row has more than `most`, so there are enough of them.
    let draw = |mask: &E| if *mask == E::ONE { drawn.next().unwrap_or(E::ZERO) } else { E::ZERO };
    mask.iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(height: usize, width: usize) -> Vec<[usize; 2]> {
        (0..height).flat_map(|row| (0..width).map(move |column| [row, column])).collect()
    }

    #[test]
    fn windows_lie_about_their_places_and_inside_the_image() {
        let fields = ReceptiveFields { window: 8, grid: 14 };
        let down = |place: usize| fields.window_of(14 * place + 13, [28, 28]);
        for (place, rows) in [(0, 0..8), (1, 0..8), (2, 1..9), (3, 3..11), (12, 20..28)] {
            assert_eq!(down(place), [rows, 20..28]);
        }
        let wide = ReceptiveFields { window: 9, grid: 3 };
        assert_eq!(wide.window_of(0, [5, 5]), [0..5, 0..5]);
        assert_eq!(ReceptiveFields { window: 1, grid: 5 }.window_of(7, [5, 10]), [1..2, 4..5]);
    }

    #[test]
    fn a_mask_is_1_where_the_window_is() {
        let fields = ReceptiveFields { window: 2, grid: 2 };
        let mask: Vec<f32> = fields.mask([4, 4], &pixels(4, 4), 8);
        let first = [1., 1., 0., 0., 1., 1., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.];
        assert_eq!((&mask[..16], &mask[16..32]), (&first[..], &first[..]));
        let last: Vec<f32> = first.into_iter().rev().collect();
        assert_eq!(mask[112..], last);
    }

    #[test]
    fn weights_are_those_of_a_layer_that_sees_nothing_else() {
        let fields = ReceptiveFields { window: 3, grid: 2 };
        let mask: Vec<f64> = fields.mask([5, 7], &pixels(5, 7), 12);
        let weights = masked_weights(&mask, Shape::new(12, 35), Initializer::HeUniform, 3);
        let (inside, outside): (Vec<_>, Vec<_>) =
            weights.iter().zip(&mask).partition(|(_, mask)| **mask == 1.0);
        let inside: Vec<f64> = inside.into_iter().map(|(weight, _)| *weight).collect();
        assert_eq!(inside, Initializer::HeUniform.weights::<f64>(Shape::new(12, 9), 0, 3));
        assert!(
            outside.len() == 12 * (35 - 9) && outside.iter().all(|(weight, _)| **weight == 0.0)
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
