//! Topics, settings, metadata.

use super::*;
use crate::kafka::wire::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use crate::kafka::wire::create_topics::{
    CreatableReplicaAssignment, CreatableTopicConfig, CreateTopicsResponse,
};
use crate::kafka::wire::delete_topics::{DeleteTopicsRequest, DeleteTopicsResponse};
use crate::kafka::wire::describe_cluster::{DescribeClusterRequest, DescribeClusterResponse};
use crate::kafka::wire::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResponse, RESOURCE_BROKER,
    RESOURCE_TOPIC,
};
use crate::kafka::wire::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};

fn topic(name: &str) -> CreatableTopic {
    CreatableTopic { name: name.to_owned(), ..Default::default() }
}

fn asked(name: &str) -> MetadataRequest {
    let topic = MetadataRequestTopic { name: Some(name.to_owned()), ..Default::default() };
    MetadataRequest { topics: Some(vec![topic]), ..Default::default() }
}

#[test]
fn api_versions_answers_also_those_that_are_too_new() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let known: ApiVersionsResponse = lab.call(conn, 4, &ApiVersionsRequest::default());
    assert_eq!(known.error_code, ErrorCode::NONE);
    let produce = known.api_keys.iter().find(|api| api.api_key == 0).unwrap();
    assert_eq!((produce.min_version, produce.max_version), (3, 13));

    // Version 99 with bytes that nobody here can read.
    let request = [0, 0, 0, 13, 0, 18, 0, 99, 0, 0, 0, 7, 0xff, 0xff, 0, 1, 2];
    lab.receive(conn, &request);
    let refused: ApiVersionsResponse = lab.response(conn, 0).unwrap();
    assert_eq!(refused.error_code, ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(refused.api_keys, known.api_keys);
    assert!(lab.closed.is_empty());
}

#[test]
fn creation_refuses_with_kafkas_codes() {
    let placed = |replicas: Vec<Vec<i32>>| -> Vec<CreatableReplicaAssignment> {
        (0..)
            .zip(replicas)
            .map(|(partition_index, ids)| CreatableReplicaAssignment {
                partition_index,
                broker_ids: ids.into_iter().map(BrokerId).collect(),
            })
            .collect()
    };
    let config = |name: &str, value: Option<&str>| {
        let config =
            CreatableTopicConfig { name: name.to_owned(), value: value.map(str::to_owned) };
        vec![config]
    };
    let table = [
        ("exists", topic("t"), ErrorCode::TOPIC_ALREADY_EXISTS),
        ("no name", topic(""), ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("a dot", topic("."), ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("a slash", topic("a/b"), ErrorCode::INVALID_TOPIC_EXCEPTION),
        ("250 letters", topic(&"x".repeat(250)), ErrorCode::INVALID_TOPIC_EXCEPTION),
        (
            "no partitions",
            CreatableTopic { num_partitions: 0, ..topic("n") },
            ErrorCode::INVALID_PARTITIONS,
        ),
        (
            "2^31 − 1 partitions",
            CreatableTopic { num_partitions: i32::MAX, ..topic("n") },
            ErrorCode::POLICY_VIOLATION,
        ),
        (
            "four replicas",
            CreatableTopic { replication_factor: 4, ..topic("n") },
            ErrorCode::INVALID_REPLICATION_FACTOR,
        ),
        (
            "an unknown key",
            CreatableTopic { configs: config("nonsense", Some("1")), ..topic("n") },
            ErrorCode::INVALID_CONFIG,
        ),
        (
            "a key of 30,000 letters",
            CreatableTopic { configs: config(&"k".repeat(30_000), Some("1")), ..topic("n") },
            ErrorCode::INVALID_CONFIG,
        ),
        (
            "a null value",
            CreatableTopic { configs: config("retention.ms", None), ..topic("n") },
            ErrorCode::INVALID_CONFIG,
        ),
        (
            "an unknown node",
            CreatableTopic { assignments: placed(vec![vec![1, 9]]), ..topic("n") },
            ErrorCode::INVALID_REPLICA_ASSIGNMENT,
        ),
        (
            "placed and counted",
            CreatableTopic { assignments: placed(vec![vec![1]]), num_partitions: 1, ..topic("n") },
            ErrorCode::INVALID_REQUEST,
        ),
    ];
    for (what, topic, code) in table {
        for version in [4, 7] {
            let mut lab = Lab::with_topic();
            let conn = lab.connect(1);
            let request = CreateTopicsRequest { topics: vec![topic.clone()], ..Default::default() };
            let response: CreateTopicsResponse = lab.call(conn, version, &request);
            assert_eq!(response.topics[0].error_code, code, "{what}");
            assert_eq!(lab.broker.cluster().topics().count(), 1, "{what}");
        }
    }
}

#[test]
fn replicas_go_where_they_are_placed() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let place = |partition_index, ids: [i32; 2]| CreatableReplicaAssignment {
        partition_index,
        broker_ids: ids.map(BrokerId).to_vec(),
    };
    let assignments = vec![place(1, [3, 2]), place(0, [2, 1])];
    let code = lab.create(conn, CreatableTopic { assignments, ..topic("placed") });
    assert_eq!(code, ErrorCode::NONE);
    let partitions = lab.broker.cluster().topic("placed").unwrap().partitions();
    let leaders: Vec<_> = partitions.iter().map(Partition::leader).collect();
    assert_eq!(leaders, [BrokerId(2), BrokerId(3)]);
}

#[test]
fn leaders_are_spread_evenly() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    for name in ["a", "b", "c"] {
        let made = CreatableTopic { num_partitions: 1, replication_factor: 2, ..topic(name) };
        assert_eq!(lab.create(conn, made), ErrorCode::NONE);
    }
    let mut leaders: Vec<_> =
        lab.broker.cluster().topics().map(|topic| topic.partitions()[0].leader()).collect();
    leaders.sort_unstable();
    assert_eq!(leaders, [BrokerId(1), BrokerId(2), BrokerId(3)]);
}

