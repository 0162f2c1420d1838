//! Topics, partitions and brokers as the cluster last named them.
//!
//! Cost class: per batch for look-ups, which are vector indexing; per tick for updates, the only
//! place that walks all partitions. Invariants: slots are dense and never change their meaning; a
//! partition's leader epoch never falls while its topic's id stays (KIP-516, KIP-320).

use std::collections::BTreeMap;

use crate::base::{BrokerId, Instant, PartitionSlot, TopicSlot};
use crate::kafka::wire::metadata::{MetadataResponsePartition, MetadataResponseTopic};
use crate::kafka::wire::{ErrorCode, Uuid};

/// A broker as the cluster names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Broker {
    /// Its node id.
    pub id: BrokerId,
    /// Where clients find it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The rack it stands in.
    pub rack: Option<String>,
}

/// A topic that the owner asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its id; zero while unknown, or when the broker has none (Metadata before version 10).
    pub id: Uuid,
    /// Why the last answer knew nothing of it; `None` when it did.
    pub error: Option<ErrorCode>,
    /// Whether any answer about it came since it was asked for.
    pub answered: bool,
    /// Every partition index ever heard of.
    slots: Vec<PartitionSlot>,
    /// Partitions that it has now: shorter than `slots` after it was made anew with fewer.
    count: usize,
    /// The last `Cluster::use_topic`; `None`: never idle.
    pub(super) last_used: Option<Instant>,
    /// Left out of refreshes for having been idle.
    pub(super) asleep: bool,
    /// The last answer refused it for good, and nobody was told yet.
    pub(super) unreported: bool,
}

impl Topic {
    /// Its partitions, by index; empty while unknown.
    #[must_use]
    pub fn partitions(&self) -> &[PartitionSlot] {
        &self.slots[..self.count]
    }
}

/// A partition of a topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Partition {
    /// Whose.
    pub topic: TopicSlot,
    /// Its index within the topic.
    pub index: i32,
    /// The broker to write to.
    pub leader: Option<BrokerId>,
    /// The leader's term; −1 while unknown, or when the broker's word on it can't be trusted.
    pub leader_epoch: i32,
    /// All replicas, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// The replicas in sync.
    pub isr: Vec<BrokerId>,
    /// What the last answer held against it.
    pub error: Option<ErrorCode>,
}

/// A change of leader that an update brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LeaderChange {
    /// The partition.
    pub slot: PartitionSlot,
    /// Who led it.
    pub from: Option<BrokerId>,
    /// Who leads it now.
    pub to: Option<BrokerId>,
}

/// What an update brought.
#[derive(Debug, Default)]
pub(super) struct Effect {
    /// Anything that was not known before.
    pub progress: bool,
    /// An error that another refresh may cure.
    pub stale: bool,
    /// This topic was deleted and made anew: its id is another one.
    pub recreated: Option<TopicSlot>,
}

/// The tables.
#[derive(Debug, Default)]
pub(super) struct Topics {
    topics: Vec<Topic>,
    partitions: Vec<Partition>,
    by_name: BTreeMap<String, TopicSlot>,
    /// Another number whenever a leader or a number of partitions has changed.
    version: u64,
}

impl Topics {
    /// The slot of a topic, and whether it is new.
    pub(super) fn add(&mut self, name: &str) -> (TopicSlot, bool) {
        if let Some(slot) = self.by_name.get(name) {
            return (*slot, false);
        }
        let slot = TopicSlot(u32::try_from(self.topics.len()).expect("fewer than 2^32 topics"));
        self.topics.push(Topic {
            name: name.to_owned(),
            id: Uuid::ZERO,
            error: None,
            answered: false,
            slots: Vec::new(),
            count: 0,
            last_used: None,
            asleep: false,
            unreported: false,
        });
        self.by_name.insert(name.to_owned(), slot);
        (slot, true)
    }

    pub(super) fn topic(&self, slot: TopicSlot) -> &Topic {
        &self.topics[slot.index()]
    }

    pub(super) fn topic_mut(&mut self, slot: TopicSlot) -> &mut Topic {
        &mut self.topics[slot.index()]
    }

