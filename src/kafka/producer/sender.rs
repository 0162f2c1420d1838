//! From ready partitions to requests (`Sender.sendProducerData`, `RecordAccumulator.drain`).
//!
//! Cost class: per batch. A request carries at most one batch a partition and up to
//! `max.request.size` bytes; a larger single batch goes alone.

use crate::base::{BrokerId, Instant, PartitionSlot};
use crate::kafka::accumulator::{Batch, Head};
use crate::kafka::compression::Codec;
use crate::kafka::wire::produce::PartitionEntry;
use crate::kafka::wire::{ApiKey, ErrorCode};

use super::Failure;
use super::event::ProducerEvent;
use super::producer::Producer;
use super::request::{ProduceBatches, ProducerRequest, TopicPart};

impl Producer {
    /// Before actions are told: connects to the brokers that should get something, and under a
    /// codec starts to compress what those that can take a request should get next.
    ///
    /// A connection that only `fill` began would wait for the next input, since drivers ask for
    /// actions first.
    pub(super) fn prepare(&mut self) {
        let now = self.now;
        let compressed = self.config.compression.codec.id() != 0;
        self.ask_for_identity(now);
        self.route_ready();
        let mut at = 0;
        while let Some(node) = self.routes.waiting(at) {
            at += 1;
            if self.cluster.ready(node, now) && compressed {
                self.close_open_heads(node, now);
            }
        }
        self.routes.forget_idle();
    }

    /// Closes the open heads in a broker's list; they come back once compressed.
    fn close_open_heads(&mut self, node: BrokerId, now: Instant) {
        for _ in 0..self.routes.route(node).slots.len() {
            let Some(slot) = self.routes.route(node).slots.pop_front() else { return };
            if self.accumulator.head(slot, now) == Head::Open && self.may_drain(slot) {
                self.accumulator.close_head(slot, now);
                self.accumulator.unlist(slot, now);
            } else {
                self.routes.route(node).slots.push_back(slot);
            }
        }
    }

    /// Hands as many requests to the connections as they take.
    pub(super) fn fill(&mut self, now: Instant) {
        self.ask_for_identity(now);
        self.route_ready();
        let mut at = 0;
        while let Some(node) = self.routes.waiting(at) {
            at += 1;
            while !self.routes.route(node).slots.is_empty() {
                let can_take = self.cluster.ready(node, now);
                self.routes.route(node).looked_at(can_take, now);
                if !can_take {
                    break;
                }
                self.send_to(node, now);
            }
        }
        self.routes.forget_idle();
    }

    /// Sorts the partitions that became ready by their leaders.
    fn route_ready(&mut self) {
        while let Some(slot) = self.accumulator.poll_ready() {
            let leader = self.leader(slot);
            self.routes.place(slot, leader);
            if leader.is_none() {
                self.cluster.request_update(self.now);
            }
        }
    }

    /// Partitions without a leader are sorted again: metadata is new.
    pub(super) fn route_homeless(&mut self) {
        for slot in self.routes.take_homeless() {
            let leader = self.leader(slot);
            self.routes.place(slot, leader);
        }
        if self.routes.has_homeless() {
            self.cluster.request_update(self.now);
        }
    }

    /// Drains one request for a broker that can take one, and hands it over.
    fn send_to(&mut self, node: BrokerId, now: Instant) {
        if let Some(failure) = self.unspeakable(node) {
            return self.fail_routed(node, &failure, now);
        }
        let mut request = self.spare_requests.pop().unwrap_or_default();
        let mut size = 0;
        for _ in 0..self.routes.route(node).slots.len() {
            let Some(slot) = self.routes.route(node).slots.pop_front() else { break };
            let Some(len) = self.takeable(node, slot, now) else { continue };
            if size + len > self.config.max_request_size as usize && !request.batches.is_empty() {
                self.routes.route(node).slots.push_front(slot);
                break;
            }
            size += len;
            let batch = self.take(slot, now);
            request.batches.push(Some(batch));
            self.routes.route(node).slots.push_back(slot);
        }
        if request.batches.is_empty() {
            self.spare_requests.push(request);
            return;
        }
        let batches = u32::try_from(request.batches.len()).unwrap_or(u32::MAX);
        self.address(&mut request);
        self.cluster.send(node, ProducerRequest::Produce(request), now);
        let in_flight = self.cluster.in_flight(node);
        self.events.push_back(ProducerEvent::RequestSent { node, batches, in_flight });
    }

