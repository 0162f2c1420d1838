//! What came of the records: latencies, stages, counts and the ledger of one worker in one phase.
//!
//! Cost class: [`Recorder::delivered`] is per record, everything else per batch, per request or per
//! tick. Invariants: every record is measured, none is sampled; histograms are per worker and
//! merged, never averaged; the stages of a record add up to its latency. Nothing reads the recorder
//! but phase end, progress and report: taking it out would change no byte on the wire.
//!
//! Rooms inside: [`Measured`] (a histogram with exact companions), [`Spectrum`] (the same, packed),
//! intervals, latency (stamps to stages), counters, gaps (unavailability), [`Backlog`], [`Ledger`],
//! [`Tally`] and the [`verdict`].

mod backlog;
mod behind;
mod buckets;
mod counters;
mod gaps;
mod intervals;
mod latency;
mod ledger;
mod measured;
mod snapshot;
mod spectrum;
mod tally;
pub mod verdict;

use core::time::Duration;

pub use backlog::{Backlog, Level};
pub use counters::{
    Batches, BrokerCount, Brokers, Causes, ErrorCount, ErrorSource, Errors, PartitionCount,
    Partitions, Requests,
};
pub use gaps::Gap;
pub use latency::Stages;
pub use ledger::{Imbalance, Ledger};
pub use measured::Measured;
pub use snapshot::{Lap, Snapshot};
pub use spectrum::Spectrum;
pub use tally::{InWindow, Interval, Tally};

use crate::base::Instant;
use crate::kafka::accumulator::{Stamp, Stamps};
use crate::kafka::producer::{Delivery, Failure, Outcome};
use crate::kafka::wire::ErrorCode;
use gaps::Gaps;
use latency::{Latencies, OfBatch};
use snapshot::Seen;

/// What a recorder has to know of the run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecorderPlan {
    /// Records have due instants: there is a rate.
    pub paced: bool,
    /// The planned rate changes in the course of a phase, or records are due in bursts.
    pub varying: bool,
    /// Where latencies end.
    pub kind: Kind,
    /// The largest latency that the histograms hold: above delivery.timeout.ms and the longest
    /// drain.
    pub highest_trackable: Duration,
    /// Length of the intervals, more than zero.
    pub interval: Duration,
}

/// Where latencies end; nothing compares one with the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// When the ack was read.
    Acked,
    /// When the request was fully written (acks=0).
    Written,
}

/// Records one worker's phase.
#[derive(Debug)]
pub struct Recorder {
    plan: RecorderPlan,
    start: Instant,
    window_end: Instant,
    /// Nothing recorded in it; gives the others their range.
    empty: Measured,
    latencies: Latencies,
    loop_lag: Measured,
    throttle: Measured,
    ledger: Ledger,
    cut_in_flight: u64,
    window: InWindow,
    first_sent: Option<Instant>,
    last_delivered: Option<Instant>,
    payload_bytes: u64,
    errors: Errors,
    causes: Causes,
    fatal: Option<Failure>,
    batches: Batches,
    requests: Requests,
    partitions: Partitions,
    brokers: Brokers,
    backlog: Backlog,
    due: u64,
    gaps: Gaps,
    seen: Seen,
}

impl Recorder {
    /// A recorder for one phase that starts at `start`; a new phase is a new recorder.
    #[must_use]
    pub fn new(plan: &RecorderPlan, start: Instant) -> Self {
        let empty = Measured::new(plan.highest_trackable);
        let interval = u64::try_from(plan.interval.as_nanos()).unwrap_or(u64::MAX);
        Self {
            plan: *plan,
            start,
            window_end: Instant::FAR_FUTURE,
            latencies: Latencies::new(start, interval, &empty),
            loop_lag: empty.clone(),
            throttle: empty.clone(),
            ledger: Ledger::default(),
            cut_in_flight: 0,
            window: InWindow::default(),
            first_sent: None,
            last_delivered: None,
            payload_bytes: 0,
            errors: Errors::default(),
            causes: Causes::default(),
            fatal: None,
            batches: Batches::default(),
            requests: Requests::default(),
            partitions: Partitions::default(),
            brokers: Brokers::default(),
            backlog: Backlog::new(start),
            due: 0,
            gaps: Gaps::default(),
            seen: Seen::new(&empty),
            empty,
        }
    }

    /// Forgets everything and starts a phase at `at`.
    pub fn start(&mut self, at: Instant) {
        *self = Self::new(&self.plan, at);
    }

