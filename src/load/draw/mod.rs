//! Distributions: a word of randomness in, a number of the asked distribution out.
//!
//! Each is pinned: the same word gives the same number on every platform and in every version, so
//! that a seed goes on meaning the same records and instants. Floating point therefore goes through
//! `libm`, never through the platform's own functions. A draw depends on its word alone; what needs
//! more words continues the stream that the word seeds.
//!
//! Cost class: per record; a draw allocates nothing and keeps no state. Impossible parameters are
//! errors of the constructors. What a draw means (a size, a key, a gap) is the caller's business,
//! as are bounds.

mod exponential;
#[cfg(test)]
pub(crate) mod fit;
mod lognormal;
mod normal;
mod uniform;
mod weighted;
mod zipf;

pub use exponential::Exponential;
pub use lognormal::LogNormal;
pub use normal::Normal;
pub use uniform::{Uniform, UniformReal};
pub use weighted::Weighted;
pub use zipf::Zipf;

/// Parameters that no distribution has. The text says what was expected and what was given, and is
/// to be put behind the name of the place where it was written.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum DrawError {
    /// Nothing to choose from, or more than can be told apart.
    #[error("expected 1 to {max} items to choose from, not {0}", max = Zipf::MAX_CARDINALITY)]
    Cardinality(u64),
    /// A Zipf exponent out of range.
    #[error("expected an exponent of 0 (all alike) to {max}, not {0}", max = Zipf::MAX_EXPONENT)]
    Exponent(f64),
    /// No weights, or too many.
    #[error("expected 1 to {max} weights, not {0}", max = Weighted::MAX_ITEMS)]
    Weights(usize),
    /// One weight that is none.
    #[error("expected a weight of 0 or more, not {0}")]
    Weight(f64),
    /// All weights are 0.
    #[error("expected at least one weight above 0")]
    NoWeight,
    /// A standard deviation that is none.
    #[error("expected a standard deviation of 0 or more, not {0}")]
    Deviation(f64),
    /// A mean that is no number.
    #[error("expected a mean that is a finite number, not {0}")]
    Mean(f64),
    /// A mean of a distribution that has positive values only.
    #[error("expected a mean above 0, not {0}")]
    PositiveMean(f64),
    /// Whole numbers from the larger to the smaller.
    #[error("expected a range from the smaller number to the larger, not {0}..{1}")]
    Range(i64, i64),
    /// Real numbers from the larger to the smaller, or without end.
    #[error("expected a finite range from the smaller number to the larger, not {0}..{1}")]
    RealRange(f64, f64),
}

/// A word as a number strictly between 0 and 1: the middle of one of 2^52 equal pieces, so that
/// neither end, where a logarithm has no value, is ever given.
#[must_use]
#[inline]
#[expect(clippy::cast_precision_loss, reason = "52 bits fit a double exactly")]
pub fn open_unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_never_becomes_an_end_of_the_unit_interval() {
        assert!(open_unit(0) > 0.0);
        assert!(open_unit(u64::MAX) < 1.0);
        assert!((open_unit(1 << 63) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn an_error_says_what_was_expected_and_given() {
        assert_eq!(
            DrawError::Cardinality(0).to_string(),
            "expected 1 to 4503599627370496 items to choose from, not 0"
        );
        assert_eq!(
            DrawError::Exponent(11.5).to_string(),
            "expected an exponent of 0 (all alike) to 10, not 11.5"
        );
        assert_eq!(
            DrawError::Range(5, 1).to_string(),
            "expected a range from the smaller number to the larger, not 5..1"
        );
    }
}
