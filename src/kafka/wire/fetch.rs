//! Fetch (key 1): record batches back from a broker. Cost class: per request.
//!
//! Records are copied out of the frame; nothing on the producing path uses this.

use bytes::Bytes;

use super::{ErrorCode, Uuid, field::message, produce::NodeEndpoint};
use crate::base::BrokerId;

message! {
    /// Asks for record batches.
    pub struct FetchRequest for Fetch {
        /// −1 for a client.
        [..=14] replica_id: BrokerId = BrokerId(-1),
        /// Milliseconds to wait for `min_bytes`.
        [0..] max_wait_ms: i32,
        /// Bytes to wait for.
        [0..] min_bytes: i32,
        /// Bytes of the whole response, a soft limit.
        [3..] max_bytes: i32 = i32::MAX,
        /// 0 up to the high watermark, 1 up to the last stable offset.
        [4..] isolation_level: i8,
        /// The fetch session (KIP-227), 0 for none.
        [7..] session_id: i32,
        /// Counts within the session, −1 for none.
        [7..] session_epoch: i32 = -1,
        /// The topics.
        [0..] topics: Vec<FetchTopic>,
        /// Topics to drop from the session.
        [7..] forgotten_topics_data: Vec<ForgottenTopic>,
        /// The rack the client stands in, empty when unknown.
        [11..] rack_id: String,
        tags {
            /// The cluster's id, where the asker checks it.
            0 [12..] cluster_id: String,
            /// Who asks, where it is a broker.
            1 [15..] replica_state: ReplicaState,
        }
    }
}

message! {
    /// A broker that fetches from another.
    pub struct ReplicaState {
        /// Its node id, −1 for a client.
        [15..] replica_id: BrokerId = BrokerId(-1),
        /// Its epoch, −1 when unknown.
        [15..] replica_epoch: i64 = -1,
    }
}

message! {
    /// A topic to read.
    pub struct FetchTopic {
        /// Its name, up to version 12.
        [..=12] topic: String,
        /// Its id, from version 13 on.
        [13..] topic_id: Uuid,
        /// Its partitions.
        [0..] partitions: Vec<FetchPartition>,
    }
}

message! {
    /// A partition to read.
    pub struct FetchPartition {
        /// Its index.
        [0..] partition: i32,
        /// The leader epoch the client knows, −1 not to check it.
        [9..] current_leader_epoch: i32 = -1,
        /// The first offset wanted.
        [0..] fetch_offset: i64,
        /// The epoch of the last record fetched, −1 for none.
        [12..] last_fetched_epoch: i32 = -1,
        /// A follower's first offset, −1 for a client.
        [5..] log_start_offset: i64 = -1,
        /// Bytes of this partition, a soft limit.
        [0..] partition_max_bytes: i32,
    }
}

message! {
    /// Partitions to drop from the session.
    pub struct ForgottenTopic {
        /// The topic's name, up to version 12.
        [7..=12] topic: String,
        /// The topic's id, from version 13 on.
        [13..] topic_id: Uuid,
        /// The partitions' indices.
        [7..] partitions: Vec<i32>,
    }
}

message! {
    /// Record batches.
    pub struct FetchResponse for Fetch {
        /// Milliseconds the client should wait.
        [1..] throttle_time_ms: i32,
        /// 0, or why there is no answer at all.
        [7..] error_code: ErrorCode,
        /// The fetch session, 0 for none.
        [7..] session_id: i32,
        /// The topics.
        [0..] responses: Vec<FetchableTopicResponse>,
        tags {
            /// Where the leaders named below are found.
            0 [16..] node_endpoints: Vec<NodeEndpoint>,
        }
    }
}

message! {
    /// A topic's batches.
    pub struct FetchableTopicResponse {
        /// Its name, up to version 12.
        [..=12] topic: String,
        /// Its id, from version 13 on.
        [13..] topic_id: Uuid,
        /// Its partitions.
        [0..] partitions: Vec<PartitionData>,
    }
}

message! {
    /// A partition's batches.
    pub struct PartitionData {
        /// Its index.
        [0..] partition_index: i32,
        /// 0, or why there are none.
        [0..] error_code: ErrorCode,
        /// The offset after the last one that is on all replicas in sync.
        [0..] high_watermark: i64,
        /// The offset after the last decided transaction, −1 when unknown.
        [4..] last_stable_offset: i64 = -1,
        /// The first offset still there, −1 when unknown.
        [5..] log_start_offset: i64 = -1,
        /// Aborted transactions among the records.
        [4..] aborted_transactions: Option<Vec<AbortedTransaction>>,
        /// A replica nearer to the client, −1 for none.
        [11..] preferred_read_replica: BrokerId = BrokerId(-1),
        /// Whole batches one after another; the last may be cut short, and the first may begin
        /// before the offset asked for.
        [0..] records: Option<Bytes>,
        tags {
            /// Where the client's log and the leader's part ways.
            0 [12..] diverging_epoch: EpochEndOffset,
            /// Who leads now, when it isn't the broker that was asked.
            1 [12..] current_leader: LeaderIdAndEpoch,
            /// The snapshot to start from instead.
            2 [12..] snapshot_id: SnapshotId,
        }
    }
}

message! {
    /// The end of an epoch.
    pub struct EpochEndOffset {
        /// The epoch, −1 when unknown.
        [12..] epoch: i32 = -1,
        /// Its end, −1 when unknown.
        [12..] end_offset: i64 = -1,
    }
}

message! {
    /// Who leads, and since which epoch.
    pub struct LeaderIdAndEpoch {
        /// The leader, −1 when unknown.
        [12..] leader_id: BrokerId = BrokerId(-1),
        /// Its epoch, −1 when unknown.
        [12..] leader_epoch: i32 = -1,
    }
}

message! {
    /// A snapshot of a controller's log.
    pub struct SnapshotId {
        /// Its end, −1 when unknown.
        [0..] end_offset: i64 = -1,
        /// Its epoch, −1 when unknown.
        [0..] epoch: i32 = -1,
    }
}

message! {
    /// A transaction that was aborted.
    pub struct AbortedTransaction {
        /// Whose.
        [4..] producer_id: i64,
        /// Where it begins.
        [4..] first_offset: i64,
    }
}
