//! The two requests that a producer sends to brokers, as the connections see them.
//!
//! Cost class: per request. A Produce request owns its batches while it is under way and lends
//! their memory to the socket; nothing of a batch is copied. Spent requests keep their vectors.

use crate::base::{PartitionSlot, Slices};
use crate::kafka::accumulator::Batch;
use crate::kafka::connection::Request;
use crate::kafka::wire::frame::encode_request;
use crate::kafka::wire::init_producer_id::InitProducerIdRequest;
use crate::kafka::wire::produce::{self, Layout, PartitionEntry, ProduceHead, TopicEntry};
use crate::kafka::wire::{ApiKey, RequestHeader, Uuid};

/// A request of the producer.
#[derive(Debug)]
pub enum ProducerRequest {
    /// Batches.
    Produce(Box<ProduceBatches>),
    /// The question for a producer id.
    InitProducerId(Vec<u8>),
}

/// Batches on their way to one broker, at most one a partition.
#[derive(Debug, Default)]
pub struct ProduceBatches {
    pub(super) batches: Vec<Option<Box<Batch>>>,
    /// The batches' topics in order; each has the next few batches.
    pub(super) topics: Vec<TopicPart>,
    pub(super) entries: Vec<PartitionEntry>,
    pub(super) acks: i16,
    pub(super) timeout_ms: i32,
    layout: Layout,
}

/// One topic's share of a request.
#[derive(Debug)]
pub(super) struct TopicPart {
    pub(super) name: std::sync::Arc<str>,
    pub(super) id: Uuid,
    pub(super) batches: usize,
}

impl ProduceBatches {
    /// Forgets its content and keeps its vectors.
    pub(super) fn clear(&mut self) {
        self.batches.clear();
        self.topics.clear();
        self.entries.clear();
    }

    /// The place of the batch for partition `index` of the topic named or numbered so; a broker
    /// answers in the order of the request, so `hint` is nearly always right.
    pub(super) fn find(&self, name: &str, id: Uuid, index: i32, hint: usize) -> Option<usize> {
        let is_it = |at: &usize| {
            let topic = self.topic_of(*at);
            self.entries[*at].index == index
                && topic.is_some_and(|t| *t.name == *name || (!id.is_zero() && t.id == id))
        };
        Some(hint)
            .filter(|at| *at < self.entries.len())
            .filter(is_it)
            .or_else(|| (0..self.entries.len()).find(is_it))
    }

    /// The topic of a batch.
    pub(super) fn topic_of(&self, batch: usize) -> Option<&TopicPart> {
        let mut end = 0;
        self.topics.iter().find(|topic| {
            end += topic.batches;
            batch < end
        })
    }

    /// The partitions of its batches.
    pub fn slots(&self) -> impl Iterator<Item = PartitionSlot> {
        self.batches.iter().flatten().map(|batch| batch.slot)
    }

    /// How many batches.
    #[must_use]
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    fn lay_out(&mut self, header: &RequestHeader) {
        let head =
            ProduceHead { transactional_id: None, acks: self.acks, timeout_ms: self.timeout_ms };
        let mut start = 0;
        let entries = &self.entries;
        let topics = self.topics.iter().map(|topic| {
            let partitions = &entries[start..start + topic.batches];
            start += topic.batches;
            TopicEntry { name: &topic.name, id: topic.id, partitions }
        });
        produce::layout(&mut self.layout, header, &head, topics);
    }

    fn gather<'a>(&'a self, mut skip: usize, slices: &mut Slices<'a>) {
        for (at, batch) in self.batches.iter().flatten().enumerate() {
            let (header, body) = batch.wire_parts();
            let fits = slices.push_after(self.layout.piece(at), &mut skip)
                && slices.push_after(header, &mut skip)
                && slices.push_after(body, &mut skip);
            if !fits {
                return;
            }
        }
        slices.push_after(self.layout.piece(self.batches.len()), &mut skip);
    }
}

impl ProducerRequest {
    /// The question for an id without transactions.
    pub(super) const fn init_producer_id() -> Self {
        Self::InitProducerId(Vec::new())
    }
}

impl Request for ProducerRequest {
    fn api(&self) -> ApiKey {
        match self {
            Self::Produce(_) => ApiKey::Produce,
            Self::InitProducerId(_) => ApiKey::InitProducerId,
        }
    }

    fn expects_response(&self) -> bool {
        match self {
            Self::Produce(request) => request.acks != 0,
            Self::InitProducerId(_) => true,
        }
    }

    fn prepare(&mut self, header: &RequestHeader) {
        match self {
            Self::Produce(request) => request.lay_out(header),
            Self::InitProducerId(frame) => {
                let body = InitProducerIdRequest {
                    transactional_id: None,
                    transaction_timeout_ms: i32::MAX,
                    ..InitProducerIdRequest::default()
                };
                frame.clear();
                encode_request(header, &body, frame);
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Produce(request) => {
                usize::try_from(request.layout.frame_len()).expect("a frame is below 2 GiB")
            }
            Self::InitProducerId(frame) => frame.len(),
        }
    }

    fn gather<'a>(&'a self, mut skip: usize, slices: &mut Slices<'a>) {
        match self {
            Self::Produce(request) => request.gather(skip, slices),
            Self::InitProducerId(frame) => {
                slices.push_after(frame, &mut skip);
            }
        }
    }
}
