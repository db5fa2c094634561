//! Numbers and images that look random and are always the same.

/// Pseudo-random numbers from [0, 1): Knuth's MMIX generator.
pub(crate) fn numbers(seed: u64, len: usize) -> impl Iterator<Item = f64> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5eed;
    (0..len).map(move |_| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 41) as f64 / f64::from(1_u32 << 23)
    })
}

/// Images with the zeros that written digits have: a blank rim, blank surroundings, strokes.
pub(crate) fn images(count: usize, width: usize) -> Vec<u8> {
    let noise: Vec<f64> = numbers(77, count).collect();
    let mut images = Vec::with_capacity(count * width);
    for &unit in &noise {
        let (start, end) = (width / 10 + (unit * 0.4 * width as f64) as usize, width - width / 10);
        for column in 0..width {
            let stroke = (start..end).contains(&column) && (column * 7 + start) % 13 < 4;
            images.push(if stroke { (40 + (column * 31) % 216) as u8 } else { 0 });
        }
    }
    images
}
