//! One call on its way: what to send next, to whom, and what it has learnt. Cost class: per run.

use core::time::Duration;

use super::call::{AdminCall, Ask, Fetched, OffsetSpec, TopicDescription};
use super::request::{AdminRequest, Body};
use crate::base::{BrokerId, Instant};
use crate::kafka::wire::create_topics::{
    CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use crate::kafka::wire::delete_topics::DeleteTopicsRequest;
use crate::kafka::wire::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, RESOURCE_TOPIC,
};
use crate::kafka::wire::fetch::{FetchPartition, FetchRequest, FetchTopic};
use crate::kafka::wire::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic,
};
use crate::kafka::wire::metadata::{MetadataRequest, MetadataRequestTopic};

/// Whom to ask.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// Any broker.
    Any,
    /// The controller as metadata names it, any broker while unknown.
    Controller,
    /// This one.
    Leader(BrokerId),
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stage {
    /// Its first request.
    Asking,
    /// Looking the topic up: a created one until it has leaders, one whose offsets are wanted for
    /// its leaders.
    LookingUp,
    /// Asking leaders for offsets or batches.
    AskingLeaders,
}

/// A call that is being done.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) ask: Ask,
    pub(super) since: Instant,
    pub(super) deadline: Instant,
    pub(super) stage: Stage,
    /// Requests that wait for a connection.
    pub(super) outbox: Vec<(Target, AdminRequest)>,
    /// Requests that wait for an answer.
    pub(super) waiting: usize,
    /// The stage starts over then.
    pub(super) retry_at: Option<Instant>,
    pub(super) attempts: u32,
    /// What stood in the way last.
    pub(super) trouble: Option<String>,
    /// A request whose answer was lost may have been carried out.
    pub(super) maybe_done: bool,
    /// Offsets found, by partition index.
    pub(super) offsets: Vec<Option<i64>>,
    /// Batches found.
    pub(super) fetched: Vec<Fetched>,
}

impl Job {
    pub(super) fn new(call: AdminCall, now: Instant) -> Self {
        let stage = match call.ask {
            Ask::ListOffsets { .. } | Ask::Fetch { .. } => Stage::LookingUp,
            _ => Stage::Asking,
        };
        let mut job = Self {
            ask: call.ask,
            since: now,
            deadline: now + call.timeout,
            stage,
            outbox: Vec::new(),
            waiting: 0,
            retry_at: None,
            attempts: 0,
            trouble: None,
            maybe_done: false,
            offsets: Vec::new(),
            fetched: Vec::new(),
        };
        job.fill(now);
        job
    }

    /// What is wanted, for messages: the end of "cannot …".
    pub(super) fn wanted(&self) -> String {
        match &self.ask {
            Ask::Describe { topic: None } => "describe the cluster".to_owned(),
            Ask::Describe { topic: Some(name) } => format!("describe topic \"{name}\""),
            Ask::CreateTopic { name, .. } => format!("create topic \"{name}\""),
            Ask::DeleteTopic { name } => format!("delete topic \"{name}\""),
            Ask::DescribeConfigs { topic } => format!("read the settings of topic \"{topic}\""),
            Ask::ListOffsets { topic, .. } => format!("read the offsets of topic \"{topic}\""),
            Ask::Fetch { topic, .. } => format!("read the records of topic \"{topic}\""),
            Ask::Close => "close".to_owned(),
        }
    }

