//! Zipf's distribution over any number of items, without a table.
//!
//! Rejection inversion (W. Hörmann, G. Derflinger: "Rejection-inversion to generate variates from
//! monotone discrete distributions", ACM TOMACS 6(3), 1996): a point under the hull x^-s is taken
//! by inverting the hull's integral, and the nearest whole number is kept if the point lies within
//! that number's own share; nearly all do. Ten million keys so cost what ten do, in time and in
//! memory.

use super::{DrawError, open_unit};
use crate::base::Rng;

/// Ranks 0 to `cardinality` − 1, rank r with a probability proportional to 1 / (r + 1)^exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    cardinality: u64,
    exponent: f64,
    /// The hull's integral up to where rank 0's share begins, and up to the end of the last rank's.
    from: f64,
    to: f64,
    /// A point this near below its whole number is always within its share.
    near: f64,
}

impl Zipf {
    /// The largest cardinality, 2^52: beyond it doubles don't tell neighbours apart.
    pub const MAX_CARDINALITY: u64 = 1 << 52;
    /// The largest exponent; with 10, a thousand draws in a million aren't rank 0.
    pub const MAX_EXPONENT: f64 = 10.0;

    /// Of `cardinality` items, 1 to [`Zipf::MAX_CARDINALITY`]; an `exponent` of 0 makes all as
    /// likely, 0.99 is what the YCSB benchmark made common, [`Zipf::MAX_EXPONENT`] is the largest.
    ///
    /// # Errors
    /// When either is out of its range.
    pub fn new(cardinality: u64, exponent: f64) -> Result<Self, DrawError> {
        if !(1..=Self::MAX_CARDINALITY).contains(&cardinality) {
            return Err(DrawError::Cardinality(cardinality));
        }
        if !(0.0..=Self::MAX_EXPONENT).contains(&exponent) {
            return Err(DrawError::Exponent(exponent));
        }
        let zipf = Self { cardinality, exponent, from: 0.0, to: 0.0, near: 0.0 };
        Ok(Self {
            from: zipf.integral(1.5) - 1.0,
            to: zipf.integral(float(cardinality) + 0.5),
            near: 2.0 - zipf.inverse(zipf.integral(2.5) - zipf.hull(2.0)),
            ..zipf
        })
    }

    /// The rank that `word` decides, 0 for the most frequent.
    #[must_use]
    #[inline]
    pub fn draw(&self, word: u64) -> u64 {
        let mut more = Rng::new(word);
        let mut word = word;
        loop {
            let area = self.to + open_unit(word) * (self.from - self.to);
            let point = self.inverse(area);
            let number = nearest(point, self.cardinality);
            let whole = float(number);
            if whole - point <= self.near || area >= self.integral(whole + 0.5) - self.hull(whole) {
                return number - 1;
            }
            word = more.next_u64();
        }
    }

    /// How many items there are.
    #[must_use]
    pub const fn cardinality(&self) -> u64 {
        self.cardinality
    }

    /// x^-s.
    fn hull(&self, x: f64) -> f64 {
        libm::exp(-self.exponent * libm::log(x))
    }

    /// The hull's integral from 1 to x: (x^(1-s) - 1) / (1-s), and ln x where s is 1. Written so
    /// that nothing is lost near 1.
    fn integral(&self, x: f64) -> f64 {
        let log = libm::log(x);
        log * expm1_ratio((1.0 - self.exponent) * log)
    }

    /// Where that integral is `area`.
    fn inverse(&self, area: f64) -> f64 {
        // The integral of an exponent above 1 has a limit, which rounding may touch.
        let scaled = (area * (1.0 - self.exponent)).max(JUST_ABOVE_MINUS_ONE);
        libm::exp(area * log1p_ratio(scaled))
    }
}

/// (e^t - 1) / t, and 1 at 0.
fn expm1_ratio(t: f64) -> f64 {
    if t.abs() > SMALL { libm::expm1(t) / t } else { 1.0 + t / 2.0 * (1.0 + t / 3.0) }
}

/// ln(1 + t) / t, and 1 at 0.
fn log1p_ratio(t: f64) -> f64 {
    if t.abs() > SMALL { libm::log1p(t) / t } else { 1.0 - t * (0.5 - t / 3.0) }
}

/// The whole number nearest to a point, within 1 and `largest`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number, held within 1 and 2^52 on the next line"
)]
fn nearest(point: f64, largest: u64) -> u64 {
    ((point + 0.5) as u64).clamp(1, largest)
}

#[expect(clippy::cast_precision_loss, reason = "at most 2^52")]
const fn float(number: u64) -> f64 {
    number as f64
}