/// A dead node holds nothing of a topic that was made without it, so it may not lead it either.
#[test]
fn a_node_that_was_down_when_a_topic_was_made_leads_it_only_once_it_is_back() {
    let mut lab = Lab::new();
    lab.broker.cluster_mut().node_down(2);
    let conn = lab.connect(0);
    let made = CreatableTopic { num_partitions: 1, replication_factor: 3, ..topic("a") };
    assert_eq!(lab.create(conn, made), ErrorCode::NONE);
    let led_by = |lab: &Lab| {
        let partition = lab.broker.cluster().partition("a", 0).unwrap();
        (partition.leader(), partition.isr().contains(&BrokerId(3)))
    };
    for node in 0..2 {
        let (leader, in_sync) = led_by(&lab);
        assert!((1..=2).contains(&leader.0) && !in_sync, "{leader}, 3 in sync: {in_sync}");
        lab.broker.cluster_mut().node_down(usize::try_from(leader.0 - 1).unwrap());
        assert_eq!(led_by(&lab).0 == BrokerId(-1), node == 1);
    }
    lab.broker.cluster_mut().node_up(2);
    assert_eq!(led_by(&lab), (BrokerId(-1), false), "it lacks what the others have");
    (0..2).for_each(|node| lab.broker.cluster_mut().node_up(node));
    assert!(led_by(&lab).0.0 > 0);
}

#[test]
fn checking_creates_nothing_and_a_name_twice_is_refused_twice() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let request = CreateTopicsRequest {
        topics: vec![topic("a"), topic("b"), topic("b")],
        validate_only: true,
        ..Default::default()
    };
    let response: CreateTopicsResponse = lab.call(conn, 7, &request);
    let codes: Vec<_> = response.topics.iter().map(|topic| topic.error_code).collect();
    let refused = ErrorCode::INVALID_REQUEST;
    assert_eq!(codes, [ErrorCode::NONE, refused, refused]);
    assert_eq!((response.topics[0].num_partitions, response.topics[0].replication_factor), (3, 3));
    assert_eq!(lab.broker.cluster().topics().count(), 0);
}

#[test]
fn metadata_creates_where_both_sides_allow_it() {
    for (client, broker, made) in [(true, true, true), (true, false, false), (false, true, false)] {
        let plan = BrokerPlan { auto_create_topics: broker, ..BrokerPlan::three("h") };
        let mut lab = Lab::with(plan);
        let conn = lab.connect(0);
        let request = MetadataRequest { allow_auto_topic_creation: client, ..asked("new") };
        let response: MetadataResponse = lab.call(conn, 13, &request);
        let code = if made { ErrorCode::NONE } else { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION };
        assert_eq!(response.topics[0].error_code, code);
        assert_eq!(response.topics[0].partitions.len(), if made { 12 } else { 0 });
    }
}

