//! What some numbers say about those that were not measured: intervals of means, and whether two
//! classifiers differ.

/// Mean and spread of a few measurements, such as the accuracies of trainings that differ in their
/// seed alone.
///
/// ```
/// let summary = nn_mlp::Summary::of(&[0.981, 0.979, 0.980]).unwrap();
/// assert!((summary.mean - 0.980).abs() < 1e-12);
/// let (low, high) = summary.interval().unwrap();
/// assert!(low < 0.979 && high > 0.981); // three seeds say little
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many there are.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, as an estimate (divided by count - 1); `None` for a single one.
    pub deviation: Option<f64>,
}

impl Summary {
    /// Of these numbers; `None` where there is none.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Option<Self> {
        let count = numbers.len();
        if count == 0 {
            return None;
        }
        let mean = numbers.iter().sum::<f64>() / count as f64;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        let deviation = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { count, mean, deviation })
    }

    /// Where the mean of endlessly many would lie, with 95 % confidence, if they are normally
    /// distributed: mean ± t s / √n with Student's t. `None` for a single number.
    #[must_use]
    pub fn interval(&self) -> Option<(f64, f64)> {
        let half = student_quantile(self.count - 1) * self.deviation? / (self.count as f64).sqrt();
        Some((self.mean - half, self.mean + half))
    }
}

/// The t beyond which, in both directions together, 5 % of Student's distribution with `freedom`
/// degrees of freedom lie.
fn student_quantile(freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 13.0); // 12.706 is the largest, at one degree of freedom
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if student_tails(middle, freedom) > 0.05 { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Share of Student's distribution beyond ±t: the finite sums for whole degrees of freedom
/// (Abramowitz and Stegun 26.7.3 and 26.7.4).
fn student_tails(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2 == 1;
    let (mut term, mut sum) = if odd { (cosine, cosine) } else { (1.0, 1.0) };
    let mut power = if odd { 3 } else { 2 };
    while power < freedom {
        term *= cosine * cosine * (power - 1) as f64 / power as f64;
        sum += term;
        power += 2;
    }
    let within = match (odd, freedom) {
        (true, 1) => angle * std::f64::consts::FRAC_2_PI,
        (true, _) => (angle + sine * sum) * std::f64::consts::FRAC_2_PI,
        (false, _) => sine * sum,
    };
    1.0 - within
}

/// Do two classifiers, tested on the same samples, differ? McNemar's test in its exact form.
///
/// Samples that both answer rightly, or both wrongly, say nothing about which is better. If neither
/// is, each of the others is as likely to be right for one as for the other: a fair coin.
///
/// ```
/// let test = nn_mlp::McNemar { only_first_right: 1, only_second_right: 8 };
/// assert!((test.p_value() - 0.0390625).abs() < 1e-12); // 2 (1 + 9) / 2⁹
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct McNemar {
    /// Samples that the first answers rightly and the second wrongly.
    pub only_first_right: usize,
    /// And the other way round.
    pub only_second_right: usize,
}

impl McNemar {
    /// How likely a difference at least this large would be if there were none: two-sided, at most 1.
    #[must_use]
    pub fn p_value(&self) -> f64 {
        let (fewer, total) = (
            self.only_first_right.min(self.only_second_right),
            self.only_first_right + self.only_second_right,
        );
        // ln C(total, k) - total ln 2, from k to k + 1 by the quotient of neighbouring coefficients.
        let mut logarithm = -(total as f64) * std::f64::consts::LN_2;
        let mut sum = 0.0;
        for k in 0..=fewer {
            sum += logarithm.exp();
            logarithm += ((total - k) as f64 / (k + 1) as f64).ln();
        }
        (2.0 * sum).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of Student's distribution that every textbook has.
    #[test]
    fn quantiles_are_those_of_the_table() {
        for (freedom, quantile) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (9, 2.262),
            (19, 2.093),
            (30, 2.042),
            (120, 1.980),
        ] {
            let found = student_quantile(freedom);
            assert!((found - quantile).abs() < 6e-4, "{freedom}: {found}");
        }
    }

    #[test]
    fn one_number_has_no_spread_and_none_no_mean() {
        assert_eq!(Summary::of(&[]), None);
        let one = Summary::of(&[0.5]).unwrap();
        assert_eq!((one.deviation, one.interval()), (None, None));
    }

    /// Sums of binomial coefficients, by hand; and scipy.stats.binomtest(40, 100).pvalue.
    #[test]
    fn p_values_are_the_binomial_ones() {
        let p = |a, b| McNemar { only_first_right: a, only_second_right: b }.p_value();
        assert_eq!(p(0, 0), 1.0);
        assert!((p(0, 5) - 2.0 / 32.0).abs() < 1e-12);
        assert_eq!(p(5, 0), p(0, 5));
        assert_eq!(p(4, 4), 1.0);
        assert!((p(40, 60) - 0.056_887_933).abs() < 1e-8, "{}", p(40, 60));
        let many = p(5_000, 5_400);
        assert!(many > 0.0 && many < 1e-3, "{many}");
    }
}
