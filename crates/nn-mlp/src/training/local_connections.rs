//! A locally connected first layer: each of its neurons sees a window of the image in place of all of it.

use crate::settings::LocalWindows;
use nn_core::{ConfigError, Hook, Initializer, Network, NetworkError, Position, TrainError};
use nn_tensor::{Element, Role, Shape, Tensor};
use std::ops::Range;

/// Most windows along a side of the image.
const MOST_WINDOWS: usize = 4096;

/// The [`Hook`] of a locally connected first layer: its neurons lie on a grid over the image, as many at each place, and each
/// is connected to what lies in a square window about its place; all other weights are 0 and stay so.
///
/// Nothing is shared: two neurons have no weight in common, wherever they lie, so this is no convolution but a fully
/// connected layer of which most weights are absent. LeCun ("Generalization and network design strategies", 1989) compares
/// fully connected networks with such ones, and those with ones that share weights.
pub struct LocalConnections<T> {
    windows: LocalWindows,
    /// Height and width of the image.
    sides: [usize; 2],
    /// Row and column in the image of each input of the network.
    places: Vec<[usize; 2]>,
    /// How the weights inside the windows are drawn; `None` keeps those there are.
    draws: Option<(Initializer, u64)>,
    /// 1 for each weight that is there and 0 for the others; made at the beginning.
    mask: Option<T>,
}

impl<T: Tensor> LocalConnections<T> {
    /// Creates the hook for images of these `sides`, of which input i of the network shows `places[i]` (row and column).
    /// Weights inside the windows are drawn anew, as for a layer that has no others.
    #[must_use]
    pub fn new(
        windows: LocalWindows,
        sides: [usize; 2],
        places: Vec<[usize; 2]>,
        (initializer, seed): (Initializer, u64),
    ) -> Self {
        Self { windows, sides, places, draws: Some((initializer, seed)), mask: None }
    }

    /// Returns the hook that keeps the weights inside the windows, for a network that was trained before.
    #[must_use]
    pub fn keeping_weights(self) -> Self {
        Self { draws: None, ..self }
    }
}

impl<T: Tensor> Hook<T> for LocalConnections<T> {
    fn name(&self) -> &'static str {
        "local-connections"
    }

    fn begin(&mut self, network: &mut Network<T>) -> Result<(), NetworkError> {
        let device = network.device().clone();
        let Some(first) = network.layers_mut().first_mut() else { return Ok(()) };
        let weight = &mut first.weight;
        let shape = weight.shape();
        validate(self.windows, shape.rows)?;
        let (has, needs) = (self.places.len(), shape.columns);
        ConfigError::check("places of inputs", has, has == needs, &needs.to_string())?;
        let mask: Vec<T::Elem> = mask_of(self.windows, self.sides, &self.places, shape.rows);
        if let Some((initializer, seed)) = self.draws {
            weight.write(&masked_weights(&mask, shape, initializer, seed));
        }
        let mask = T::from_values(&device, shape, Role::Weight, &mask)?;
        weight.multiply_elements(&mask);
        self.mask = Some(mask);
        Ok(())
    }

    fn after_step(&mut self, network: &mut Network<T>, _: Position) -> Result<(), TrainError> {
        if let (Some(mask), Some(first)) = (&self.mask, network.layers_mut().first_mut()) {
            first.weight.multiply_elements(mask);
        }
        Ok(())
    }
}

/// Checks that window and grid are in their range, and that `neurons`, the width of the first hidden layer, go evenly onto
/// the grid.
fn validate(windows: LocalWindows, neurons: usize) -> Result<(), ConfigError> {
    let LocalWindows { window, grid } = windows;
    ConfigError::check("window", window, window > 0, "at least 1")?;
    ConfigError::check("grid", grid, (1..=MOST_WINDOWS).contains(&grid), "from 1 to 4096")?;
    let places = grid * grid;
    let even = neurons > 0 && neurons.is_multiple_of(places);
    let allowed = format!("a multiple of {places}, for a grid of {grid} x {grid} windows");
    ConfigError::check("width of the first hidden layer", neurons, even, &allowed)
}

/// Returns the rows and columns of an image (its `sides`: height and width) that the neurons of `place` see, places being
/// counted row by row: those about it, and none beyond the image.
fn window_of(windows: LocalWindows, place: usize, sides: [usize; 2]) -> [Range<usize>; 2] {
    let lines = |place: usize, side: usize| {
        let window = windows.window.min(side);
        // Twice the middle of the place, so that halves are whole numbers.
        let middle = (2 * place + 1) * side / windows.grid;
        let start = (middle.saturating_sub(window) / 2).min(side - window);
        start..start + window
    };
    [lines(place / windows.grid, sides[0]), lines(place % windows.grid, sides[1])]
}

/// Returns 1 for each weight that is there and 0 for the others: `neurons` rows, those of one place side by side, and a
/// column for each input.
fn mask_of<E: Element>(
    windows: LocalWindows,
    sides: [usize; 2],
    places: &[[usize; 2]],
    neurons: usize,
) -> Vec<E> {
    let at_each_place = neurons / (windows.grid * windows.grid);
    let mut mask = Vec::with_capacity(neurons * places.len());
    for neuron in 0..neurons {
        let [rows, columns] = window_of(windows, neuron / at_each_place, sides);
        let sees = |&[row, column]: &[usize; 2]| rows.contains(&row) && columns.contains(&column);
        mask.extend(places.iter().map(|place| if sees(place) { E::ONE } else { E::ZERO }));
    }
    mask
}

/// Draws weights where `mask` (of this shape) is 1, as for a layer of as many inputs as the neuron with most of them has;
/// the others are 0.
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
        let windows = LocalWindows { window: 8, grid: 14 };
        let down = |place: usize| window_of(windows, 14 * place + 13, [28, 28]);
        for (place, rows) in [(0, 0..8), (1, 0..8), (2, 1..9), (3, 3..11), (12, 20..28)] {
            assert_eq!(down(place), [rows, 20..28]);
        }
        let wide = LocalWindows { window: 9, grid: 3 };
        assert_eq!(window_of(wide, 0, [5, 5]), [0..5, 0..5]);
        let narrow = LocalWindows { window: 1, grid: 5 };
        assert_eq!(window_of(narrow, 7, [5, 10]), [1..2, 4..5]);
    }

    #[test]
    fn a_mask_is_1_where_the_window_is() {
        let windows = LocalWindows { window: 2, grid: 2 };
        let mask: Vec<f32> = mask_of(windows, [4, 4], &pixels(4, 4), 8);
        let first = [1., 1., 0., 0., 1., 1., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.];
        assert_eq!((&mask[..16], &mask[16..32]), (&first[..], &first[..]));
        let last: Vec<f32> = first.into_iter().rev().collect();
        assert_eq!(mask[112..], last);
    }

    #[test]
    fn weights_are_those_of_a_layer_that_sees_nothing_else() {
        let windows = LocalWindows { window: 3, grid: 2 };
        let mask: Vec<f64> = mask_of(windows, [5, 7], &pixels(5, 7), 12);
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
            validate(LocalWindows { window, grid }, neurons).unwrap_err().to_string()
        };
        assert_eq!(refused(0, 14, 196), "window is 0, must be at least 1");
        assert_eq!(refused(8, 0, 196), "grid is 0, must be from 1 to 4096");
        assert_eq!(
            refused(8, 14, 256),
            "width of the first hidden layer is 256, must be a multiple of 196, for a grid of 14 x 14 windows"
        );
    }
}
