//! What a cluster goes through while it serves: nodes die and return, leaders move, replicas fall
//! behind, topics change, caches lag, quotas bite.
//!
//! Cost class: per event, and then per partition. States, not faults: each is one that a real
//! cluster gets into, and stays until it is changed again. Elections are clean: only a replica in
//! sync is made leader, so nothing that was acknowledged is lost.

use std::collections::BTreeMap;

use crate::base::BrokerId;
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::metadata::{MetadataResponseBroker, MetadataResponseTopic};

use super::cluster::{Cluster, Layout, Partition, Topic};
use super::metadata;
use super::producers::Producers;
use super::settings::TopicSettings;

/// What the brokers are going through.
#[derive(Debug, Default)]
pub(super) struct Condition {
    /// Nodes that are down.
    pub(super) down: Vec<BrokerId>,
    /// By node: what it still believes of the cluster.
    pub(super) stale: BTreeMap<usize, View>,
    /// What answers to Produce tell clients to wait.
    pub(super) throttle_ms: i32,
}

/// The cluster as a node remembers it.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub(super) brokers: Vec<MetadataResponseBroker>,
    pub(super) topics: Vec<MetadataResponseTopic>,
}

/// What goes wrong with every append to a partition while it lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trouble {
    /// Refused with this code before anything is written: a directory offline, say
    /// (KAFKA_STORAGE_ERROR).
    Before(ErrorCode),
    /// Written, and then answered with this code: replicas that don't follow in time
    /// (REQUEST_TIMED_OUT, NOT_ENOUGH_REPLICAS_AFTER_APPEND).
    After(ErrorCode),
}

impl Cluster {
    /// Whether the node at this index is up.
    #[must_use]
    pub fn is_up(&self, index: usize) -> bool {
        !self.condition.down.contains(&self.nodes()[index].id)
    }

    /// The node at this index dies, as the controller sees it: it leaves the replicas in sync, and
    /// where it led the next of them leads, or nobody. Its connections are the driver's business.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn node_down(&mut self, index: usize) {
        let id = self.nodes()[index].id;
        if self.condition.down.contains(&id) {
            return;
        }
        self.condition.down.push(id);
        for partition in self.all_partitions() {
            // The last one in sync stays so: it has what was acknowledged.
            if partition.isr.len() > 1 {
                partition.isr.retain(|replica| *replica != id);
            }
            if partition.leader == id {
                let next = partition.isr.first().copied().filter(|next| *next != id);
                partition.move_leader(next.unwrap_or(NOBODY));
            }
        }
    }

    /// The node at this index is back, with all that it had: it is in sync again, and leads what
    /// nobody leads and it may.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn node_up(&mut self, index: usize) {
        let id = self.nodes()[index].id;
        self.condition.down.retain(|down| *down != id);
        for partition in self.all_partitions() {
            if !partition.replicas.contains(&id) {
                continue;
            }
            if partition.leader == NOBODY && partition.isr.contains(&id) {
                partition.move_leader(id);
            }
            if partition.leader != NOBODY && !partition.isr.contains(&id) {
                partition.isr.push(id);
            }
        }
    }

    /// Moves a partition's leader to its `nth` living replica in sync, counted round; false when
    /// there is none but the leader.
    pub fn elect(&mut self, topic: &str, partition: i32, nth: usize) -> bool {
        let down = self.condition.down.clone();
        let Some(partition) = self.partition_mut(topic, partition) else { return false };
        let fit = |replica: &&BrokerId| **replica != partition.leader && !down.contains(replica);
        let candidates: Vec<BrokerId> = partition.isr.iter().filter(fit).copied().collect();
        let Some(next) = candidates.get(nth % candidates.len().max(1)) else { return false };
        partition.move_leader(*next);
        true
    }

    /// From now on the node at this index answers metadata requests with what it knows now, until
    /// [`Cluster::refresh_metadata`]: its cache lags behind the controller.
    pub fn freeze_metadata(&mut self, index: usize) {
        let view = View {
            brokers: metadata::brokers(self),
            topics: self.topics().map(|topic| metadata::describe(self, topic)).collect(),
        };
        self.condition.stale.insert(index, view);
    }

    /// The node at this index knows the cluster as it is again.
    pub fn refresh_metadata(&mut self, index: usize) {
        self.condition.stale.remove(&index);
    }

    /// Answers to Produce tell clients to wait this many milliseconds (a quota, KIP-219); 0 ends
    /// it.
    pub const fn set_throttle(&mut self, ms: i32) {
        self.condition.throttle_ms = ms;
    }

    /// Deletes a topic with its records; false when there is none. A new one of the same name has
    /// another id.
    pub fn delete_topic(&mut self, name: &str) -> Option<Topic> {
        let id = self.id_of(name)?;
        self.take(id)
    }

    /// Gives a topic more partitions, up to `count`; false when it has as many, or there is none.
    pub fn add_partitions(&mut self, name: &str, count: i32) -> bool {
        let Some(id) = self.id_of(name) else { return false };
        let factor = self.topic(name).map_or(0, |topic| {
            topic.partitions.first().map_or(0, |partition| partition.replicas.len())
        });
        let factor = i16::try_from(factor).unwrap_or(-1);
        let Ok(placed) =
            self.place(&Layout::Spread { partitions: count, replication_factor: factor })
        else {
            return false;
        };
        let before = self.topic(name).map_or(0, |topic| topic.partitions.len());
        let settings = self.topic(name).map(|topic| topic.settings).unwrap_or_default();
        let log_bytes = settings.log_bytes(self.plan().log_bytes(placed.len()));
        let placed = placed.into_iter().skip(before);
        let new: Vec<_> = placed.map(|replicas| self.seat(replicas, log_bytes)).collect();
        let Some(topic) = self.topic_mut(id) else { return false };
        topic.partitions.extend(new);
        topic.partitions.len() > before
    }

    /// A new partition on these nodes, led by the first of them that is up and in sync on those
    /// that are: a dead one holds none of what is acknowledged, so it may not lead after them.
    pub(super) fn seat(&self, replicas: Vec<BrokerId>, log_bytes: usize) -> Partition {
        let mut living = replicas.clone();
        living.retain(|replica| !self.condition.down.contains(replica));
        let leader = living.first().copied().unwrap_or(NOBODY);
        let mut partition = Partition::new(replicas, log_bytes);
        partition.leader = leader;
        if !living.is_empty() {
            partition.isr = living;
        }
        partition
    }

    /// Gives a topic other settings; false when there is none.
    pub fn alter_topic(&mut self, name: &str, settings: TopicSettings) -> bool {
        let Some(topic) = self.id_of(name).and_then(|id| self.topic_mut(id)) else {
            return false;
        };
        topic.settings = settings;
        true
    }
}

impl Partition {
    /// What goes wrong with appends from now on; `None` ends it.
    pub const fn set_trouble(&mut self, trouble: Option<Trouble>) {
        self.trouble = trouble;
    }

    /// Forgets every idempotent producer, as a broker does whose snapshot is lost or whose
    /// `producer.id.expiration.ms` has passed.
    pub fn forget_producers(&mut self) {
        self.producers = Producers::default();
    }
}

/// Who leads a partition that nobody leads.
pub(super) const NOBODY: BrokerId = BrokerId(-1);
