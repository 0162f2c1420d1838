//! How large values are: one size, or one drawn for each record.
//!
//! Cost class: per record; a draw depends on seed and record number alone. Bounds are hard: what a
//! distribution draws beyond one becomes the bound.

use core::fmt;
use std::sync::Arc;

use crate::base::{Rng, mix};
use crate::load::draw::{DrawError, LogNormal, Normal, Weighted, Zipf};

/// Sizes in bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum SizePlan {
    /// All are of this size.
    Fixed(u32),
    /// Each from `least` to `most` as likely.
    Uniform {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// One of these, as often as its weight is of all weights together.
    Weighted(Arc<[SizeWeight]>),
    /// Normal, held within its bounds.
    Normal {
        /// Its mean, above 0.
        mean: f64,
        /// Its standard deviation, 0 or more.
        deviation: f64,
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// Lognormal, held within its bounds: the shape that sizes of messages and files mostly have.
    LogNormal {
        /// Half of the sizes are below it; above 0.
        median: f64,
        /// The standard deviation of the logarithm, 0 or more.
        sigma: f64,
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// Size k, from 1 to `most`, as often as k^−`exponent`; those below `least` become `least`.
    Zipf {
        /// 0 to 10.
        exponent: f64,
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
}

/// A size and how often it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SizeWeight {
    /// The size.
    pub bytes: u32,
    /// Its weight, 0 or more; of all of them together one must be above 0.
    pub weight: f64,
}

/// Sizes that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SizeError {
    /// The bounds are the wrong way round, or too large.
    #[error(
        "sizes go from a smaller to a larger one, at most {LARGEST} bytes, not {least}..{most}"
    )]
    Bounds {
        /// The lower one.
        least: u32,
        /// The upper one.
        most: u32,
    },
    /// A parameter that the distribution can't have.
    #[error("{0}")]
    Draw(DrawError),
    /// Parameters so far apart that no mean can be worked out.
    #[error("the mean of such sizes is no finite number")]
    Mean,
}

/// No broker takes more: 1 GiB.
const LARGEST: u32 = 1 << 30;

impl SizePlan {
    /// The largest size that can be asked for, in bytes.
    pub const LARGEST: u32 = LARGEST;

    /// Whether such sizes can be.
    ///
    /// # Errors
    /// Says what stands in the way.
    pub fn check(&self) -> Result<(), SizeError> {
        let (least, most) = (self.least(), self.most());
        if least > most || most > LARGEST {
            return Err(SizeError::Bounds { least, most });
        }
        Draw::new(self).map_err(SizeError::Draw)?;
        if self.mean().is_finite() { Ok(()) } else { Err(SizeError::Mean) }
    }

    /// The smallest size that can come up.
    #[must_use]
    pub fn least(&self) -> u32 {
        match self {
            Self::Fixed(size) => *size,
            Self::Weighted(sizes) => sizes.iter().map(|it| it.bytes).min().unwrap_or(0),
            Self::Uniform { least, .. }
            | Self::Normal { least, .. }
            | Self::LogNormal { least, .. }
            | Self::Zipf { least, .. } => *least,
        }
    }

    /// The largest size that can come up.
    #[must_use]
    pub fn most(&self) -> u32 {
        match self {
            Self::Fixed(size) => *size,
            Self::Weighted(sizes) => sizes.iter().map(|it| it.bytes).max().unwrap_or(0),
            Self::Uniform { most, .. }
            | Self::Normal { most, .. }
            | Self::LogNormal { most, .. }
            | Self::Zipf { most, .. } => *most,
        }
    }

