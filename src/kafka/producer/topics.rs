//! The producer's topics and the choice of a partition in each.
//!
//! Cost class: per record. Order of choice: the record's own partition, the configured partitioner,
//! the key, the sticky choice.

use std::sync::Arc;

use crate::base::{Instant, PartitionSlot, RecordView, Rng, TopicSlot};
use crate::kafka::accumulator::Accumulator;
use crate::kafka::cluster::Cluster;
use crate::kafka::config::{PartitionerKind, ProducerConfig};
use crate::kafka::partitioner::{Candidate, RoundRobin, Sticky, partition_for_key};

use super::request::ProducerRequest;
use super::routes::Routes;

/// One topic as the partitioners see it.
#[derive(Debug)]
pub(super) struct TopicState {
    pub(super) name: Arc<str>,
    sticky: Sticky,
    turns: RoundRobin,
}

/// Where a record goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Choice {
    /// To this partition; `sticky` when the sticky partitioner counts it.
    To {
        /// Where.
        slot: PartitionSlot,
        /// Whether appended bytes are counted towards the next switch.
        sticky: bool,
    },
    /// The topic's partitions, or the one that the record names, aren't known.
    Unknown,
}

/// What a choice may look at.
pub(super) struct View<'a> {
    pub(super) config: &'a ProducerConfig,
    pub(super) cluster: &'a Cluster<ProducerRequest>,
    pub(super) accumulator: &'a Accumulator,
    pub(super) routes: &'a Routes,
    pub(super) topic: TopicSlot,
    pub(super) now: Instant,
}

impl TopicState {
    pub(super) fn new(name: &str, config: &ProducerConfig) -> Self {
        Self {
            name: Arc::from(name),
            sticky: Sticky::new(config.batch_size, config.adaptive_partitioning),
            turns: RoundRobin::default(),
        }
    }

    /// The partition of `record`.
    pub(super) fn choose(
        &mut self,
        record: &RecordView<'_>,
        view: &View<'_>,
        rng: &mut Rng,
    ) -> Choice {
        let slots = view.cluster.topic(view.topic).partitions();
        let to = |at: Option<u32>, sticky: bool| {
            let slot = at.and_then(|at| slots.get(at as usize));
            slot.map_or(Choice::Unknown, |&slot| Choice::To { slot, sticky })
        };
        if record.partition.is_some() || slots.is_empty() {
            return to(record.partition, false);
        }
        if view.config.partitioner == PartitionerKind::RoundRobin {
            return to(self.turns.next(view.candidates(slots)), false);
        }
        if let Some(key) = record.key.filter(|_| !view.config.ignore_keys) {
            let count = u32::try_from(slots.len()).expect("partitions are counted in 32 bits");
            return to(Some(partition_for_key(key, count)), false);
        }
        to(self.stick(slots, view, rng), true)
    }

    /// The sticky partition, after a switch that was put off until its batch was full.
    fn stick(&mut self, slots: &[PartitionSlot], view: &View<'_>, rng: &mut Rng) -> Option<u32> {
        let current = self.sticky.current().filter(|&at| (at as usize) < slots.len());
        match current {
            Some(at) if !self.sticky.is_due(false) => {
                let due = self.sticky.is_due(true) && view.accumulator.all_full(slots[at as usize]);
                if due { self.sticky.draw(view.candidates(slots), rng) } else { Some(at) }
            }
            _ => self.sticky.draw(view.candidates(slots), rng),
        }
    }

    /// Counts what a sticky record added; draws the next partition when it is time.
    pub(super) fn count(&mut self, bytes: u64, all_full: bool, view: &View<'_>, rng: &mut Rng) {
        if self.sticky.produced(bytes, all_full) {
            let slots = view.cluster.topic(view.topic).partitions();
            self.sticky.draw(view.candidates(slots), rng);
        }
    }
}

impl<'a> View<'a> {
    /// The topic's partitions as a draw sees them.
    fn candidates(
        &'a self,
        slots: &'a [PartitionSlot],
    ) -> impl ExactSizeIterator<Item = Candidate> + Clone + 'a {
        slots.iter().enumerate().map(|(partition, &slot)| {
            let leader = self.cluster.partition(slot).leader;
            Candidate {
                partition: u32::try_from(partition).expect("partitions are counted in 32 bits"),
                has_leader: leader.is_some(),
                available: leader.is_some_and(|leader| self.is_available(leader)),
                queued: self.accumulator.queued(slot),
            }
        })
    }

    /// Whether a broker could be sent to recently enough (`partitioner.availability.timeout.ms`).
    fn is_available(&self, leader: crate::base::BrokerId) -> bool {
        let limit = self.config.availability_timeout;
        limit.is_zero()
            || self.routes.blocked_since(leader).is_none_or(|since| self.now.since(since) <= limit)
    }
}
