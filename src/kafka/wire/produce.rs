//! Produce (key 0): record batches to a broker.
//!
//! Cost class: per request, and per batch in [`layout`]. A request is laid out as glue around
//! batches that stay where they are, so that a megabyte of records is never copied and a retry
//! sends the same memory. Exactly one batch per partition, magic 2 (version 3 on).

use super::field::{known_version, message};
use super::{ApiKey, ErrorCode, Reader, RequestHeader, Uuid, WireError, Writer, frame::PREFIX_LEN};
use crate::base::BrokerId;

/// What a produce request says besides its batches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProduceHead<'a> {
    /// The transaction's owner, `None` without transactions.
    pub transactional_id: Option<&'a str>,
    /// 0 none, 1 the leader, −1 all replicas in sync.
    pub acks: i16,
    /// Milliseconds the leader waits for the replicas.
    pub timeout_ms: i32,
}

/// A topic of a request being laid out.
#[derive(Clone, Copy, Debug)]
pub struct TopicEntry<'a> {
    /// Its name, written up to version 12.
    pub name: &'a str,
    /// Its id, written from version 13 on.
    pub id: Uuid,
    /// Its partitions in the order of their batches.
    pub partitions: &'a [PartitionEntry],
}

/// A partition of a request being laid out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PartitionEntry {
    /// Its index within the topic.
    pub index: i32,
    /// Bytes of its batch, the batch's 61-byte header included.
    pub batch_len: u32,
}

/// A frame's own bytes, cut where the batches go. Reuse one for all requests of a connection.
///
/// The frame is `piece(0)`, batch 0, `piece(1)`, batch 1, … `piece(n)` for n batches.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Layout {
    /// All pieces one after another, the frame's length first.
    pub glue: Vec<u8>,
    /// Where in the glue each batch goes; never descending.
    pub cuts: Vec<u32>,
    /// Bytes of all batches.
    pub batch_bytes: u64,
}

impl Layout {
    /// Batches in the frame.
    #[must_use]
    pub const fn batches(&self) -> usize {
        self.cuts.len()
    }

    /// Bytes of the whole frame, its length prefix and the batches included.
    #[must_use]
    pub const fn frame_len(&self) -> u64 {
        self.glue.len() as u64 + self.batch_bytes
    }

    /// The glue before batch `index`, or after the last one.
    ///
    /// # Panics
    /// When `index` is above the number of batches.
    #[must_use]
    pub fn piece(&self, index: usize) -> &[u8] {
        let start = match index {
            0 => 0,
            _ => self.cuts[index - 1] as usize,
        };
        let end = match index == self.cuts.len() {
            true => self.glue.len(),
            false => self.cuts[index] as usize,
        };
        &self.glue[start..end]
    }
}

/// Lays out a request; what was in `into` is dropped, its memory is used again.
///
/// # Panics
/// When the header isn't for Produce in a version spoken here, or the frame reaches 2 GiB:
/// `max.request.size` keeps it far below.
pub fn layout<'a>(
    into: &mut Layout,
    header: &RequestHeader,
    head: &ProduceHead<'_>,
    topics: impl ExactSizeIterator<Item = TopicEntry<'a>>,
) {
    assert_eq!(header.api, ApiKey::Produce, "the header announces a produce request");
    let version = known_version(ApiKey::Produce, header.version);
    let flexible = version.expect("the version was negotiated").flexible;
    into.glue.clear();
    into.cuts.clear();
    into.batch_bytes = 0;
    let mut w = Writer(&mut into.glue);
    w.raw(&[0; PREFIX_LEN]);
    header.encode(&mut w);
    w.string(head.transactional_id, flexible);
    w.i16(head.acks);
    w.i32(head.timeout_ms);
    w.array_len(Some(topics.len()), flexible);
    for topic in topics {
        layout_topic(into, header.version, flexible, &topic);
    }
    if flexible {
        Writer(&mut into.glue).no_tags();
    }
    let length = i32::try_from(into.frame_len() - PREFIX_LEN as u64);
    let length = length.expect("a frame is below 2 GiB");
    into.glue[..PREFIX_LEN].copy_from_slice(&length.to_be_bytes());
}

fn layout_topic(into: &mut Layout, version: i16, flexible: bool, topic: &TopicEntry<'_>) {
    let mut w = Writer(&mut into.glue);
    match version {
        13.. => w.uuid(topic.id),
        _ => w.string(Some(topic.name), flexible),
    }
    w.array_len(Some(topic.partitions.len()), flexible);
    for partition in topic.partitions {
        w.i32(partition.index);
        w.bytes_len(Some(partition.batch_len as usize), flexible);
        let cut = u32::try_from(w.0.len()).expect("the glue is below 4 GiB");
        into.cuts.push(cut);
        into.batch_bytes += u64::from(partition.batch_len);
        if flexible {
            w.no_tags();
        }
    }
    if flexible {
        w.no_tags();
    }
}

