//! eˣ on whole registers.
//!
//! x is cut into n ln 2 + r with |r| at most half of ln 2; eʳ is its Taylor series, and 2ⁿ goes into
//! the exponent. The error is below 2 units in the last place wherever the result is a normal number
//! (tests); what overflows is infinite, what underflows is 0, and NaN stays NaN.

use crate::vector::Register;
use nn_tensor::Element;

/// What the exponential needs of a number type.
pub trait ExpRange: Element {
    /// eˣ is 0 below, and infinite above: x is moved into this range first.
    const LEAST: Self;
    /// See [`LEAST`](Self::LEAST).
    const GREATEST: Self;
    /// ln 2 in two parts, the first so short that its products with n are exact.
    const LN_2: [Self; 2];
    /// Terms of the series after which nothing is left to add.
    const TERMS: usize;

    /// Times 2 to the power of a whole number; see [`Exponential`].
    fn times_power_of_two(self, exponent: Self) -> Self;
}

impl ExpRange for f32 {
    const LEAST: Self = -104.0;
    const GREATEST: Self = 89.0;
    const LN_2: [Self; 2] = [0.693_359_4, -2.121_944_4e-4];
    const TERMS: usize = 8;

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        let power = |exponent: i32| Self::from_bits(((exponent + 127) as u32) << 23);
        let half = exponent as i32 >> 1; // NaN is 0, and stays NaN by self
        self * power(half) * power(exponent as i32 - half)
    }
}

impl ExpRange for f64 {
    const LEAST: Self = -746.0;
    const GREATEST: Self = 710.0;
    const LN_2: [Self; 2] = [0.693_147_180_369_123_8, 1.908_214_929_270_587_7e-10];
    const TERMS: usize = 14;

    #[inline(always)]
    fn times_power_of_two(self, exponent: Self) -> Self {
        let power = |exponent: i64| Self::from_bits(((exponent + 1023) as u64) << 52);
        let half = exponent as i64 >> 1;
        self * power(half) * power(exponent as i64 - half)
    }
}

/// What the exponential needs of a register besides arithmetic.
pub(crate) trait Exponential: Register<Elem: ExpRange> {
    /// Into the range from [`LEAST`](ExpRange::LEAST) to [`GREATEST`](ExpRange::GREATEST); NaN stays NaN.
    fn clamp(self) -> Self;
    /// To the nearest whole number.
    fn round(self) -> Self;
    /// Times 2 to this power, a whole number; taken in two steps, so that results at both ends of the
    /// range of numbers come out right.
    fn times_power_of_two(self, exponent: Self) -> Self;
}

/// eˣ of each number.
#[inline(always)]
pub(crate) fn exponential<V: Exponential>(x: V) -> V {
    let (n, r) = reduce(x);
    let one = V::splat(V::Elem::from_f64(1.0));
    series(r).mul_add(r, one).times_power_of_two(n)
}

/// eˣ - 1 of each number: 2ⁿ (eʳ - 1) + (2ⁿ - 1), in which nothing cancels near 0, where n is 0.
#[inline(always)]
pub(crate) fn exponential_minus_one<V: Exponential>(x: V) -> V {
    let (n, r) = reduce(x);
    let one = V::splat(V::Elem::from_f64(1.0));
    let rest = one.times_power_of_two(n).sub(one);
    series(r).mul(r).times_power_of_two(n).add(rest)
}

/// n and r of x = n ln 2 + r.
#[inline(always)]
fn reduce<V: Exponential>(x: V) -> (V, V) {
    let x = x.clamp();
    let n = x.mul(V::splat(V::Elem::from_f64(std::f64::consts::LOG2_E))).round();
    let minus_n = V::splat(V::Elem::ZERO).sub(n);
    let r = minus_n.mul_add(V::splat(V::Elem::LN_2[0]), x);
    (n, minus_n.mul_add(V::splat(V::Elem::LN_2[1]), r))
}

/// (eʳ - 1) / r = Σ rᵏ / (k + 1)!, from the last term on.
#[inline(always)]
fn series<V: Exponential>(r: V) -> V {
    let constant = |value: f64| V::splat(V::Elem::from_f64(value));
    let mut sum = constant(INVERSE_FACTORIALS[V::Elem::TERMS - 1]);
    for inverse in INVERSE_FACTORIALS[1..V::Elem::TERMS - 1].iter().rev() {
        sum = sum.mul_add(r, constant(*inverse));
    }
    sum
}

/// 1 / k!.
const INVERSE_FACTORIALS: [f64; 14] = {
    let mut inverses = [1.0; 14];
    let mut k = 1;
    while k < inverses.len() {
        inverses[k] = inverses[k - 1] / k as f64;
        k += 1;
    }
    inverses
};

