//! The lognormal distribution: positive numbers whose logarithm is normal, such as the sizes of
//! messages and the times of services, of which a few are very large.

use super::{DrawError, Normal};

/// Positive real numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogNormal {
    log: Normal,
}

impl LogNormal {
    /// Whose natural logarithm has this mean and standard deviation. The median is e^`log_mean`.
    ///
    /// # Errors
    /// When the mean isn't finite, or the deviation is negative or not finite.
    pub fn new(log_mean: f64, log_deviation: f64) -> Result<Self, DrawError> {
        Ok(Self { log: Normal::new(log_mean, log_deviation)? })
    }

    /// Whose values themselves have this mean, above 0, and standard deviation.
    ///
    /// # Errors
    /// When the mean isn't finite and above 0, or the deviation is negative or not finite.
    pub fn with_moments(mean: f64, deviation: f64) -> Result<Self, DrawError> {
        if !mean.is_finite() || mean <= 0.0 {
            return Err(DrawError::PositiveMean(mean));
        }
        if !deviation.is_finite() || deviation < 0.0 {
            return Err(DrawError::Deviation(deviation));
        }
        let variation = deviation / mean;
        let log_variance = libm::log1p(variation * variation);
        Self::new(libm::log(mean) - log_variance / 2.0, log_variance.sqrt())
    }

    /// The number that `word` decides; infinite where parameters make it larger than a double.
    #[must_use]
    #[inline]
    pub fn draw(&self, word: u64) -> f64 {
        libm::exp(self.log.draw(word))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fit;
    use super::*;
    use crate::base::Rng;

    #[test]
    fn draws_are_distributed_as_asked() {
        let lognormal = LogNormal::new(6.0, 0.8).unwrap();
        let mut rng = Rng::new(6);
        let mut drawn: Vec<f64> = (0..50_000).map(|_| lognormal.draw(rng.next_u64())).collect();
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| fit::normal_cdf((x.ln() - 6.0) / 0.8));
        assert!(p > 0.001, "{p}");
        let p = fit::kolmogorov_smirnov(&mut drawn, |x| fit::normal_cdf((x.ln() - 6.03) / 0.8));
        assert!(p < 0.001, "another median would do as well: {p}");
    }

    #[test]
    fn moments_are_those_of_the_values() {
        let lognormal = LogNormal::with_moments(1_000.0, 500.0).unwrap();
        let mut rng = Rng::new(7);
        let drawn: Vec<f64> = (0..200_000).map(|_| lognormal.draw(rng.next_u64())).collect();
        let count = drawn.len() as f64;
        let mean = drawn.iter().sum::<f64>() / count;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        assert!((mean - 1_000.0).abs() < 5.0, "{mean}");
        assert!((variance.sqrt() - 500.0).abs() < 10.0, "{}", variance.sqrt());
    }

    #[test]
    fn impossible_parameters_are_refused() {
        assert_eq!(LogNormal::new(1.0, -1.0), Err(DrawError::Deviation(-1.0)));
        assert_eq!(LogNormal::with_moments(0.0, 1.0), Err(DrawError::PositiveMean(0.0)));
        assert!(LogNormal::with_moments(1.0, f64::NAN).is_err());
    }
}
