//! What the loop knows about itself: how busy it is and how late it starts on a deadline.
//!
//! Cost class: per tick. The loop's thread alone writes, with plain relaxed stores, once a turn;
//! any thread reads. The fields of one reading may be a turn apart.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::clock;
use crate::base::Instant;

/// The running counts of one loop, shared by its thread and whoever watches it.
#[derive(Debug)]
pub struct LoopStats {
    busy_nanos: AtomicU64,
    wakeups: AtomicU64,
    turns: AtomicU64,
    turn_max_nanos: AtomicU64,
    cpu_nanos: AtomicU64,
    lag_nanos: AtomicU64,
    lag_max_nanos: AtomicU64,
    lags: [AtomicU64; LAG_BUCKETS],
}

impl LoopStats {
    /// All zero.
    pub(super) fn new() -> Self {
        Self {
            busy_nanos: AtomicU64::new(0),
            wakeups: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            turn_max_nanos: AtomicU64::new(0),
            cpu_nanos: AtomicU64::new(0),
            lag_nanos: AtomicU64::new(0),
            lag_max_nanos: AtomicU64::new(0),
            lags: [const { AtomicU64::new(0) }; LAG_BUCKETS],
        }
    }

    /// The counts up to now; `at` is the moment of reading.
    #[must_use]
    pub fn snapshot(&self) -> LoopSnapshot {
        LoopSnapshot {
            at: clock::now(),
            busy_nanos: self.busy_nanos.load(Relaxed),
            wakeups: self.wakeups.load(Relaxed),
            turns: self.turns.load(Relaxed),
            turn_max_nanos: self.turn_max_nanos.load(Relaxed),
            cpu_nanos: self.cpu_nanos.load(Relaxed),
            lag_nanos: self.lag_nanos.load(Relaxed),
            lag_max_nanos: self.lag_max_nanos.load(Relaxed),
            lags: core::array::from_fn(|bucket| self.lags[bucket].load(Relaxed)),
        }
    }

    /// One turn ended, `busy` nanoseconds after the last that was counted; `woken` if it began by
    /// coming out of a wait.
    pub(super) fn turn(&self, busy: u64, woken: bool) {
        add(&self.busy_nanos, busy);
        add(&self.turns, 1);
        add(&self.wakeups, u64::from(woken));
        raise(&self.turn_max_nanos, busy);
    }

    /// Handling of a deadline began `nanos` late.
    pub(super) fn lag(&self, nanos: u64) {
        add(&self.lag_nanos, nanos);
        add(&self.lags[bucket(nanos)], 1);
        raise(&self.lag_max_nanos, nanos);
    }

    /// The thread has used this much processor time.
    pub(super) fn cpu(&self, nanos: u64) {
        self.cpu_nanos.store(nanos, Relaxed);
    }
}

/// One reading of [`LoopStats`], or the difference of two.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoopSnapshot {
    /// When it was taken; of a difference: when the later one was.
    pub at: Instant,
    /// Nanoseconds not spent waiting for something to do.
    pub busy_nanos: u64,
    /// How often the loop came out of a wait.
    pub wakeups: u64,
    /// How often it went round, without a wait included.
    pub turns: u64,
    /// The longest turn since the loop began, in nanoseconds: for so long nothing was read, no ack
    /// either. Of a difference, only an upper bound for its span.
    pub turn_max_nanos: u64,
    /// Processor time of the loop's thread, in nanoseconds, at most 10 ms of it behind; 0 where the
    /// system doesn't tell.
    pub cpu_nanos: u64,
    /// The sum of all lags, in nanoseconds. A lag is how late the handling of a deadline began that
    /// lay ahead when it was set.
    pub lag_nanos: u64,
    /// The longest lag since the loop began, in nanoseconds; of a difference, only an upper bound
    /// for its span.
    pub lag_max_nanos: u64,
    /// Lags by size: the first bucket holds 0 and 1 ns, bucket i those from 2^i to 2^(i+1) − 1,
    /// the last all above.
    pub lags: [u64; LAG_BUCKETS],
}

impl LoopSnapshot {
    /// What happened from `earlier` to this reading of the same loop.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            at: self.at,
            busy_nanos: self.busy_nanos.saturating_sub(earlier.busy_nanos),
            wakeups: self.wakeups.saturating_sub(earlier.wakeups),
            turns: self.turns.saturating_sub(earlier.turns),
            turn_max_nanos: self.turn_max_nanos,
            cpu_nanos: self.cpu_nanos.saturating_sub(earlier.cpu_nanos),
            lag_nanos: self.lag_nanos.saturating_sub(earlier.lag_nanos),
            lag_max_nanos: self.lag_max_nanos,
            lags: core::array::from_fn(|i| self.lags[i].saturating_sub(earlier.lags[i])),
        }
    }

    /// How many deadlines were handled.
    #[must_use]
    pub fn lag_count(&self) -> u64 {
        self.lags.iter().sum()
    }

    /// An upper bound, in nanoseconds, under which at least `share` (0 to 1) of the lags lie; 0
    /// when there were none. Coarse by design: within a factor of two.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of a count needs no more than 53 bits")]
    pub fn lag_bound(&self, share: f64) -> u64 {
        let wanted = self.lag_count() as f64 * share;
        let mut seen = 0;
        for (bucket, &count) in self.lags.iter().enumerate() {
            seen += count;
            if count > 0 && seen as f64 >= wanted {
                return ((2_u64 << bucket) - 1).min(self.lag_max_nanos);
            }
        }
        0
    }
}

/// Which bucket a lag belongs to.
fn bucket(nanos: u64) -> usize {
    let log = nanos.max(1).ilog2();
    usize::try_from(log).map_or(LAG_BUCKETS - 1, |log| log.min(LAG_BUCKETS - 1))
}

/// Adds without a locked instruction: there is one writer.
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
}

/// Keeps the larger one, as [`add`].
fn raise(most: &AtomicU64, nanos: u64) {
    if nanos > most.load(Relaxed) {
        most.store(nanos, Relaxed);
    }
}

/// How many sizes of lag are told apart: up to 34 s.
pub const LAG_BUCKETS: usize = 36;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lags_fall_into_powers_of_two() {
        for (nanos, expected) in [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (1 << 34, 34)] {
            assert_eq!(bucket(nanos), expected, "{nanos} ns");
        }
        assert_eq!(bucket(u64::MAX), LAG_BUCKETS - 1);
    }

    #[test]
    fn a_difference_holds_only_its_own_span() {
        let stats = LoopStats::new();
        stats.turn(100, true);
        stats.lag(1_000);
        let before = stats.snapshot();
        stats.turn(50, false);
        stats.turn(25, true);
        stats.lag(10);
        stats.lag(90);
        stats.cpu(77);
        let span = stats.snapshot().since(&before);
        assert_eq!((span.busy_nanos, span.turns, span.wakeups), (75, 2, 1));
        assert_eq!((span.lag_nanos, span.lag_count(), span.cpu_nanos), (100, 2, 77));
        assert_eq!(span.lag_bound(0.5), 15);
        assert_eq!(span.lag_bound(1.0), 127);
        assert_eq!(before.since(&before).lag_bound(0.99), 0);
    }
}
