//! ListOffsets (key 2, KIP-79). Cost class: per run.

use super::{ErrorCode, field::message};
use crate::base::BrokerId;

/// The timestamp that asks for the offset after the last record.
pub const LATEST: i64 = -1;
/// The timestamp that asks for the first offset still there.
pub const EARLIEST: i64 = -2;

message! {
    /// Asks for offsets by time.
    pub struct ListOffsetsRequest for ListOffsets {
        /// −1 for a client.
        [0..] replica_id: BrokerId = BrokerId(-1),
        /// 0 up to the high watermark, 1 up to the last stable offset.
        [2..] isolation_level: i8,
        /// The topics.
        [0..] topics: Vec<ListOffsetsTopic>,
        /// Milliseconds to wait where remote storage must be asked.
        [10..] timeout_ms: i32,
    }
}

message! {
    /// A topic.
    pub struct ListOffsetsTopic {
        /// Its name.
        [0..] name: String,
        /// Its partitions.
        [0..] partitions: Vec<ListOffsetsPartition>,
    }
}

message! {
    /// A partition.
    pub struct ListOffsetsPartition {
        /// Its index.
        [0..] partition_index: i32,
        /// The leader epoch the client knows, −1 not to check it.
        [4..] current_leader_epoch: i32 = -1,
        /// Unix milliseconds, [`LATEST`] or [`EARLIEST`].
        [0..] timestamp: i64,
    }
}

message! {
    /// Offsets.
    pub struct ListOffsetsResponse for ListOffsets {
        /// Milliseconds the client should wait.
        [2..] throttle_time_ms: i32,
        /// The topics.
        [0..] topics: Vec<ListOffsetsTopicResponse>,
    }
}

message! {
    /// A topic's offsets.
    pub struct ListOffsetsTopicResponse {
        /// Its name.
        [0..] name: String,
        /// Its partitions.
        [0..] partitions: Vec<ListOffsetsPartitionResponse>,
    }
}

message! {
    /// A partition's offset.
    pub struct ListOffsetsPartitionResponse {
        /// Its index.
        [0..] partition_index: i32,
        /// 0, or why there is none.
        [0..] error_code: ErrorCode,
        /// The record's own time, −1 without one.
        [1..] timestamp: i64 = -1,
        /// The offset, −1 without one.
        [1..] offset: i64 = -1,
        /// The leader epoch of that record, −1 when unknown.
        [4..] leader_epoch: i32 = -1,
    }
}
