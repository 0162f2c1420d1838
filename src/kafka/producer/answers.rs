//! From answers to outcomes (`Sender.completeBatch`, `failBatch`, `reenqueueBatch`).
//!
//! Cost class: per batch. Every batch that left comes back here exactly once.

use core::time::Duration;

use crate::base::{BrokerId, Instant, PartitionSlot, TopicSlot};
use crate::kafka::accumulator::{Batch, Stamps};
use crate::kafka::cluster::{Broker, NodeEvent, RequestError};
use crate::kafka::connection::Answered;
use crate::kafka::wire::init_producer_id::InitProducerIdResponse;
use crate::kafka::wire::produce::{NodeEndpoint, PartitionProduceResponse, ProduceResponse};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader};

use super::event::ProducerEvent;
use super::idempotence::ProducerId;
use super::producer::Producer;
use super::request::{ProduceBatches, ProducerRequest};
use super::retry::{Case, Verdict, judge, may_be_written};
use super::{Delivery, Failure, Outcome};

/// What is known of the attempt that ended.
#[derive(Clone, Copy, Debug)]
struct Attempt {
    node: BrokerId,
    written: Instant,
    ended: Instant,
}

/// Why a batch wasn't acked, with all that the decision needs.
struct Refusal {
    code: ErrorCode,
    message: String,
    log_start: i64,
    /// The broker may have it all the same.
    maybe_written: bool,
}

