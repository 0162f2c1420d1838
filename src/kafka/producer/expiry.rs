//! Batches that end without an answer: their time is over, the producer failed, or it is given up.
//!
//! Cost class: per tick, and then per batch that ends.

use crate::base::{BrokerId, Instant, PartitionSlot};
use crate::kafka::accumulator::{Batch, BatchId, Stamps};
use crate::kafka::wire::ErrorCode;

use super::event::ProducerEvent;
use super::outcome::Attempt;
use super::producer::Producer;
use super::request::ProducerRequest;
use super::{Delivery, Failure, Outcome};

impl Producer {
    /// Every queued batch fails, and so will every later one.
    pub(super) fn become_fatal(&mut self, failure: Failure, now: Instant) {
        self.fatal = Some(failure.clone());
        for batch in self.accumulator.take_all() {
            self.give_up(batch, &failure, now);
        }
        self.events.push_back(ProducerEvent::Fatal(failure));
    }

    /// A queued batch ends without another attempt.
    pub(super) fn give_up(&mut self, batch: Box<Batch>, failure: &Failure, now: Instant) {
        if batch.identity.is_some() {
            // Numbered and back in its queue.
            self.leave_unresolved(batch.slot, batch.id);
        }
        let outcome = Outcome::given_up(failure.clone(), batch.sending.maybe_written);
        let attempt = Attempt { node: BrokerId(-1), written: now, ended: now };
        self.deliver(batch, outcome, None, attempt, now);
    }

    /// Has queued batches looked at when one created at `created` expires, or earlier.
    pub(super) fn expires_with(&mut self, created: Instant) {
        let expiry = created + self.config.delivery_timeout;
        self.next_expiry = Some(self.next_expiry.map_or(expiry, |next| next.min(expiry)));
    }

    /// Ends the batches whose `delivery.timeout.ms` is over, in flight and queued
    /// (`Sender.getExpiredInflightBatches`, `RecordAccumulator.expiredBatches`).
    pub(super) fn expire(&mut self, now: Instant) {
        if self.next_expiry.is_none_or(|at| at > now) {
            return;
        }
        let timeout = self.config.delivery_timeout;
        let in_flight = self.expire_in_flight(now);
        let (expired, queued) = self.accumulator.take_expired(now - timeout);
        for batch in expired {
            let failure = self.expiry_of(&batch, now);
            self.give_up(batch, &failure, now);
        }
        let oldest = in_flight.into_iter().chain(queued).min();
        self.next_expiry = oldest.map(|created| created + timeout);
        self.renumber(now);
    }

    /// Ends the batches in flight whose time is over: nobody knows whether they will have been
    /// written. They stay in their requests, since sockets lend from them (KAFKA-19012), and are
    /// done when those end. Returns the earliest creation left.
    fn expire_in_flight(&mut self, now: Instant) -> Option<Instant> {
        let timeout = self.config.delivery_timeout;
        let mut oldest = None::<Instant>;
        let mut ended = Vec::new();
        for (node, written, request) in self.cluster.in_flight_mut() {
            let ProducerRequest::Produce(request) = request else { continue };
            for at in 0..request.batches.len() {
                let topic = request.topic_of(at).map(|topic| topic.name.clone());
                let index = request.entries[at].index;
                let Some(batch) = &mut request.batches[at] else { continue };
                if batch.sending.finished {
                    continue;
                }
                if now.since(batch.created) < timeout {
                    oldest = Some(oldest.map_or(batch.created, |old| old.min(batch.created)));
                    continue;
                }
                let topic = topic.expect("every batch of a request has its topic there");
                let failure = expiry(batch, &topic, index, now);
                let outcome = Outcome::Indeterminate(failure);
                ended.push((batch.id, Delivery::of(batch, Some(node), outcome, written, now)));
                batch.sending.finished = true;
            }
        }
        self.ended_in_flight += ended.len();
        for (batch, delivery) in ended {
            if self.config.enable_idempotence {
                self.leave_unresolved(delivery.slot, batch);
            }
            self.order.ended(delivery.slot, batch, None);
            self.deliveries.push_back(delivery);
        }
        oldest
    }

    /// A numbered batch ends and nobody knows whether its numbers were used: the partition waits
    /// until that is known, or starts over.
    pub(super) fn leave_unresolved(&mut self, slot: PartitionSlot, batch: BatchId) {
        self.sequences.expired(slot, batch);
        self.unresolved.push(slot);
    }

    /// Gives everything up: connections end, and every batch gets its outcome. Returns the stamps
    /// of batches that were never sent; the others are delivered, indeterminate where a broker may
    /// have them. The producer can't go on.
    pub fn abandon(&mut self, now: Instant) -> Vec<Stamps> {
        self.cluster.close(now);
        self.take_events(now);
        let message = "given up while waiting to be sent again".to_owned();
        let failure = Failure { code: ErrorCode::REQUEST_TIMED_OUT, message };
        let mut unsent = Vec::new();
        for mut batch in self.accumulator.take_all() {
            if batch.sending.first_drained.is_none() {
                unsent.push(batch.take_stamps());
                batch.sending.finished = true;
                self.accumulator.done(batch, now);
            } else {
                self.give_up(batch, &failure, now);
            }
        }
        unsent
    }

    fn expiry_of(&self, batch: &Batch, now: Instant) -> Failure {
        let partition = self.cluster.partition(batch.slot);
        let topic = &self.topics[partition.topic.index()].name;
        expiry(batch, topic, partition.index, now)
    }
}

/// Java's words for a batch whose time is over.
fn expiry(batch: &Batch, topic: &str, index: i32, now: Instant) -> Failure {
    let (records, waited) = (batch.count(), now.since(batch.created).as_millis());
    let message = format!(
        "Expiring {records} record(s) for {topic}-{index}:{waited} ms has passed since batch \
         creation"
    );
    Failure { code: ErrorCode::REQUEST_TIMED_OUT, message }
}