#[test]
fn metadata_tells_addresses_leaders_and_ids_in_every_version() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(1);
    for (index, port) in [(0, 9_092), (1, 9_093), (2, 9_094)] {
        lab.broker.cluster_mut().advertise(index, "127.0.0.1", port);
    }
    lab.broker.cluster_mut().partition_mut("t", 2).unwrap().move_leader(BrokerId(1));
    for version in 1..=13 {
        let response: MetadataResponse = lab.call(conn, version, &asked("t"));
        let ports: Vec<_> = response.brokers.iter().map(|node| node.port).collect();
        assert_eq!(ports, [9_092, 9_093, 9_094]);
        let leaders: Vec<_> =
            response.topics[0].partitions.iter().map(|p| (p.leader_id.0, p.leader_epoch)).collect();
        let epochs = if version >= 7 { [0, 0, 1] } else { [-1, -1, -1] };
        assert_eq!(leaders, [(1, epochs[0]), (2, epochs[1]), (1, epochs[2])]);
    }
    let by_id = |topic_id| MetadataRequest {
        topics: Some(vec![MetadataRequestTopic { topic_id, name: None }]),
        ..Default::default()
    };
    let id = lab.topic_id();
    let found: MetadataResponse = lab.call(conn, 12, &by_id(id));
    assert_eq!(found.topics[0].name.as_deref(), Some("t"));
    let missing: MetadataResponse = lab.call(conn, 12, &by_id(Uuid([9; 16])));
    assert_eq!(missing.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
    let all: MetadataResponse =
        lab.call(conn, 13, &MetadataRequest { topics: None, ..Default::default() });
    assert_eq!(all.topics.len(), 1);
    let none: MetadataResponse =
        lab.call(conn, 13, &MetadataRequest { topics: Some(Vec::new()), ..Default::default() });
    assert!(none.topics.is_empty());
}

#[test]
fn topics_go_by_name_and_by_id() {
    for version in [1, 5, 6] {
        let mut lab = Lab::with_topic();
        let conn = lab.connect(0);
        let names = ["t".to_owned(), "never".to_owned()];
        let request = DeleteTopicsRequest::by_name(&names, 1_000);
        let response: DeleteTopicsResponse = lab.call(conn, version, &request);
        let codes: Vec<_> = response.responses.iter().map(|one| one.error_code).collect();
        assert_eq!(codes, [ErrorCode::NONE, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]);
        assert_eq!(lab.broker.cluster().topics().count(), 0);
    }
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let by_id =
        |topic_id| crate::kafka::wire::delete_topics::DeleteTopicState { name: None, topic_id };
    let old = lab.topic_id();
    let request =
        DeleteTopicsRequest { topics: vec![by_id(old), by_id(old)], ..Default::default() };
    let response: DeleteTopicsResponse = lab.call(conn, 6, &request);
    let codes: Vec<_> = response.responses.iter().map(|one| one.error_code).collect();
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::UNKNOWN_TOPIC_ID]);
    lab.create(conn, topic("t"));
    assert_ne!(lab.topic_id(), old, "a topic of the same name is another one");
}

#[test]
fn settings_say_where_they_come_from() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let configs = vec![CreatableTopicConfig {
        name: "min.insync.replicas".to_owned(),
        value: Some("2".to_owned()),
    }];
    lab.create(conn, CreatableTopic { configs, ..topic("t") });
    let resource = |resource_type, name: &str| DescribeConfigsResource {
        resource_type,
        resource_name: name.to_owned(),
        configuration_keys: Some(vec![
            "min.insync.replicas".to_owned(),
            "max.message.bytes".to_owned(),
            "message.max.bytes".to_owned(),
        ]),
    };
    for version in 1..=4 {
        let request = DescribeConfigsRequest {
            resources: vec![
                resource(RESOURCE_TOPIC, "t"),
                resource(RESOURCE_BROKER, "2"),
                resource(RESOURCE_TOPIC, "never"),
                resource(RESOURCE_BROKER, "9"),
            ],
            ..Default::default()
        };
        let response: DescribeConfigsResponse = lab.call(conn, version, &request);
        let told = |at: usize| -> Vec<(&str, &str, i8)> {
            let configs = response.results[at].configs.iter();
            configs.map(|c| (&*c.name, c.value.as_deref().unwrap(), c.config_source)).collect()
        };
        let of_topic = [("max.message.bytes", "1048588", 5), ("min.insync.replicas", "2", 1)];
        assert_eq!(told(0), of_topic);
        let of_node = [("message.max.bytes", "1048588", 4), ("min.insync.replicas", "1", 4)];
        assert_eq!(told(1), of_node);
        assert_eq!(response.results[2].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        assert_eq!(response.results[3].error_code, ErrorCode::INVALID_REQUEST);
    }
}

#[test]
fn the_cluster_describes_itself() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let response: DescribeClusterResponse = lab.call(conn, 2, &DescribeClusterRequest::default());
    assert_eq!((response.brokers.len(), response.cluster_id.len()), (3, 22));
    let request = DescribeClusterRequest { endpoint_type: 2, ..Default::default() };
    let response: DescribeClusterResponse = lab.call(conn, 2, &request);
    assert_eq!(response.error_code, ErrorCode(114));
}

#[test]
fn the_seed_alone_decides_ids() {
    let (first, second) = (Lab::with_topic(), Lab::with_topic());
    assert_eq!(first.topic_id(), second.topic_id());
    let other = Broker::new(BrokerPlan::three("h"), 0, 43);
    assert_ne!(other.cluster().id(), first.broker.cluster().id());
    assert!(is_embedded(&other.cluster().id().to_string()));
    assert!(!is_embedded("MkU3OEVBNTcwNTJENDM2Qk"));
}
