//! Topics created and deleted, settings told, producer ids given out. Cost class: per run.

use std::collections::BTreeSet;

use super::answer::{Close, Scene, check_count};
use super::cluster::{Layout, NewTopic, Refusal, Topic};
use super::settings::{Kind, Setting, TopicSettings};
use crate::base::BrokerId;
use crate::kafka::wire::create_topics::{
    CreatableTopic, CreatableTopicConfigs, CreatableTopicResult, CreateTopicsRequest,
    CreateTopicsResponse,
};
use crate::kafka::wire::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};
use crate::kafka::wire::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};
use crate::kafka::wire::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult,
    DescribeConfigsResponse, DescribeConfigsResult, RESOURCE_BROKER, RESOURCE_TOPIC,
};
use crate::kafka::wire::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use crate::kafka::wire::{ErrorCode, Uuid};

/// Creates topics, each by itself; a name that stands in the request twice is refused twice, as in
/// Kafka.
///
/// # Errors
/// When there are more than any answer could hold.
pub(super) fn create_topics(
    scene: &mut Scene<'_>,
    request: CreateTopicsRequest,
) -> Result<CreateTopicsResponse, Close> {
    check_count(request.topics.len())?;
    let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for topic in &request.topics {
        if !once.insert(topic.name.clone()) {
            twice.insert(topic.name.clone());
        }
    }
    let dry = request.validate_only;
    let results = request.topics.into_iter().map(|topic| {
        let made = if twice.contains(&topic.name) {
            let message = "Duplicate topic name.".to_owned();
            Err(Refusal::because(ErrorCode::INVALID_REQUEST, message))
        } else {
            create_one(scene, &topic, dry)
        };
        made.unwrap_or_else(|refusal| CreatableTopicResult {
            name: topic.name,
            error_code: refusal.code,
            error_message: refusal.message,
            ..Default::default()
        })
    });
    Ok(CreateTopicsResponse { topics: results.collect(), ..Default::default() })
}

fn create_one(
    scene: &mut Scene<'_>,
    topic: &CreatableTopic,
    dry: bool,
) -> Result<CreatableTopicResult, Refusal> {
    let defaults = scene.cluster.plan().topics;
    let mut settings = defaults;
    for config in &topic.configs {
        let invalid = |message| Refusal::because(ErrorCode::INVALID_CONFIG, message);
        let value = config.value.as_deref().ok_or_else(|| {
            invalid(format!("Null value not supported for topic configs: {}", config.name))
        })?;
        settings.set(&config.name, value).map_err(invalid)?;
    }
    let new = NewTopic { name: &topic.name, layout: layout(topic)?, settings };
    let (topic_id, partitions, factor) = scene.cluster.create(&new, dry)?;
    let configs = settings.list().into_iter().map(|setting| CreatableTopicConfigs {
        config_source: source(&setting, &defaults),
        name: setting.name.to_owned(),
        value: Some(setting.value),
        ..Default::default()
    });
    Ok(CreatableTopicResult {
        name: topic.name.clone(),
        topic_id,
        num_partitions: i32::try_from(partitions).unwrap_or(-1),
        replication_factor: i16::try_from(factor).unwrap_or(-1),
        configs: Some(configs.collect()),
        ..Default::default()
    })
}

/// Counts, or replicas placed by hand; not both.
fn layout(topic: &CreatableTopic) -> Result<Layout, Refusal> {
    let (partitions, replication_factor) = (topic.num_partitions, topic.replication_factor);
    if topic.assignments.is_empty() {
        return Ok(Layout::Spread { partitions, replication_factor });
    }
    if partitions != -1 || replication_factor != -1 {
        let message = "A manual partition assignment was specified, but numPartitions or \
                       replicationFactor was not set to -1.";
        return Err(Refusal::because(ErrorCode::INVALID_REQUEST, message.to_owned()));
    }
    let mut given: Vec<(i32, Vec<BrokerId>)> = topic
        .assignments
        .iter()
        .map(|assignment| (assignment.partition_index, assignment.broker_ids.clone()))
        .collect();
    given.sort_by_key(|(index, _)| *index);
    if !given.iter().map(|(index, _)| *index).eq((0..).take(given.len())) {
        let message = "partitions should be a consecutive 0-based integer sequence".to_owned();
        return Err(Refusal::because(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message));
    }
    Ok(Layout::Given(given.into_iter().map(|(_, replicas)| replicas).collect()))
}

