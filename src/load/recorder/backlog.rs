//! How many records were due and not acknowledged, over the run.
//!
//! Cost class: per sample (10 to 100 ms). Samples fall into slots of equal length, the last of a
//! slot stands for it; when a run outgrows [`MOST_SLOTS`], neighbours are joined and slots become
//! twice as long. Slots, unlike samples, can be added over workers.

use core::time::Duration;

use crate::base::Instant;

/// The backlog of one worker, or of several together.
#[derive(Clone, Debug)]
pub struct Backlog {
    start: Instant,
    /// Of one slot, in nanoseconds.
    length: u64,
    slots: Vec<Option<Level>>,
    max: u64,
}

/// Where things stood at a sample.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Level {
    /// Records due since the start.
    pub due: u64,
    /// Records acknowledged (or written) since the start.
    pub acked: u64,
    /// Records since the start that the producer or a broker refused for good, or that a fatal
    /// error ended: nobody is behind with them.
    pub refused: u64,
    /// All others since the start that won't be acknowledged: failed, of unknown fate, left out.
    pub gone: u64,
}

impl Level {
    /// Records due and not acknowledged. Those that expired stay in it: they were offered and not
    /// achieved. Refused ones don't: no cluster is behind with what it answered, or never saw.
    #[must_use]
    pub const fn backlog(self) -> u64 {
        self.due.saturating_sub(self.acked).saturating_sub(self.refused)
    }

    /// Records that nothing more will become of.
    #[must_use]
    pub(super) const fn ended(self) -> u64 {
        self.acked + self.refused + self.gone
    }
}

impl Backlog {
    /// No sample yet; `start` is the start of the phase.
    pub(super) const fn new(start: Instant) -> Self {
        Self { start, length: SHORTEST_SLOT, slots: Vec::new(), max: 0 }
    }

    /// Adds a sample.
    pub(super) fn sample(&mut self, now: Instant, level: Level) {
        let offset = now.nanos_since(self.start);
        while offset / self.length >= MOST_SLOTS as u64 {
            self.double();
        }
        let slot = usize::try_from(offset / self.length).expect("below the most slots");
        if slot >= self.slots.len() {
            self.slots.resize(slot + 1, None);
        }
        self.slots[slot] = Some(level);
        self.max = self.max.max(level.backlog());
    }

    /// The highest backlog sampled; over several workers, the highest sum of a slot.
    #[must_use]
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// The last sample at or before `at`; zero before the first.
    #[must_use]
    pub fn level(&self, at: Duration) -> Level {
        let slot = at.as_nanos() / u128::from(self.length);
        let end =
            usize::try_from(slot + 1).map_or(self.slots.len(), |end| end.min(self.slots.len()));
        self.slots[..end].iter().rev().find_map(|slot| *slot).unwrap_or_default()
    }

    /// The samples, each with the begin of its slot since the start.
    pub(super) fn samples(&self) -> impl Iterator<Item = (Duration, Level)> {
        let slots = self.slots.iter().zip(0u64..);
        slots.filter_map(|(slot, nth)| Some((Duration::from_nanos(nth * self.length), (*slot)?)))
    }

    /// By how many records the backlog grew over `window` from the start: the median of the last
    /// tenth minus that of the first, at least 0. `None` when either tenth has no sample.
    #[must_use]
    pub fn growth(&self, window: Duration) -> Option<u64> {
        let tenth = window / 10;
        let first = self.median(Duration::ZERO, tenth)?;
        let last = self.median(window.saturating_sub(tenth), window)?;
        Some(last.saturating_sub(first))
    }

    /// The share of the offered records by which the cluster kept up: 1 − growth ÷ offered, where
    /// growth within the backlog's own scatter is none. `None` without samples or load.
    ///
    /// Requests and batches make a backlog that rises and falls by some milliseconds' worth of
    /// records; in a window of seconds that alone parts the medians of two tenths.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share is read to far fewer than 53 bits")]
    pub fn achieved_ratio(&self, window: Duration, offered: u64) -> Option<f64> {
        let growth = self.growth(window)? as f64;
        let growth = if growth > self.scatter(window) { growth } else { 0.0 };
        (offered > 0).then(|| (1.0 - growth / offered as f64).max(0.0))
    }

