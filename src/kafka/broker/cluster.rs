//! What the brokers of the cluster know together: nodes, topics, partitions, producer ids.
//!
//! Cost class: per request; look-ups by name or id in ordered maps. This is the state alone:
//! answers are made of it elsewhere, and a test or the simulator may change it between two requests
//! (leaders, replicas in sync).
//!
//! A replica is a name here: all replicas of a partition share one log, and are in sync unless
//! they're said not to be.

use std::collections::BTreeMap;

use crate::base::{BrokerId, ConnectionId, Rng};
use crate::kafka::wire::{ErrorCode, Uuid};

use super::controller::{Condition, Trouble};
use super::log::Log;
use super::producers::Producers;
use super::settings::TopicSettings;
use super::{BrokerPlan, Listener};

/// The cluster's state.
#[derive(Debug)]
pub struct Cluster {
    plan: BrokerPlan,
    seed: u64,
    id: Uuid,
    topics: BTreeMap<Uuid, Topic>,
    names: BTreeMap<String, Uuid>,
    /// Topics ever created; their ids and first leaders come from it.
    created: u64,
    partitions: usize,
    next_producer_id: i64,
    pub(super) condition: Condition,
    /// Connections whose waiting fetch may now have an answer. Emptied after every input.
    pub(super) woken: Vec<ConnectionId>,
}

/// A topic.
#[derive(Debug)]
pub struct Topic {
    pub(super) name: String,
    pub(super) id: Uuid,
    pub(super) partitions: Vec<Partition>,
    pub(super) settings: TopicSettings,
}

/// A partition.
#[derive(Debug)]
pub struct Partition {
    /// The node that takes records; −1: none.
    pub(super) leader: BrokerId,
    /// Grows by one with every new leader.
    pub(super) leader_epoch: i32,
    pub(super) replicas: Vec<BrokerId>,
    pub(super) isr: Vec<BrokerId>,
    pub(super) log: Log,
    pub(super) producers: Producers,
    pub(super) trouble: Option<Trouble>,
    /// Connections that fetch from here and wait for records.
    pub(super) waiting: Vec<ConnectionId>,
}

/// What a request gets instead of what it asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: Option<String>,
}

/// What a topic is to be made of.
#[derive(Clone, Debug)]
pub(super) struct NewTopic<'a> {
    pub(super) name: &'a str,
    pub(super) layout: Layout,
    pub(super) settings: TopicSettings,
}

/// Where a new topic's partitions go.
#[derive(Clone, Debug)]
pub(super) enum Layout {
    /// So many, with so many replicas each, spread over the nodes; −1 takes the cluster's default.
    Spread { partitions: i32, replication_factor: i16 },
    /// Each partition's replicas by name, leader first.
    Given(Vec<Vec<BrokerId>>),
}

impl Cluster {
    /// A cluster without topics. `seed` alone decides the ids that it will give.
    #[must_use]
    pub(super) fn new(plan: BrokerPlan, seed: u64) -> Self {
        Self {
            plan,
            seed,
            id: cluster_id(seed),
            topics: BTreeMap::new(),
            names: BTreeMap::new(),
            created: 0,
            partitions: 0,
            next_producer_id: FIRST_PRODUCER_ID,
            condition: Condition::default(),
            woken: Vec::new(),
        }
    }

    /// What it was made from.
    #[must_use]
    pub const fn plan(&self) -> &BrokerPlan {
        &self.plan
    }

    /// The cluster's id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The nodes, by listener.
    #[must_use]
    pub fn nodes(&self) -> &[Listener] {
        &self.plan.nodes
    }

    /// The node that acts as controller: the first.
    #[must_use]
    pub fn controller(&self) -> BrokerId {
        self.plan.nodes[0].id
    }

    /// Tells clients from now on that node `index` listens at this address.
    ///
    /// # Panics
    /// When there is no such node.
    pub fn advertise(&mut self, index: usize, host: &str, port: u16) {
        let node = &mut self.plan.nodes[index];
        host.clone_into(&mut node.host);
        node.port = port;
    }