/// Deletes topics by name, or from version 6 on by id.
///
/// # Errors
/// When there are more than any answer could hold.
pub(super) fn delete_topics(
    scene: &mut Scene<'_>,
    request: DeleteTopicsRequest,
    version: i16,
) -> Result<DeleteTopicsResponse, Close> {
    let asked = if version >= 6 {
        request.topics
    } else {
        let named = |name| DeleteTopicState { name: Some(name), topic_id: Uuid::ZERO };
        request.topic_names.into_iter().map(named).collect()
    };
    check_count(asked.len())?;
    let responses = asked.into_iter().map(|topic| delete_one(scene, topic));
    Ok(DeleteTopicsResponse { responses: responses.collect(), ..Default::default() })
}

fn delete_one(scene: &mut Scene<'_>, asked: DeleteTopicState) -> DeletableTopicResult {
    let found = match &asked.name {
        Some(name) => scene.cluster.topic(name),
        None => scene.cluster.topic_by_id(asked.topic_id),
    };
    let Some((id, name)) = found.map(|topic| (topic.id, topic.name.clone())) else {
        let error_code = match asked.name {
            Some(_) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            None => ErrorCode::UNKNOWN_TOPIC_ID,
        };
        return DeletableTopicResult {
            name: asked.name,
            topic_id: asked.topic_id,
            error_code,
            ..Default::default()
        };
    };
    scene.cluster.delete(id);
    DeletableTopicResult { name: Some(name), topic_id: id, ..Default::default() }
}

/// A new producer id at epoch 0. Who names an old one gets a new one too, as in Kafka without a
/// transactional id.
pub(super) const fn init_producer_id(
    scene: &mut Scene<'_>,
    request: &InitProducerIdRequest,
) -> InitProducerIdResponse {
    let (error_code, producer_id, producer_epoch) = match request.transactional_id {
        None => (ErrorCode::NONE, scene.cluster.take_producer_id(), 0),
        // No node coordinates transactions; a client looks for one with FindCoordinator and isn't
        // offered that either.
        Some(_) => (ErrorCode::NOT_COORDINATOR, -1, -1),
    };
    InitProducerIdResponse { throttle_time_ms: 0, error_code, producer_id, producer_epoch }
}

/// The settings of topics and nodes; a resource that is asked for twice is told once.
///
/// # Errors
/// When there are more than any answer could hold.
pub(super) fn describe_configs(
    scene: &Scene<'_>,
    request: DescribeConfigsRequest,
) -> Result<DescribeConfigsResponse, Close> {
    check_count(request.resources.len())?;
    let mut seen = BTreeSet::new();
    let results = request
        .resources
        .into_iter()
        .filter(|asked| seen.insert((asked.resource_type, asked.resource_name.clone())))
        .map(|asked| describe_resource(scene, asked));
    Ok(DescribeConfigsResponse { results: results.collect(), ..Default::default() })
}

fn describe_resource(scene: &Scene<'_>, asked: DescribeConfigsResource) -> DescribeConfigsResult {
    let mut result = DescribeConfigsResult {
        resource_type: asked.resource_type,
        resource_name: asked.resource_name,
        ..Default::default()
    };
    let name = result.resource_name.as_str();
    let found = match asked.resource_type {
        RESOURCE_TOPIC => scene
            .cluster
            .topic(name)
            .map(|topic| topic_settings(scene, topic))
            .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        RESOURCE_BROKER if name.is_empty() => Ok(Vec::new()),
        RESOURCE_BROKER if scene.cluster.nodes().iter().any(|node| node.id.to_string() == name) => {
            Ok(node_settings(scene))
        }
        _ => Err(ErrorCode::INVALID_REQUEST),
    };
    match found {
        Err(code) => result.error_code = code,
        Ok(mut configs) => {
            if let Some(keys) = asked.configuration_keys {
                let keys: BTreeSet<String> = keys.into_iter().collect();
                configs.retain(|config| keys.contains(&config.name));
            }
            result.configs = configs;
        }
    }
    result
}

