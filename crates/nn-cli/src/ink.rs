//! Where the ink is in a grey picture: paper and light are taken away, specks are dropped.

use crate::grey::{Grey, quantile};

/// Whether the digit is darker or lighter than what it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polarity {
    /// Black on white; MNIST is white on black, so this is inverted.
    DarkOnLight,
    /// White on black, as MNIST is.
    LightOnDark,
}

/// The share of ink in each pixel (1 is full), and how it was told from the paper.
#[derive(Clone, Debug)]
pub(crate) struct Ink {
    pub(crate) share: Grey,
    pub(crate) polarity: Polarity,
}

/// Differences of brightness below this are paper, dust and noise: the picture is blank.
const FAINTEST_INK: f32 = 0.125;
/// Share of pixels that may be darker than what counts as full ink.
const DARKEST: f64 = 0.9995;
/// From this share on, a pixel belongs to a stroke.
pub(crate) const STROKE: f32 = 0.2;
/// A patch with less ink than this share of the largest patch's is a speck.
const SPECK: f32 = 0.03;

/// Finds the ink; `None` for a blank picture.
pub(crate) fn find_ink(picture: &Grey) -> Option<Ink> {
    let (difference, noise) = against_paper(picture);
    let polarity = polarity(&difference);
    let sign = if polarity == Polarity::DarkOnLight { -1.0 } else { 1.0 };
    let ink = difference.pixels.iter().map(|&value| (sign * value - noise).max(0.0));
    let mut share = Grey { pixels: ink.collect(), ..difference };

    let darkest = quantile(share.pixels.iter().copied(), DARKEST);
    if darkest < FAINTEST_INK {
        return None;
    }
    // A stroke's usual darkness, so that one dark spot does not pale the rest.
    let strokes = share.pixels.iter().copied().filter(|&ink| ink >= darkest / 2.0);
    let full = quantile(strokes, 0.5);
    for ink in &mut share.pixels {
        *ink = (*ink / full).min(1.0);
    }
    drop_specks(&mut share);
    Some(Ink { share, polarity })
}

/// Brightness above (+) or below (-) the paper at each pixel, and how much the paper itself varies.
///
/// The paper is a plane fitted to the border, so that light from one side does no harm.
fn against_paper(picture: &Grey) -> (Grey, f32) {
    let median = quantile(picture.border().map(|(_, _, brightness)| brightness), 0.5);
    // What is far from the median is no paper: a stroke that runs over the edge.
    let paper: Vec<_> =
        picture.border().filter(|(_, _, brightness)| (brightness - median).abs() < 0.2).collect();
    let plane = fit_plane(picture, &paper);
    let level = |x: usize, y: usize| plane[0] + plane[1] * x as f32 + plane[2] * y as f32;
    let deviation = paper.iter().map(|&(x, y, brightness)| (brightness - level(x, y)).abs());
    let noise = 3.0 * quantile(deviation, 0.5);
    let mut difference = picture.clone();
    for (index, value) in difference.pixels.iter_mut().enumerate() {
        *value -= level(index % picture.width, index / picture.width);
    }
    (difference, noise)
}

/// Least squares of a + b x + c y on a ring, on which x and y are nearly uncorrelated.
fn fit_plane(picture: &Grey, ring: &[(usize, usize, f32)]) -> [f32; 3] {
    let count = ring.len().max(1) as f32;
    let mean = |of: fn(&(usize, usize, f32)) -> f32| ring.iter().map(of).sum::<f32>() / count;
    let (mean_x, mean_y) = (mean(|p| p.0 as f32), mean(|p| p.1 as f32));
    let brightness = mean(|p| p.2);
    // A slope needs a picture that is more than a few pixels wide.
    if picture.width < 8 || picture.height < 8 {
        return [brightness, 0.0, 0.0];
    }
    let slope = |of: &dyn Fn(&(usize, usize, f32)) -> f32| {
        let along: f32 = ring.iter().map(|p| of(p) * (p.2 - brightness)).sum();
        let squares: f32 = ring.iter().map(|p| of(p) * of(p)).sum();
        if squares > 0.0 { along / squares } else { 0.0 }
    };
    let x_slope = slope(&|p| p.0 as f32 - mean_x);
    let y_slope = slope(&|p| p.1 as f32 - mean_y);
    [brightness - x_slope * mean_x - y_slope * mean_y, x_slope, y_slope]
}

/// The side with the stronger contrast is the ink: squares let a small dark stroke outweigh wide,
/// faint light, and what is too faint for ink (a vignette, a shadow) has no say.
fn polarity(difference: &Grey) -> Polarity {
    let squares = |keep: fn(f32) -> bool| -> f64 {
        let kept = difference.pixels.iter().filter(|&&value| keep(value));
        kept.map(|&value| f64::from(value * value)).sum()
    };
    if squares(|value| value <= -FAINTEST_INK) > squares(|value| value >= FAINTEST_INK) {
        Polarity::DarkOnLight
    } else {
        Polarity::LightOnDark
    }
}