    pub(super) fn all(&self) -> &[Topic] {
        &self.topics
    }

    pub(super) fn all_mut(&mut self) -> &mut [Topic] {
        &mut self.topics
    }

    pub(super) fn partition(&self, slot: PartitionSlot) -> &Partition {
        &self.partitions[slot.index()]
    }

    pub(super) fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    pub(super) const fn version(&self) -> u64 {
        self.version
    }

    /// Takes a topic's part of an answer over. `brokers`: those of the answer, by id; `reliable`:
    /// its epochs can be trusted.
    pub(super) fn update(
        &mut self,
        found: &MetadataResponseTopic,
        brokers: &[Broker],
        reliable: bool,
        changes: &mut Vec<LeaderChange>,
    ) -> Effect {
        let mut effect = Effect::default();
        let slot = found.name.as_deref().and_then(|name| self.by_name.get(name)).copied();
        let Some(slot) = slot else {
            return effect;
        };
        let topic = &mut self.topics[slot.index()];
        let error = (found.error_code != ErrorCode::NONE).then_some(found.error_code);
        effect.progress = !topic.answered || topic.error != error;
        topic.answered = true;
        topic.error = error;
        topic.unreported = error.is_some_and(is_refusal);
        if let Some(code) = error {
            effect.stale = code.is_invalid_metadata();
            self.forget_leaders(slot, changes);
            // As far as anyone knows it has no partitions; their slots stay.
            self.topics[slot.index()].count = 0;
            return effect;
        }
        let renewed = found.topic_id != Uuid::ZERO && found.topic_id != topic.id;
        if renewed {
            effect.recreated = (topic.id != Uuid::ZERO).then_some(slot);
            topic.id = found.topic_id;
            effect.progress = true;
        }
        effect.progress |= self.resize(slot, found, changes);
        for partition in &found.partitions {
            let index = usize::try_from(partition.partition_index).unwrap_or(usize::MAX);
            let Some(at) = self.topics[slot.index()].slots.get(index).copied() else {
                continue;
            };
            let leader = listed(partition.leader_id, brokers);
            effect.progress |= match self.take_epoch(at, partition, reliable, renewed) {
                Some(news) => self.update_partition(at, partition, leader, changes) || news,
                None => false,
            };
            effect.stale |= partition.error_code.is_invalid_metadata();
        }
        effect
    }

    /// Makes slots for every partition index up to the highest; whether their number changed.
    ///
    /// Indexes of an answer should be 0 to n − 1 in any order. One that reaches past their number
    /// is left out, so that memory follows what came and not a number that a peer made up.
    fn resize(
        &mut self,
        slot: TopicSlot,
        found: &MetadataResponseTopic,
        changes: &mut Vec<LeaderChange>,
    ) -> bool {
        let topic = &mut self.topics[slot.index()];
        let (old, new) = (topic.count, found.partitions.len());
        for index in topic.slots.len()..new {
            let next = u32::try_from(self.partitions.len()).expect("fewer than 2^32 partitions");
            topic.slots.push(PartitionSlot(next));
            self.partitions.push(Partition {
                topic: slot,
                index: i32::try_from(index).expect("an answer is shorter than 2 GiB"),
                leader: None,
                leader_epoch: -1,
                replicas: Vec::new(),
                isr: Vec::new(),
                error: None,
            });
        }
        topic.count = new;
        self.version += u64::from(old != new);
        for gone in new..old {
            let gone = self.topics[slot.index()].slots[gone];
            self.set_leader(gone, None, changes);
        }
        old != new
    }

    /// Takes the leader's term over; whether it is news, and `None` for a term that has passed.
    fn take_epoch(
        &mut self,
        slot: PartitionSlot,
        found: &MetadataResponsePartition,
        reliable: bool,
        renewed: bool,
    ) -> Option<bool> {
        let partition = &mut self.partitions[slot.index()];
        // Brokers before Metadata version 9 could answer with epochs out of date.
        let epoch = if reliable { found.leader_epoch } else { -1 };
        if !renewed && epoch >= 0 && epoch < partition.leader_epoch {
            return None;
        }
        let taken = (epoch >= 0 || renewed) && partition.leader_epoch != epoch;
        if taken {
            partition.leader_epoch = epoch;
        }
        Some(taken)
    }

