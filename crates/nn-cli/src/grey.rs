//! A grey picture: 0 is black, 1 is white.

/// Brightness of each pixel, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grey {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<f32>,
}

impl Grey {
    /// A picture of one brightness.
    #[cfg(test)]
    pub(crate) fn filled(width: usize, height: usize, brightness: f32) -> Self {
        Self { width, height, pixels: vec![brightness; width * height] }
    }

    #[cfg(test)]
    pub(crate) fn at(&self, x: usize, y: usize) -> f32 {
        self.pixels[y * self.width + x]
    }

    /// The pixels within a tenth of the shorter side of an edge: (x, y, brightness).
    pub(crate) fn border(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        let (width, height) = (self.width, self.height);
        let ring = (width.min(height) / 10).max(1);
        let inside = move |at: usize, size: usize| at >= ring && at + ring < size;
        self.pixels.iter().enumerate().filter_map(move |(index, &brightness)| {
            let (x, y) = (index % width, index / width);
            (!(inside(x, width) && inside(y, height))).then_some((x, y, brightness))
        })
    }
}

/// The value that `share` of `values` do not exceed; 0.5 is the median. 0 where there are none.
pub(crate) fn quantile(values: impl IntoIterator<Item = f32>, share: f64) -> f32 {
    let mut sorted: Vec<f32> = values.into_iter().collect();
    if sorted.is_empty() {
        return 0.0;
    }
    let rank = ((sorted.len() - 1) as f64 * share).round() as usize;
    *sorted.select_nth_unstable_by(rank, f32::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_a_few_values() {
        assert_eq!(quantile([3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile([3.0, 1.0, 2.0], 1.0), 3.0);
        assert_eq!(quantile([], 0.5), 0.0);
    }

    #[test]
    fn the_border_is_a_ring() {
        let picture = Grey::filled(5, 4, 0.5);
        assert_eq!(picture.border().count(), 20 - 3 * 2);
        assert_eq!(Grey::filled(1, 1, 0.0).border().count(), 1);
    }
}