    /// Why what the producer compresses can't be sent to this broker at all.
    fn unspeakable(&self, node: BrokerId) -> Option<Failure> {
        if self.config.compression.codec != Codec::Zstd {
            return None;
        }
        let version = self.cluster.version(node, ApiKey::Produce)?;
        (version < ZSTD_FROM).then(|| Failure {
            code: ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            message: format!(
                "{} speaks Produce up to version {version}; zstd needs {ZSTD_FROM} or later",
                self.cluster.broker_words(node)
            ),
        })
    }

    /// Fails every batch that could leave for a broker now.
    fn fail_routed(&mut self, node: BrokerId, failure: &Failure, now: Instant) {
        while let Some(slot) = self.routes.route(node).slots.pop_front() {
            if self.takeable(node, slot, now).is_some() {
                self.accumulator.unlist(slot, now);
                let batch = self.accumulator.take_head(slot, false);
                self.give_up(batch, failure, now);
            }
        }
    }

    /// The bytes of the partition's head when it can go to `node` now. Otherwise the partition
    /// leaves the list; whatever it waits for names it again.
    fn takeable(&mut self, node: BrokerId, slot: PartitionSlot, now: Instant) -> Option<usize> {
        let leader = self.leader(slot);
        if leader != Some(node) {
            self.routes.place(slot, leader);
            return None;
        }
        let head = self.accumulator.head(slot, now);
        if head == Head::Open && self.may_drain(slot) {
            self.accumulator.close_head(slot, now);
        }
        match self.accumulator.head(slot, now) {
            Head::Sealed(len) if self.may_drain(slot) => Some(len),
            _ => {
                self.accumulator.unlist(slot, now);
                None
            }
        }
    }

    /// Whether sequences allow the partition's head to leave.
    fn may_drain(&mut self, slot: PartitionSlot) -> bool {
        if !self.config.enable_idempotence {
            return true;
        }
        let head = self.accumulator.head_mut(slot);
        head.is_some_and(|batch| self.sequences.may_drain(slot, batch))
    }

    /// Takes the head and makes it ready for the wire.
    fn take(&mut self, slot: PartitionSlot, now: Instant) -> Box<Batch> {
        let mut batch = self.accumulator.take_head(slot, self.config.max_in_flight == 1);
        if self.config.enable_idempotence {
            self.sequences.assign(&mut batch);
        }
        let sending = &mut batch.sending;
        if sending.first_drained.is_none() {
            sending.first_drained = Some(now);
            self.order.left(slot, batch.id);
        }
        sending.last_drained = now;
        sending.retry_at = None;
        sending.leader_epoch = self.cluster.partition(slot).leader_epoch;
        batch.stamp_header();
        batch
    }

    /// Sorts a request's batches by topic and notes where each goes.
    fn address(&self, request: &mut ProduceBatches) {
        request.acks = self.config.acks.wire();
        request.timeout_ms =
            i32::try_from(self.config.request_timeout.as_millis()).unwrap_or(i32::MAX);
        if self.topics.len() > 1 {
            request.batches.sort_by_key(|batch| {
                batch.as_ref().map(|batch| self.cluster.partition(batch.slot).topic)
            });
        }
        let mut last = None;
        for batch in request.batches.iter().flatten() {
            let partition = self.cluster.partition(batch.slot);
            if last != Some(partition.topic) {
                last = Some(partition.topic);
                let name = self.topics[partition.topic.index()].name.clone();
                let id = self.cluster.topic(partition.topic).id;
                request.topics.push(TopicPart { name, id, batches: 0 });
            }
            if let Some(topic) = request.topics.last_mut() {
                topic.batches += 1;
            }
            let batch_len = u32::try_from(batch.wire_len()).expect("a batch is below 4 GiB");
            request.entries.push(PartitionEntry { index: partition.index, batch_len });
        }
    }

    /// Asks for a producer id when one is needed and a broker can be asked.
    fn ask_for_identity(&mut self, now: Instant) {
        let needed = self.sequences.current().is_none() && self.fatal.is_none();
        if !needed || !self.identity.is_due(now) || !self.wants_identity() {
            return;
        }
        let Some(node) = self.cluster.least_loaded(now) else { return };
        if self.cluster.ready(node, now) {
            self.cluster.send(node, ProducerRequest::init_producer_id(), now);
            self.identity.sent();
        }
    }
}

/// The first version of Produce whose brokers know zstd (KIP-110).
const ZSTD_FROM: i16 = 7;
