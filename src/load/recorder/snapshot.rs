//! How things stand, for progress lines and rules that end a run early. Cost class: per tick, a
//! pass over one histogram.

use super::ledger::Ledger;
use super::measured::Measured;
use super::spectrum::Spectrum;

/// One worker's counts since the start of the phase, and what came since the snapshot before;
/// several workers' add up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Records by outcome.
    pub ledger: Ledger,
    /// Records due at the last backlog sample.
    pub due: u64,
    /// Batches sent more than once, of those that have ended.
    pub retried_batches: u64,
    /// Since the last snapshot.
    pub lap: Lap,
}

/// Delivered records since the last snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lap {
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
    /// Their latencies: response under a rate, service without one. The largest is rounded up to
    /// its bucket.
    pub latency: Spectrum,
    /// The exact sum of these, in nanoseconds.
    pub latency_sum: u128,
}

impl Snapshot {
    /// Records due that are not acknowledged.
    #[must_use]
    pub const fn backlog(&self) -> u64 {
        self.due.saturating_sub(self.ledger.delivered())
    }

    /// Adds another worker's.
    pub fn merge(&mut self, other: &Self) {
        self.ledger.merge(&other.ledger);
        self.due += other.due;
        self.retried_batches += other.retried_batches;
        self.lap.payload_bytes += other.lap.payload_bytes;
        self.lap.latency.merge(&other.lap.latency);
        self.lap.latency_sum += other.lap.latency_sum;
    }
}

/// What the last snapshot had seen, to tell what is new.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    latency: Measured,
    /// Kept for the next comparison, so that a snapshot allocates nothing large.
    spare: Measured,
    payload_bytes: u64,
}

impl Seen {
    pub(super) fn new(empty: &Measured) -> Self {
        Self { latency: Measured::like(empty), spare: Measured::like(empty), payload_bytes: 0 }
    }

    /// The lap up to now, given everything so far: `fill` adds all latencies to an empty histogram.
    pub(super) fn lap(&mut self, payload_bytes: u64, fill: impl FnOnce(&mut Measured)) -> Lap {
        self.spare.clear();
        fill(&mut self.spare);
        let lap = Lap {
            payload_bytes: payload_bytes - self.payload_bytes,
            latency: Spectrum::between(&self.latency, &self.spare),
            latency_sum: self.spare.sum() - self.latency.sum(),
        };
        core::mem::swap(&mut self.latency, &mut self.spare);
        self.payload_bytes = payload_bytes;
        lap
    }
}
