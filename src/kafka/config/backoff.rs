//! Exponential backoff with jitter, as KIP-580 defines it. Cost class: per request.

use core::time::Duration;

use crate::base::Rng;

/// Waits that double from `initial` to `max`, each spread by ±20 %.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Backoff {
    /// The first wait before jitter; whole milliseconds.
    pub initial: Duration,
    /// No wait is longer; whole milliseconds. At or below `initial`: every wait is this, unspread.
    pub max: Duration,
}

impl Backoff {
    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(initial: u64, max: u64) -> Self {
        Self { initial: Duration::from_millis(initial), max: Duration::from_millis(max) }
    }

    /// How long to wait after `attempts` failed attempts; whole milliseconds, never above `max`.
    ///
    /// The first failure is `attempts` = 1 and waits about `initial`; 0 counts as 1. Used as a
    /// growing time-out: the attempt after `n` failures gets `delay(n + 1)`. Draws one number from
    /// `rng` unless `max` is at or below `initial`. Source: KIP-580, `ExponentialBackoff`.
    #[must_use]
    pub fn delay(&self, attempts: u32, rng: &mut Rng) -> Duration {
        if self.max <= self.initial {
            return self.max;
        }
        let max = self.max.as_millis();
        // Java raises 2 to min(a, log2(max/initial)); the product is this minimum, without a
        // logarithm.
        let doublings = attempts.saturating_sub(1).min(MAX_DOUBLINGS);
        let term = (self.initial.as_millis() << doublings).min(max);
        let draw = u128::from(rng.next_u64() >> 32);
        // term · (0.8 + 0.4 · draw / 2^32), in integers so that every platform truncates alike.
        let spread = (term * ((4 << 32) + 2 * draw)) / (5 << 32);
        Duration::from_millis(u64::try_from(spread.min(max)).unwrap_or(u64::MAX))
    }
}

/// Past 2^63 doublings of 1 ms no `max` is left to reach; keeps the shift inside 128 bits.
const MAX_DOUBLINGS: u32 = 63;

#[cfg(test)]
mod tests {
    use super::*;

    /// The lowest and the highest of many draws, in milliseconds.
    fn extremes(backoff: Backoff, attempts: u32) -> (u128, u128) {
        let mut rng = Rng::new(u64::from(attempts));
        let draws: Vec<u128> =
            (0..20_000).map(|_| backoff.delay(attempts, &mut rng).as_millis()).collect();
        (*draws.iter().min().unwrap(), *draws.iter().max().unwrap())
    }

    /// Bounds that KIP-580 implies for the client's three uses; the upper bound of a draw below
    /// `max` is never reached, hence one less.
    #[test]
    fn waits_double_up_to_max_within_a_fifth() {
        type Row = (u64, u64, &'static [(u128, u128)]);
        let table: [Row; 3] = [
            (100, 1_000, &[(80, 119), (160, 239), (320, 479), (640, 959), (800, 1_000)]),
            (50, 1_000, &[(40, 59), (80, 119), (160, 239), (320, 479), (640, 959), (800, 1_000)]),
            (10_000, 30_000, &[(8_000, 11_999), (16_000, 23_999), (24_000, 30_000)]),
        ];
        for (initial, max, bounds) in table {
            let backoff = Backoff::from_millis(initial, max);
            for (attempts, &(low, high)) in (1..).zip(bounds) {
                let (lowest, highest) = extremes(backoff, attempts);
                let slack = (high - low) / 100;
                assert!(lowest >= low && lowest <= low + slack, "{initial} {attempts}: {lowest}");
                assert!(highest <= high && highest >= high - slack, "{attempts}: {highest}");
            }
            let last = bounds[bounds.len() - 1];
            let (lowest, highest) = extremes(backoff, 1_000_000);
            assert!(lowest >= last.0 && highest <= last.1);
        }
    }

    #[test]
    fn no_failure_counts_as_the_first() {
        let backoff = Backoff::from_millis(100, 1_000);
        assert_eq!(backoff.delay(0, &mut Rng::new(9)), backoff.delay(1, &mut Rng::new(9)));
    }

    #[test]
    fn without_room_to_grow_the_wait_is_max_and_draws_nothing() {
        for (initial, max) in [(50, 50), (500, 50), (50, 0), (0, 0)] {
            let mut rng = Rng::new(1);
            let waited = Backoff::from_millis(initial, max).delay(7, &mut rng);
            assert_eq!(waited, Duration::from_millis(max));
            assert_eq!(rng, Rng::new(1));
        }
    }

    #[test]
    fn extreme_numbers_neither_overflow_nor_grow_from_zero() {
        let backoff = Backoff::from_millis(u64::MAX - 1, u64::MAX);
        assert!(backoff.delay(u32::MAX, &mut Rng::new(1)) <= Duration::from_millis(u64::MAX));
        assert_eq!(Backoff::from_millis(0, 1_000).delay(5, &mut Rng::new(1)), Duration::ZERO);
    }
}
