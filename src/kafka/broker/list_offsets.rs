//! ListOffsets: where a log begins and ends, and which record comes at or after a time. Cost class:
//! per run; a look-up by time goes through the batches' headers, and decodes the one that holds the
//! record unless it is compressed.

use super::answer::{Close, Scene, check_count};
use super::cluster::Partition;
use super::log::Log;
use crate::kafka::compression::{Codec, decompress};
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest,
    ListOffsetsResponse, ListOffsetsTopicResponse,
};
use crate::kafka::wire::record_batch::{Batch, Records};

/// Answers for every partition asked for.
///
/// # Errors
/// When there are more than any answer could hold.
pub(super) fn answer(
    scene: &Scene<'_>,
    request: ListOffsetsRequest,
) -> Result<ListOffsetsResponse, Close> {
    check_count(request.topics.iter().map(|topic| topic.partitions.len()).sum())?;
    let topics = request.topics.into_iter().map(|topic| {
        let one = |asked: &ListOffsetsPartition| answer_one(scene, &topic.name, asked);
        let partitions = topic.partitions.iter().map(one).collect();
        ListOffsetsTopicResponse { name: topic.name, partitions }
    });
    Ok(ListOffsetsResponse { topics: topics.collect(), ..Default::default() })
}

fn answer_one(
    scene: &Scene<'_>,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> ListOffsetsPartitionResponse {
    let mut one = ListOffsetsPartitionResponse {
        partition_index: asked.partition_index,
        ..Default::default()
    };
    match find(scene, topic, asked).and_then(|partition| {
        let found = look_up(&partition.log, asked.timestamp)?;
        Ok((partition.leader_epoch, found))
    }) {
        Err(code) => one.error_code = code,
        Ok((_, None)) => {}
        Ok((epoch, Some((offset, timestamp)))) => {
            (one.offset, one.timestamp, one.leader_epoch) = (offset, timestamp, epoch);
        }
    }
    one
}

/// The partition, if this node leads it.
fn find<'a>(
    scene: &'a Scene<'_>,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> Result<&'a Partition, ErrorCode> {
    let partition = scene.cluster.partition(topic, asked.partition_index);
    let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    partition.check_epoch(asked.current_leader_epoch)?;
    if partition.leader == scene.node_id() {
        Ok(partition)
    } else {
        Err(ErrorCode::NOT_LEADER_OR_FOLLOWER)
    }
}

/// Offset and timestamp (−1 where the offset stands for no record), or `None` when there is no such
/// record.
fn look_up(log: &Log, timestamp: i64) -> Result<Option<(i64, i64)>, ErrorCode> {
    match timestamp {
        LATEST => Ok(Some((log.end_offset(), -1))),
        EARLIEST | EARLIEST_LOCAL => Ok(Some((log.start_offset(), -1))),
        MAX_TIMESTAMP => Ok(log.max_timestamp().and_then(|max| first_at(log, max))),
        LATEST_TIERED => Ok(None),
        0.. => Ok(first_at(log, timestamp)),
        _ => Err(ErrorCode::INVALID_REQUEST),
    }
}

/// The first record from `timestamp` on. A batch that can't be read stands for its first record.
fn first_at(log: &Log, timestamp: i64) -> Option<(i64, i64)> {
    let (batch, _) = Batch::parse(log.first_where(|max| max >= timestamp)?).ok()?;
    let header = batch.header;
    let mut plain = Vec::new();
    let body = match Codec::from_id(header.codec_id()) {
        Some(Codec::None) => batch.body(),
        Some(codec) if decompress(codec, batch.body(), &mut plain, MAX_PLAIN_BYTES).is_ok() => {
            &plain
        }
        _ => &[],
    };
    let found = Records::new(body, header.record_count).find_map(|record| {
        let record = record.ok()?;
        let time = header.base_timestamp.saturating_add(record.timestamp_delta);
        let offset = header.base_offset.saturating_add(i64::from(record.offset_delta));
        (time >= timestamp).then_some((offset, time))
    });
    Some(found.unwrap_or((header.base_offset, header.max_timestamp)))
}

const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
/// How far a batch is unpacked for a look-up, in bytes; a batch of a sane client is far smaller.
const MAX_PLAIN_BYTES: usize = 64 * 1024 * 1024;