    /// All topics by name.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.names.values().map(|id| &self.topics[id])
    }

    /// The topic of this name.
    #[must_use]
    pub fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(self.names.get(name)?)
    }

    /// The topic of this id.
    #[must_use]
    pub fn topic_by_id(&self, id: Uuid) -> Option<&Topic> {
        self.topics.get(&id)
    }

    /// A partition by its topic's name.
    #[must_use]
    pub fn partition(&self, topic: &str, index: i32) -> Option<&Partition> {
        self.topic(topic)?.partition(index)
    }

    /// A partition by its topic's name, to be changed.
    pub fn partition_mut(&mut self, topic: &str, index: i32) -> Option<&mut Partition> {
        let id = *self.names.get(topic)?;
        self.topic_mut(id)?.partition_mut(index)
    }

    pub(super) fn id_of(&self, name: &str) -> Option<Uuid> {
        self.names.get(name).copied()
    }

    pub(super) fn topic_mut(&mut self, id: Uuid) -> Option<&mut Topic> {
        self.topics.get_mut(&id)
    }

    /// A producer id that nobody has.
    pub(super) const fn take_producer_id(&mut self) -> i64 {
        let id = self.next_producer_id;
        self.next_producer_id += 1;
        id
    }

    /// Creates a topic, or with `dry` only says whether it could. Returns the replicas by partition
    /// and the id, zero if dry.
    ///
    /// # Errors
    /// As Kafka's `ReplicationControlManager` refuses: name, existing topic, counts, unknown nodes.
    pub(super) fn create(
        &mut self,
        new: &NewTopic<'_>,
        dry: bool,
    ) -> Result<(Uuid, usize, usize), Refusal> {
        check_name(new.name)?;
        if self.names.contains_key(new.name) {
            let message = format!("Topic '{}' already exists.", new.name);
            return Err(Refusal::because(ErrorCode::TOPIC_ALREADY_EXISTS, message));
        }
        let placed = self.place(&new.layout)?;
        let (count, factor) = (placed.len(), placed.first().map_or(0, Vec::len));
        if count > MAX_NEW_PARTITIONS || self.partitions + count > MAX_PARTITIONS {
            let message = "Excessively large number of partitions".to_owned();
            return Err(Refusal::because(ErrorCode::POLICY_VIOLATION, message));
        }
        if dry {
            return Ok((Uuid::ZERO, count, factor));
        }
        self.created += 1;
        let id = nth_uuid(self.seed, self.created);
        let log_bytes = new.settings.log_bytes(self.plan.log_bytes(count));
        let partitions = placed.into_iter().map(|replicas| self.seat(replicas, log_bytes));
        let topic = Topic {
            name: new.name.to_owned(),
            id,
            partitions: partitions.collect(),
            settings: new.settings,
        };
        self.partitions += count;
        self.names.insert(new.name.to_owned(), id);
        self.topics.insert(id, topic);
        Ok((id, count, factor))
    }

    /// Deletes a topic with its records; false when there is none. Fetches that wait for it are
    /// woken.
    pub(super) fn delete(&mut self, id: Uuid) -> bool {
        self.take(id).is_some()
    }

    /// As [`Cluster::delete`], and hands the topic out.
    pub(super) fn take(&mut self, id: Uuid) -> Option<Topic> {
        let topic = self.topics.remove(&id)?;
        self.names.remove(&topic.name);
        self.partitions -= topic.partitions.len();
        for partition in &topic.partitions {
            self.woken.extend_from_slice(&partition.waiting);
        }
        Some(topic)
    }

    /// Every partition of every topic.
    pub(super) fn all_partitions(&mut self) -> impl Iterator<Item = &mut Partition> {
        self.topics.values_mut().flat_map(|topic| &mut topic.partitions)
    }

    /// Each new partition's replicas. Leaders go round robin, and a topic starts one node after the
    /// one before it.
    pub(super) fn place(&self, layout: &Layout) -> Result<Vec<Vec<BrokerId>>, Refusal> {
        let nodes = &self.plan.nodes;
        let (partitions, factor) = match layout {
            Layout::Given(replicas) => {
                self.check_given(replicas)?;
                return Ok(replicas.clone());
            }
            Layout::Spread { partitions, replication_factor } => (
                if *partitions == -1 { self.plan.partitions } else { *partitions },
                if *replication_factor == -1 {
                    self.plan.replication_factor
                } else {
                    *replication_factor
                },
            ),
        };
        let Some(count) = usize::try_from(partitions).ok().filter(|&count| count > 0) else {
            let message =
                "Number of partitions was set to an invalid non-positive value.".to_owned();
            return Err(Refusal::because(ErrorCode::INVALID_PARTITIONS, message));
        };
        let factor =
            usize::try_from(factor).ok().filter(|&factor| factor > 0 && factor <= nodes.len());
        let Some(factor) = factor else {
            let message = format!(
                "Unable to replicate the partition so many times: only {} broker(s) are \
                 registered.",
                nodes.len()
            );
            return Err(Refusal::because(ErrorCode::INVALID_REPLICATION_FACTOR, message));
        };
        // Refused by the caller's bound as well, but only after memory was taken for all of them.
        if count > MAX_NEW_PARTITIONS {
            let message = "Excessively large number of partitions per request.".to_owned();
            return Err(Refusal::because(ErrorCode::POLICY_VIOLATION, message));
        }
        let start = usize::try_from(self.created % nodes.len() as u64).unwrap_or(0);
        let node = |at: usize| nodes[(start + at) % nodes.len()].id;
        Ok((0..count)
            .map(|index| (0..factor).map(|replica| node(index + replica)).collect())
            .collect())
    }

    fn check_given(&self, partitions: &[Vec<BrokerId>]) -> Result<(), Refusal> {
        let known = |id: &BrokerId| self.plan.nodes.iter().any(|node| node.id == *id);
        let factor = partitions.first().map_or(0, Vec::len);
        let sound = |replicas: &Vec<BrokerId>| {
            let distinct = (1..replicas.len()).all(|at| !replicas[..at].contains(&replicas[at]));
            factor > 0 && replicas.len() == factor && distinct && replicas.iter().all(known)
        };
        if partitions.is_empty() || !partitions.iter().all(sound) {
            let message =
                "Replicas have to be distinct brokers of the cluster, equally many for each \
                           partition."
                    .to_owned();
            return Err(Refusal::because(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message));
        }
        Ok(())
    }
}