    /// The mean, the bounds' doing included.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Self::Fixed(size) => f64::from(*size),
            Self::Uniform { least, most } => f64::midpoint(f64::from(*least), f64::from(*most)),
            Self::Weighted(sizes) => {
                // Shares of the largest: large weights have no finite sum.
                let largest = sizes.iter().map(|it| it.weight).fold(0.0, f64::max);
                let shares = || sizes.iter().map(|it| (it.weight / largest, f64::from(it.bytes)));
                let sum: f64 = shares().map(|(share, bytes)| share * bytes).sum();
                sum / shares().map(|(share, _)| share).sum::<f64>()
            }
            Self::Normal { mean, deviation, least, most } => {
                let (least, most) = (f64::from(*least), f64::from(*most));
                normal_mean(*mean, *deviation, least, most)
            }
            Self::LogNormal { median, sigma, least, most } => {
                let (least, most) = (f64::from(*least), f64::from(*most));
                lognormal_mean(*median, *sigma, least, most)
            }
            Self::Zipf { exponent, least, most } => zipf_mean(*exponent, *least, *most),
        }
    }

    /// The one size that all have, if so.
    #[must_use]
    pub const fn fixed(&self) -> Option<u32> {
        match self {
            Self::Fixed(size) => Some(*size),
            _ => None,
        }
    }
}

impl fmt::Display for SizePlan {
    /// As it is written on a command line, bounds always given.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(size) => write!(f, "{size}"),
            Self::Uniform { least, most } => write!(f, "uniform:{least}..{most}"),
            Self::Weighted(sizes) => {
                for (index, SizeWeight { bytes, weight }) in sizes.iter().enumerate() {
                    let plus = if index == 0 { "" } else { "+" };
                    write!(f, "{plus}{bytes}:{weight}")?;
                }
                Ok(())
            }
            Self::Normal { mean, deviation, least, most } => {
                write!(f, "normal:{mean}:{deviation}:{least}..{most}")
            }
            Self::LogNormal { median, sigma, least, most } => {
                write!(f, "lognormal:{median}:{sigma}:{least}..{most}")
            }
            Self::Zipf { exponent, least, most } => write!(f, "zipf:{least}..{most}:{exponent}"),
        }
    }
}

/// Draws the sizes of a plan, less what is reserved.
#[derive(Clone, Debug)]
pub(super) struct Sizes {
    seed: u64,
    draw: Draw,
    least: u32,
    most: u32,
    reserved: u32,
}

#[derive(Clone, Debug)]
enum Draw {
    Fixed(u32),
    Uniform { least: u32, choices: u64 },
    Weighted(Weighted, Vec<u32>),
    Normal(Normal),
    LogNormal(LogNormal),
    Zipf(Zipf),
}

impl Draw {
    fn new(plan: &SizePlan) -> Result<Self, DrawError> {
        Ok(match plan {
            SizePlan::Fixed(size) => Self::Fixed(*size),
            SizePlan::Uniform { least, most } => {
                Self::Uniform { least: *least, choices: u64::from(most.saturating_sub(*least)) + 1 }
            }
            SizePlan::Weighted(sizes) => {
                let weights: Vec<f64> = sizes.iter().map(|it| it.weight).collect();
                Self::Weighted(Weighted::new(&weights)?, sizes.iter().map(|it| it.bytes).collect())
            }
            SizePlan::Normal { mean, deviation, .. } => {
                Self::Normal(Normal::new(*mean, *deviation)?)
            }
            SizePlan::LogNormal { median, sigma, .. } => {
                Self::LogNormal(LogNormal::new(libm::log(*median), *sigma)?)
            }
            SizePlan::Zipf { exponent, most, .. } => {
                Self::Zipf(Zipf::new((*most).into(), *exponent)?)
            }
        })
    }
}

impl Sizes {
    /// # Panics
    /// When [`SizePlan::check`] finds fault.
    pub(super) fn new(plan: &SizePlan, reserved: u32, seed: u64) -> Self {
        let draw = Draw::new(plan).expect("sizes that were checked");
        let (least, most) = (plan.least(), plan.most());
        Self { seed: mix(seed ^ SIZE_STREAM), draw, least, most, reserved }
    }

    /// The largest value.
    pub(super) const fn largest(&self) -> usize {
        (self.most - self.reserved) as usize
    }

    /// Bytes of the value of record `n`.
    #[inline]
    pub(super) fn of(&self, n: u64) -> usize {
        let size = match &self.draw {
            Draw::Fixed(size) => *size,
            drawn => self.drawn(drawn, Rng::word(self.seed, n)),
        };
        (size - self.reserved) as usize
    }

