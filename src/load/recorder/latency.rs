//! From a batch's stamps to the latencies of its records: response, service and the six stages.
//!
//! Cost class: per record two histogram entries (response and schedule lag) under a rate, none
//! without; per run of records three more; per batch five at most. Invariant: for every delivered
//! record the stages add up to its response (without a rate: those from buffer wait on, to its
//! service), nanosecond by nanosecond, whatever the instants are: ones out of order are moved
//! together first.
//! Failed records are in `failure` alone.

use super::intervals::Intervals;
use super::measured::Measured;
use crate::base::Instant;
use crate::kafka::accumulator::{Run, Stamp, Stamps};
use crate::kafka::producer::{BatchTimes, Delivery, Outcome};

/// The six stages that follow one another.
#[derive(Clone, Debug)]
pub struct Stages {
    /// Due to the first look at the schedule that found it due; empty without a rate.
    pub schedule_lag: Measured,
    /// From there to the append. Without a rate: from the moment the record before it was accepted.
    pub buffer_wait: Measured,
    /// Append to the first drain.
    pub batch_wait: Measured,
    /// First drain to last drain; 0 without retries.
    pub retry: Measured,
    /// Last drain to the request being fully written.
    pub send_queue: Measured,
    /// That to the response being read; empty with acks=0.
    pub broker: Measured,
}

impl Stages {
    /// The stages in their order, with their names as results have them.
    #[must_use]
    pub const fn all(&self) -> [(&'static str, &Measured); 6] {
        [
            ("schedule_lag", &self.schedule_lag),
            ("buffer_wait", &self.buffer_wait),
            ("batch_wait", &self.batch_wait),
            ("retry", &self.retry),
            ("send_queue", &self.send_queue),
            ("broker", &self.broker),
        ]
    }

    /// Adds another worker's.
    pub(super) fn merge(&mut self, other: &Self) {
        self.schedule_lag.merge(&other.schedule_lag);
        self.buffer_wait.merge(&other.buffer_wait);
        self.batch_wait.merge(&other.batch_wait);
        self.retry.merge(&other.retry);
        self.send_queue.merge(&other.send_queue);
        self.broker.merge(&other.broker);
    }
}

/// All latencies of one worker in one phase.
#[derive(Clone, Debug)]
pub(super) struct Latencies {
    pub(super) intervals: Intervals,
    /// Under a rate only; without one the intervals hold it.
    pub(super) service: Measured,
    pub(super) failure: Measured,
    pub(super) unsent: Measured,
    /// Without schedule lag, which the intervals hold.
    pub(super) stages: Stages,
    pub(super) seal: Measured,
    pub(super) seal_wait: Measured,
}

/// The latencies of one batch's records, of the family that the run is judged by.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct OfBatch {
    pub(super) sum: u128,
    pub(super) max: u64,
}

/// The stations that all records of a batch share, none later than the next.
#[derive(Clone, Copy, Debug)]
struct Stations {
    first_drained: Instant,
    last_drained: Instant,
    written: Instant,
    ended: Instant,
}

impl Latencies {
    pub(super) fn new(start: Instant, interval: u64, empty: &Measured) -> Self {
        let stages = Stages {
            schedule_lag: empty.clone(),
            buffer_wait: empty.clone(),
            batch_wait: empty.clone(),
            retry: empty.clone(),
            send_queue: empty.clone(),
            broker: empty.clone(),
        };
        Self {
            intervals: Intervals::new(start, interval, empty),
            service: empty.clone(),
            failure: empty.clone(),
            unsent: empty.clone(),
            stages,
            seal: empty.clone(),
            seal_wait: empty.clone(),
        }
    }

    /// A batch whose records are delivered.
    pub(super) fn delivered(&mut self, delivery: &Delivery) -> OfBatch {
        let at = Stations::of(&delivery.times);
        let mut batch = OfBatch::default();
        for (run, offsets, len) in delivery.stamps.runs() {
            let records = u64::from(len);
            let appended = run.appended.min(at.first_drained);
            let of_run = match run.base_due {
                Some(base) => self.scheduled(run, base, offsets, appended, at.ended),
                None => self.unscheduled(run, records, appended, at.ended),
            };
            self.stages.batch_wait.record_n(at.first_drained.nanos_since(appended), records);
            batch.sum += of_run.sum;
            batch.max = batch.max.max(of_run.max);
        }
        let records = u64::from(delivery.records());
        let stages = &mut self.stages;
        stages.retry.record_n(at.last_drained.nanos_since(at.first_drained), records);
        stages.send_queue.record_n(at.written.nanos_since(at.last_drained), records);
        if delivery.outcome != Outcome::Written {
            stages.broker.record_n(at.ended.nanos_since(at.written), records);
        }
        // Without a codec there is nothing to tell.
        if delivery.seal.total() > 0 {
            self.seal.record_n(delivery.seal.took, records);
            self.seal_wait.record_n(delivery.seal.waited, records);
        }
        batch
    }