    fn update_partition(
        &mut self,
        slot: PartitionSlot,
        found: &MetadataResponsePartition,
        leader: Option<BrokerId>,
        changes: &mut Vec<LeaderChange>,
    ) -> bool {
        let partition = &mut self.partitions[slot.index()];
        let mut progress = false;
        let error = (found.error_code != ErrorCode::NONE).then_some(found.error_code);
        progress |= partition.error != error;
        partition.error = error;
        if partition.replicas != found.replica_nodes {
            partition.replicas.clone_from(&found.replica_nodes);
            progress = true;
        }
        if partition.isr != found.isr_nodes {
            partition.isr.clone_from(&found.isr_nodes);
            progress = true;
        }
        self.set_leader(slot, leader, changes) || progress
    }

    /// After an answer: a partition whose leader isn't among its brokers has none, whether the
    /// answer speaks of it or not. Nobody could connect to such a leader, and as long as it counted
    /// as one nobody would ask for another (Java: `MetadataSnapshot.computeClusterView`).
    pub(super) fn drop_unlisted(&mut self, brokers: &[Broker], changes: &mut Vec<LeaderChange>) {
        for at in 0..self.partitions.len() {
            let Some(leader) = self.partitions[at].leader else { continue };
            if listed(leader, brokers).is_none() {
                let slot = PartitionSlot(u32::try_from(at).expect("slots are u32"));
                self.set_leader(slot, None, changes);
            }
        }
    }

    /// Takes a leader named in a produce answer over (KIP-951), if its epoch is news.
    pub(super) fn hint(
        &mut self,
        slot: PartitionSlot,
        leader: BrokerId,
        epoch: i32,
        changes: &mut Vec<LeaderChange>,
    ) -> bool {
        let partition = &mut self.partitions[slot.index()];
        if leader.0 < 0 || epoch < 0 || epoch <= partition.leader_epoch {
            return false;
        }
        partition.leader_epoch = epoch;
        self.set_leader(slot, Some(leader), changes);
        true
    }

    fn set_leader(
        &mut self,
        slot: PartitionSlot,
        to: Option<BrokerId>,
        changes: &mut Vec<LeaderChange>,
    ) -> bool {
        let partition = &mut self.partitions[slot.index()];
        if partition.leader == to {
            return false;
        }
        changes.push(LeaderChange { slot, from: partition.leader, to });
        partition.leader = to;
        self.version += 1;
        true
    }

    fn forget_leaders(&mut self, slot: TopicSlot, changes: &mut Vec<LeaderChange>) {
        for at in 0..self.topics[slot.index()].slots.len() {
            let partition = self.topics[slot.index()].slots[at];
            self.set_leader(partition, None, changes);
        }
    }

    /// Before a start from the bootstrap servers: nothing is known any more, slots stay. With the
    /// ids gone any epoch is taken again, since the next answer may come from another cluster.
    pub(super) fn forget(&mut self, changes: &mut Vec<LeaderChange>) {
        for at in 0..self.topics.len() {
            let slot = TopicSlot(u32::try_from(at).expect("slots are u32"));
            self.forget_leaders(slot, changes);
            let topic = &mut self.topics[at];
            topic.id = Uuid::ZERO;
            topic.error = None;
            topic.answered = false;
        }
        for partition in &mut self.partitions {
            partition.leader_epoch = -1;
        }
    }
}

/// The leader, if it is one of these brokers, which stand by id.
fn listed(leader: BrokerId, brokers: &[Broker]) -> Option<BrokerId> {
    brokers.binary_search_by_key(&leader, |broker| broker.id).ok().map(|_| leader)
}

/// Whether an error of a topic is told to who writes to it at once, rather than waited out
/// (`Metadata.maybeThrowExceptionForTopic`).
const fn is_refusal(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::INVALID_TOPIC_EXCEPTION | ErrorCode::TOPIC_AUTHORIZATION_FAILED)
}
