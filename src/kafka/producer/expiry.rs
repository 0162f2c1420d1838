//! Batches that end without an answer: their time is over, the producer failed, or it is given up.
//!
//! Cost class: per tick, and then per batch that ends.

use crate::base::{BrokerId, Instant};
use crate::kafka::accumulator::{Batch, Stamps};
use crate::kafka::wire::ErrorCode;

use super::event::ProducerEvent;
use super::outcome::Attempt;
use super::producer::Producer;
use super::{Failure, Outcome};

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
        let outcome = Outcome::given_up(failure.clone(), batch.sending.maybe_written);
        let attempt = Attempt { node: BrokerId(-1), written: now, ended: now };
        self.deliver(batch, outcome, None, attempt, now);
    }

    /// Has queued batches looked at when one created at `created` expires, or earlier.
    pub(super) fn expires_with(&mut self, created: Instant) {
        let expiry = created + self.config.delivery_timeout;
        self.next_expiry = Some(self.next_expiry.map_or(expiry, |next| next.min(expiry)));
    }

    /// Ends the queued batches whose `delivery.timeout.ms` is over (`Sender`, expired batches).
    ///
    /// A batch in flight needs no look: its request ends by `request.timeout.ms`, which is shorter,
    /// and the retry finds that its time is over.
    pub(super) fn expire(&mut self, now: Instant) {
        if self.next_expiry.is_none_or(|at| at > now) {
            return;
        }
        let timeout = self.config.delivery_timeout;
        let (expired, oldest) = self.accumulator.take_expired(now - timeout);
        for batch in expired {
            if self.config.enable_idempotence && batch.identity.is_some() {
                // Numbered and back in its queue: its numbers leave a hole.
                self.sequences.expired(batch.slot, batch.id, true);
                self.unresolved.push(batch.slot);
            }
            let failure = self.expiry_of(&batch, now);
            self.give_up(batch, &failure, now);
        }
        let live = self.accumulator.live() > 0;
        self.next_expiry = live.then(|| oldest.unwrap_or(now) + timeout);
        self.renumber(now);
    }

    /// Gives everything up: connections end, and every batch gets its outcome. Returns the stamps of
    /// batches that were never sent; the others are delivered, indeterminate where a broker may have
    /// them. The producer can't go on.
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
        let (records, waited) = (batch.count(), now.since(batch.created).as_millis());
        let message = format!(
            "Expiring {records} record(s) for {topic}-{}:{waited} ms has passed since batch creation",
            partition.index
        );
        Failure { code: ErrorCode::REQUEST_TIMED_OUT, message }
    }
}
