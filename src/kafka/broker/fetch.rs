//! Fetch: batches out of logs, now or when there are enough.
//!
//! Cost class: per request; what is fetched is copied twice. A fetch that has to wait stands on the
//! lists of its partitions, and an append wakes it. Fetch sessions (KIP-227) aren't kept: every
//! answer is a whole one of session 0, which clients take as "not today".

use core::time::Duration;

use bytes::Bytes;

use super::answer::{Call, Close, Done, Scene, check_count};
use super::cluster::{Cluster, Partition, Topic};
use super::produce::endpoints_of;
use crate::base::{BrokerId, ConnectionId, Instant};
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse,
    LeaderIdAndEpoch, PartitionData,
};

/// A fetch that waits for records.
#[derive(Debug)]
pub(super) struct Waiting {
    request: FetchRequest,
    call: Call,
    /// When it is answered whatever was found.
    pub(super) deadline: Instant,
}

/// Answers a fetch, or says that it has to wait.
///
/// # Errors
/// When it names more partitions than any answer could hold.
pub(super) fn answer(
    scene: &mut Scene<'_>,
    request: FetchRequest,
    call: Call,
    out: &mut Vec<u8>,
) -> Result<Done, Close> {
    check_count(request.topics.iter().map(|topic| topic.partitions.len()).sum())?;
    if request.session_id != 0 {
        let error_code = ErrorCode::FETCH_SESSION_ID_NOT_FOUND;
        call.reply(&FetchResponse { error_code, ..Default::default() }, out);
        return Ok(Done::Answered);
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let waiting = Waiting { request, call, deadline: scene.now + wait };
    if wait.is_zero() || is_satisfied(scene.cluster, scene.node, &waiting) {
        answer_waiting(scene.cluster, scene.node, &waiting, out);
        return Ok(Done::Answered);
    }
    for (topic, partition) in entries(&waiting.request) {
        if let Some(found) = partition_mut(scene.cluster, &waiting, topic, partition) {
            found.waiting.push(scene.conn);
        }
    }
    Ok(Done::Waiting(waiting))
}

/// Whether there is enough to answer with, or an error that the client should know of at once.
pub(super) fn is_satisfied(cluster: &Cluster, node: usize, waiting: &Waiting) -> bool {
    let wanted = usize::try_from(waiting.request.min_bytes).unwrap_or(0);
    let node = cluster.nodes()[node].id;
    let mut bytes = 0;
    let mut any = false;
    for (topic, entry) in entries(&waiting.request) {
        any = true;
        let Ok(partition) = readable(find(cluster, waiting.call, topic), node, entry) else {
            return true;
        };
        let most = usize::try_from(entry.partition_max_bytes).unwrap_or(0);
        bytes += partition.log.available(entry.fetch_offset, wanted.min(most)).min(most);
        if bytes >= wanted {
            return true;
        }
    }
    !any
}

/// Takes a fetch off the lists of its partitions.
pub(super) fn stop_waiting(cluster: &mut Cluster, conn: ConnectionId, waiting: &Waiting) {
    for (topic, partition) in entries(&waiting.request) {
        if let Some(found) = partition_mut(cluster, waiting, topic, partition) {
            found.waiting.retain(|&other| other != conn);
        }
    }
}

/// Answers with what there is.
pub(super) fn answer_waiting(cluster: &Cluster, node: usize, waiting: &Waiting, out: &mut Vec<u8>) {
    let Waiting { request, call, .. } = waiting;
    let node = cluster.nodes()[node].id;
    let mut budget = Budget {
        left: usize::try_from(request.max_bytes).unwrap_or(0).min(MAX_RESPONSE_BYTES),
        nothing_yet: true,
    };
    let mut leaders = Vec::new();
    let responses = request.topics.iter().map(|topic| {
        let found = find(cluster, *call, topic);
        let partitions = topic.partitions.iter().map(|entry| {
            let data = read_one(found, node, entry, request.isolation_level, &mut budget);
            leaders.extend(data.current_leader.as_ref().map(|leader| leader.leader_id));
            data
        });
        FetchableTopicResponse {
            topic: topic.topic.clone(),
            topic_id: topic.topic_id,
            partitions: partitions.collect(),
        }
    });
    let mut response = FetchResponse { responses: responses.collect(), ..Default::default() };
    if !leaders.is_empty() {
        response.node_endpoints = Some(endpoints_of(cluster, &leaders));
    }
    call.reply(&response, out);
}

/// How many bytes of records an answer may still take.
struct Budget {
    left: usize,
    /// Until the first batch, which is given whatever its size.
    nothing_yet: bool,
}

fn read_one(
    topic: Result<&Topic, ErrorCode>,
    node: BrokerId,
    entry: &FetchPartition,
    isolation_level: i8,
    budget: &mut Budget,
) -> PartitionData {
    let mut data = PartitionData {
        partition_index: entry.partition,
        high_watermark: -1,
        records: Some(Bytes::new()),
        ..Default::default()
    };
    if let Ok(Some(partition)) = topic.map(|topic| topic.partition(entry.partition)) {
        data.log_start_offset = partition.log.start_offset();
        data.high_watermark = partition.log.end_offset();
        data.last_stable_offset = partition.log.end_offset();
        if partition.leader != node {
            data.current_leader = Some(LeaderIdAndEpoch {
                leader_id: partition.leader,
                leader_epoch: partition.leader_epoch,
            });
        }
    }
    match readable(topic, node, entry) {
        Err(code) => data.error_code = code,
        Ok(partition) => {
            let most = usize::try_from(entry.partition_max_bytes).unwrap_or(0).min(budget.left);
            let mut records = Vec::new();
            partition.log.read(entry.fetch_offset, most, budget.nothing_yet, &mut records);
            budget.left = budget.left.saturating_sub(records.len());
            budget.nothing_yet &= records.is_empty();
            data.records = Some(records.into());
            data.aborted_transactions = (isolation_level == READ_COMMITTED).then(Vec::new);
        }
    }
    data
}

/// The partition, if this node leads it and has the offset.
fn readable<'a>(
    topic: Result<&'a Topic, ErrorCode>,
    node: BrokerId,
    entry: &FetchPartition,
) -> Result<&'a Partition, ErrorCode> {
    let partition = topic?.partition(entry.partition);
    let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    partition.check_epoch(entry.current_leader_epoch)?;
    if partition.leader != node {
        return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    }
    let held = partition.log.start_offset()..=partition.log.end_offset();
    if held.contains(&entry.fetch_offset) {
        Ok(partition)
    } else {
        Err(ErrorCode::OFFSET_OUT_OF_RANGE)
    }
}

/// The topic, by its id from version 13 on.
fn find<'a>(cluster: &'a Cluster, call: Call, topic: &FetchTopic) -> Result<&'a Topic, ErrorCode> {
    match call.version {
        13.. => cluster.topic_by_id(topic.topic_id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        _ => cluster.topic(&topic.topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    }
}

fn partition_mut<'a>(
    cluster: &'a mut Cluster,
    waiting: &Waiting,
    topic: &FetchTopic,
    entry: &FetchPartition,
) -> Option<&'a mut Partition> {
    let id = find(cluster, waiting.call, topic).ok()?.id;
    cluster.topic_mut(id)?.partition_mut(entry.partition)
}

fn entries(request: &FetchRequest) -> impl Iterator<Item = (&FetchTopic, &FetchPartition)> {
    request.topics.iter().flat_map(|topic| topic.partitions.iter().map(move |entry| (topic, entry)))
}

const READ_COMMITTED: i8 = 1;
/// Kafka's `fetch.max.bytes` on the broker's side.
const MAX_RESPONSE_BYTES: usize = 57_671_680;
