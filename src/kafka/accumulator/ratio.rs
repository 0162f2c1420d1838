//! How well a topic's batches compressed so far (`CompressionRatioEstimator`): decides how many
//! uncompressed bytes fit a batch.

/// The estimate of one topic. Starts at 1: incompressible.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio(f32);

impl Ratio {
    /// Nothing seen yet.
    pub const START: Self = Self(1.0);

    /// Compressed bytes per uncompressed byte.
    #[must_use]
    pub const fn estimate(self) -> f32 {
        self.0
    }

    /// Learns from a batch: at once towards worse by at least 0.05, slowly (0.005) towards better.
    pub fn observe(&mut self, observed: f32) {
        self.0 = if observed > self.0 {
            observed.max(self.0 + DETERIORATE)
        } else if observed < self.0 {
            observed.max(self.0 - IMPROVE)
        } else {
            observed
        };
    }

    /// Before a split: the batch was larger than anyone thought.
    pub const fn reset_for_split(&mut self, observed: f32) {
        self.0 = if observed > 1.0 { observed } else { 1.0 };
    }
}

const IMPROVE: f32 = 0.005;
const DETERIORATE: f32 = 0.05;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gets_worse_at_once_and_better_slowly() {
        let mut ratio = Ratio::START;
        ratio.observe(0.3);
        assert!((ratio.estimate() - 0.995).abs() < 1e-6);
        for _ in 0..1_000 {
            ratio.observe(0.3);
        }
        assert!((ratio.estimate() - 0.3).abs() < 1e-6);
        ratio.observe(0.31);
        assert!((ratio.estimate() - 0.35).abs() < 1e-6);
        ratio.observe(0.9);
        assert!((ratio.estimate() - 0.9).abs() < 1e-6);
        ratio.reset_for_split(0.7);
        assert!((ratio.estimate() - 1.0).abs() < 1e-6);
    }
}
