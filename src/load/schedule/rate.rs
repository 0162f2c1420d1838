//! A rate as an exact fraction, and the whole-number arithmetic that turns positions into
//! nanoseconds and back.
//!
//! Cost class: per phase and per tick; a record only adds the step that is worked out here.
//! Invariant: no float after [`Rate::per_second`], so that the millionth record is due as exactly
//! as the first.

/// Records per second over all workers, as a reduced fraction.
///
/// Range: [`Rate::MIN_PER_SECOND`] to [`Rate::MAX_PER_SECOND`], in steps of 10⁻⁹ records per
/// second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Records…
    records: u64,
    /// …in this many seconds.
    seconds: u64,
}

/// A rate out of range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error(
    "a rate of {asked} records/s is out of range: {min} to {max}",
    min = Rate::MIN_PER_SECOND,
    max = Rate::MAX_PER_SECOND
)]
pub struct RateError {
    /// What was asked for.
    pub asked: f64,
}

impl Rate {
    /// The slowest rate: one record in eleven and a half days.
    pub const MIN_PER_SECOND: f64 = 1e-6;
    /// The fastest rate: one record a nanosecond.
    pub const MAX_PER_SECOND: f64 = 1e9;

    /// The rate nearest to `records` a second in steps of 10⁻⁹; 0.5 is one record every two
    /// seconds.
    ///
    /// # Errors
    /// When it is out of range or not a number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to lie between 10^-6 and 10^9, so the product is at most 10^18"
    )]
    pub fn per_second(records: f64) -> Result<Self, RateError> {
        if !(Self::MIN_PER_SECOND..=Self::MAX_PER_SECOND).contains(&records) {
            return Err(RateError { asked: records });
        }
        // Whole rates, nearly all, skip the multiplication: from 9 × 10⁶ on it leaves the doubles
        // that hold every integer.
        if records.fract() == 0.0 {
            return Ok(Self { records: records as u64, seconds: 1 });
        }
        let billionths = libm::round(records * 1e9) as u64;
        let shared = greatest_common_divisor(billionths, BILLION);
        Ok(Self { records: billionths / shared, seconds: BILLION / shared })
    }

    /// The rate nearest to a level, if it is one: above 0.
    const fn of_level(level: Level) -> Option<Self> {
        let shared = greatest_common_divisor(level.0, BILLION);
        // 10⁻⁶ records a second are a thousand billionths.
        if level.0 < 1_000 {
            return None;
        }
        Some(Self { records: level.0 / shared, seconds: BILLION / shared })
    }

    /// The rate as a float, for reports.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a report shows far fewer digits than 53 bits")]
    pub const fn as_f64(self) -> f64 {
        self.records as f64 / self.seconds as f64
    }

    /// Nanoseconds from the start to the due instant of position `position`, as whole nanoseconds
    /// and a rest in [`Rate::denominator`]ths of one.
    pub(super) fn nanos_at(self, position: u128) -> (u64, u64) {
        let scaled = position.saturating_mul(self.nanos_per_denominator());
        let denominator = u128::from(self.denominator());
        let whole = u64::try_from(scaled / denominator).unwrap_or(u64::MAX);
        let rest = u64::try_from(scaled % denominator).expect("a rest below a u64 fits one");
        (whole, rest)
    }

    /// The unit of the rest of [`Rate::nanos_at`]: at most 10¹⁸, so two rests can be added in a
    /// u64.
    pub(super) const fn denominator(self) -> u64 {
        self.records
    }

    /// How many positions (0, 1, 2, …) are due strictly before `nanos` after the start.
    ///
    /// The due instant is the floor of the exact one, and `nanos` is whole: floor(x) < nanos
    /// exactly when x < nanos.
    pub(super) fn positions_before(self, nanos: u128) -> u64 {
        let scaled = nanos.saturating_mul(u128::from(self.records));
        u64::try_from(scaled.div_ceil(self.nanos_per_denominator())).unwrap_or(u64::MAX)
    }

    fn nanos_per_denominator(self) -> u128 {
        u128::from(self.seconds) * u128::from(BILLION)
    }
}