    fn drawn(&self, draw: &Draw, word: u64) -> u32 {
        let size = match draw {
            Draw::Fixed(size) => return *size,
            Draw::Uniform { least, choices } => {
                let above = Rng::new(word).below(*choices);
                return least + u32::try_from(above).expect("below a count of sizes");
            }
            Draw::Weighted(weighted, sizes) => return sizes[weighted.draw(word)],
            Draw::Normal(normal) => nearest(normal.draw(word)),
            Draw::LogNormal(lognormal) => nearest(lognormal.draw(word)),
            Draw::Zipf(zipf) => u32::try_from(zipf.draw(word) + 1).expect("at most the largest"),
        };
        size.clamp(self.least, self.most)
    }
}

/// The nearest whole number; what is below 0 is 0, and what is too large the largest there is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a conversion from float to integer saturates"
)]
fn nearest(size: f64) -> u32 {
    libm::rint(size) as u32
}

/// The mean of a normal variable that is held within bounds.
fn normal_mean(mean: f64, deviation: f64, least: f64, most: f64) -> f64 {
    if deviation <= 0.0 {
        return mean.clamp(least, most);
    }
    let (low, high) = ((least - mean) / deviation, (most - mean) / deviation);
    let (below, above) = (cumulative(low), cumulative(-high));
    let inner = 1.0 - below - above;
    least * below + most * above + mean * inner + deviation * (density(low) - density(high))
}

/// The mean of a lognormal variable that is held within bounds.
fn lognormal_mean(median: f64, sigma: f64, least: f64, most: f64) -> f64 {
    if sigma <= 0.0 {
        return median.clamp(least, most);
    }
    let standard = |bound: f64| libm::log(bound.max(f64::MIN_POSITIVE) / median) / sigma;
    let (low, high) = (standard(least), standard(most));
    let inner = cumulative(high - sigma) - cumulative(low - sigma);
    let free = median * libm::exp(sigma * sigma / 2.0);
    least * cumulative(low) + most * cumulative(-high) + free * inner
}

/// The mean of sizes 1 to `most`, size k with weight k^−`exponent`, those below `least` raised.
fn zipf_mean(exponent: f64, least: u32, most: u32) -> f64 {
    let power = |k: f64| libm::pow(k, -exponent);
    let (mut weights, mut sum) = (0.0, 0.0);
    // The first ones one by one; from there on a curve's middle is its mean, to nine digits.
    let single = most.min(10_000);
    for k in 1..=single {
        let weight = power(f64::from(k));
        weights += weight;
        sum += weight * f64::from(k.max(least));
    }
    let (mut from, end) = (f64::from(single) + 0.5, f64::from(most) + 0.5);
    while from < end {
        let to = (from * 1.01).min(end);
        let middle = f64::midpoint(from, to);
        let weight = power(middle) * (to - from);
        weights += weight;
        sum += weight * middle.max(f64::from(least));
        from = to;
    }
    sum / weights
}

/// The share of a standard normal variable below `x`.
fn cumulative(x: f64) -> f64 {
    libm::erfc(-x * core::f64::consts::FRAC_1_SQRT_2) / 2.0
}

/// The density of a standard normal variable at `x`.
fn density(x: f64) -> f64 {
    libm::exp(-x * x / 2.0) / libm::sqrt(core::f64::consts::TAU)
}

/// Keeps sizes and values of one seed apart; any constant does.
const SIZE_STREAM: u64 = 0x7369_7a65_7369_7a65;

#[cfg(test)]
mod tests {
    use super::*;

    fn weighted() -> SizePlan {
        let sizes = [(100, 70.0), (1_024, 25.0), (10_240, 5.0)];
        SizePlan::Weighted(sizes.map(|(bytes, weight)| SizeWeight { bytes, weight }).into())
    }

    fn plans() -> Vec<SizePlan> {
        vec![
            SizePlan::Fixed(100),
            SizePlan::Uniform { least: 100, most: 2_000 },
            weighted(),
            SizePlan::Normal { mean: 500.0, deviation: 200.0, least: 300, most: 800 },
            SizePlan::Normal { mean: 500.0, deviation: 0.0, least: 1, most: 800 },
            SizePlan::LogNormal { median: 200.0, sigma: 0.8, least: 50, most: 5_000 },
            SizePlan::LogNormal { median: 100.0, sigma: 2.0, least: 0, most: 3_000 },
            SizePlan::Zipf { exponent: 1.0, least: 1, most: 1_000 },
            SizePlan::Zipf { exponent: 1.0, least: 64, most: 100_000 },
            SizePlan::Zipf { exponent: 0.5, least: 1, most: 50_000 },
        ]
    }