    /// By how many records the backlog rises and falls about its own trend in the first half of
    /// the window: twice the range of the middle half of the samples (all of a sawtooth), once the
    /// line through the medians of the first two quarters is taken off. A queue that only grows
    /// has next to none, whatever its slope, and a pause or two don't count.
    #[expect(clippy::cast_precision_loss, reason = "records of a backlog, far below 2^53")]
    fn scatter(&self, window: Duration) -> f64 {
        let (quarter, half) = (window / 4, window / 2);
        let medians = (self.median(Duration::ZERO, quarter), self.median(quarter, half));
        let (Some(first), Some(second)) = medians else { return 0.0 };
        let slope = (second as f64 - first as f64) / quarter.as_secs_f64().max(1e-9);
        let samples = self.samples().take_while(|(at, _)| *at < half);
        let mut rest: Vec<f64> =
            samples.map(|(at, level)| level.backlog() as f64 - slope * at.as_secs_f64()).collect();
        rest.sort_by(f64::total_cmp);
        match rest.len() {
            0 => 0.0,
            len => 2.0 * (rest[(len - 1) * 3 / 4] - rest[(len - 1) / 4]),
        }
    }

    /// Adds another worker's, slot by slot; where one has no sample, its last one before holds.
    pub(super) fn merge(&mut self, mut other: Self) {
        while self.length < other.length {
            self.double();
        }
        while other.length < self.length {
            other.double();
        }
        let slots = self.slots.len().max(other.slots.len());
        self.slots.resize(slots, None);
        other.slots.resize(slots, None);
        let (mut mine, mut others) = (Level::default(), Level::default());
        let mut max = self.max.max(other.max);
        for (slot, other) in self.slots.iter_mut().zip(&other.slots) {
            mine = slot.unwrap_or(mine);
            others = other.unwrap_or(others);
            if slot.is_some() || other.is_some() {
                let sum = Level {
                    due: mine.due + others.due,
                    acked: mine.acked + others.acked,
                    refused: mine.refused + others.refused,
                    gone: mine.gone + others.gone,
                };
                max = max.max(sum.backlog());
                *slot = Some(sum);
            }
        }
        self.max = max;
    }

    /// The median backlog of the slots that begin in `from..to` after the start; of the slot that
    /// covers `from` when none does.
    fn median(&self, from: Duration, to: Duration) -> Option<u64> {
        let length = u128::from(self.length);
        let first = usize::try_from(from.as_nanos() / length).ok()?;
        let end = usize::try_from(to.as_nanos().div_ceil(length)).ok()?.max(first + 1);
        let slots = self.slots.get(first..end.min(self.slots.len()))?;
        let mut levels: Vec<u64> = slots.iter().flatten().map(|level| level.backlog()).collect();
        if levels.is_empty() {
            return None;
        }
        let middle = levels.len() / 2;
        Some(*levels.select_nth_unstable(middle).1)
    }

    fn double(&mut self) {
        self.length = self.length.saturating_mul(2);
        self.slots =
            self.slots.chunks(2).map(|pair| pair.iter().rev().find_map(|slot| *slot)).collect();
    }
}

/// Ten milliseconds, no longer than the engine's own step.
const SHORTEST_SLOT: u64 = 10_000_000;

