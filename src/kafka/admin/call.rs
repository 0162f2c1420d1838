//! What an admin client is asked, and what it answers. Cost class: per run.

use core::time::Duration;

use bytes::Bytes;

use crate::base::BrokerId;
use crate::kafka::cluster::Broker;
use crate::kafka::wire::Uuid;

/// One call; calls are done one after another, in order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AdminCall {
    /// What to do.
    pub ask: Ask,
    /// How long it may take once its turn has come; then it ends in an error.
    pub timeout: Duration,
}

impl AdminCall {
    /// A call.
    #[must_use]
    pub const fn new(ask: Ask, timeout: Duration) -> Self {
        Self { ask, timeout }
    }

    /// Ends the client once the calls before it are done. It has no report.
    #[must_use]
    pub const fn close() -> Self {
        Self { ask: Ask::Close, timeout: Duration::MAX }
    }
}

/// What an admin client can do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ask {
    /// The cluster, and a topic of it, which is never created by asking; [`AdminReply::Cluster`].
    Describe {
        /// The topic; `None`: only the cluster.
        topic: Option<String>,
    },
    /// Creates a topic and waits until every partition has a leader; [`AdminReply::Created`].
    CreateTopic {
        /// Its name.
        name: String,
        /// 1 or more, or −1 for the broker's default.
        partitions: i32,
        /// 1 or more, or −1 for the broker's default.
        replication_factor: i16,
        /// Settings that differ from the broker's.
        configs: Vec<(String, String)>,
    },
    /// Deletes a topic; [`AdminReply::Deleted`].
    DeleteTopic {
        /// Its name.
        name: String,
    },
    /// A topic's settings; [`AdminReply::Configs`].
    DescribeConfigs {
        /// Its name.
        topic: String,
    },
    /// An offset of every partition of a topic, from each one's leader; [`AdminReply::Offsets`].
    ListOffsets {
        /// Its name.
        topic: String,
        /// Which offset.
        spec: OffsetSpec,
    },
    /// Batches of a topic's log, from each partition's leader, as far as one answer of each leader
    /// goes; [`AdminReply::Fetched`].
    Fetch {
        /// Its name.
        topic: String,
        /// Partition indexes, each with the first offset wanted; one at least. What stands first
        /// gets on in any case.
        from: Vec<(i32, i64)>,
        /// Bytes that one leader's answer may take; one batch may take more.
        max_bytes: i32,
    },
    /// See [`AdminCall::close`].
    Close,
}

/// Which offset of a partition.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OffsetSpec {
    /// The first one still there.
    Earliest,
    /// The one after the last record that every replica in sync has.
    Latest,
}

/// The answer to a call that succeeded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AdminReply {
    /// To [`Ask::Describe`].
    Cluster(ClusterDescription),
    /// To [`Ask::CreateTopic`]: the topic as it stands, each partition with a leader.
    Created(TopicDescription),
    /// To [`Ask::DeleteTopic`].
    Deleted,
    /// To [`Ask::DescribeConfigs`], as the broker lists them.
    Configs(Vec<ConfigEntry>),
    /// To [`Ask::ListOffsets`]: by partition index, for all partitions.
    Offsets(Vec<i64>),
    /// To [`Ask::Fetch`]: those partitions whose leaders answered for them, one at least.
    Fetched(Vec<Fetched>),
}

/// What a leader gave of one partition.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fetched {
    /// The partition's index.
    pub partition: i32,
    /// Whole batches one after another, of which the first may begin before the offset wanted and
    /// the last may be cut short; empty when nothing came within half a second. `None`: the log
    /// doesn't hold the offset, it begins later or ends before.
    pub records: Option<Bytes>,
    /// The first offset that the log still holds; −1 where the leader doesn't say, as Kafka's don't
    /// beside an error.
    pub log_start: i64,
}

/// A cluster as a broker describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClusterDescription {
    /// Its id; `None` from brokers that have none.
    pub cluster_id: Option<String>,
    /// The controller, or a broker that passes on to it.
    pub controller: Option<BrokerId>,
    /// The live brokers, by id.
    pub brokers: Vec<Broker>,
    /// The topic asked for; `None` when there is none of that name, or none was asked for.
    pub topic: Option<TopicDescription>,
}

/// A topic as a broker describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// Its id; zero from brokers that have none.
    pub id: Uuid,
    /// Its partitions, by index.
    pub partitions: Vec<PartitionDescription>,
}

/// A partition as a broker describes it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PartitionDescription {
    /// Its index.
    pub index: i32,
    /// Its leader; `None` while there is none.
    pub leader: Option<BrokerId>,
    /// The leader's term; −1 when unknown.
    pub leader_epoch: i32,
    /// All replicas, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// The replicas in sync.
    pub isr: Vec<BrokerId>,
}

/// One setting of a topic.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConfigEntry {
    /// Its name, such as `min.insync.replicas`.
    pub name: String,
    /// Its value; `None` when it is secret.
    pub value: Option<String>,
    /// Whether the topic itself sets it; else it comes from the brokers or is the default.
    pub is_topics_own: bool,
}