/// Clears every connected patch of ink that is small beside the largest.
fn drop_specks(share: &mut Grey) {
    let (patch_of, ink_of) = patches(share);
    let largest = ink_of.iter().copied().fold(0.0, f32::max);
    for (ink, patch) in share.pixels.iter_mut().zip(patch_of) {
        if patch.is_some_and(|patch| ink_of[patch] < SPECK * largest) {
            *ink = 0.0;
        }
    }
}

/// The patch of each stroke pixel (touching, corners included), and the ink in each patch.
fn patches(share: &Grey) -> (Vec<Option<usize>>, Vec<f32>) {
    let mut patch_of = vec![None; share.pixels.len()];
    let mut ink_of: Vec<f32> = Vec::new();
    let mut open = Vec::new();
    for start in 0..share.pixels.len() {
        if share.pixels[start] < STROKE || patch_of[start].is_some() {
            continue;
        }
        let patch = ink_of.len();
        ink_of.push(0.0);
        patch_of[start] = Some(patch);
        open.push(start);
        while let Some(pixel) = open.pop() {
            ink_of[patch] += share.pixels[pixel];
            for neighbour in neighbours(share, pixel) {
                if share.pixels[neighbour] >= STROKE && patch_of[neighbour].is_none() {
                    patch_of[neighbour] = Some(patch);
                    open.push(neighbour);
                }
            }
        }
    }
    (patch_of, ink_of)
}

/// The pixel itself and the up to eight around it.
fn neighbours(picture: &Grey, pixel: usize) -> impl Iterator<Item = usize> + use<> {
    let (width, height) = (picture.width, picture.height);
    let (x, y) = (pixel % width, pixel / width);
    let columns = x.saturating_sub(1)..=(x + 1).min(width - 1);
    let rows = y.saturating_sub(1)..=(y + 1).min(height - 1);
    rows.flat_map(move |row| columns.clone().map(move |column| row * width + column))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bar of `ink` on paper whose brightness at (x, y) is `paper`.
    fn bar(size: usize, ink: f32, paper: impl Fn(usize, usize) -> f32) -> Grey {
        let mut picture = Grey::filled(size, size, 0.0);
        for y in 0..size {
            for x in 0..size {
                let on_bar = x.abs_diff(size / 2) < size / 10 && y.abs_diff(size / 2) < size / 4;
                picture.pixels[y * size + x] = if on_bar { ink } else { paper(x, y) };
            }
        }
        picture
    }

    #[test]
    fn polarity_follows_the_paper() {
        let dark = find_ink(&bar(40, 0.1, |_, _| 0.9)).unwrap();
        assert_eq!(dark.polarity, Polarity::DarkOnLight);
        let light = find_ink(&bar(40, 1.0, |_, _| 0.0)).unwrap();
        assert_eq!(light.polarity, Polarity::LightOnDark);
        assert_eq!(dark.share, light.share);
    }

    #[test]
    fn light_from_one_side_leaves_no_ink_on_the_paper() {
        let ink = find_ink(&bar(40, 0.1, |x, _| 0.5 + 0.01 * x as f32)).unwrap();
        assert!(ink.share.at(1, 1) < STROKE && ink.share.at(38, 38) < STROKE);
        assert!(ink.share.at(20, 20) > 0.9);
    }

    #[test]
    fn a_small_digit_outweighs_wide_faint_light() {
        // Paper that is a little lighter in the middle than at the border, all over.
        let mut picture = Grey::filled(200, 200, 0.7);
        for (index, value) in picture.pixels.iter_mut().enumerate() {
            let (x, y) = (index % 200, index / 200);
            let bar = (100..106).contains(&x) && (90..115).contains(&y);
            let middle = (25..175).contains(&x) && (25..175).contains(&y);
            *value = if bar {
                0.4
            } else if middle {
                0.78
            } else {
                0.7
            };
        }
        assert_eq!(find_ink(&picture).unwrap().polarity, Polarity::DarkOnLight);
    }

    #[test]
    fn paper_alone_is_blank() {
        assert!(find_ink(&Grey::filled(30, 20, 0.7)).is_none());
        assert!(find_ink(&bar(40, 0.75, |_, _| 0.7)).is_none());
        assert!(find_ink(&Grey::filled(1, 1, 0.0)).is_none());
    }

    #[test]
    fn a_speck_is_dropped() {
        let mut picture = bar(40, 0.0, |_, _| 1.0);
        picture.pixels[2 * 40 + 2] = 0.0;
        assert_eq!(find_ink(&picture).unwrap().share.at(2, 2), 0.0);
    }
}
