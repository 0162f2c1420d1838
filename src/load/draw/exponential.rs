//! The exponential distribution: the gaps between things that happen independently of one another
//! at a steady rate, as requests of many users do.

use super::{DrawError, open_unit};

/// Positive real numbers, small ones most often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponential {
    mean: f64,
}

impl Exponential {
    /// Of this mean, above 0 and finite, in any unit. No draw is larger than 37 means.
    ///
    /// # Errors
    /// When the mean isn't finite and above 0.
    pub fn new(mean: f64) -> Result<Self, DrawError> {
        if !mean.is_finite() || mean <= 0.0 {
            return Err(DrawError::PositiveMean(mean));
        }
        Ok(Self { mean })
    }

    /// The number that `word` decides; above 0 unless the mean is as small as doubles get.
    #[must_use]
    #[inline]
    pub fn draw(&self, word: u64) -> f64 {
        -self.mean * libm::log(open_unit(word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fit;
    use super::*;
    use crate::base::Rng;

    #[test]
    fn draws_are_distributed_as_asked() {
        let exponential = Exponential::new(250.0).unwrap();
        let mut rng = Rng::new(8);
        let mut drawn: Vec<f64> = (0..50_000).map(|_| exponential.draw(rng.next_u64())).collect();
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| 1.0 - (-x / 250.0).exp());
        assert!(p > 0.001, "{p}");
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| 1.0 - (-x / 258.0).exp());
        assert!(p < 0.001, "another mean would do as well: {p}");
    }

    #[test]
    fn the_ends_are_finite_and_above_zero() {
        let exponential = Exponential::new(1.0).unwrap();
        assert!(exponential.draw(0) > 36.0 && exponential.draw(0) < 37.0);
        assert!(exponential.draw(u64::MAX) > 0.0);
    }

    #[test]
    fn impossible_means_are_refused() {
        assert_eq!(Exponential::new(0.0), Err(DrawError::PositiveMean(0.0)));
        assert!(Exponential::new(f64::NAN).is_err());
        assert!(Exponential::new(f64::INFINITY).is_err());
    }
}
