//! Metadata: nodes, topics, leaders. Cost class: per request.

use std::collections::BTreeSet;

use super::answer::Scene;
use super::cluster::{Cluster, Layout, NewTopic, Partition, Refusal, Topic};
use super::controller::{NOBODY, View};
use crate::base::BrokerId;
use crate::kafka::wire::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponseBroker,
    MetadataResponsePartition, MetadataResponseTopic,
};
use crate::kafka::wire::{ErrorCode, Uuid};

/// Tells about all topics, or those asked for; a topic that isn't there is created where both sides
/// allow it.
///
/// Kafka answers UNKNOWN_TOPIC_OR_PARTITION while its controller creates a topic; here it is there
/// at once.
pub(super) fn answer(scene: &mut Scene<'_>, request: MetadataRequest) -> MetadataResponse {
    if let Some(view) = scene.cluster.condition.stale.get(&scene.node) {
        return remember(view, request);
    }
    let topics = match request.topics {
        None => scene.cluster.topics().map(|topic| describe(scene.cluster, topic)).collect(),
        Some(asked) => {
            let create =
                request.allow_auto_topic_creation && scene.cluster.plan().auto_create_topics;
            let mut seen = BTreeSet::new();
            asked
                .into_iter()
                .filter(|topic| seen.insert((topic.name.clone(), topic.topic_id)))
                .map(|topic| answer_one(scene, topic, create))
                .collect()
        }
    };
    let cluster = &*scene.cluster;
    MetadataResponse {
        brokers: brokers(cluster),
        cluster_id: Some(cluster.id().to_string()),
        controller_id: cluster.controller(),
        topics,
        ..Default::default()
    }
}

/// The living brokers.
pub(super) fn brokers(cluster: &Cluster) -> Vec<MetadataResponseBroker> {
    let living = cluster.nodes().iter().enumerate().filter(|&(index, _)| cluster.is_up(index));
    living
        .map(|(_, node)| MetadataResponseBroker {
            node_id: node.id,
            host: node.host.clone(),
            port: i32::from(node.port),
            rack: None,
        })
        .collect()
}

/// The answer of a node whose cache lags behind: nothing is created, nothing is new.
fn remember(view: &View, request: MetadataRequest) -> MetadataResponse {
    let topics = match request.topics {
        None => view.topics.clone(),
        Some(asked) => asked
            .into_iter()
            .map(|asked| {
                let is_it = |topic: &&MetadataResponseTopic| match &asked.name {
                    Some(_) => topic.name == asked.name,
                    None => topic.topic_id == asked.topic_id,
                };
                view.topics.iter().find(is_it).cloned().unwrap_or_else(|| {
                    let code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
                    unknown(asked.name.unwrap_or_default(), code)
                })
            })
            .collect(),
    };
    MetadataResponse {
        brokers: view.brokers.clone(),
        controller_id: view.brokers.first().map_or(NOBODY, |broker| broker.node_id),
        topics,
        ..Default::default()
    }
}

fn answer_one(
    scene: &mut Scene<'_>,
    asked: MetadataRequestTopic,
    create: bool,
) -> MetadataResponseTopic {
    let Some(name) = asked.name else {
        return match scene.cluster.topic_by_id(asked.topic_id) {
            Some(topic) => describe(scene.cluster, topic),
            None => MetadataResponseTopic {
                error_code: ErrorCode::UNKNOWN_TOPIC_ID,
                topic_id: asked.topic_id,
                ..Default::default()
            },
        };
    };
    if create && scene.cluster.topic(&name).is_none() {
        let layout = Layout::Spread { partitions: -1, replication_factor: -1 };
        let settings = scene.cluster.plan().topics;
        let made = scene.cluster.create(&NewTopic { name: &name, layout, settings }, false);
        if let Err(Refusal { code, .. }) = made {
            return unknown(name, code);
        }
    }
    match scene.cluster.topic(&name) {
        Some(topic) => describe(scene.cluster, topic),
        None => unknown(name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    }
}

fn unknown(name: String, error_code: ErrorCode) -> MetadataResponseTopic {
    MetadataResponseTopic {
        error_code,
        name: Some(name),
        topic_id: Uuid::ZERO,
        ..Default::default()
    }
}

/// A topic as metadata tells it.
pub(super) fn describe(cluster: &Cluster, topic: &Topic) -> MetadataResponseTopic {
    let partitions = (0..).zip(&topic.partitions);
    let down = &cluster.condition.down;
    MetadataResponseTopic {
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        partitions: partitions
            .map(|(index, partition)| describe_one(index, partition, down))
            .collect(),
        ..Default::default()
    }
}

fn describe_one(index: i32, partition: &Partition, down: &[BrokerId]) -> MetadataResponsePartition {
    let offline = partition.replicas.iter().filter(|replica| down.contains(replica));
    let led = partition.leader != NOBODY;
    MetadataResponsePartition {
        error_code: if led { ErrorCode::NONE } else { ErrorCode::LEADER_NOT_AVAILABLE },
        offline_replicas: offline.copied().collect(),
        partition_index: index,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        replica_nodes: partition.replicas.clone(),
        isr_nodes: partition.isr.clone(),
    }
}