/// Below this the first terms of the series are exact to the last bit.
const SMALL: f64 = 1e-8;
const JUST_ABOVE_MINUS_ONE: f64 = -1.0 + f64::EPSILON;

#[cfg(test)]
mod tests {
    use super::super::fit;
    use super::*;

    fn counts(zipf: &Zipf, seed: u64, draws: u32) -> Vec<u64> {
        let mut rng = Rng::new(seed);
        let mut counts = vec![0; usize::try_from(zipf.cardinality()).unwrap()];
        for _ in 0..draws {
            counts[usize::try_from(zipf.draw(rng.next_u64())).unwrap()] += 1;
        }
        counts
    }

    fn shares(cardinality: u32, exponent: f64) -> Vec<f64> {
        let weights = (1..=cardinality).map(|k| f64::from(k).powf(-exponent));
        let sum: f64 = weights.clone().sum();
        weights.map(|weight| weight / sum).collect()
    }

    #[test]
    fn ranks_are_as_frequent_as_theory_has_it() {
        for (cardinality, exponent) in [
            (1, 1.0),
            (2, 0.5),
            (10, 0.0),
            (50, 0.5),
            (100, 0.99),
            (100, 1.0),
            (100, 1.0 + 1e-12),
            (100, 1.2),
            (30, 2.0),
            (5, 5.0),
            (3, 10.0),
        ] {
            let zipf = Zipf::new(cardinality.into(), exponent).unwrap();
            let seen = counts(&zipf, 7, 100_000);
            let p = fit::chi_square(&seen, &shares(cardinality, exponent));
            assert!(p > 0.001, "{cardinality} items, exponent {exponent}: p = {p}");
        }
    }

    #[test]
    fn another_exponent_would_be_noticed() {
        let zipf = Zipf::new(100, 0.99).unwrap();
        let seen = counts(&zipf, 7, 100_000);
        assert!(fit::chi_square(&seen, &shares(100, 0.96)) < 1e-6);
    }

    /// Of ten million keys at 0.99, rank 0 has 1 / H(10^7, 0.99) of the draws.
    #[test]
    fn ten_million_items_need_no_table() {
        let zipf = Zipf::new(10_000_000, 0.99).unwrap();
        let mut rng = Rng::new(1);
        let draws = 200_000u32;
        let (mut first, mut tail) = (0u32, 0u32);
        for _ in 0..draws {
            match zipf.draw(rng.next_u64()) {
                0 => first += 1,
                1_000_000..10_000_000 => tail += 1,
                10_000_000.. => panic!("above the last rank"),
                _ => {}
            }
        }
        let share = |from: u32, to: u32| -> f64 {
            (from..=to).map(|k| f64::from(k).powf(-0.99)).sum::<f64>()
        };
        let all = share(1, 10_000_000);
        for (count, share) in [(first, 1.0 / all), (tail, share(1_000_001, 10_000_000) / all)] {
            let expected = share * f64::from(draws);
            assert!((f64::from(count) - expected).abs() < 4.0 * expected.sqrt(), "{count}");
        }
    }

    #[test]
    fn the_ends_of_the_words_are_the_ends_of_the_ranks() {
        for exponent in [0.0, 0.5, 1.0, 3.0, 10.0] {
            for cardinality in [1, 2, 1_000, Zipf::MAX_CARDINALITY] {
                let zipf = Zipf::new(cardinality, exponent).unwrap();
                for word in [0, 1, u64::MAX, u64::MAX - 1, 1 << 63] {
                    assert!(zipf.draw(word) < cardinality, "{cardinality} {exponent} {word}");
                }
            }
        }
    }

    /// Pinned: other ranks mean that stored seeds now make other records.
    #[test]
    fn draws_are_pinned() {
        let zipf = Zipf::new(1_000_000, 0.99).unwrap();
        let mut rng = Rng::new(42);
        let drawn: Vec<u64> = (0..8).map(|_| zipf.draw(rng.next_u64())).collect();
        assert_eq!(drawn, PINNED);
    }

    const PINNED: [u64; 8] = [27, 114_236, 22_131, 8_831, 599_475, 3, 51_048, 11];

    #[test]
    fn impossible_parameters_are_refused() {
        assert_eq!(Zipf::new(0, 1.0), Err(DrawError::Cardinality(0)));
        let above = Zipf::MAX_CARDINALITY + 1;
        assert_eq!(Zipf::new(above, 1.0), Err(DrawError::Cardinality(above)));
        assert_eq!(Zipf::new(1, -0.1), Err(DrawError::Exponent(-0.1)));
        assert_eq!(Zipf::new(1, 10.1), Err(DrawError::Exponent(10.1)));
        assert!(Zipf::new(1, f64::NAN).is_err());
    }
}
