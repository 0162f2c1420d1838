//! The producer: records in, deliveries out, bytes in between (`KafkaProducer`, `Sender`).
//!
//! Cost class: `send` per record, the rest per batch or request. It holds no queue of requests: a
//! request is drained from the accumulator only when a connection can take one. Metadata,
//! connections and their back-off are the cluster's; what a batch's end means for its records is
//! the caller's.

use std::collections::VecDeque;

use crate::base::{BrokerId, Instant, PartitionSlot, RecordView, Rng, TopicSlot};
use crate::kafka::accumulator::{Accumulator, Append, BatchId, Stamp, Stamps};
use crate::kafka::cluster::{Cluster, NetworkConfig};
use crate::kafka::config::ProducerConfig;
use crate::kafka::partitioner::Refusal;
use crate::kafka::wire::produce::ProduceResponse;
use crate::kafka::wire::{ErrorCode, record_batch};

use super::event::ProducerEvent;
use super::idempotence::Sequences;
use super::identity::IdentityRequest;
use super::order::Order;
use super::request::{ProduceBatches, ProducerRequest};
use super::routes::Routes;
use super::topics::{By, Choice, TopicState, View};
use super::{Delivery, Failure};

/// What became of a send.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sent {
    /// The record is in a batch; its delivery will tell the rest.
    Appended {
        /// Its partition.
        slot: PartitionSlot,
        /// Which batch.
        batch: BatchId,
        /// The record's place in it.
        index: u32,
    },
    /// `buffer.memory` is full; try again after the next input.
    Full,
    /// The topic's partitions aren't known; try again after the next input.
    NoMetadata,
    /// It can't be sent at all (too large, or the producer has failed); nothing happened.
    Refused(Failure),
    /// The key rules don't take it; nothing happened. [`Producer::declined`] has the words.
    Declined(Refusal),
}

/// A producer of one process. See the room's documentation.
#[derive(Debug)]
pub struct Producer {
    pub(super) config: ProducerConfig,
    pub(super) cluster: Cluster<ProducerRequest>,
    pub(super) accumulator: Accumulator,
    pub(super) sequences: Sequences,
    pub(super) order: Order,
    pub(super) identity: IdentityRequest,
    pub(super) routes: Routes,
    pub(super) topics: Vec<TopicState>,
    pub(super) deliveries: VecDeque<Delivery>,
    pub(super) events: VecDeque<ProducerEvent>,
    #[expect(clippy::vec_box, reason = "requests stay boxed: a connection moves them about")]
    pub(super) spare_requests: Vec<Box<ProduceBatches>>,
    /// The last answer, whose memory the next one is read into.
    pub(super) answer: ProduceResponse,
    /// Partitions whose expired batch may or may not have been written.
    pub(super) unresolved: Vec<PartitionSlot>,
    /// What a batch with a sequence was last given up for, until the epoch is raised for it.
    pub(super) given_up: Option<ErrorCode>,
    /// When the oldest batch could expire, or earlier; `None` without batches.
    pub(super) next_expiry: Option<Instant>,
    /// Batches that have their outcome and are still in a request.
    pub(super) ended_in_flight: usize,
    /// Every batch fails from here on.
    pub(super) fatal: Option<Failure>,
    /// The right to a producer id was missing at the last try.
    pub(super) identity_refusal: Option<Failure>,
    /// `max.request.size`, or `buffer.memory` when that is less.
    pub(super) largest_record: usize,
    pub(super) rng: Rng,
    pub(super) now: Instant,
    pub(super) closing: bool,
}