    /// The window ends at `at`: acks from then on are the drain's. To be told as soon as it is
    /// known, at the latest before the first delivery that ended at or after it.
    pub const fn end_window(&mut self, at: Instant) {
        self.window_end = at;
    }

    /// `records` were made and handed to the producer.
    #[inline]
    pub const fn generated(&mut self, records: u64) {
        self.ledger.generated += records;
    }

    /// `records` were due and left out, because the producer was full.
    pub const fn dropped(&mut self, records: u64) {
        self.ledger.dropped += records;
    }

    /// `records` were due and left out, because it was too late for them.
    pub const fn skipped(&mut self, records: u64) {
        self.ledger.skipped += records;
    }

    /// The end of a batch, good or bad.
    pub fn delivered(&mut self, delivery: &Delivery) {
        let records = u64::from(delivery.records());
        self.batches.add(delivery);
        self.first_sent = earlier(self.first_sent, delivery.times.first_drained);
        match &delivery.outcome {
            Outcome::Acked { .. } => self.ledger.acked += records,
            Outcome::Duplicate => self.ledger.duplicate += records,
            Outcome::Written => self.ledger.written += records,
            Outcome::Failed(failure) => {
                self.ledger.failed += records;
                self.ended_badly(delivery, failure.code);
                return;
            }
            Outcome::Indeterminate(failure) => {
                self.ledger.indeterminate += records;
                self.ended_badly(delivery, failure.code);
                return;
            }
        }
        let ended = delivery.times.ended;
        self.last_delivered = self.last_delivered.max(Some(ended));
        let of_batch = self.latencies_of(delivery);
        self.latencies.intervals.row(ended).acked += records;
        self.partitions.delivered(delivery, of_batch);
        self.brokers.delivered(delivery, &self.empty);
        self.gaps.acked(delivery);
        self.payload_bytes += delivery.payload_bytes;
        if ended < self.window_end {
            self.window.records += records;
            self.window.wire_bytes += delivery.wire_bytes;
            self.window.uncompressed_bytes += delivery.uncompressed_bytes;
            self.window.payload_bytes += delivery.payload_bytes;
        }
    }

    /// Records the latencies of a batch's records, unless this is the build that shows what that
    /// costs.
    fn latencies_of(&mut self, delivery: &Delivery) -> OfBatch {
        if cfg!(kprod_no_latency) {
            return OfBatch::default();
        }
        self.latencies.delivered(delivery)
    }

    /// A batch that was sent, and that the end of the drain cut off: nobody's error. It is
    /// indeterminate when a broker may have it, else unsent.
    pub fn cut(&mut self, delivery: &Delivery) {
        let records = u64::from(delivery.records());
        self.first_sent = earlier(self.first_sent, delivery.times.first_drained);
        match &delivery.outcome {
            Outcome::Failed(_) => self.ledger.unsent += records,
            Outcome::Indeterminate(_) => {
                self.ledger.indeterminate += records;
                self.cut_in_flight += records;
            }
            Outcome::Acked { .. } | Outcome::Duplicate | Outcome::Written => {
                return self.delivered(delivery);
            }
        }
        self.batches.add(delivery);
        self.latencies.unsent(&delivery.stamps, delivery.times.ended);
        self.gaps.failed(delivery.slot, delivery.times.created);
    }

    /// The producer refused a generated record with `code` (too large, say): it failed. `words` say
    /// why; they are asked for once a code and source.
    pub fn refused(
        &mut self,
        stamp: &Stamp,
        (code, source): (ErrorCode, ErrorSource),
        at: Instant,
        words: impl FnOnce() -> String,
    ) {
        self.ledger.failed += 1;
        self.latencies.refused(stamp, at);
        self.errors.refused(code, source, at, words);
        self.latencies.intervals.row(at).errors += 1;
    }

    /// What ended `records` that were told as failed or of unknown fate.
    pub const fn because(&mut self, cause: Causes) {
        self.causes.merge(&cause);
    }

    /// The producer can't go on because of `failure`. Once a phase.
    pub fn fatal(&mut self, failure: &Failure) {
        self.fatal = Some(failure.clone());
    }

    /// The generated records of a batch that was never sent, because the drain was cut at `at`.
    pub fn unsent_batch(&mut self, stamps: &Stamps, at: Instant) {
        self.ledger.unsent += u64::from(stamps.count());
        self.latencies.unsent(stamps, at);
    }

    /// A generated record that the producer never took, because the drain was cut at `at`.
    pub fn unsent(&mut self, stamp: &Stamp, at: Instant) {
        self.ledger.unsent += 1;
        self.latencies.never_sent(stamp, at);
    }