/// 82 s of the shortest slots; a tenth of the window never has fewer than 400 of them beyond that.
const MOST_SLOTS: usize = 8_192;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Instant = Instant::from_nanos(77);

    fn ms(ms: u64) -> Instant {
        START + Duration::from_millis(ms)
    }

    /// Samples every `step` ms over `seconds`: 1,000 records due a second, the backlog as given by
    /// milliseconds.
    fn sampled(seconds: u64, step: usize, backlog: impl Fn(u64) -> u64) -> Backlog {
        let mut out = Backlog::new(START);
        for at in (0..=seconds * 1_000).step_by(step) {
            let acked = at - backlog(at);
            out.sample(ms(at), Level { due: at, acked, ..Level::default() });
        }
        out
    }

    #[test]
    fn a_steady_backlog_is_no_growth() {
        let steady = sampled(10, 50, |at| at.min(5));
        assert_eq!(steady.growth(Duration::from_secs(10)), Some(0));
        assert_eq!(steady.achieved_ratio(Duration::from_secs(10), 10_000), Some(1.0));
        assert_eq!(steady.max(), 5);
    }

    #[test]
    fn a_cluster_that_takes_half_achieves_about_half() {
        let window = Duration::from_secs(100);
        let half = sampled(100, 20, |at| at / 2);
        // The medians lie at 5 % and 95 % of the window: 90 % of the growth is between them.
        let ratio = half.achieved_ratio(window, 100_000).unwrap();
        assert!((ratio - 0.55).abs() < 0.005, "{ratio}");
        assert_eq!(half.max(), 50_000);
    }

    #[test]
    fn refused_records_are_nobodys_backlog() {
        let mut refused = Backlog::new(START);
        for at in (0..=10_000).step_by(50) {
            refused.sample(ms(at), Level { due: at, acked: at / 2, refused: at - at / 2, gone: 0 });
        }
        assert_eq!(refused.achieved_ratio(Duration::from_secs(10), 10_000), Some(1.0));
        assert_eq!(refused.max(), 0);
    }

    #[test]
    fn what_comes_after_the_window_does_not_count() {
        let window = Duration::from_secs(10);
        let drained = sampled(20, 10, |at| if at <= 10_000 { at / 10 } else { 0 });
        let ratio = drained.achieved_ratio(window, 10_000).unwrap();
        assert!(ratio < 0.92, "{ratio}");
        assert_eq!(drained.level(Duration::from_secs(15)).backlog(), 0);
        assert_eq!(drained.level(Duration::from_secs(5)).backlog(), 500);
    }

    #[test]
    fn no_samples_no_ratio() {
        let none = Backlog::new(START);
        assert_eq!(none.achieved_ratio(Duration::from_secs(1), 10), None);
        assert_eq!(none.level(Duration::ZERO), Level::default());
    }

    #[test]
    fn memory_is_bounded_and_the_answer_stays() {
        let window = Duration::from_secs(3_600);
        let long = sampled(3_600, 100, |at| at / 100);
        assert!(long.slots.len() <= MOST_SLOTS, "{}", long.slots.len());
        let growth = long.growth(window).unwrap();
        assert!((32_300..32_500).contains(&growth), "{growth}");
    }

    #[test]
    fn workers_add_up_slot_by_slot() {
        let mut left = sampled(10, 30, |at| at / 10);
        let right = sampled(10, 70, |at| at / 5);
        left.merge(right);
        assert_eq!(left.level(Duration::from_secs(10)).due, 9_990 + 9_940);
        let growth = left.growth(Duration::from_secs(10)).unwrap();
        assert!((2_650..2_750).contains(&growth), "{growth}");
        assert!(left.max() > 2_900, "{}", left.max());
    }

    /// Samples every 20 ms of `rate` a second: a sawtooth about a mean that grows by `growth` of
    /// the rate.
    fn sawtooth(seconds: u64, rate: u64, growth: f64, period: u64, amplitude: u64) -> Backlog {
        let mut out = Backlog::new(START);
        for at in (0..=seconds * 1_000).step_by(20) {
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let grown = growth * (rate * at) as f64 / 1e3;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "not below 0"
            )]
            let backlog = grown as u64 + amplitude * (at % period) / period;
            // Enough that is due from the first sample on.
            let due = rate * at / 1_000 + amplitude;
            out.sample(ms(at), Level { due, acked: due - backlog, ..Level::default() });
        }
        out
    }

    fn ratio(backlog: &Backlog, seconds: u64, rate: u64) -> f64 {
        backlog.achieved_ratio(Duration::from_secs(seconds), rate * seconds).unwrap()
    }

    /// Goal: a cluster that keeps up in steps isn't behind. Method: steps with 40 ms worth of
    /// records, whose medians in the first and the last tenth are more than 0.5 % of the load
    /// apart, which alone would say overloaded.
    #[test]
    fn a_backlog_that_rises_and_falls_is_no_growth() {
        let steps = sawtooth(3, 5_000, 0.0, 500, 200);
        assert!(steps.growth(Duration::from_secs(3)).unwrap() > 75, "parted by more than 0.5 %");
        assert!((ratio(&steps, 3, 5_000) - 1.0).abs() < 1e-12);
        // The same with a queue that grows by 1 % beneath it.
        assert!(ratio(&sawtooth(10, 5_000, 0.01, 440, 180), 10, 5_000) < 0.995);
    }

    proptest! {
        #[test]
        fn a_stationary_backlog_never_counts_as_growth(
            seconds in 3_u64..30, rate in 1_000_u64..1_000_000, part in 0.02_f64..0.16,
            amplitude in 0_u64..200_000
        ) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "milliseconds above 0"
            )]
            // Of 20 ms steps, so that samples see all of it.
            let period = ((seconds * 50) as f64 * part) as u64 * 20 + 20;
            let found = ratio(&sawtooth(seconds, rate, 0.0, period, amplitude), seconds, rate);
            prop_assert!((found - 1.0).abs() < 1e-12, "{found}, period {period}");
        }

        #[test]
        fn a_queue_that_grows_is_always_caught(
            seconds in 5_u64..60, rate in 1_000_u64..1_000_000, growth in 0.006_f64..0.9
        ) {
            let found = ratio(&sawtooth(seconds, rate, growth, 20, 0), seconds, rate);
            prop_assert!(found < 0.995, "{found}");
        }
    }
}
