//! Produce: batches into logs.
//!
//! Cost class: per batch; header, CRC, idempotence, one copy. A replica has no lag, so acks=all is
//! answered at once.

use super::answer::{Call, Close, Scene, check_count};
use super::batch;
use super::cluster::{Cluster, Refusal};
use super::controller::Trouble;
use super::producers::Verdict;
use crate::base::BrokerId;
use crate::kafka::wire::produce::{
    LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse, ProducePartition, ProduceRequest,
    ProduceResponse, TopicProduceResponse,
};
use crate::kafka::wire::{ErrorCode, Reader, Uuid};

/// Appends what can be appended and answers, unless with acks=0.
///
/// # Errors
/// When the request is malformed, or a batch with acks=0 was refused.
pub(super) fn answer(
    scene: &mut Scene<'_>,
    r: &mut Reader<'_>,
    call: Call,
    out: &mut Vec<u8>,
) -> Result<(), Close> {
    let request = ProduceRequest::decode(r, call.version)?;
    r.finish()?;
    check_count(request.topics.iter().map(|topic| topic.partitions.len()).sum())?;
    let mut response = ProduceResponse::default();
    let mut refused = false;
    for topic in &request.topics {
        let id = match call.version {
            13.. => Some(topic.topic_id),
            _ => scene.cluster.id_of(topic.name),
        };
        let partitions = topic.partitions.iter().map(|entry| {
            let one = answer_one(scene, &request, id, entry, call.version);
            refused |= one.error_code != ErrorCode::NONE;
            one
        });
        response.topics.push(TopicProduceResponse {
            name: topic.name.to_owned(),
            topic_id: topic.topic_id,
            partitions: partitions.collect(),
        });
    }
    match (request.acks, refused) {
        (0, true) => Err(Close::Unacknowledged),
        (0, false) => Ok(()),
        _ => {
            response.throttle_time_ms = scene.cluster.condition.throttle_ms;
            response.node_endpoints = endpoints(scene.cluster, &response);
            call.reply(&response, out);
            Ok(())
        }
    }
}

/// Appends one batch and says what became of it.
fn answer_one(
    scene: &mut Scene<'_>,
    request: &ProduceRequest<'_>,
    id: Option<Uuid>,
    entry: &ProducePartition<'_>,
    version: i16,
) -> PartitionProduceResponse {
    let mut one = PartitionProduceResponse { index: entry.index, ..Default::default() };
    if let Err(refusal) = append(scene, request, id, entry, version, &mut one) {
        scene.counters.refused += 1;
        one.error_code = refusal.code;
        one.error_message = refusal.message;
    }
    one
}

fn append(
    scene: &mut Scene<'_>,
    request: &ProduceRequest<'_>,
    id: Option<Uuid>,
    entry: &ProducePartition<'_>,
    version: i16,
    one: &mut PartitionProduceResponse,
) -> Result<(), Refusal> {
    if !(-1..=1).contains(&request.acks) {
        return Err(ErrorCode::INVALID_REQUIRED_ACKS.into());
    }
    let header = batch::header(entry.records, version)?;
    let bytes = entry.records.unwrap_or_default();
    let (node, unix_ms) = (scene.node_id(), scene.unix_ms);
    let Some(topic) = id.and_then(|id| scene.cluster.topic_mut(id)) else {
        return Err(unknown_topic(version).into());
    };
    let settings = topic.settings;
    let Some(partition) = topic.partition_mut(entry.index) else {
        return Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.into());
    };
    if partition.leader != node {
        one.current_leader = Some(LeaderIdAndEpoch {
            leader_id: partition.leader,
            leader_epoch: partition.leader_epoch,
        });
        return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER.into());
    }
    let needed = usize::try_from(settings.min_insync_replicas).unwrap_or(0);
    let needed = needed.min(partition.replicas.len());
    if request.acks == -1 && partition.isr.len() < needed {
        return Err(ErrorCode::NOT_ENOUGH_REPLICAS.into());
    }
    batch::check(bytes, &header, &settings, unix_ms)?;
    if let Some(Trouble::Before(code)) = partition.trouble {
        return Err(code.into());
    }
    match partition.producers.judge(&header) {
        Verdict::Next => {
            let epoch = partition.leader_epoch;
            one.base_offset = partition.log.append(bytes, &header, epoch);
            partition.producers.appended(&header, one.base_offset);
            if settings.retention_ms >= 0 {
                partition.log.expire(unix_ms.saturating_sub(settings.retention_ms));
            }
            scene.counters.batches += 1;
            scene.counters.records += u64::from(header.record_count.unsigned_abs());
            scene.counters.bytes += bytes.len() as u64;
        }
        Verdict::Duplicate(known) => {
            one.base_offset = known.base_offset;
            one.log_append_time_ms = known.timestamp;
            scene.counters.duplicates += 1;
        }
        Verdict::OutOfOrder => return Err(ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER.into()),
        Verdict::StaleEpoch => return Err(ErrorCode::INVALID_PRODUCER_EPOCH.into()),
    }
    one.log_start_offset = partition.log.start_offset();
    let trouble = partition.trouble;
    if !partition.waiting.is_empty() {
        let waiting = partition.waiting.clone();
        scene.cluster.woken.extend(waiting);
    }
    match trouble {
        Some(Trouble::After(code)) => Err(code.into()),
        _ => Ok(()),
    }
}

/// What an unknown topic is called: by its id from version 13 on.
const fn unknown_topic(version: i16) -> ErrorCode {
    match version {
        13.. => ErrorCode::UNKNOWN_TOPIC_ID,
        _ => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
    }
}

/// Where the leaders named in the answer are found (KIP-951); `None` when it names none.
fn endpoints(cluster: &Cluster, response: &ProduceResponse) -> Option<Vec<NodeEndpoint>> {
    let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
    let mut leaders: Vec<BrokerId> = partitions
        .filter_map(|partition| partition.current_leader.as_ref().map(|leader| leader.leader_id))
        .collect();
    if leaders.is_empty() {
        return None;
    }
    leaders.sort_unstable();
    leaders.dedup();
    Some(endpoints_of(cluster, &leaders))
}

/// The addresses of these nodes.
pub(super) fn endpoints_of(cluster: &Cluster, ids: &[BrokerId]) -> Vec<NodeEndpoint> {
    let nodes = cluster.nodes().iter().filter(|node| ids.contains(&node.id));
    nodes
        .map(|node| NodeEndpoint {
            node_id: node.id,
            host: node.host.clone(),
            port: i32::from(node.port),
            rack: None,
        })
        .collect()
}
