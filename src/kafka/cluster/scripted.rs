//! What brokers made by hand answer, for the tests of every room that has a cluster client. Cost
//! class: test code. Bodies by themselves; when they are given, and to whom, is the test's matter.

use std::collections::BTreeMap;

use crate::base::BrokerId;
use crate::kafka::wire::api_versions::{ApiVersion, ApiVersionsResponse};
use crate::kafka::wire::frame::encode_response;
use crate::kafka::wire::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use crate::kafka::wire::{ApiKey, ErrorCode, Message, RequestHeader, Uuid};

/// The answer to a request, as a broker sends it.
pub(in crate::kafka) fn frame<M: Message>(header: &RequestHeader, message: &M) -> Vec<u8> {
    let mut out = Vec::new();
    encode_response(header.correlation, header.version, message, &mut out);
    out
}

/// What a broker offers: our own versions, up to the highest in `offers` where that names the API,
/// and not at all where it says `None`.
pub(in crate::kafka) fn versions(offers: &BTreeMap<ApiKey, Option<i16>>) -> ApiVersionsResponse {
    let row = |api: &ApiKey| {
        let ours = api.client_versions();
        let max = offers.get(api).map_or_else(|| Some(*ours.end()), |max| *max)?;
        let (api_key, min_version) = (api.code(), *ours.start().min(&max));
        Some(ApiVersion { api_key, min_version, max_version: max })
    };
    let api_keys = ApiKey::ALL.iter().filter_map(row).collect();
    ApiVersionsResponse { api_keys, ..ApiVersionsResponse::default() }
}

/// A metadata answer with brokers at 127.0.0.1 and port 100 + id, and no topic.
pub(in crate::kafka) fn brokers(ids: &[i32]) -> MetadataResponse {
    let broker = |id: &i32| MetadataResponseBroker {
        node_id: BrokerId(*id),
        host: "127.0.0.1".to_owned(),
        port: 100 + *id,
        rack: None,
    };
    MetadataResponse {
        brokers: ids.iter().map(broker).collect(),
        cluster_id: Some("cluster".to_owned()),
        controller_id: BrokerId(2),
        ..MetadataResponse::default()
    }
}

/// What metadata says of topic `t`: its id, and leader and epoch of each partition; all have
/// replicas on brokers 1 and 2.
pub(in crate::kafka) fn topic(id: u8, partitions: &[(i32, i32)]) -> MetadataResponseTopic {
    let partition = |(index, (leader, epoch)): (i32, &(i32, i32))| {
        let replicas = vec![BrokerId(1), BrokerId(2)];
        MetadataResponsePartition {
            error_code: match leader {
                -1 => ErrorCode::LEADER_NOT_AVAILABLE,
                _ => ErrorCode::NONE,
            },
            partition_index: index,
            leader_id: BrokerId(*leader),
            leader_epoch: *epoch,
            replica_nodes: replicas.clone(),
            isr_nodes: replicas,
            offline_replicas: Vec::new(),
        }
    };
    MetadataResponseTopic {
        name: Some("t".to_owned()),
        topic_id: Uuid([id; 16]),
        partitions: (0..).zip(partitions).map(partition).collect(),
        ..MetadataResponseTopic::default()
    }
}
