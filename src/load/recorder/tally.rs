//! What a phase came to: plain figures, the sum over any number of workers.
//!
//! Cost class: once a phase. Invariant: merging the tallies of two workers gives what one recorder
//! of both would have counted.

use core::time::Duration;

use super::backlog::{Backlog, Level};
use super::counters::{Batches, Brokers, Causes, Errors, Partitions, Requests};
use super::gaps::{Gap, Gaps};
use super::intervals::Rows;
use super::latency::Stages;
use super::ledger::Ledger;
use super::measured::Measured;
use super::spectrum::Spectrum;
use super::{Kind, RecorderPlan, earlier};
use crate::base::Instant;
use crate::kafka::producer::Failure;

/// Everything a recorder counted in one phase.
#[derive(Clone, Debug)]
pub struct Tally {
    /// What it was recorded with.
    pub plan: RecorderPlan,
    /// When the phase started; the earliest of the workers'.
    pub start: Instant,
    /// Due to end; `None` without a rate.
    pub response: Option<Measured>,
    /// Handed over to end: what a caller in a loop would have measured.
    pub service: Measured,
    /// Due (without a rate: handed over) to the bad end, of failed and indeterminate records.
    pub failure: Measured,
    /// Due (without a rate: handed over) to the cut, of records that the end of the drain cut off.
    pub unsent: Measured,
    /// The six stages of delivered records.
    pub stages: Stages,
    /// Compression, by record; part of batch wait.
    pub seal: Measured,
    /// Waiting for a thread to compress it, by record; part of batch wait.
    pub seal_wait: Measured,
    /// How late the engine was called.
    pub loop_lag: Measured,
    /// How long brokers asked us to hold back.
    pub throttle: Measured,
    /// Records by outcome.
    pub ledger: Ledger,
    /// Of its indeterminate ones, those that the end of the drain cut off: nothing went wrong with
    /// them.
    pub cut_in_flight: u64,
    /// What was acknowledged inside the window, whenever it was due.
    pub window: InWindow,
    /// When the first batch was put into a request; `None` when none was.
    pub first_sent: Option<Instant>,
    /// When the last delivered batch was acknowledged (with acks=0: written); failures may have
    /// come much later. `None` when none was.
    pub last_delivered: Option<Instant>,
    /// By code.
    pub errors: Errors,
    /// Of failed and indeterminate records.
    pub causes: Causes,
    /// What ended the producer for good, if anything did; of several workers one's.
    pub fatal: Option<Failure>,
    /// Batches sent.
    pub batches: Batches,
    /// Requests sent.
    pub requests: Requests,
    /// Delivered records by partition slot. Merging takes it that a slot means the same partition
    /// for every worker.
    pub partitions: Partitions,
    /// Delivered records by broker.
    pub brokers: Brokers,
    /// Records due and not acknowledged, over time.
    pub backlog: Backlog,
    pub(super) intervals: Rows,
    pub(super) gaps: Gaps,
}

/// Acknowledged (or written) records whose ack arrived before the window's end.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct InWindow {
    /// How many.
    pub records: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Their bytes before compression, as they stand in batches.
    pub uncompressed_bytes: u64,
    /// Bytes of their keys and values.
    pub payload_bytes: u64,
}

/// One interval of a phase.
#[derive(Clone, Copy, Debug)]
pub struct Interval<'a> {
    /// When it began, since the phase's start.
    pub from: Duration,
    /// How long it is: that of the plan, or a doubling of it in a run of more than an hour.
    pub length: Duration,
    /// Records that fell due in it, as sampled.
    pub due: u64,
    /// Records acknowledged or written in it, whenever they were due.
    pub acked: u64,
    /// Records that ended badly in it.
    pub errors: u64,
    /// Response of the records due in it (without a rate: service of those handed over in it).
    pub latency: &'a Spectrum,
    /// Their schedule lag.
    pub lag: &'a Spectrum,
    /// Records due and not acknowledged at its end.
    pub backlog: u64,
}

impl Tally {
    /// The family that the run is judged by: response under a rate, service without one.
    #[must_use]
    pub fn headline(&self) -> &Measured {
        self.response.as_ref().unwrap_or(&self.service)
    }

    /// Success, failure and unsent together: what a user who never gives up on a record would have
    /// seen at least.
    #[must_use]
    pub fn worst_case(&self) -> Measured {
        let mut worst = self.headline().clone();
        worst.merge(&self.failure);
        worst.merge(&self.unsent);
        worst
    }

