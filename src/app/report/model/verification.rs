//! The part of a result that proves delivery. Cost class: once a run.

use serde::{Deserialize, Serialize};

/// Proof of delivery. What only reading the records back can tell is null with `offsets`. A field
/// that an older result doesn't have reads as nothing found.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct VerificationModel {
    /// offsets or sequence.
    pub mode: String,
    /// All partitions together.
    #[serde(flatten)]
    pub log: LogModel,
    /// With acks=0: written to the socket and missing.
    pub written_missing: u64,
    /// Records of an earlier phase of the run.
    pub earlier: Option<u64>,
    /// Of those that arrived without an ack, the ones that had been told as failed, which says that
    /// they aren't there: 0 unless a promise was broken.
    pub failed_found: Option<u64>,
    /// Offsets that could not be read.
    pub unread: Option<u64>,
    /// What names each record: `value`, or `header kprod`.
    pub carried_by: Option<String>,
    /// Bytes that this takes from each record's size; 0 in the value.
    pub header_bytes: Option<u32>,
    /// Why the reading ended early; null when it didn't.
    pub cut_short: Option<String>,
    /// How long the reading took.
    pub seconds: Option<f64>,
    /// The first stretches of expected records that weren't found.
    pub missing: Vec<MissingModel>,
    /// offsets: the partitions that disagree; sequence: all.
    pub partitions: Vec<VerifiedPartitionModel>,
}

/// What was found of the records delivered to one partition or to all. With sequence, found, lost,
/// unknown and those corrupted that stand where a record should are the expected ones.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct LogModel {
    /// Records delivered: acknowledged, or with acks=0 written to the socket.
    pub expected: u64,
    /// offsets: by how much the end offsets grew; sequence: expected records that are there,
    /// undamaged, each counted once.
    pub found: i64,
    /// Acknowledged and missing. In a partition with acks=0: written and missing.
    pub lost: u64,
    /// Whether a partition grew by more than this run can have written.
    pub other_writer: bool,
    /// Expected records that may have been there: the log no longer holds their offsets, or they
    /// could not be read.
    pub unknown: Option<u64>,
    /// Second and further copies.
    pub duplicated: Option<u64>,
    /// First copies that stand behind a later record of their producer in their partition.
    pub reordered: Option<u64>,
    /// Wrong checksums, or other bytes than were sent.
    pub corrupted: Option<u64>,
    /// Somebody else's records.
    pub foreign: Option<u64>,
    /// Records that arrived without an acknowledgement.
    pub unacked_found: Option<u64>,
    /// Offsets that the log no longer held when it was read.
    pub removed: Option<u64>,
}

/// Neighbouring records of one producer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MissingModel {
    /// Which of the run's producers, from 0.
    pub producer: u32,
    /// The first one's number within its producer.
    pub first: u64,
    /// The last one's.
    pub last: u64,
}

/// One partition's part.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct VerifiedPartitionModel {
    /// The topic's name, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// Its index.
    pub partition: u32,
    /// Of this partition, as of all.
    pub written_missing: u64,
    /// What was found there.
    #[serde(flatten)]
    pub log: LogModel,
}
