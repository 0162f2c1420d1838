//! How well draws fit a distribution: two statistics, for tests of any room that draws.
//!
//! Both give a p-value: how often draws from that very distribution would look at least as odd. A
//! test with a fixed seed asks for more than 0.001; what is distributed otherwise comes out at
//! 10^-6 and less once there are enough draws, and each test shows that of itself, too.

/// Pearson's chi-square: counts of each outcome against the share that each should have (their sum
/// is 1). Outcomes that are expected less than five times are counted together. The p-value is
/// by the approximation of Wilson and Hilferty, right to a few percent.
///
/// # Panics
/// When an outcome came that has no share, or the slices differ in length.
pub(crate) fn chi_square(counts: &[u64], shares: &[f64]) -> f64 {
    assert_eq!(counts.len(), shares.len());
    let draws = counts.iter().sum::<u64>() as f64;
    let (mut statistic, mut cells) = (0.0, 0.0);
    let mut rare = (0.0, 0.0);
    let mut add = |count: f64, expected: f64| {
        statistic += (count - expected) * (count - expected) / expected;
        cells += 1.0;
    };
    for (&count, share) in counts.iter().zip(shares) {
        assert!(count == 0 || *share > 0.0, "{count} draws of what never comes");
        let expected = share * draws;
        if expected < 5.0 {
            rare = (rare.0 + count as f64, rare.1 + expected);
        } else {
            add(count as f64, expected);
        }
    }
    if rare.1 > 0.5 {
        add(rare.0, rare.1);
    }
    let freedom: f64 = cells - 1.0;
    if freedom < 1.0 {
        return 1.0;
    }
    let spread = 2.0 / (9.0 * freedom);
    let deviations = (libm::cbrt(statistic / freedom) - (1.0 - spread)) / spread.sqrt();
    normal_cdf(-deviations)
}

/// Kolmogorov's and Smirnov's: the largest distance between the draws' cumulative distribution and
/// `cdf`, a continuous one. Sorts the draws. The p-value is by Kolmogorov's series with Stephens'
/// correction for the count.
///
/// # Panics
/// When there are no draws, or one is no number.
pub(crate) fn kolmogorov_smirnov(draws: &mut [f64], cdf: impl Fn(f64) -> f64) -> f64 {
    draws.sort_by(f64::total_cmp);
    let count = draws.len() as f64;
    let mut distance = 0.0f64;
    for (below, &draw) in draws.iter().enumerate() {
        let at = cdf(draw);
        assert!((0.0..=1.0).contains(&at), "{draw} lies at {at} of the distribution");
        distance = distance.max(at - below as f64 / count).max((below + 1) as f64 / count - at);
    }
    assert!(distance > 0.0, "no draws");
    let scaled = distance * (count.sqrt() + 0.12 + 0.11 / count.sqrt());
    if scaled < 0.3 {
        return 1.0; // where the series no longer converges
    }
    let term = |k: f64| libm::exp(-2.0 * k * k * scaled * scaled);
    let series: f64 = (1..100).map(|k| if k % 2 == 1 { 2.0 } else { -2.0 } * term(k.into())).sum();
    series.clamp(0.0, 1.0)
}

/// The probability that a standard normal variable lies below `x`.
pub(crate) fn normal_cdf(x: f64) -> f64 {
    libm::erfc(-x / std::f64::consts::SQRT_2) / 2.0
}

/// From tables: the 5 % points of both statistics, and a chi-square of 10 outcomes.
#[test]
fn p_values_are_those_of_tables() {
    assert!((normal_cdf(-1.644_854) - 0.05).abs() < 1e-6);
    // 16.919 is the 5 % point for 9 degrees of freedom: two cells of 100 off by 29 are 16.82.
    let counts = [129, 71, 100, 100, 100, 100, 100, 100, 100, 100];
    assert!((chi_square(&counts, &[0.1; 10]) - 0.05).abs() < 0.003);
    // 1.358 / sqrt(n) is the 5 % distance for many draws: shift even draws by so much.
    let shift = 1.358 / 100.0;
    let mut draws: Vec<f64> = (0..10_000).map(|i| (f64::from(i) + 0.5) / 10_000.0).collect();
    let p = kolmogorov_smirnov(&mut draws, |x| (x + shift).min(1.0));
    assert!((p - 0.05).abs() < 0.003, "{p}");
}