    /// Values above the range of their histogram, over response, service, failure, unsent and all
    /// stages.
    #[must_use]
    pub fn overflow(&self) -> u64 {
        let families = [&self.service, &self.failure, &self.unsent].into_iter();
        let stages = self.stages.all();
        let stages = stages.iter().map(|(_, stage)| *stage);
        families.chain(&self.response).chain(stages).map(Measured::overflow).sum()
    }

    /// Times in which partitions could not be written to, by partition and time; see the room's
    /// `gaps.rs` for what counts.
    #[must_use]
    pub fn unavailability(&self) -> Vec<Gap> {
        self.gaps.found()
    }

    /// How many candidates for [`Tally::unavailability`] there was no room to keep; 0 normally.
    #[must_use]
    pub const fn unavailability_beyond(&self) -> u64 {
        self.gaps.beyond()
    }

    /// The share of `offered` records that the cluster kept up with over `window` from the start
    /// (rule 6); what was left out is no part of it. Where the rate varies it is the share of the
    /// window by which records didn't end later and later. `None` without a rate, where nothing was
    /// asked for.
    #[must_use]
    pub fn achieved_ratio(&self, window: Duration, offered: u64) -> Option<f64> {
        self.response.as_ref()?;
        let kept_up = if self.plan.varying {
            let late = self.backlog.lag_growth(window)?.as_secs_f64();
            let lost = self.backlog.level(window).gone;
            (offered > 0).then(|| (1.0 - late / window.as_secs_f64()).min(without(lost, offered)))
        } else {
            self.backlog.achieved_ratio(window, offered)
        };
        kept_up.map(|ratio| ratio.min(without(self.ledger.left_out(), offered)).max(0.0))
    }

    /// The phase interval by interval, up to the last in which anything happened.
    pub fn intervals(&self) -> impl Iterator<Item = Interval<'_>> {
        let length = Duration::from_nanos(self.intervals.length);
        let mut before = Level::default();
        self.intervals.rows.iter().zip(0u32..).map(move |(row, index)| {
            let from = length.saturating_mul(index);
            let level = self.backlog.level(from + length - Duration::from_nanos(1));
            let due = level.due - before.due.min(level.due);
            before = level;
            Interval {
                from,
                length,
                due,
                acked: row.acked,
                errors: row.errors,
                latency: &row.latency,
                lag: &row.lag,
                backlog: level.backlog(),
            }
        })
    }

    /// Partition slot 0 becomes slot `by`, and so on: the tallies of workers that write to
    /// different topics can be merged once each topic has slots of its own.
    pub fn shift_slots(&mut self, by: u32) {
        self.partitions.shift(by as usize);
        self.gaps.shift(by);
    }

    /// Adds another worker's tally of the same phase.
    ///
    /// # Panics
    /// When the two were recorded with different plans.
    pub fn merge(&mut self, other: Self) {
        assert_eq!(self.plan, other.plan, "tallies of one phase have one plan");
        self.start = self.start.min(other.start);
        if let (Some(mine), Some(other)) = (&mut self.response, &other.response) {
            mine.merge(other);
        }
        self.service.merge(&other.service);
        self.failure.merge(&other.failure);
        self.unsent.merge(&other.unsent);
        self.stages.merge(&other.stages);
        self.seal.merge(&other.seal);
        self.seal_wait.merge(&other.seal_wait);
        self.loop_lag.merge(&other.loop_lag);
        self.throttle.merge(&other.throttle);
        self.ledger.merge(&other.ledger);
        self.cut_in_flight += other.cut_in_flight;
        self.window.merge(&other.window);
        self.first_sent = earlier(self.first_sent, other.first_sent);
        self.last_delivered = self.last_delivered.max(other.last_delivered);
        self.errors.merge(&other.errors);
        self.causes.merge(&other.causes);
        self.fatal = self.fatal.take().or(other.fatal);
        self.batches.merge(&other.batches);
        self.requests.merge(&other.requests);
        self.partitions.merge(&other.partitions);
        self.brokers.merge(&other.brokers);
        self.backlog.merge(other.backlog);
        self.intervals.merge(other.intervals);
        self.gaps.merge(&other.gaps);
    }

    /// Whether latencies end at the ack or at the write.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.plan.kind
    }
}

/// The share that is left of `offered` records without `some`.
#[expect(clippy::cast_precision_loss, reason = "a share is read to far fewer than 53 bits")]
fn without(some: u64, offered: u64) -> f64 {
    1.0 - some as f64 / offered.max(some).max(1) as f64
}

impl InWindow {
    const fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.wire_bytes += other.wire_bytes;
        self.uncompressed_bytes += other.uncompressed_bytes;
        self.payload_bytes += other.payload_bytes;
    }
}
