//! Numbers split at the point.

/// The greatest integer that is not above `value`, from 0 to 2²² of them, and the rest. Conversion by `as` goes one
/// by one on many processors, this several at a time.
pub(crate) fn whole_and_rest(value: f32) -> (u32, f32) {
    /// From 2²³ on numbers are 1 apart, and their last 23 bits count them.
    const APART_BY_ONE: f32 = 8_388_608.0;
    let nearest = (value + APART_BY_ONE) - APART_BY_ONE;
    let whole = if nearest > value { nearest - 1.0 } else { nearest };
    ((whole + APART_BY_ONE).to_bits() & 0x7f_ffff, value - whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the standard library's `floor`.
    #[test]
    fn wholes_and_rests_are_those_of_floor() {
        let edges =
            [0.0, 0.25, 0.49999997, 0.5, 0.99999994, 1.0, 28.999998, 4098.9995, 4_194_304.0];
        for value in edges.into_iter().chain((0..10_000).map(|number| number as f32 * 0.37)) {
            let (whole, rest) = whole_and_rest(value);
            assert_eq!((whole as f32, rest), (value.floor(), value - value.floor()), "{value}");
        }
    }
}