    /// Records that failed, or whose fate is unknown, at `ended`.
    pub(super) fn failed(&mut self, stamps: &Stamps, ended: Instant) {
        record_ends(&mut self.failure, stamps, ended);
    }

    /// Records that were cut off at `ended` without having been sent.
    pub(super) fn unsent(&mut self, stamps: &Stamps, ended: Instant) {
        record_ends(&mut self.unsent, stamps, ended);
    }

    /// One record that the producer refused.
    pub(super) fn refused(&mut self, stamp: &Stamp, ended: Instant) {
        self.failure.record(ended.nanos_since(stamp.due.unwrap_or(stamp.handed)));
    }

    /// One record that the schedule wanted and that was never handed over.
    pub(super) fn never_sent(&mut self, stamp: &Stamp, ended: Instant) {
        self.unsent.record(ended.nanos_since(stamp.due.unwrap_or(stamp.handed)));
    }

    /// A run under a schedule: response and lag by record, the rest at once.
    fn scheduled(
        &mut self,
        run: &Run,
        base: Instant,
        offsets: &[u32],
        appended: Instant,
        ended: Instant,
    ) -> OfBatch {
        let Some((earliest, latest)) = extremes(offsets) else { return OfBatch::default() };
        let handed = run.handed.min(appended);
        self.service.record_n(ended.nanos_since(handed), offsets.len() as u64);

        // Everything in nanoseconds after `base`, as the offsets are; a record seen before it was
        // due counts as seen when due.
        let ended = ended.nanos_since(base);
        let appended = appended.nanos_since(base);
        let seen = run.seen.nanos_since(base).min(appended);
        let buffer_wait = &mut self.stages.buffer_wait;
        if u64::from(latest) <= seen {
            buffer_wait.record_n(appended - seen, offsets.len() as u64);
        } else {
            let waits = offsets.iter().map(|&due| appended.saturating_sub(seen.max(due.into())));
            buffer_wait.record_each(waits);
        }

        let mut sum = 0;
        let mut rest = offsets;
        while let Some(&first) = rest.first() {
            let (live, end) = self.intervals.at(base.plus_nanos(first.into()));
            let end = end.nanos_since(base);
            let here = if u64::from(latest) < end { rest.len() } else { within(rest, end) };
            let (part, later) = rest.split_at(here);
            sum +=
                live.latency.record_each(part.iter().map(|&due| ended.saturating_sub(due.into())));
            live.lag.record_each(part.iter().map(|&due| seen.saturating_sub(due.into())));
            rest = later;
        }
        OfBatch { sum, max: ended.saturating_sub(earliest.into()) }
    }

    /// A run without a schedule: all its records are alike.
    fn unscheduled(
        &mut self,
        run: &Run,
        records: u64,
        appended: Instant,
        ended: Instant,
    ) -> OfBatch {
        let handed = run.handed.min(appended);
        let service = ended.nanos_since(handed);
        self.stages.buffer_wait.record_n(appended.nanos_since(handed), records);
        self.intervals.at(handed).0.latency.record_n(service, records);
        OfBatch { sum: u128::from(service) * u128::from(records), max: service }
    }
}

impl Stations {
    /// Moves stations that are later than the end, or than the one after them, back to it: a record
    /// is never in two at a time.
    fn of(times: &BatchTimes) -> Self {
        let ended = times.ended;
        let written = times.written.min(ended);
        let last_drained = times.last_drained.min(written);
        let first_drained = times.first_drained.unwrap_or(last_drained).min(last_drained);
        Self { first_drained, last_drained, written, ended }
    }
}

/// Records how long after being due (without a schedule: handed over) each record came to its end.
fn record_ends(into: &mut Measured, stamps: &Stamps, ended: Instant) {
    for (run, offsets, len) in stamps.runs() {
        match run.base_due {
            Some(base) => {
                let ended = ended.nanos_since(base);
                into.record_each(offsets.iter().map(|&due| ended.saturating_sub(due.into())));
            }
            None => into.record_n(ended.nanos_since(run.handed), u64::from(len)),
        }
    }
}

/// The smallest and the largest offset.
fn extremes(offsets: &[u32]) -> Option<(u32, u32)> {
    let first = *offsets.first()?;
    Some(offsets.iter().fold((first, first), |(low, high), &due| (low.min(due), high.max(due))))
}

/// How many offsets from the first on lie before `end`; at least one, so that the caller gets on.
/// They ascend, as a schedule gives them; one that didn't would be counted an interval off.
fn within(offsets: &[u32], end: u64) -> usize {
    offsets.iter().position(|&due| u64::from(due) >= end).unwrap_or(offsets.len()).max(1)
}