impl Producer {
    /// Takes over what the cluster has to tell.
    pub(super) fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.cluster.poll_event() {
            match event {
                NodeEvent::Answered(answered) => self.answered(answered, now),
                NodeEvent::Failed { request, node, cause, maybe_written, drained: _ } => {
                    self.unanswered(request, node, &cause, maybe_written, now);
                }
                NodeEvent::MetadataChanged => self.metadata_changed(),
                NodeEvent::LeaderChanged { slot, from, to } => {
                    self.leader_changed(slot, from, to, now);
                }
                NodeEvent::NodeReady(node) => self.events.push_back(ProducerEvent::NodeReady(node)),
                NodeEvent::NodeLost { node, problem } => {
                    self.events.push_back(ProducerEvent::NodeLost { node, problem });
                }
                NodeEvent::Throttled { node, span } => {
                    self.events.push_back(ProducerEvent::Throttled { node, span });
                }
                NodeEvent::Rebootstrapped => self.events.push_back(ProducerEvent::Rebootstrapped),
            }
        }
        self.renumber(now);
    }

    fn metadata_changed(&mut self) {
        for topic in 0..self.topics.len() {
            let topic = TopicSlot(u32::try_from(topic).expect("slots are u32"));
            for &slot in self.cluster.topic(topic).partitions() {
                self.accumulator.add_partition(slot, topic);
            }
        }
        self.route_homeless();
    }

    fn leader_changed(
        &mut self,
        slot: PartitionSlot,
        from: Option<BrokerId>,
        to: Option<BrokerId>,
        now: Instant,
    ) {
        self.sequences.leader_changed(slot);
        if slot.index() < self.accumulator.partitions() {
            let epoch = self.cluster.partition(slot).leader_epoch;
            self.accumulator.end_backoff(slot, epoch, now);
        }
        self.events.push_back(ProducerEvent::LeaderChanged { slot, from, to });
    }

    fn answered(&mut self, answered: Answered<ProducerRequest>, now: Instant) {
        let Answered { request, node, version, body, written, read, .. } = answered;
        let attempt = Attempt { node, written, ended: read };
        match request {
            ProducerRequest::InitProducerId(_) => self.identified(&body, version, now),
            ProducerRequest::Produce(request) if request.acks == 0 => {
                self.written(request, attempt, now);
            }
            ProducerRequest::Produce(mut request) => {
                match ProduceResponse::decode(&mut Reader::new(&body), version) {
                    Ok(response) => {
                        let span = millis(response.throttle_time_ms);
                        self.cluster.throttle(node, ApiKey::Produce, version, span, now);
                        self.settle_answer(&mut request, &response, attempt, now);
                    }
                    Err(error) => {
                        let message =
                            format!("broker {node}'s answer to Produce makes no sense: {error}");
                        self.refuse_rest(&mut request, attempt, &message, now);
                    }
                }
                self.spare(request);
            }
        }
    }

    /// acks=0: the request is in the socket, and that is all there will ever be to know.
    fn written(&mut self, mut request: Box<ProduceBatches>, attempt: Attempt, now: Instant) {
        for batch in &mut request.batches {
            if let Some(batch) = batch.take() {
                self.deliver(batch, Outcome::Written, Some(attempt.node), attempt, now);
            }
        }
        self.spare(request);
    }

    /// Gives each batch of a request its answer.
    fn settle_answer(
        &mut self,
        request: &mut ProduceBatches,
        response: &ProduceResponse,
        attempt: Attempt,
        now: Instant,
    ) {
        let mut hint = 0;
        for topic in &response.topics {
            for partition in &topic.partitions {
                let at = request.find(&topic.name, topic.topic_id, partition.index, hint);
                hint += 1;
                let batch = at.and_then(|at| request.batches[at].take());
                let Some(batch) = batch else { continue };
                self.hint_leader(&batch, partition, response, now);
                self.settle_batch(batch, partition, attempt, now);
            }
        }
        let message =
            format!("broker {}'s answer to Produce leaves this partition out", attempt.node);
        self.refuse_rest(request, attempt, &message, now);
    }

    /// Who leads now, if the broker said so (KIP-951).
    fn hint_leader(
        &mut self,
        batch: &Batch,
        partition: &PartitionProduceResponse,
        response: &ProduceResponse,
        now: Instant,
    ) {
        let moved = [ErrorCode::NOT_LEADER_OR_FOLLOWER, ErrorCode::FENCED_LEADER_EPOCH];
        let Some(leader) = &partition.current_leader else { return };
        if moved.contains(&partition.error_code) && leader.leader_id.0 >= 0 {
            let (id, epoch) = (leader.leader_id, leader.leader_epoch);
            let endpoints: Vec<Broker> =
                response.node_endpoints.iter().flatten().filter_map(endpoint).collect();
            self.cluster.leader_hint(batch.slot, id, epoch, &endpoints, now);
        }
    }

    fn settle_batch(
        &mut self,
        batch: Box<Batch>,
        answer: &PartitionProduceResponse,
        attempt: Attempt,
        now: Instant,
    ) {
        if answer.error_code.is_ok() {
            let outcome = Outcome::Acked { base_offset: answer.base_offset };
            return self.succeed(batch, outcome, attempt, now);
        }
        let refusal = Refusal {
            code: answer.error_code,
            message: reason(answer),
            log_start: answer.log_start_offset,
            maybe_written: may_be_written(answer.error_code),
        };
        self.refuse(batch, refusal, attempt, now);
    }

    /// What an answer left out, or a request whose answer makes no sense.
    fn refuse_rest(
        &mut self,
        request: &mut ProduceBatches,
        attempt: Attempt,
        message: &str,
        now: Instant,
    ) {
        for batch in &mut request.batches {
            let Some(batch) = batch.take() else { continue };
            let refusal = Refusal {
                code: ErrorCode::NETWORK_EXCEPTION,
                message: message.to_owned(),
                log_start: -1,
                maybe_written: true,
            };
            self.refuse(batch, refusal, attempt, now);
        }
    }

    /// A request without an answer.
    fn unanswered(
        &mut self,
        request: ProducerRequest,
        node: BrokerId,
        cause: &RequestError,
        maybe_written: bool,
        now: Instant,
    ) {
        let code = match cause {
            RequestError::TimedOut(_) => ErrorCode::REQUEST_TIMED_OUT,
            RequestError::Disconnected(_) => ErrorCode::NETWORK_EXCEPTION,
            RequestError::Unsupported { .. } => ErrorCode::UNSUPPORTED_VERSION,
        };
        let ProducerRequest::Produce(mut request) = request else {
            return self.unidentified(code, &cause.to_string(), now);
        };
        let attempt = Attempt { node, written: now, ended: now };
        for batch in &mut request.batches {
            let Some(batch) = batch.take() else { continue };
            let refusal =
                Refusal { code, message: cause.to_string(), log_start: -1, maybe_written };
            self.refuse(batch, refusal, attempt, now);
        }
        self.spare(request);
    }

    /// The batch was written.
    fn succeed(&mut self, batch: Box<Batch>, outcome: Outcome, attempt: Attempt, now: Instant) {
        if self.config.enable_idempotence {
            self.sequences.succeeded(batch.slot, batch.id);
        }
        self.deliver(batch, outcome, Some(attempt.node), attempt, now);
    }

    /// The batch wasn't acked: decides what becomes of it, and does it.
    fn refuse(&mut self, mut batch: Box<Batch>, refusal: Refusal, attempt: Attempt, now: Instant) {
        batch.sending.maybe_written |= refusal.maybe_written;
        if refusal.code.is_invalid_metadata() {
            self.cluster.request_update(now);
        }
        if batch.sending.finished {
            return self.accumulator.done(batch, now);
        }
        let case = Case {
            idempotent: self.config.enable_idempotence,
            attempts: batch.sending.attempts,
            retries: self.config.retries,
            expired: now.since(batch.created) >= self.config.delivery_timeout,
            records: batch.count(),
        };
        match judge(refusal.code, case) {
            Verdict::Duplicate => self.succeed(batch, Outcome::Duplicate, attempt, now),
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

    fn retry(&mut self, mut batch: Box<Batch>, refusal: &Refusal, node: BrokerId, now: Instant) {
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
        self.accumulator.put_back(batch, retry_at, now);
    }

    /// The batch is given up.
    fn fail(
        &mut self,
        batch: Box<Batch>,
        refusal: Refusal,
        attempt: Attempt,
        expired: bool,
        now: Instant,
    ) {
        if self.config.enable_idempotence && batch.identity.is_some() {
            if expired {
                self.sequences.expired(batch.slot, batch.id, true);
                self.unresolved.push(batch.slot);
            } else {
                self.sequences.failed(batch.slot, batch.id);
            }
        }
        let failure = Failure { code: refusal.code, message: refusal.message };
        let outcome = if batch.sending.maybe_written {
            Outcome::Indeterminate(failure)
        } else {
            Outcome::Failed(failure)
        };
        self.deliver(batch, outcome, Some(attempt.node), attempt, now);
    }

    /// Tells a batch's outcome and lets its partition go on.
    fn deliver(
        &mut self,
        mut batch: Box<Batch>,
        outcome: Outcome,
        broker: Option<BrokerId>,
        attempt: Attempt,
        now: Instant,
    ) {
        if !batch.sending.finished {
            let delivery =
                Delivery::of(&mut batch, broker, outcome, attempt.written, attempt.ended);
            self.deliveries.push_back(delivery);
        }
        self.accumulator.done(batch, now);
    }

    /// Raises the epoch if a partition needs it, and gives waiting batches their new numbers.
    fn renumber(&mut self, now: Instant) {
        let sequences = &mut self.sequences;
        self.unresolved.retain(|&slot| !sequences.resolve(slot));
        if !self.sequences.wants_bump() {
            return;
        }
        let restarted = self.sequences.bump();
        if let Some(current) = self.sequences.current() {
            self.events.push_back(ProducerEvent::EpochBumped { epoch: current.epoch });
        }
        self.renumbered(&restarted, now);
    }

    fn renumbered(&mut self, slots: &[PartitionSlot], now: Instant) {
        for &slot in slots {
            for batch in self.accumulator.queued_mut(slot) {
                if batch.identity.is_some() {
                    batch.identity = self.sequences.identity_of(slot, batch.id);
                }
            }
            self.accumulator.relist(slot, now);
        }
    }

    /// The answer to InitProducerId.
    fn identified(&mut self, body: &[u8], version: i16, now: Instant) {
        let answer = InitProducerIdResponse::decode(&mut Reader::new(body), version);
        match answer {
            Ok(answer) if answer.error_code.is_ok() => {
                self.identity.answered();
                let id = ProducerId { id: answer.producer_id, epoch: answer.producer_epoch };
                let restarted = self.sequences.adopt(id);
                self.renumbered(&restarted, now);
                self.accumulator.relist_all(now);
            }
            Ok(answer) => {
                self.unidentified(answer.error_code, answer.error_code.meaning(), now);
            }
            Err(error) => self.unidentified(ErrorCode::NETWORK_EXCEPTION, &error.to_string(), now),
        }
    }

    /// No producer id: asks again, or gives up for good.
    fn unidentified(&mut self, code: ErrorCode, message: &str, now: Instant) {
        if code.is_retriable() {
            let Self { identity, config, rng, .. } = self;
            identity.failed(&config.retry_backoff, rng, now);
            return;
        }
        self.identity.answered();
        let message = format!("InitProducerId was refused: {message}");
        self.become_fatal(Failure { code, message }, now);
    }

    /// Every queued batch fails, and so will every later one.
    fn become_fatal(&mut self, failure: Failure, now: Instant) {
        self.fatal = Some(failure.clone());
        for batch in self.accumulator.take_all() {
            self.give_up(batch, &failure, now);
        }
        self.events.push_back(ProducerEvent::Fatal(failure));
    }

    /// A queued batch ends without another attempt.
    pub(super) fn give_up(&mut self, batch: Box<Batch>, failure: &Failure, now: Instant) {
        let outcome = if batch.sending.maybe_written {
            Outcome::Indeterminate(failure.clone())
        } else {
            Outcome::Failed(failure.clone())
        };
        let attempt = Attempt { node: BrokerId(-1), written: now, ended: now };
        self.deliver(batch, outcome, None, attempt, now);
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
            let retried = batch.sending.attempts > 0;
            if self.config.enable_idempotence && batch.identity.is_some() {
                self.sequences.expired(batch.slot, batch.id, retried);
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

    fn spare(&mut self, mut request: Box<ProduceBatches>) {
        if self.spare_requests.len() < SPARE_REQUESTS {
            request.clear();
            self.spare_requests.push(request);
        }
    }
}

/// The broker's reason in words: its own, or what the code means.
fn reason(answer: &PartitionProduceResponse) -> String {
    let mut words =
        answer.error_message.clone().unwrap_or_else(|| answer.error_code.meaning().to_owned());
    for record in &answer.record_errors {
        if let Some(why) = &record.batch_index_error_message {
            words.push_str(&format!("; record {}: {why}", record.batch_index));
        }
    }
    words
}

/// An endpoint as the cluster keeps it; `None` when its port is out of range.
fn endpoint(node: &NodeEndpoint) -> Option<Broker> {
    let port = u16::try_from(node.port).ok()?;
    Some(Broker { id: node.node_id, host: node.host.clone(), port, rack: node.rack.clone() })
}

/// A throttle time; a negative one counts as none.
fn millis(throttle_time_ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(throttle_time_ms).unwrap_or(0))
}

/// Requests kept for their vectors.
const SPARE_REQUESTS: usize = 64;