impl Producer {
    /// A producer that knows no topic yet. `seed` decides jitter, sticky draws and the order in
    /// which brokers are asked.
    #[must_use]
    pub fn new(config: ProducerConfig, seed: u64, now: Instant) -> Self {
        let network = NetworkConfig::from(&config);
        let largest_record = u64::from(config.max_request_size).min(config.buffer_memory);
        Self {
            cluster: Cluster::new(&network, true, seed, now),
            accumulator: Accumulator::new(&config),
            sequences: Sequences::default(),
            order: Order::default(),
            identity: IdentityRequest::new(config.enable_idempotence),
            routes: Routes::default(),
            topics: Vec::new(),
            deliveries: VecDeque::new(),
            events: VecDeque::new(),
            spare_requests: Vec::new(),
            answer: ProduceResponse::default(),
            unresolved: Vec::new(),
            given_up: None,
            next_expiry: None,
            ended_in_flight: 0,
            fatal: None,
            identity_refusal: None,
            largest_record: usize::try_from(largest_record).expect("at most max.request.size"),
            rng: Rng::new(seed ^ RNG_STREAM),
            now,
            closing: false,
            config,
        }
    }

    /// Starts to look a topic up; the slot stands for it from now on.
    pub fn add_topic(&mut self, name: &str, now: Instant) -> TopicSlot {
        let slot = self.cluster.add_topic(name, now);
        if slot.index() == self.topics.len() {
            self.topics.push(TopicState::new(name, &self.config));
        }
        slot
    }

    /// Hands a record over. On `Full` and `NoMetadata` the caller keeps it and tries again, or says
    /// with [`Producer::forgo`] that it won't.
    pub fn send(
        &mut self,
        topic: TopicSlot,
        record: &RecordView<'_>,
        stamp: &Stamp,
        now: Instant,
    ) -> Sent {
        if let Some(failure) = self.may_be_refused(record).then(|| self.refusal(record)).flatten() {
            return Sent::Refused(failure);
        }
        let Self { config, cluster, accumulator, routes, topics, rng, .. } = self;
        let view = View { config, cluster, accumulator, routes, topic, now };
        let state = &mut topics[topic.index()];
        let (slot, by, left) = match state.choose(record, &view, rng) {
            Choice::To { slot, by, left } => (slot, by, left),
            Choice::Unknown => return self.unknown(topic, now),
            Choice::Refused(why) => return Sent::Declined(why),
        };
        if let Some(left) = left {
            accumulator.close_full(left, now);
        }
        let appended = match accumulator.append(slot, record, stamp, now) {
            Append::Done(appended) => appended,
            Append::Full => {
                let view = View { config, cluster, accumulator, routes, topic, now };
                state.found_no_room(slot, by, &view);
                return Sent::Full;
            }
        };
        if by == By::Sticky {
            let view = View { config, cluster, accumulator, routes, topic, now };
            state.count(appended.bytes, appended.full, &view, rng);
        }
        if appended.index == 0 {
            self.batch_opened(topic, now);
        }
        Sent::Appended { slot, batch: appended.batch, index: appended.index }
    }

    /// The record that was last answered with [`Sent::Full`] won't be handed over again: the next
    /// one is asked about anew. Java's partitioner, too, is asked once for each record, whatever
    /// becomes of it.
    pub fn forgo(&mut self, topic: TopicSlot) {
        self.topics[topic.index()].forgo();
    }

    /// What is said of a record that was answered with [`Sent::Declined`]. As where a partitioner
    /// of Java's throws `InvalidRecordException`, that record fails and no other.
    #[must_use]
    pub fn declined(&self, why: Refusal) -> Failure {
        let rules = self.config.key_rules.as_ref();
        let message = rules.map(|rules| rules.reason(why)).unwrap_or_default();
        Failure { code: ErrorCode::INVALID_RECORD, message }
    }

    /// A quick look for what makes a refusal possible: a large record, headers, a failed producer.
    #[inline]
    fn may_be_refused(&self, record: &RecordView<'_>) -> bool {
        record.payload() + LARGEST_OVERHEAD > self.largest_record
            || !record.headers.is_empty()
            || self.fatal.is_some()
    }

