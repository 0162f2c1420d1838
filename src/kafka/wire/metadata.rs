//! Metadata (key 3): brokers, topics, leaders. Cost class: per request.

use super::{ErrorCode, Uuid, field::message};
use crate::base::BrokerId;

message! {
    /// Asks for brokers and topics.
    pub struct MetadataRequest for Metadata {
        /// The topics, `None` for all of them, empty for none.
        [0..] topics: Option<Vec<MetadataRequestTopic>>,
        /// Whether a missing topic may be created.
        [4..] allow_auto_topic_creation: bool = true,
        /// Whether to tell what the client may do with the cluster.
        [8..=10] include_cluster_authorized_operations: bool,
        /// Whether to tell what the client may do with each topic.
        [8..] include_topic_authorized_operations: bool,
    }
}

message! {
    /// A topic asked for, by name or, from version 12 on, by id alone.
    pub struct MetadataRequestTopic {
        /// Its id, zero when unknown.
        [10..] topic_id: Uuid,
        /// Its name; `None` only from version 10 on, with an id.
        [0..] name: Option<String>,
    }
}

message! {
    /// Brokers and topics.
    pub struct MetadataResponse for Metadata {
        /// Milliseconds the client should wait.
        [3..] throttle_time_ms: i32,
        /// The live brokers.
        [0..] brokers: Vec<MetadataResponseBroker>,
        /// The cluster's id.
        [2..] cluster_id: Option<String>,
        /// The controller, −1 when unknown.
        [1..] controller_id: BrokerId = BrokerId(-1),
        /// The topics asked for.
        [0..] topics: Vec<MetadataResponseTopic>,
        /// What the client may do with the cluster, a set of bits.
        [8..=10] cluster_authorized_operations: i32 = i32::MIN,
        /// 129 when the client should start again from its bootstrap servers (KIP-1102).
        [13..] error_code: ErrorCode,
    }
}

message! {
    /// A live broker.
    pub struct MetadataResponseBroker {
        /// Its node id.
        [0..] node_id: BrokerId,
        /// Where clients find it.
        [0..] host: String,
        /// Its port, 0 to 65,535 if the broker is sane.
        [0..] port: i32,
        /// The rack it stands in.
        [1..] rack: Option<String>,
    }
}

message! {
    /// A topic.
    pub struct MetadataResponseTopic {
        /// 0, or why nothing is known of it.
        [0..] error_code: ErrorCode,
        /// Its name; `None` only from version 12 on, for an unknown id.
        [0..] name: Option<String>,
        /// Its id, zero when the broker has none.
        [10..] topic_id: Uuid,
        /// Whether Kafka keeps its own data in it.
        [1..] is_internal: bool,
        /// Its partitions, in no order one may rely on.
        [0..] partitions: Vec<MetadataResponsePartition>,
        /// What the client may do with it, a set of bits.
        [8..] topic_authorized_operations: i32 = i32::MIN,
    }
}

message! {
    /// A partition.
    pub struct MetadataResponsePartition {
        /// 0, or why it is not available.
        [0..] error_code: ErrorCode,
        /// Its index within the topic.
        [0..] partition_index: i32,
        /// The broker to write to, −1 when there is none.
        [0..] leader_id: BrokerId,
        /// Counts the leader's terms, −1 when unknown.
        [7..] leader_epoch: i32 = -1,
        /// All replicas.
        [0..] replica_nodes: Vec<BrokerId>,
        /// The replicas in sync.
        [0..] isr_nodes: Vec<BrokerId>,
        /// The replicas that are down.
        [5..] offline_replicas: Vec<BrokerId>,
    }
}