impl Topic {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id, which the cluster's seed and the number of topics created before decide.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Its partitions by index.
    #[must_use]
    pub fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    /// What is configured for it.
    #[must_use]
    pub const fn settings(&self) -> &TopicSettings {
        &self.settings
    }

    /// One partition.
    #[must_use]
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index).ok()?)
    }

    pub(super) fn partition_mut(&mut self, index: i32) -> Option<&mut Partition> {
        self.partitions.get_mut(usize::try_from(index).ok()?)
    }
}

impl Partition {
    pub(super) fn new(replicas: Vec<BrokerId>, log_bytes: usize) -> Self {
        Self {
            leader: replicas[0],
            leader_epoch: 0,
            isr: replicas.clone(),
            replicas,
            log: Log::new(log_bytes),
            producers: Producers::default(),
            trouble: None,
            waiting: Vec::new(),
        }
    }

    /// The node that takes records; −1 when none does.
    #[must_use]
    pub const fn leader(&self) -> BrokerId {
        self.leader
    }

    /// How often the leader has changed.
    #[must_use]
    pub const fn leader_epoch(&self) -> i32 {
        self.leader_epoch
    }

    /// The nodes that hold it, the preferred leader first.
    #[must_use]
    pub fn replicas(&self) -> &[BrokerId] {
        &self.replicas
    }

    /// The replicas in sync.
    #[must_use]
    pub fn isr(&self) -> &[BrokerId] {
        &self.isr
    }

