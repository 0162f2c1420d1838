//! When a warm-up of `--warmup auto` is over: measurement rule 8.
//!
//! Cost class: per tick. It is told how a second went and says whether load has settled; it knows
//! no clock, and orders nothing. Seconds are as long as the ticks make them: shorter ones are added
//! up until they are nearly one.

use core::time::Duration;

use crate::load::recorder::Spectrum;

/// The seconds of a warm-up.
#[derive(Clone, Debug, Default)]
pub(super) struct Settling {
    /// The last ones, the oldest first; [`SECONDS`] at most.
    seconds: Vec<Second>,
    /// What belongs to the next one.
    open: Lap,
}

/// What came in a part of a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Lap {
    pub(super) span: Duration,
    /// Delivered records.
    pub(super) delivered: u64,
    /// Their latencies.
    pub(super) latency: Spectrum,
}

/// A second of load.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Second {
    /// Nanoseconds.
    p50: f64,
    /// Delivered records a second; above 0.
    rate: f64,
}

impl Settling {
    /// Takes another lap; true when the last five seconds were alike.
    pub(super) fn add(&mut self, lap: &Lap) -> bool {
        self.open.span += lap.span;
        self.open.delivered += lap.delivered;
        self.open.latency.merge(&lap.latency);
        if self.open.span < NEARLY_A_SECOND {
            return false;
        }
        let done = core::mem::take(&mut self.open);
        match second(&done) {
            Some(second) => self.seconds.push(second),
            // Nothing arrived: all begins anew.
            None => self.seconds.clear(),
        }
        if self.seconds.len() > SECONDS {
            self.seconds.remove(0);
        }
        self.is_steady()
    }

    fn is_steady(&self) -> bool {
        self.seconds.len() == SECONDS && alike(&self.seconds) && !has_trend(&self.seconds)
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared with a tolerance of some percent")]
fn second(lap: &Lap) -> Option<Second> {
    let p50 = lap.latency.quantile(0.5)? as f64;
    let rate = lap.delivered as f64 / lap.span.as_secs_f64();
    (rate > 0.0).then_some(Second { p50, rate })
}

/// Whether all medians lie within the tolerance of the middle between the lowest and the highest.
fn alike(seconds: &[Second]) -> bool {
    let (low, high) = seconds.iter().fold((f64::MAX, 0.0f64), |(low, high), second| {
        (low.min(second.p50), high.max(second.p50))
    });
    high - low <= TOLERANCE * (high + low)
}

/// Whether throughput rises or falls: by its straight line more than the tolerance over these
/// seconds, or more than nothing worth mentioning where nearly every second goes the same way as
/// all before it (Mann–Kendall: by chance that is one in twelve).
#[expect(clippy::cast_precision_loss, reason = "five seconds")]
fn has_trend(seconds: &[Second]) -> bool {
    let count = seconds.len() as f64;
    let mean = seconds.iter().map(|second| second.rate).sum::<f64>() / count;
    let middle = (count - 1.0) / 2.0;
    let offsets = || (0..seconds.len()).map(|at| at as f64 - middle);
    let slope = offsets().zip(seconds).map(|(at, second)| at * second.rate).sum::<f64>()
        / offsets().map(|at| at * at).sum::<f64>();
    let change = (slope * (count - 1.0) / mean).abs();
    let mut ways = 0i32;
    for (at, later) in seconds.iter().enumerate() {
        for earlier in &seconds[..at] {
            ways += i32::from(later.rate > earlier.rate) - i32::from(later.rate < earlier.rate);
        }
    }
    change > TOLERANCE || (change > SLIGHT && ways.abs() >= MOSTLY_ONE_WAY)
}

/// How many seconds have to be alike, and so the least that a warm-up takes.
const SECONDS: usize = 5;
/// Ticks come a little early or late.
const NEARLY_A_SECOND: Duration = Duration::from_millis(950);
/// How far a median may lie from the middle of all, and throughput may go over five seconds.
const TOLERANCE: f64 = 0.1;
/// A change of throughput that is nothing.
const SLIGHT: f64 = 0.02;
/// Of the ten pairs of five seconds, nine to one, or eight and two alike.
const MOSTLY_ONE_WAY: i32 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::recorder::Measured;

    fn lap(millis: u64, delivered: u64, latency_us: u64) -> Lap {
        let mut measured = Measured::new(Duration::from_secs(60));
        for _ in 0..delivered.min(1_000) {
            measured.record(latency_us * 1_000);
        }
        let latency = Spectrum::of(&measured);
        Lap { span: Duration::from_millis(millis), delivered, latency }
    }

    /// After how many laps it has settled; 0 when it hasn't.
    fn settled(laps: &[Lap]) -> usize {
        let mut settling = Settling::default();
        laps.iter().position(|lap| settling.add(lap)).map_or(0, |at| at + 1)
    }

    /// Whether five seconds with these latencies (µs) and counts are steady.
    fn steady(latencies: [u64; 5], delivered: [u64; 5]) -> bool {
        let laps = latencies.into_iter().zip(delivered).map(|(us, count)| lap(1_000, count, us));
        settled(&laps.collect::<Vec<_>>()) == 5
    }

    #[test]
    fn five_seconds_alike_are_steady() {
        assert!(steady([500; 5], [1_000; 5]));
        // Noise, below the tolerance and without a direction.
        assert!(steady([500, 560, 480, 520, 550], [1_000, 1_040, 980, 1_010, 990]));
    }

    #[test]
    fn medians_within_a_tenth_are_alike() {
        assert!(steady([905, 1_000, 1_095, 1_000, 1_000], [1_000; 5]));
        assert!(!steady([850, 1_000, 1_100, 1_000, 1_000], [1_000; 5]));
        assert!(!steady([3_000, 500, 500, 500, 500], [1_000; 5]));
    }

    #[test]
    fn throughput_without_a_trend_is_steady() {
        // A jump, a steady climb, and one that is nothing.
        assert!(!steady([500; 5], [1_000, 1_000, 1_000, 1_000, 1_500]));
        assert!(!steady([500; 5], [1_000, 1_015, 1_030, 1_045, 1_060]));
        assert!(!steady([500; 5], [1_060, 1_045, 1_030, 1_035, 1_000]));
        assert!(steady([500; 5], [1_000, 1_003, 1_006, 1_009, 1_012]));
    }

    #[test]
    fn what_settles_late_settles_then() {
        let first = [9_000, 4_000, 2_000].map(|us| lap(1_000, 1_000, us));
        let rest = [(); 9].map(|()| lap(1_000, 1_000, 500));
        assert_eq!(settled(&[&first[..], &rest[..]].concat()), 8);
        // A second without any record begins anew.
        let gap = [lap(1_000, 0, 0)];
        assert_eq!(settled(&[&rest[..4], &gap[..], &rest[..]].concat()), 10);
    }

    #[test]
    fn short_laps_are_added_up() {
        let laps = [(); 60].map(|()| lap(100, 100, 500));
        assert_eq!(settled(&laps), 50);
    }
}
