//! From answers to outcomes (`Sender.completeBatch`, `failBatch`, `reenqueueBatch`).
//!
//! Cost class: per batch. Every batch that left comes back here exactly once.

use core::time::Duration;

use crate::base::{BrokerId, Instant, PartitionSlot, TopicSlot};
use crate::kafka::accumulator::Batch;
use crate::kafka::cluster::{Broker, NodeEvent, RequestError};
use crate::kafka::connection::Answered;
use crate::kafka::wire::init_producer_id::InitProducerIdResponse;
use crate::kafka::wire::produce::{NodeEndpoint, PartitionProduceResponse, ProduceResponse};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, Reader, WireError};

use super::event::ProducerEvent;
use super::idempotence::ProducerId;
use super::outcome::{Attempt, Refusal};
use super::producer::Producer;
use super::request::{ProduceBatches, ProducerRequest};
use super::retry::may_be_written;
use super::{Failure, Outcome};

impl Producer {
    /// Takes over what the cluster has to tell.
    pub(super) fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.cluster.poll_event() {
            match event {
                NodeEvent::Answered(answered) => self.answered(answered, now),
                NodeEvent::Failed { request, node, cause, maybe_written, drained: _ } => {
                    self.unanswered(request, node, &cause, maybe_written, now);
                }
                NodeEvent::MetadataChanged => self.metadata_changed(now),
                NodeEvent::LeaderChanged { slot, from, to } => {
                    self.leader_changed(slot, from, to, now);
                }
                NodeEvent::TopicRecreated(topic) => self.topic_recreated(topic),
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

    fn metadata_changed(&mut self, now: Instant) {
        for topic in 0..self.topics.len() {
            let topic = TopicSlot(u32::try_from(topic).expect("slots are u32"));
            for &slot in self.cluster.topic(topic).partitions() {
                self.accumulator.add_partition(slot, topic);
            }
        }
        // The same broker in a newer epoch is a newer leader, too.
        let Self { accumulator, cluster, .. } = self;
        accumulator.end_backoffs(|slot| cluster.partition(slot).leader_epoch, now);
        self.route_homeless();
    }

    /// The topic's new logs know nothing of this producer, and take any first sequence.
    fn topic_recreated(&mut self, topic: TopicSlot) {
        for &slot in self.cluster.topic(topic).partitions() {
            self.sequences.leader_changed(slot);
        }
    }

    fn leader_changed(
        &mut self,
        slot: PartitionSlot,
        from: Option<BrokerId>,
        to: Option<BrokerId>,
        now: Instant,
    ) {
        self.sequences.leader_changed(slot);
        self.routes.move_to(slot, from, to);
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
            ProducerRequest::InitProducerId(_) => self.identified(&body, node, version, now),
            ProducerRequest::Produce(request) if request.acks == 0 => {
                self.written(request, attempt, now);
            }
            ProducerRequest::Produce(mut request) => {
                let mut response = core::mem::take(&mut self.answer);
                match response.decode_over(&mut Reader::new(&body), version) {
                    Ok(()) => {
                        let span = millis(response.throttle_time_ms);
                        self.cluster.throttle(node, ApiKey::Produce, version, span, now);
                        self.settle_answer(&mut request, &response, attempt, now);
                        if body.len() <= LONGEST_KEPT {
                            self.answer = response;
                        }
                    }
                    Err(error) => {
                        let message =
                            || format!("broker {node}'s answer to Produce makes no sense: {error}");
                        self.refuse_rest(&mut request, attempt, message, now);
                        self.distrust(node, ApiKey::Produce, version, &error, now);
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
                // What nobody asked for shifts nothing.
                hint = at.map_or(hint, |at| at + 1);
                let batch = at.and_then(|at| request.batches[at].take());
                let Some(batch) = batch else { continue };
                self.hint_leader(&batch, partition, response, now);
                self.settle_batch(batch, partition, attempt, now);
            }
        }
        let message =
            || format!("broker {}'s answer to Produce leaves this partition out", attempt.node);
        self.refuse_rest(request, attempt, message, now);
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

    /// What an answer left out, or a request whose answer makes no sense; nothing, mostly, and then
    /// no words are made.
    fn refuse_rest(
        &mut self,
        request: &mut ProduceBatches,
        attempt: Attempt,
        message: impl Fn() -> String,
        now: Instant,
    ) {
        for batch in &mut request.batches {
            let Some(batch) = batch.take() else { continue };
            let refusal = Refusal {
                code: ErrorCode::NETWORK_EXCEPTION,
                message: message(),
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

    /// Ends the connection of an answer that makes no sense.
    fn distrust(
        &mut self,
        node: BrokerId,
        api: ApiKey,
        version: i16,
        why: &WireError,
        now: Instant,
    ) {
        self.cluster.distrust(node, api, version, why.to_string(), now);
    }

    /// The answer to InitProducerId.
    fn identified(&mut self, body: &[u8], node: BrokerId, version: i16, now: Instant) {
        let answer = InitProducerIdResponse::decode(&mut Reader::new(body), version);
        if let Ok(answer) = &answer {
            let span = millis(answer.throttle_time_ms);
            self.cluster.throttle(node, ApiKey::InitProducerId, version, span, now);
        }
        match answer {
            Ok(answer) if answer.error_code.is_ok() => {
                self.identity.answered();
                self.identity_refusal = None;
                let id = ProducerId { id: answer.producer_id, epoch: answer.producer_epoch };
                let restarted = self.sequences.adopt(id);
                self.renumbered(&restarted, now);
                self.accumulator.relist_all(now);
            }
            Ok(answer) => {
                self.unidentified(answer.error_code, answer.error_code.meaning(), now);
            }
            Err(error) => {
                self.unidentified(ErrorCode::NETWORK_EXCEPTION, &error.to_string(), now);
                self.distrust(node, ApiKey::InitProducerId, version, &error, now);
            }
        }
    }

    /// No producer id: asks again, ends what is queued, or gives up for good.
    fn unidentified(&mut self, code: ErrorCode, message: &str, now: Instant) {
        let failure = Failure { code, message: format!("InitProducerId was refused: {message}") };
        // A right that is missing may be granted: what is queued fails, a later record asks again.
        let missing_right = [
            ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
            ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ];
        if !code.is_retriable() && !missing_right.contains(&code) {
            self.identity.answered();
            return self.become_fatal(failure, now);
        }
        let Self { identity, config, rng, .. } = self;
        identity.failed(&config.retry_backoff, rng, now);
        if missing_right.contains(&code) {
            for batch in self.accumulator.take_all() {
                self.give_up(batch, &failure, now);
            }
            self.identity_refusal = Some(failure);
        }
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

/// Bytes of an answer whose lists are kept for the next one; longer ones are nobody's habit.
const LONGEST_KEPT: usize = 64 * 1024;
/// Requests kept for their vectors.
const SPARE_REQUESTS: usize = 64;