/// A produce request as a broker reads it; everything borrows from the frame.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProduceRequest<'a> {
    /// The transaction's owner, `None` without transactions.
    pub transactional_id: Option<&'a str>,
    /// 0 none, 1 the leader, −1 all replicas in sync; others are the client's mistake.
    pub acks: i16,
    /// Milliseconds the leader waits for the replicas.
    pub timeout_ms: i32,
    /// The topics.
    pub topics: Vec<ProduceTopic<'a>>,
}

/// A topic of a produce request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProduceTopic<'a> {
    /// Its name, empty from version 13 on.
    pub name: &'a str,
    /// Its id, zero up to version 12.
    pub topic_id: Uuid,
    /// Its partitions.
    pub partitions: Vec<ProducePartition<'a>>,
}

/// A partition of a produce request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProducePartition<'a> {
    /// Its index within the topic.
    pub index: i32,
    /// Its batch, unchecked.
    pub records: Option<&'a [u8]>,
}

impl<'a> ProduceRequest<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`WireError::Version`] for a version not spoken here, others when the bytes make no sense.
    pub fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        let flexible = known_version(ApiKey::Produce, version)?.flexible;
        let transactional_id = r.string(flexible)?;
        let acks = r.i16()?;
        let timeout_ms = r.i32()?;
        let topics = array(r, flexible, |r| {
            let (name, topic_id) = match version {
                13.. => ("", r.uuid()?),
                _ => (r.string(flexible)?.ok_or(WireError::Null)?, Uuid::ZERO),
            };
            let partitions = array(r, flexible, |r| {
                Ok(ProducePartition { index: r.i32()?, records: r.bytes(flexible)? })
            })?;
            Ok(ProduceTopic { name, topic_id, partitions })
        })?;
        if flexible {
            r.skip_tags()?;
        }
        Ok(Self { transactional_id, acks, timeout_ms, topics })
    }
}

/// Reads an array of structures, each with its tags where there are any.
fn array<'a, T>(
    r: &mut Reader<'a>,
    flexible: bool,
    mut element: impl FnMut(&mut Reader<'a>) -> Result<T, WireError>,
) -> Result<Vec<T>, WireError> {
    let count = r.array_len(flexible)?.ok_or(WireError::Null)?;
    // Room for a few: a count is worth no more memory than elements that are really there.
    let mut elements = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        elements.push(element(r)?);
        if flexible {
            r.skip_tags()?;
        }
    }
    Ok(elements)
}

message! {
    /// What became of the batches.
    pub struct ProduceResponse for Produce {
        /// One entry per topic of the request.
        [0..] topics: Vec<TopicProduceResponse>,
        /// Milliseconds the client should wait.
        [1..] throttle_time_ms: i32,
        tags {
            /// Where the new leaders named below are found (KIP-951).
            0 [10..] node_endpoints: Vec<NodeEndpoint>,
        }
    }
}

message! {
    /// A topic's batches.
    pub struct TopicProduceResponse {
        /// Its name, up to version 12.
        [..=12] name: String,
        /// Its id, from version 13 on.
        [13..] topic_id: Uuid,
        /// Its partitions.
        [0..] partitions: Vec<PartitionProduceResponse>,
    }
}

message! {
    /// What became of one batch.
    pub struct PartitionProduceResponse {
        /// The partition's index.
        [0..] index: i32,
        /// 0, or why the batch was not written.
        [0..] error_code: ErrorCode,
        /// The offset of the first record, −1 when unknown.
        [0..] base_offset: i64 = -1,
        /// Unix milliseconds where the topic stamps records itself, else −1.
        [2..] log_append_time_ms: i64 = -1,
        /// The first offset still there, −1 when unknown.
        [5..] log_start_offset: i64 = -1,
        /// Records that the broker found invalid.
        [8..] record_errors: Vec<BatchIndexAndErrorMessage>,
        /// The error in the broker's words.
        [8..] error_message: Option<String>,
        tags {
            /// Who leads now, when it isn't the broker that was asked (KIP-951).
            0 [10..] current_leader: LeaderIdAndEpoch,
        }
    }
}

message! {
    /// A record that the broker found invalid.
    pub struct BatchIndexAndErrorMessage {
        /// Its place in the batch, from 0.
        [8..] batch_index: i32,
        /// Why, in the broker's words.
        [8..] batch_index_error_message: Option<String>,
    }
}

message! {
    /// Who leads, and since which epoch.
    pub struct LeaderIdAndEpoch {
        /// The leader, −1 when unknown.
        [10..] leader_id: BrokerId = BrokerId(-1),
        /// Its epoch, −1 when unknown.
        [10..] leader_epoch: i32 = -1,
    }
}

message! {
    /// Where a broker is found.
    pub struct NodeEndpoint {
        /// Its node id.
        [10..] node_id: BrokerId,
        /// Where clients find it.
        [10..] host: String,
        /// Its port.
        [10..] port: i32,
        /// The rack it stands in.
        [10..] rack: Option<String>,
    }
}
