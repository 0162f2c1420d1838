//! CreateTopics (key 19). Cost class: per run.

use super::{ErrorCode, Uuid, field::message};
use crate::base::BrokerId;

message! {
    /// Creates topics.
    pub struct CreateTopicsRequest for CreateTopics {
        /// What to create.
        [0..] topics: Vec<CreatableTopic>,
        /// Milliseconds to wait until the topics exist.
        [0..] timeout_ms: i32 = 60_000,
        /// Only check, create nothing.
        [1..] validate_only: bool,
    }
}

message! {
    /// A topic to create.
    pub struct CreatableTopic {
        /// Its name.
        [0..] name: String,
        /// Partitions; −1 for the broker's default (version 4 on) or with assignments.
        [0..] num_partitions: i32 = -1,
        /// Replicas of each; −1 for the broker's default (version 4 on) or with assignments.
        [0..] replication_factor: i16 = -1,
        /// Replicas placed by hand, empty for the broker's choice.
        [0..] assignments: Vec<CreatableReplicaAssignment>,
        /// Settings that differ from the broker's.
        [0..] configs: Vec<CreatableTopicConfig>,
    }
}

message! {
    /// One partition's replicas.
    pub struct CreatableReplicaAssignment {
        /// The partition's index.
        [0..] partition_index: i32,
        /// Its brokers, the preferred leader first.
        [0..] broker_ids: Vec<BrokerId>,
    }
}

message! {
    /// A setting of a topic to create.
    pub struct CreatableTopicConfig {
        /// Its name.
        [0..] name: String,
        /// Its value.
        [0..] value: Option<String>,
    }
}

message! {
    /// What became of the topics.
    pub struct CreateTopicsResponse for CreateTopics {
        /// Milliseconds the client should wait.
        [2..] throttle_time_ms: i32,
        /// One entry per topic asked for.
        [0..] topics: Vec<CreatableTopicResult>,
    }
}

message! {
    /// What became of one topic.
    pub struct CreatableTopicResult {
        /// Its name.
        [0..] name: String,
        /// Its new id.
        [7..] topic_id: Uuid,
        /// 0, or why it was not created.
        [0..] error_code: ErrorCode,
        /// The same in the broker's words.
        [1..] error_message: Option<String>,
        /// Partitions it has now, −1 when unknown.
        [5..] num_partitions: i32 = -1,
        /// Replicas of each, −1 when unknown.
        [5..] replication_factor: i16 = -1,
        /// Its settings, `None` when the client may not see them.
        [5..] configs: Option<Vec<CreatableTopicConfigs>> = Some(Vec::new()),
        tags {
            /// Why the settings are missing.
            0 [5..] topic_config_error_code: ErrorCode,
        }
    }
}

message! {
    /// A setting of a new topic.
    pub struct CreatableTopicConfigs {
        /// Its name.
        [5..] name: String,
        /// Its value.
        [5..] value: Option<String>,
        /// Whether it can't be changed.
        [5..] read_only: bool,
        /// Where it comes from, −1 when unknown.
        [5..] config_source: i8 = -1,
        /// Whether its value is kept secret.
        [5..] is_sensitive: bool,
    }
}