#[cfg(test)]
mod tests {
    use crate::element::KernelElement;
    use crate::simd::{Instructions, Simd};
    use crate::vector::{Kernel, Vector};

    /// eˣ in place, or eˣ - 1.
    struct InPlace<'a, E>(&'a mut [E], bool);

    impl<E: KernelElement> Kernel<E> for InPlace<'_, E> {
        #[inline(always)]
        #[allow(unsafe_code, reason = "chunks of a whole register")]
        fn run<V: Vector<Elem = E>>(self) {
            for chunk in self.0.chunks_mut(V::LANES) {
                let mut line = [E::ZERO; 16];
                line[..chunk.len()].copy_from_slice(chunk);
                // SAFETY: a line has at most sixteen numbers.
                unsafe {
                    let x = V::load(line.as_ptr());
                    let result = if self.1 { x.exp_m1() } else { x.exp() };
                    result.store(line.as_mut_ptr());
                }
                chunk.copy_from_slice(&line[..chunk.len()]);
            }
        }
    }

    /// What the widest registers give; all others that round once must give the same bytes.
    fn in_place<E: KernelElement + std::fmt::Debug>(values: &mut [E], less_one: bool) {
        let given = values.to_vec();
        for (index, simd) in Simd::available().enumerate() {
            let mut result = given.clone();
            E::dispatch(simd, InPlace(&mut result, less_one));
            if index == 0 {
                values.copy_from_slice(&result);
            } else if simd.instructions() != Instructions::Portable {
                assert!(
                    result.iter().zip(&*values).all(|(a, b)| a == b || a.is_nan() && b.is_nan())
                );
            }
        }
    }

    fn exp<E: KernelElement + std::fmt::Debug>(x: &[E]) -> Vec<E> {
        let mut values = x.to_vec();
        in_place(&mut values, false);
        values
    }

    #[test]
    fn f32_is_within_two_units_of_the_truth() {
        let x: Vec<f32> =
            (0..1_500_000).map(|i| -87.0 + i as f32 * (175.5 / 1_500_000.0)).collect();
        for (&x, result) in x.iter().zip(exp(&x)) {
            let truth = f64::from(x).exp();
            let unit = f64::from(truth as f32).abs() * f64::from(f32::EPSILON);
            assert!((f64::from(result) - truth).abs() <= 2.0 * unit, "{x}: {result} for {truth}");
        }
    }

    #[test]
    fn f64_is_within_two_units_of_the_standard_library() {
        let x: Vec<f64> = (0..1_000_000).map(|i| -708.0 + f64::from(i) * (1417.0 / 1e6)).collect();
        for (&x, result) in x.iter().zip(exp(&x)) {
            let truth = x.exp();
            assert!((result - truth).abs() <= 2.0 * truth * f64::EPSILON, "{x}: {result}");
        }
    }

    #[test]
    fn less_one_is_within_three_units_near_zero_and_far() {
        let small: Vec<f64> = (0..4000).map(|i| -1e-12 * 1.01_f64.powi(i % 2000)).collect();
        let large: Vec<f64> = (0..4000).map(|i| -f64::from(i) * 0.01).collect();
        for x in small.iter().chain(&large).copied().collect::<Vec<_>>().as_chunks::<8>().0 {
            let (mut double, mut single) = (*x, x.map(|x| x as f32));
            let exact = single.map(|x| f64::from(x).exp_m1());
            in_place(&mut double, true);
            in_place(&mut single, true);
            for lane in 0..8 {
                let truth = x[lane].exp_m1();
                assert!((double[lane] - truth).abs() <= 3.0 * truth.abs() * f64::EPSILON);
                let error = (f64::from(single[lane]) - exact[lane]).abs();
                assert!(error <= 3.0 * exact[lane].abs() * f64::from(f32::EPSILON));
            }
        }
    }

    #[test]
    fn ends_of_the_range() {
        let x = [f32::NEG_INFINITY, -1e30, -103.0, -0.0, 0.0, 88.7, 89.0, f32::INFINITY];
        let results = exp(&x);
        assert_eq!(results[..2], [0.0, 0.0]);
        assert!(results[2] < f32::MIN_POSITIVE);
        assert_eq!(results[3..5], [1.0, 1.0]);
        assert!(results[5].is_finite());
        assert_eq!(results[6..], [f32::INFINITY; 2]);
        assert!(exp(&[f32::NAN; 8]).iter().all(|result| result.is_nan()));
        let x = [f64::NEG_INFINITY, -800.0, 0.0, 710.0, f64::INFINITY, f64::NAN, 1.0, -1.0];
        let results = exp(&x);
        assert_eq!(results[..5], [0.0, 0.0, 1.0, f64::INFINITY, f64::INFINITY]);
        assert!(results[5].is_nan());
    }
}