    /// The worker broke off in the middle of anything, with `due` records due by then: what was
    /// handed over and has no outcome may have been written or not, the rest was never sent.
    /// Neither gets a latency.
    pub fn broke_off(&mut self, due: u64) {
        let ledger = &mut self.ledger;
        // It may have been counting when it broke off.
        ledger.generated = ledger.generated.max(ledger.ended());
        let open = ledger.generated - ledger.ended();
        ledger.indeterminate += open;
        self.cut_in_flight += open;
        let never = due.saturating_sub(ledger.due());
        ledger.generated += never;
        ledger.unsent += never;
    }

    /// A batch of `records` is sent again because of `code`.
    pub fn retried(&mut self, code: ErrorCode, records: u32, at: Instant) {
        self.errors.retried(code, records.into(), at);
    }

    /// A batch was cut in pieces.
    pub const fn split(&mut self) {
        self.batches.splits += 1;
    }

    /// A Produce request of `batches` went out; `in_flight` on its connection now, itself included.
    pub fn request_sent(&mut self, batches: u32, in_flight: u32) {
        self.requests.sent(batches, in_flight);
    }

    /// The engine was called this much later than it had asked for.
    pub fn loop_lag(&mut self, nanos: u64) {
        self.loop_lag.record(nanos);
    }

    /// The engine did nothing from `from` to `to`, although it had asked to be called: what waited
    /// meanwhile waited for this client.
    pub fn stalled(&mut self, from: Instant, to: Instant) {
        self.gaps.stalled(from, to);
    }

    /// A broker asked us to hold back this long.
    pub fn throttle(&mut self, nanos: u64) {
        self.throttle.record(nanos);
    }

    /// How many records of this worker and phase are due by now (without a rate: were taken). Every
    /// 10 to 100 ms.
    pub fn sample(&mut self, now: Instant, due_by_now: u64) {
        self.due = due_by_now;
        let (ledger, refused) = (&self.ledger, self.causes.ended());
        let bad = (ledger.failed + ledger.indeterminate).saturating_sub(refused);
        let level = Level {
            due: due_by_now,
            acked: ledger.delivered(),
            refused,
            gone: bad + ledger.left_out(),
        };
        self.backlog.sample(now, level);
    }

    /// Records by outcome so far.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How things stand, and what came since the last call.
    pub fn snapshot(&mut self) -> Snapshot {
        let intervals = &self.latencies.intervals;
        let lap = self.seen.lap(self.payload_bytes, |all| intervals.latencies(all));
        Snapshot { ledger: self.ledger, due: self.due, retried_batches: self.batches.retried, lap }
    }

    /// Ends the phase at `end`, after its drain.
    #[must_use]
    pub fn finish(mut self, end: Instant) -> Tally {
        self.gaps.close(end);
        let intervals = self.latencies.intervals.close();
        // Under a rate the intervals hold responses, without one services.
        let (response, service) = if self.plan.paced {
            (Some(intervals.latency), self.latencies.service)
        } else {
            (None, intervals.latency)
        };
        let stages = Stages { schedule_lag: intervals.lag, ..self.latencies.stages };
        Tally {
            plan: self.plan,
            start: self.start,
            response,
            service,
            failure: self.latencies.failure,
            unsent: self.latencies.unsent,
            stages,
            seal: self.latencies.seal,
            seal_wait: self.latencies.seal_wait,
            loop_lag: self.loop_lag,
            throttle: self.throttle,
            ledger: self.ledger,
            cut_in_flight: self.cut_in_flight,
            window: self.window,
            first_sent: self.first_sent,
            last_delivered: self.last_delivered,
            errors: self.errors,
            causes: self.causes,
            fatal: self.fatal,
            batches: self.batches,
            requests: self.requests,
            partitions: self.partitions,
            brokers: self.brokers,
            backlog: self.backlog,
            intervals: intervals.rows,
            gaps: self.gaps,
        }
    }

    fn ended_badly(&mut self, delivery: &Delivery, code: ErrorCode) {
        let ended = delivery.times.ended;
        let records = u64::from(delivery.records());
        self.latencies.failed(&delivery.stamps, ended);
        self.errors.ended(code, records, ended);
        self.latencies.intervals.row(ended).errors += records;
        self.partitions.ended_badly(delivery);
        self.gaps.failed(delivery.slot, delivery.times.created);
    }
}

/// The earlier of two instants that may be unknown.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

#[cfg(test)]
mod tests;
