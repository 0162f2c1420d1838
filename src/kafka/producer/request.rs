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
    /// Places in `entries`, each topic's by partition index; empty until an answer comes out of
    /// the request's order.
    by_index: Vec<usize>,
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

impl TopicPart {
    /// Whether an answer means it: by its name up to version 12, from 13 on by its id.
    fn is(&self, name: &str, id: Uuid) -> bool {
        *self.name == *name || (!id.is_zero() && self.id == id)
    }
}

impl ProduceBatches {
    /// Forgets its content and keeps its vectors.
    pub(super) fn clear(&mut self) {
        self.batches.clear();
        self.topics.clear();
        self.entries.clear();
        self.by_index.clear();
    }

    /// The place of the batch for partition `index` of the topic named or numbered so; a broker
    /// answers in the order of the request, so `hint` is nearly always right. Where it isn't the
    /// partition is looked for by halves: an answer that names partitions by the million which
    /// nobody asked for must not cost a walk through the request for each.
    pub(super) fn find(&mut self, name: &str, id: Uuid, index: i32, hint: usize) -> Option<usize> {
        let hinted = self.entries.get(hint).is_some_and(|entry| entry.index == index);
        if hinted && self.topic_of(hint).is_some_and(|topic| topic.is(name, id)) {
            return Some(hint);
        }
        let topic = self.topics.iter().position(|topic| topic.is(name, id))?;
        if self.by_index.len() != self.entries.len() {
            self.sort();
        }
        let start = self.topics[..topic].iter().map(|topic| topic.batches).sum();
        let of_topic = &self.by_index[start..start + self.topics[topic].batches];
        let found = of_topic.binary_search_by_key(&index, |at| self.entries[*at].index);
        found.ok().map(|nth| of_topic[nth])
    }

    fn sort(&mut self) {
        let Self { topics, entries, by_index, .. } = self;
        by_index.clear();
        by_index.extend(0..entries.len());
        let mut rest = &mut by_index[..];
        for topic in topics {
            let (of_topic, others) = rest.split_at_mut(topic.batches);
            of_topic.sort_unstable_by_key(|at| entries[*at].index);
            rest = others;
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: usize) -> Uuid {
        Uuid([u8::try_from(n).unwrap(); 16])
    }

    /// A request with these partitions of topics "t0", "t1", …, whose ids are 1, 2, ….
    fn request(topics: &[Vec<i32>]) -> ProduceBatches {
        let mut request = ProduceBatches::default();
        for (n, indexes) in topics.iter().enumerate() {
            let (name, id) = (format!("t{n}").into(), id(n + 1));
            request.topics.push(TopicPart { name, id, batches: indexes.len() });
            let entries = indexes.iter().map(|&index| PartitionEntry { index, batch_len: 61 });
            request.entries.extend(entries);
        }
        request
    }

    #[test]
    fn a_request_that_is_used_again_forgets_the_order_of_the_last() {
        let mut used = request(&[vec![5, 3]]);
        assert_eq!(used.find("t0", Uuid::ZERO, 3, 0), Some(1));
        used.clear();
        used.topics.push(TopicPart { name: "t0".into(), id: Uuid::ZERO, batches: 2 });
        used.entries.extend([3, 5].map(|index| PartitionEntry { index, batch_len: 61 }));
        assert_eq!(used.find("t0", Uuid::ZERO, 3, 1), Some(0));
    }

    #[test]
    fn topics_are_told_apart_by_name_or_by_id() {
        let mut two = request(&[vec![0, 1], vec![1, 0]]);
        for hint in 0..5 {
            assert_eq!(two.find("t1", Uuid::ZERO, 1, hint), Some(2), "{hint}");
            assert_eq!(two.find("", id(1), 1, hint), Some(1), "{hint}");
            assert_eq!(two.find("", Uuid::ZERO, 1, hint), None, "{hint}");
            assert_eq!(two.find("t2", id(3), 1, hint), None, "{hint}");
        }
    }

    proptest! {
        /// Whatever is asked in whatever order: the place is where a walk would find it.
        #[test]
        fn a_partition_is_found_wherever_it_stands(
            topics in proptest::collection::vec(
                proptest::collection::btree_set(0..40_i32, 1..20)
                    .prop_map(|set| set.into_iter().collect::<Vec<_>>())
                    .prop_shuffle(),
                1..4,
            ),
            asked in proptest::collection::vec((0..5_usize, -1..42_i32, 0..80_usize), 1..60),
        ) {
            let mut request = request(&topics);
            for (topic, index, hint) in asked {
                let before: usize = topics.iter().take(topic).map(Vec::len).sum();
                let here = topics.get(topic).and_then(|of| of.iter().position(|it| *it == index));
                let found = request.find(&format!("t{topic}"), Uuid::ZERO, index, hint);
                prop_assert_eq!(found, here.map(|nth| before + nth));
            }
        }
    }
}
