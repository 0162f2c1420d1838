//! Ranges in which every number is as likely: whole numbers with both ends, real ones without the
//! upper.

use super::DrawError;

/// Whole numbers of a range, both ends included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Uniform {
    low: i64,
    /// How many numbers there are.
    count: u128,
}

impl Uniform {
    /// From `low` to `high`, both included; they may be the same.
    ///
    /// # Errors
    /// When `high` is below `low`.
    pub const fn new(low: i64, high: i64) -> Result<Self, DrawError> {
        if high < low {
            return Err(DrawError::Range(low, high));
        }
        Ok(Self { low, count: high.abs_diff(low) as u128 + 1 })
    }

    /// The number that `word` decides: of the range's, the one as far up as the word is in its own
    /// (Lemire, 2019, without the rejection: for fewer than 2^32 numbers the bias is below 2^-32).
    #[must_use]
    #[inline]
    pub const fn draw(&self, word: u64) -> i64 {
        // Two's complement: adding an offset of up to 2^64 - 1 wraps to the right number.
        self.low.wrapping_add_unsigned(((word as u128 * self.count) >> 64) as u64)
    }
}

/// Real numbers of a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UniformReal {
    low: f64,
    width: f64,
}

impl UniformReal {
    /// From `low` up to `high`; the same twice gives that number.
    ///
    /// # Errors
    /// When `high` is below `low`, or an end or the distance between them isn't finite.
    pub fn new(low: f64, high: f64) -> Result<Self, DrawError> {
        let width = high - low;
        if !width.is_finite() || width < 0.0 {
            return Err(DrawError::RealRange(low, high));
        }
        Ok(Self { low, width })
    }

    /// The number that `word` decides; the upper end only where rounding leads there.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn draw(&self, word: u64) -> f64 {
        self.low + self.width * ((word >> 11) as f64 * (1.0 / (1u64 << 53) as f64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fit;
    use super::*;
    use crate::base::Rng;

    #[test]
    fn whole_numbers_are_as_likely() {
        let uniform = Uniform::new(-3, 13).unwrap();
        let mut rng = Rng::new(9);
        let mut counts = vec![0; 17];
        for _ in 0..100_000 {
            counts[usize::try_from(uniform.draw(rng.next_u64()) + 3).unwrap()] += 1;
        }
        let p = fit::chi_square(&counts, &[1.0 / 17.0; 17]);
        assert!(p > 0.001, "{p}");
    }

    #[test]
    fn real_numbers_are_as_likely() {
        let uniform = UniformReal::new(-1.0, 3.0).unwrap();
        let mut rng = Rng::new(10);
        let mut drawn: Vec<f64> = (0..50_000).map(|_| uniform.draw(rng.next_u64())).collect();
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| (x + 1.0) / 4.0);
        assert!(p > 0.001, "{p}");
    }

    #[test]
    fn the_widest_range_takes_every_word() {
        let uniform = Uniform::new(i64::MIN, i64::MAX).unwrap();
        assert_eq!(uniform.draw(0), i64::MIN);
        assert_eq!(uniform.draw(u64::MAX), i64::MAX);
        assert_eq!(uniform.draw(1 << 63), 0);
    }

    proptest! {
        #[test]
        fn numbers_stay_within_both_ends(a: i64, b: i64, word: u64) {
            let (low, high) = (a.min(b), a.max(b));
            let uniform = Uniform::new(low, high).unwrap();
            prop_assert!((low..=high).contains(&uniform.draw(word)));
            prop_assert_eq!(uniform.draw(0), low);
            prop_assert_eq!(uniform.draw(u64::MAX), high);
        }

        #[test]
        fn reals_stay_within_both_ends(low in -1e9..1e9f64, width in 0.0..1e9f64, word: u64) {
            let high = low + width;
            let drawn = UniformReal::new(low, high).unwrap().draw(word);
            prop_assert!((low..=high).contains(&drawn));
        }
    }

    #[test]
    fn impossible_ranges_are_refused() {
        assert_eq!(Uniform::new(1, 0), Err(DrawError::Range(1, 0)));
        assert_eq!(UniformReal::new(1.0, 0.5), Err(DrawError::RealRange(1.0, 0.5)));
        assert!(UniformReal::new(f64::NAN, 0.5).is_err());
        assert!(UniformReal::new(f64::MIN, f64::MAX).is_err());
    }
}