    /// Its records.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// What it remembers of idempotent producers.
    #[must_use]
    pub const fn producers(&self) -> &Producers {
        &self.producers
    }

    /// Makes `node` the leader under the next epoch. Sockets stay: a client that still asks the old
    /// one is told.
    pub fn move_leader(&mut self, node: BrokerId) {
        self.leader = node;
        self.leader_epoch += 1;
    }

    /// Sets which replicas are in sync; acks=all is judged by their number.
    pub fn set_isr(&mut self, isr: Vec<BrokerId>) {
        self.isr = isr;
    }

    /// Appends a batch as it is; returns its first offset.
    #[cfg(test)]
    pub(crate) fn append_for_test(&mut self, batch: &[u8]) -> i64 {
        let (header, ..) = crate::kafka::wire::record_batch::BatchHeader::read(batch).unwrap();
        self.log.append(batch, &header, self.leader_epoch)
    }

    /// Kafka's check of the epoch that a client believes in (KIP-320); −1 means that it doesn't
    /// say.
    pub(super) fn check_epoch(&self, believed: i32) -> Result<(), ErrorCode> {
        match believed {
            -1 => Ok(()),
            epoch if epoch < self.leader_epoch => Err(ErrorCode::FENCED_LEADER_EPOCH),
            epoch if epoch > self.leader_epoch => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
            _ => Ok(()),
        }
    }
}

impl Refusal {
    /// With words for the client, cut to a length that any version of a response can hold: a peer
    /// may name a topic or a key with 32 KiB.
    pub(super) fn because(code: ErrorCode, mut message: String) -> Self {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
        Self { code, message: Some(message) }
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None }
    }
}

/// The rules of Kafka's `Topic.validate`.
fn check_name(name: &str) -> Result<(), Refusal> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let wrong = if name.is_empty() {
        "the empty string is not allowed"
    } else if name == "." || name == ".." {
        "'.' or '..' is not allowed"
    } else if name.len() > MAX_NAME_BYTES {
        "the length of the name is longer than the max allowed length 249"
    } else if !name.bytes().all(legal) {
        "it contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
    } else {
        return Ok(());
    };
    let message = format!("Topic name is invalid: {wrong}");
    Err(Refusal::because(ErrorCode::INVALID_TOPIC_EXCEPTION, message))
}

/// Whether a cluster with this id, as Metadata tells it, is one of ours: what was measured there is
/// no Kafka.
#[must_use]
pub fn is_embedded(cluster_id: &str) -> bool {
    cluster_id.starts_with(ID_PREFIX)
}

/// The id of a seed's cluster: a fixed beginning, so that clients can tell it from a real one.
fn cluster_id(seed: u64) -> Uuid {
    let mut id = nth_uuid(seed, 0);
    id.0[..ID_PREFIX_BYTES.len()].copy_from_slice(&ID_PREFIX_BYTES);
    id
}

/// The `n`-th id of a seed: version 4 in form (RFC 9562), so never one of Kafka's reserved ones.
fn nth_uuid(seed: u64, n: u64) -> Uuid {
    let mut bytes = [0; 16];
    Rng::nth(seed, n).fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid(bytes)
}

/// How our clusters' ids begin; the six characters after it are the seed's. A real cluster's id is
/// random: one in 2^96 begins so.
const ID_PREFIX: &str = "kprod-embedded--";
/// The bytes that an id writes so.
const ID_PREFIX_BYTES: [u8; 12] =
    [0x92, 0x9a, 0xe8, 0x77, 0xe7, 0xa6, 0x6d, 0xe7, 0x5d, 0x79, 0xdf, 0xbe];
const MAX_MESSAGE_BYTES: usize = 300;
const MAX_NAME_BYTES: usize = 249;
/// Kafka's controller takes about so many records, hence partitions, in one request.
const MAX_NEW_PARTITIONS: usize = 10_000;
const MAX_PARTITIONS: usize = 200_000;
/// Not 0, so that an id that was never set can't pass for a real one.
const FIRST_PRODUCER_ID: i64 = 1_000;
