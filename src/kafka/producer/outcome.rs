//! What becomes of a batch once its attempt has ended: success, retry, pieces, failure
//! (`Sender.completeBatch`, `failBatch`, `reenqueueBatch`).
//!
//! Cost class: per batch. Every batch that left comes through here exactly once an attempt.

use crate::base::{BrokerId, Instant, PartitionSlot};
use crate::kafka::accumulator::Batch;
use crate::kafka::wire::ErrorCode;

use super::event::ProducerEvent;
use super::producer::Producer;
use super::retry::{Case, Verdict, judge};
use super::{Delivery, Failure, Outcome};

/// What is known of the attempt that ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) node: BrokerId,
    pub(super) written: Instant,
    pub(super) ended: Instant,
}

/// Why a batch wasn't acked, with all that the decision needs.
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) log_start: i64,
    /// The broker may have it all the same.
    pub(super) maybe_written: bool,
}

impl Producer {
    /// The batch was written.
    pub(super) fn succeed(
        &mut self,
        batch: Box<Batch>,
        outcome: Outcome,
        attempt: Attempt,
        now: Instant,
    ) {
        if self.config.enable_idempotence {
            self.sequences.succeeded(batch.slot, batch.id);
        }
        self.deliver(batch, outcome, Some(attempt.node), attempt, now);
    }

    /// The batch wasn't acked: decides what becomes of it, and does it.
    pub(super) fn refuse(
        &mut self,
        mut batch: Box<Batch>,
        refusal: Refusal,
        attempt: Attempt,
        now: Instant,
    ) {
        batch.sending.maybe_written |= refusal.maybe_written;
        if refusal.code.is_invalid_metadata() {
            // A topic out of use is left out of refreshes: data brings it back.
            let topic = self.cluster.partition(batch.slot).topic;
            self.cluster.use_topic(topic, now);
            self.cluster.request_update(now);
        }
        if batch.sending.finished {
            return self.release(batch, now);
        }
        let case = Case {
            idempotent: self.config.enable_idempotence,
            attempts: batch.sending.attempts,
            retries: self.config.retries,
            expired: now.since(batch.created) >= self.config.delivery_timeout,
            records: batch.count(),
            maybe_written: batch.sending.maybe_written,
        };
        match judge(refusal.code, case) {
            Verdict::Duplicate => self.succeed(batch, Outcome::Duplicate, attempt, now),
            Verdict::Retry | Verdict::Split if self.fatal.is_some() => {
                self.fail(batch, refusal, attempt, false, now);
            }
            Verdict::Retry => self.retry(batch, &refusal, attempt.node, now),
            Verdict::Split => self.split(batch, now),
            Verdict::Fail => self.fail(batch, refusal, attempt, case.expired, now),
            Verdict::Fatal => {
                let failure = Failure { code: refusal.code, message: refusal.message.clone() };
                self.fail(batch, refusal, attempt, false, now);
                self.become_fatal(failure, now);
            }
        }
    }

    pub(super) fn retry(
        &mut self,
        mut batch: Box<Batch>,
        refusal: &Refusal,
        node: BrokerId,
        now: Instant,
    ) {
        let slot = batch.slot;
        match refusal.code {
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER => {
                self.sequences.out_of_order(slot, batch.id);
            }
            ErrorCode::UNKNOWN_PRODUCER_ID => {
                self.sequences.unknown_producer(slot, batch.id, refusal.log_start);
            }
            _ => {}
        }
        if let Some(identity) = self.sequences.identity_of(slot, batch.id) {
            batch.identity = Some(identity);
        }
        let may_reorder = !self.config.enable_idempotence && self.config.max_in_flight > 1;
        let records = batch.count();
        self.events.push_back(ProducerEvent::Retried {
            slot,
            node,
            code: refusal.code,
            records,
            may_reorder,
        });
        // A leader newer than the one that was asked needn't be waited for (KIP-951).
        let newer = self.cluster.partition(slot).leader_epoch > batch.sending.leader_epoch;
        let wait = self.config.retry_backoff.delay(batch.sending.attempts + 1, &mut self.rng);
        let retry_at = if newer { now } else { now + wait };
        // The next look for expired batches may have been put off while this one was in flight.
        self.expires_with(batch.created);
        self.accumulator.put_back(batch, retry_at, now);
    }

    /// The batch is given up.
    pub(super) fn fail(
        &mut self,
        batch: Box<Batch>,
        refusal: Refusal,
        attempt: Attempt,
        expired: bool,
        now: Instant,
    ) {
        if batch.identity.is_some() {
            self.given_up = Some(refusal.code);
            // New numbers for what may have been written could write that twice: the partition
            // waits instead until the broker's answers tell.
            let in_doubt =
                batch.sending.maybe_written || self.sequences.has_older(batch.slot, batch.id);
            if expired || in_doubt {
                self.leave_unresolved(batch.slot, batch.id);
            } else {
                self.sequences.failed(batch.slot, batch.id);
            }
        }
        let failure = Failure { code: refusal.code, message: refusal.message };
        let outcome = Outcome::given_up(failure, batch.sending.maybe_written);
        self.deliver(batch, outcome, Some(attempt.node), attempt, now);
    }

    /// Tells a batch's outcome and lets its partition go on.
    pub(super) fn deliver(
        &mut self,
        mut batch: Box<Batch>,
        outcome: Outcome,
        broker: Option<BrokerId>,
        attempt: Attempt,
        now: Instant,
    ) {
        if batch.sending.finished {
            return self.release(batch, now);
        }
        let offset = match outcome {
            Outcome::Acked { base_offset } => Some(base_offset),
            _ => None,
        };
        let reordered = self.order.ended(batch.slot, batch.id, offset);
        let Attempt { written, ended, .. } = attempt;
        let delivery = Delivery::of(&mut batch, broker, outcome, written, ended);
        self.deliveries.push_back(Delivery { reordered, ..delivery });
        self.accumulator.done(batch, now);
    }

    /// The request of a batch that expired in flight has ended, whatever its answer was.
    fn release(&mut self, batch: Box<Batch>, now: Instant) {
        self.ended_in_flight -= 1;
        self.accumulator.done(batch, now);
    }

    /// Raises the epoch if a partition needs it, and gives waiting batches their new numbers.
    pub(super) fn renumber(&mut self, now: Instant) {
        let Self { sequences, accumulator, unresolved, .. } = self;
        unresolved.retain(|&slot| {
            let resolved = sequences.resolve(slot);
            if resolved {
                accumulator.relist(slot, now);
            }
            !resolved
        });
        if !self.sequences.wants_bump() {
            return;
        }
        let restarted = self.sequences.bump();
        if let Some(current) = self.sequences.current() {
            let (epoch, code) = (current.epoch, self.given_up.take());
            self.events.push_back(ProducerEvent::EpochBumped { epoch, code });
        }
        self.renumbered(&restarted, now);
    }

    pub(super) fn renumbered(&mut self, slots: &[PartitionSlot], now: Instant) {
        for &slot in slots {
            for batch in self.accumulator.queued_mut(slot) {
                if batch.identity.is_some() {
                    batch.identity = self.sequences.identity_of(slot, batch.id);
                }
            }
            self.accumulator.relist(slot, now);
        }
    }
}