    #[test]
    fn sizes_stay_within_bounds_and_their_mean_is_the_plans() {
        const COUNT: u32 = 200_000;
        for plan in plans() {
            assert_eq!(plan.check(), Ok(()), "{plan}");
            let sizes = Sizes::new(&plan, 0, 1);
            let (mut sum, mut squares) = (0.0, 0.0);
            for n in 0..COUNT {
                let size = f64::from(u32::try_from(sizes.of(n.into())).unwrap());
                assert!(size >= f64::from(plan.least()) && size <= f64::from(plan.most()));
                sum += size;
                squares += size * size;
            }
            let count = f64::from(COUNT);
            let mean = sum / count;
            let error = libm::sqrt((squares / count - mean * mean).max(0.0) / count);
            // Rounding to whole bytes moves a clamped mean a little.
            let off = (mean - plan.mean()).abs();
            assert!(off <= 4.0 * error + 0.1, "{plan}: {mean}, not {}", plan.mean());
        }
    }

    /// The middle of the sizes, which bounds that are far away don't touch.
    #[test]
    fn a_lognormal_has_its_median() {
        let plan = SizePlan::LogNormal { median: 200.0, sigma: 1.0, least: 0, most: 1 << 20 };
        let sizes = Sizes::new(&plan, 0, 3);
        let below = (0..100_000).filter(|n| sizes.of(*n) < 200).count();
        assert!((49_000..51_000).contains(&below), "{below}");
    }

    #[test]
    fn weights_come_as_often_as_they_weigh() {
        let sizes = Sizes::new(&weighted(), 0, 3);
        let mut counts = [0u32; 3];
        for n in 0..100_000 {
            let size = sizes.of(n);
            let at = [100, 1_024, 10_240].iter().position(|it| *it == size).unwrap();
            counts[at] += 1;
        }
        // Standard deviations of 145, 137 and 69.
        let expected = [70_000u32, 25_000, 5_000];
        for (count, expected) in counts.into_iter().zip(expected) {
            assert!(count.abs_diff(expected) < 700, "{counts:?}");
        }
    }

    /// Their sum isn't finite, their mean is.
    #[test]
    fn large_weights_have_a_mean() {
        let sizes = [(100, f64::MAX), (300, f64::MAX), (1_000, 0.0)];
        let sizes = sizes.map(|(bytes, weight)| SizeWeight { bytes, weight });
        let plan = SizePlan::Weighted(sizes.into());
        assert_eq!((plan.check(), plan.mean()), (Ok(()), 200.0));
    }

    #[test]
    fn sizes_that_cannot_be_say_why() {
        let wrong = SizePlan::Uniform { least: 9, most: 8 };
        assert_eq!(
            wrong.check().unwrap_err().to_string(),
            "sizes go from a smaller to a larger one, at most 1073741824 bytes, not 9..8"
        );
        assert!(SizePlan::Weighted([].into()).check().is_err());
        let steep = SizePlan::LogNormal { median: 200.0, sigma: 1e3, least: 1, most: 5_000 };
        assert_eq!(steep.check(), Err(SizeError::Mean));
        assert!(SizePlan::Zipf { exponent: 11.0, least: 1, most: 5 }.check().is_err());
    }

    /// Pinned: other sizes mean that stored seeds make other records, which CHANGELOG must say.
    #[test]
    fn what_a_seed_draws_is_pinned() {
        let first = |plan: &SizePlan| [0, 1, 123_456].map(|n| Sizes::new(plan, 0, 1).of(n));
        let drawn: Vec<_> = plans().iter().map(first).collect();
        let pinned = [
            [100, 100, 100],
            [1223, 882, 601],
            [100, 100, 100],
            [300, 569, 581],
            [500, 500, 500],
            [50, 264, 276],
            [1, 200, 225],
            [886, 8, 7],
            [82186, 64, 64],
            [48398, 6710, 5955],
        ];
        assert_eq!(drawn, pinned);
    }
}