    /// What a new batch means beyond the accumulator: the topic is in use, and can expire.
    #[inline(never)]
    fn batch_opened(&mut self, topic: TopicSlot, now: Instant) {
        self.cluster.use_topic(topic, now);
        self.next_expiry.get_or_insert(now + self.config.delivery_timeout);
    }

    /// Why a record can't be sent, if so.
    #[inline(never)]
    fn refusal(&self, record: &RecordView<'_>) -> Option<Failure> {
        if let Some(fatal) = &self.fatal {
            return Some(fatal.clone());
        }
        let size = record_batch::upper_bound(record);
        if size <= self.largest_record {
            return None;
        }
        let config = &self.config;
        let (key, limit) = if size > config.max_request_size as usize {
            ("max.request.size", u64::from(config.max_request_size))
        } else {
            ("buffer.memory", config.buffer_memory)
        };
        let message =
            format!("a record of {size} bytes when serialized is larger than {key} = {limit}");
        Some(Failure { code: ErrorCode::MESSAGE_TOO_LARGE, message })
    }

    /// Makes everything appended so far ready at once.
    pub fn flush(&mut self, now: Instant) {
        self.accumulator.flush(now);
    }

    /// Whether records can leave at once: every partition of `topic` has a leader, and an
    /// idempotent producer has its id.
    #[must_use]
    pub fn is_ready(&self, topic: TopicSlot) -> bool {
        let slots = self.cluster.topic(topic).partitions();
        let led = slots.iter().all(|&slot| self.cluster.partition(slot).leader.is_some());
        let known = !self.config.enable_idempotence || self.sequences.current().is_some();
        !slots.is_empty() && led && known
    }

    /// Batches created and without an outcome yet.
    #[must_use]
    pub const fn incomplete(&self) -> usize {
        self.accumulator.live() - self.ended_in_flight
    }

    /// Whether no batch is left, not even one that has its outcome and whose request still lends
    /// its memory to a socket (KAFKA-19012).
    #[must_use]
    pub const fn holds_nothing(&self) -> bool {
        self.accumulator.live() == 0
    }

    /// The next batch that ended.
    pub fn poll_delivery(&mut self) -> Option<Delivery> {
        self.deliveries.pop_front()
    }

    /// Gives a delivery's memory back.
    pub fn recycle(&mut self, stamps: Stamps) {
        self.accumulator.reuse_stamps(stamps);
    }

    /// What it knows of the cluster.
    #[must_use]
    pub const fn cluster(&self) -> &Cluster<ProducerRequest> {
        &self.cluster
    }

    /// The accumulator, to look at memory and queues.
    #[must_use]
    pub const fn accumulator(&self) -> &Accumulator {
        &self.accumulator
    }

    /// The configuration that it runs with.
    #[must_use]
    pub const fn config(&self) -> &ProducerConfig {
        &self.config
    }

    /// Why every batch fails, once one failed for good.
    #[must_use]
    pub const fn fatal(&self) -> Option<&Failure> {
        self.fatal.as_ref()
    }

    /// Why the last question for a producer id was refused, when a right is missing: every batch
    /// fails until it is granted, and each new one asks again.
    #[must_use]
    pub const fn identity_refusal(&self) -> Option<&Failure> {
        self.identity_refusal.as_ref()
    }

    /// Whether a producer id is worth asking for: after a refusal, once there is something to send.
    pub(super) const fn wants_identity(&self) -> bool {
        self.identity_refusal.is_none() || self.accumulator.live() > 0
    }

    /// The leader of a partition now.
    pub(super) fn leader(&self, slot: PartitionSlot) -> Option<BrokerId> {
        self.cluster.partition(slot).leader
    }
}

/// More than a batch's header and a record's own fields take.
pub(super) const LARGEST_OVERHEAD: usize = 128;
/// Keeps the producer's own draws apart from the cluster's, which has the bare seed.
const RNG_STREAM: u64 = 0x7072_6f64_7563_6572;