fn topic_settings(scene: &Scene<'_>, topic: &Topic) -> Vec<DescribeConfigsResourceResult> {
    let defaults = scene.cluster.plan().topics;
    let settings = topic.settings.list().into_iter();
    settings.map(|setting| told(&setting, source(&setting, &defaults), false)).collect()
}

/// What a node says of itself, under the names of a broker's configuration.
fn node_settings(scene: &Scene<'_>) -> Vec<DescribeConfigsResourceResult> {
    let plan = scene.cluster.plan();
    let row = |name, value: String, kind| {
        told(&Setting { name, value, kind }, STATIC_BROKER_SOURCE, true)
    };
    let number = |name, value: i64| row(name, value.to_string(), Kind::Int);
    let frame = i64::try_from(plan.max_request_bytes).unwrap_or(i64::MAX);
    vec![
        row("auto.create.topics.enable", plan.auto_create_topics.to_string(), Kind::Bool),
        number("default.replication.factor", i64::from(plan.replication_factor)),
        number("message.max.bytes", i64::from(plan.topics.max_message_bytes)),
        number("min.insync.replicas", i64::from(plan.topics.min_insync_replicas)),
        number("num.partitions", i64::from(plan.partitions)),
        number("socket.request.max.bytes", frame),
    ]
}

fn told(setting: &Setting, source: i8, read_only: bool) -> DescribeConfigsResourceResult {
    DescribeConfigsResourceResult {
        name: setting.name.to_owned(),
        value: Some(setting.value.clone()),
        read_only,
        config_source: source,
        config_type: setting.kind.code(),
        ..Default::default()
    }
}

/// Whether the topic says so itself or the broker's default does.
fn source(setting: &Setting, defaults: &TopicSettings) -> i8 {
    if defaults.list().contains(setting) { DEFAULT_SOURCE } else { TOPIC_SOURCE }
}

/// The nodes and the cluster's id (KIP-700).
pub(super) fn describe_cluster(
    scene: &Scene<'_>,
    request: &DescribeClusterRequest,
) -> DescribeClusterResponse {
    let endpoint_type = request.endpoint_type;
    if endpoint_type != BROKER_ENDPOINTS {
        let error_code = if endpoint_type == CONTROLLER_ENDPOINTS {
            MISMATCHED_ENDPOINT_TYPE
        } else {
            UNSUPPORTED_ENDPOINT_TYPE
        };
        return DescribeClusterResponse { error_code, endpoint_type, ..Default::default() };
    }
    let cluster = &*scene.cluster;
    let brokers = cluster.nodes().iter().map(|node| DescribeClusterBroker {
        broker_id: node.id,
        host: node.host.clone(),
        port: i32::from(node.port),
        ..Default::default()
    });
    DescribeClusterResponse {
        endpoint_type,
        cluster_id: cluster.id().to_string(),
        controller_id: cluster.controller(),
        brokers: brokers.collect(),
        ..Default::default()
    }
}

/// Numbers of `DescribeConfigsResponse.ConfigSource`.
const TOPIC_SOURCE: i8 = 1;
const STATIC_BROKER_SOURCE: i8 = 4;
const DEFAULT_SOURCE: i8 = 5;
/// Numbers of Kafka's `EndpointType`.
const BROKER_ENDPOINTS: i8 = 1;
const CONTROLLER_ENDPOINTS: i8 = 2;
/// Two codes of `Errors` that only DescribeCluster answers with.
const MISMATCHED_ENDPOINT_TYPE: ErrorCode = ErrorCode(114);
const UNSUPPORTED_ENDPOINT_TYPE: ErrorCode = ErrorCode(115);