    /// Goes to a stage and makes its request.
    pub(super) fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.fill(now);
    }

    /// Makes the stage's request; the leaders' ones come from [`Job::ask_leaders`].
    pub(super) fn fill(&mut self, now: Instant) {
        self.outbox.clear();
        let (target, body) = match (&self.ask, self.stage) {
            (Ask::Close, _) | (_, Stage::AskingLeaders) => return,
            (Ask::Describe { topic }, _) => (Target::Any, metadata(topic.as_deref())),
            (Ask::ListOffsets { topic, .. } | Ask::Fetch { topic, .. }, _) => {
                (Target::Any, metadata(Some(topic)))
            }
            (Ask::CreateTopic { name, .. }, Stage::LookingUp) => {
                (Target::Any, metadata(Some(name)))
            }
            (Ask::CreateTopic { name, partitions, replication_factor, configs }, _) => {
                let topic = creatable(name, *partitions, *replication_factor, configs);
                let timeout_ms = self.millis_left(now);
                let request =
                    CreateTopicsRequest { topics: vec![topic], timeout_ms, validate_only: false };
                (Target::Controller, Body::CreateTopics(request))
            }
            (Ask::DeleteTopic { name }, _) => {
                let names = core::slice::from_ref(name);
                let request = DeleteTopicsRequest::by_name(names, self.millis_left(now));
                (Target::Controller, Body::DeleteTopics(request))
            }
            (Ask::DescribeConfigs { topic }, _) => (Target::Any, configs_of(topic)),
        };
        self.outbox.push((target, AdminRequest::new(body)));
    }

    /// Makes a request to each leader.
    pub(super) fn ask_leaders(&mut self, topic: &TopicDescription) {
        self.stage = Stage::AskingLeaders;
        match &self.ask {
            Ask::Fetch { from, max_bytes, .. } => {
                let from = from.clone();
                self.ask_for_batches(topic, &from, *max_bytes);
            }
            Ask::ListOffsets { spec, .. } => self.ask_for_offsets(topic, *spec),
            _ => {}
        }
    }

    /// Of the partitions that have no offset yet.
    fn ask_for_offsets(&mut self, topic: &TopicDescription, spec: OffsetSpec) {
        self.offsets.resize(topic.partitions.len(), None);
        let timestamp = match spec {
            OffsetSpec::Earliest => EARLIEST,
            OffsetSpec::Latest => LATEST,
        };
        let missing = topic.partitions.iter().zip(&self.offsets);
        let missing = missing.filter(|(_, offset)| offset.is_none());
        let mut by_leader: Vec<(BrokerId, Vec<ListOffsetsPartition>)> = Vec::new();
        for (partition, _) in missing {
            let Some(leader) = partition.leader else { continue };
            let asked = ListOffsetsPartition {
                partition_index: partition.index,
                current_leader_epoch: partition.leader_epoch,
                timestamp,
            };
            match by_leader.iter_mut().find(|entry| entry.0 == leader) {
                Some(entry) => entry.1.push(asked),
                None => by_leader.push((leader, vec![asked])),
            }
        }
        for (leader, partitions) in by_leader {
            let topics = vec![ListOffsetsTopic { name: topic.name.clone(), partitions }];
            let request = ListOffsetsRequest { topics, ..ListOffsetsRequest::default() };
            let request = AdminRequest::new(Body::ListOffsets(request));
            self.outbox.push((Target::Leader(leader), request));
        }
    }

    /// Of the partitions asked for, in their order.
    fn ask_for_batches(&mut self, topic: &TopicDescription, from: &[(i32, i64)], max_bytes: i32) {
        self.fetched.clear();
        let mut by_leader: Vec<(BrokerId, Vec<FetchPartition>)> = Vec::new();
        for &(partition, fetch_offset) in from {
            let found = topic.partitions.iter().find(|found| found.index == partition);
            let Some((leader, epoch)) =
                found.and_then(|found| Some((found.leader?, found.leader_epoch)))
            else {
                continue;
            };
            let asked = FetchPartition {
                partition,
                current_leader_epoch: epoch,
                fetch_offset,
                partition_max_bytes: max_bytes,
                ..FetchPartition::default()
            };
            match by_leader.iter_mut().find(|entry| entry.0 == leader) {
                Some(entry) => entry.1.push(asked),
                None => by_leader.push((leader, vec![asked])),
            }
        }
        for (leader, partitions) in by_leader {
            let topic = FetchTopic { topic: topic.name.clone(), topic_id: topic.id, partitions };
            let request = FetchRequest {
                max_wait_ms: FETCH_WAIT_MS,
                min_bytes: 1,
                max_bytes,
                topics: vec![topic],
                ..FetchRequest::default()
            };
            let request = AdminRequest::new(Body::Fetch(request));
            self.outbox.push((Target::Leader(leader), request));
        }
    }

    /// Whether a request waits for this broker and no other can answer it.
    pub(super) fn waits_for(&self, node: BrokerId) -> bool {
        self.outbox.iter().any(|(target, _)| *target == Target::Leader(node))
    }

    /// The stage to start over with after a failure.
    pub(super) const fn stage_after_failure(&self) -> Stage {
        match self.stage {
            Stage::Asking => Stage::Asking,
            Stage::LookingUp | Stage::AskingLeaders => Stage::LookingUp,
        }
    }

    /// What the broker may take for itself: what is left, at most [`LONGEST_WAIT`].
    fn millis_left(&self, now: Instant) -> i32 {
        let left = self.deadline.since(now).min(LONGEST_WAIT).as_millis();
        i32::try_from(left.max(1)).expect("it is below 20,000")
    }
}

/// A topic's metadata request, or, without one, the cluster's.
fn metadata(topic: Option<&str>) -> Body {
    let named = |name: &str| MetadataRequestTopic {
        name: Some(name.to_owned()),
        ..MetadataRequestTopic::default()
    };
    Body::Metadata(MetadataRequest {
        topics: Some(topic.map(named).into_iter().collect()),
        allow_auto_topic_creation: false,
        ..MetadataRequest::default()
    })
}

fn creatable(
    name: &str,
    partitions: i32,
    replication_factor: i16,
    configs: &[(String, String)],
) -> CreatableTopic {
    let config = |(name, value): &(String, String)| CreatableTopicConfig {
        name: name.clone(),
        value: Some(value.clone()),
    };
    CreatableTopic {
        name: name.to_owned(),
        num_partitions: partitions,
        replication_factor,
        assignments: Vec::new(),
        configs: configs.iter().map(config).collect(),
    }
}

fn configs_of(topic: &str) -> Body {
    let resource = DescribeConfigsResource {
        resource_type: RESOURCE_TOPIC,
        resource_name: topic.to_owned(),
        configuration_keys: None,
    };
    Body::DescribeConfigs(DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: false,
        include_documentation: false,
    })
}

/// How long a leader waits for a first byte.
const FETCH_WAIT_MS: i32 = 500;
/// Below `request.timeout.ms`, or a slow creation would cost the connection.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