/// A planned rate at one instant, which may be 0: records a second over all workers.
///
/// Range: 0 to [`Rate::MAX_PER_SECOND`], in steps of 10⁻⁹ records per second.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Level(u64);

impl Level {
    /// Nothing is due.
    pub const ZERO: Self = Self(0);

    /// The level nearest to `records` a second.
    ///
    /// # Errors
    /// When it is below 0, above [`Rate::MAX_PER_SECOND`] or not a number; also when it is above 0
    /// and slower than [`Rate::MIN_PER_SECOND`].
    pub fn per_second(records: f64) -> Result<Self, RateError> {
        if records == 0.0 {
            return Ok(Self::ZERO);
        }
        Rate::per_second(records).map(Self::from)
    }

    /// The level as a rate, if it is one: above 0.
    #[must_use]
    pub const fn rate(self) -> Option<Rate> {
        Rate::of_level(self)
    }

    /// Billionths of a record a second.
    #[must_use]
    pub const fn billionths(self) -> u64 {
        self.0
    }

    /// A level of so many billionths of a record a second, at most the fastest.
    #[must_use]
    pub(super) fn from_billionths(billionths: u64) -> Self {
        Self(billionths.min(BILLION * BILLION))
    }

    /// Records a second as a float, for reports.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        // Whole rates, nearly all, come out exactly.
        let (whole, rest) = (self.0 / BILLION, self.0 % BILLION);
        whole as f64 + rest as f64 / 1e9
    }
}

impl From<Rate> for Level {
    fn from(rate: Rate) -> Self {
        // The denominator is a divisor of 10⁹, and the product at most 10¹⁸.
        Self(rate.records * (BILLION / rate.seconds))
    }
}

/// How many of the positions 0 to `total` − 1 fall to worker `worker` of `workers`: those of the
/// form i·workers + worker.
pub(super) const fn share(total: u64, worker: u64, workers: u64) -> u64 {
    if total > worker { (total - worker).div_ceil(workers) } else { 0 }
}

const fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

const BILLION: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_reduced_fractions() {
        assert_eq!(Rate::per_second(200_000.0), Ok(Rate { records: 200_000, seconds: 1 }));
        assert_eq!(Rate::per_second(0.5), Ok(Rate { records: 1, seconds: 2 }));
        assert_eq!(Rate::per_second(0.1), Ok(Rate { records: 1, seconds: 10 }));
        assert_eq!(Rate::per_second(33.3), Ok(Rate { records: 333, seconds: 10 }));
        assert_eq!(Rate::per_second(0.1).map(Rate::as_f64), Ok(0.1));
    }

    #[test]
    fn a_rate_out_of_range_is_named() {
        let message = Rate::per_second(0.0).unwrap_err().to_string();
        assert_eq!(message, "a rate of 0 records/s is out of range: 0.000001 to 1000000000");
        assert!(Rate::per_second(f64::NAN).is_err());
        assert!(Rate::per_second(f64::INFINITY).is_err());
        assert!(Rate::per_second(-5.0).is_err());
        assert!(Rate::per_second(1e9).is_ok());
    }

    #[test]
    fn a_level_is_a_rate_or_nothing() {
        for records in [0.0, 1e-6, 0.1, 33.3, 200_000.0, 1e9] {
            assert_eq!(Level::per_second(records).map(Level::as_f64), Ok(records));
        }
        assert!(Level::per_second(-1.0).is_err() && Level::per_second(f64::NAN).is_err());
        let third = Rate::per_second(33.3).unwrap();
        assert_eq!(Rate::of_level(Level::from(third)), Some(third));
        assert_eq!(Rate::of_level(Level::ZERO), None);
    }

    #[test]
    fn shares_add_up_to_the_total() {
        for total in 0..40 {
            for workers in 1..9 {
                let sum: u64 = (0..workers).map(|worker| share(total, worker, workers)).sum();
                assert_eq!(sum, total);
            }
        }
    }
}
