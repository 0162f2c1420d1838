//! The admin client against the broker in memory, over streams that deliver at once.

use core::net::SocketAddr;
use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use super::*;
use crate::base::{
    Action, BrokerId, CloseCause, ConnectionId, Instant, ListenerIndex, Machine, NoJob, RecordView,
    Server,
};
use crate::kafka::broker::{Broker, BrokerPlan};
use crate::kafka::cluster::NetworkConfig;
use crate::kafka::config::{HostPort, ProducerConfig};
use crate::kafka::wire::record_batch::{Batch, BatchHeader, append_record};
use crate::kafka::wire::{ApiKey, ErrorCode};

type Report = Result<AdminReply, AdminError>;

const fn at(ms: u64) -> Instant {
    Instant::from_nanos(ms * 1_000_000)
}

/// Brokers 1 to 3 at ports 9001 to 9003 of 127.0.0.1, and a client of them.
struct Lab {
    admin: Admin,
    broker: Broker,
    now: Instant,
    streams: BTreeSet<ConnectionId>,
    /// Whether the brokers can be reached.
    up: bool,
    reports: VecDeque<Report>,
}

impl Lab {
    fn new() -> Self {
        let mut plan = BrokerPlan { partitions: 3, ..BrokerPlan::three("127.0.0.1") };
        for (port, node) in (9_001..).zip(&mut plan.nodes) {
            node.port = port;
        }
        Self::with(plan)
    }

    fn with(plan: BrokerPlan) -> Self {
        let servers = vec![HostPort { host: "127.0.0.1".to_owned(), port: 9_001 }];
        let config = ProducerConfig::java_defaults(servers, "admin".to_owned());
        let config = NetworkConfig::from(&config);
        Self {
            admin: Admin::new(&config, Duration::from_secs(3), 5, at(0)),
            broker: Broker::new(plan, 1_700_000_000_000, 42),
            now: at(0),
            streams: BTreeSet::new(),
            up: true,
            reports: VecDeque::new(),
        }
    }

    fn settle(&mut self) {
        loop {
            let mut idle = true;
            while let Some(action) = self.admin.poll_action() {
                idle = false;
                self.act(action);
            }
            while let Some(outbound) = self.admin.poll_write(self.now) {
                idle = false;
                let conn = outbound.conn;
                let parts = outbound.slices.as_io();
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
                self.admin.handle_written(conn, bytes.len(), self.now);
                self.broker.handle_read(conn, &bytes, self.now);
            }
            while let Some(outbound) = self.broker.poll_write(self.now) {
                idle = false;
                let conn = outbound.conn;
                let parts = outbound.slices.as_io();
                let bytes: Vec<u8> = parts.iter().flat_map(|part| part.to_vec()).collect();
                self.broker.handle_written(conn, bytes.len(), self.now);
                self.admin.handle_read(conn, &bytes, self.now);
            }
            self.reports.extend(core::iter::from_fn(|| self.admin.poll_report()));
            if idle {
                return;
            }
        }
    }

    fn act(&mut self, action: Action<NoJob>) {
        match action {
            Action::Resolve { host, port } => {
                let addr = SocketAddr::new(host.parse().unwrap(), port);
                self.admin.handle_resolved(&host, Ok(&[addr]), self.now);
            }
            Action::Connect { conn, addr, .. } if self.up => {
                self.streams.insert(conn);
                let listener = ListenerIndex(u32::from(addr.port() - 9_001));
                self.broker.handle_accepted(conn, listener, self.now);
                self.admin.handle_connected(conn, self.now);
            }
            Action::Connect { conn, .. } => {
                self.admin.handle_closed(conn, CloseCause::Refused, self.now);
            }
            Action::Close { conn } => {
                self.streams.remove(&conn);
                self.broker.handle_closed(conn, CloseCause::PeerClosed, self.now);
            }
            Action::Seal(never) => match never {},
        }
    }

    /// Lets time pass until the next report, at most this long.
    fn report(&mut self, most: Duration) -> Report {
        self.settle();
        let end = self.now + most;
        for _ in 0..10_000 {
            if let Some(report) = self.reports.pop_front() {
                return report;
            }
            let next = self.admin.poll_timeout().expect("a call has a deadline");
            let next = self.broker.poll_timeout().map_or(next, |other| other.min(next));
            assert!(next <= end, "no report until {end}");
            self.now = self.now.max(next);
            self.admin.handle_timeout(self.now);
            self.broker.handle_timeout(self.now);
            self.settle();
        }
        panic!("the deadline never moves on");
    }

    fn call(&mut self, ask: Ask) -> Report {
        let timeout = Duration::from_secs(30);
        self.admin.command(AdminCall::new(ask, timeout), self.now);
        self.report(timeout)
    }

    fn create(&mut self, name: &str, partitions: i32, replication_factor: i16) -> Report {
        let configs = vec![("min.insync.replicas".to_owned(), "2".to_owned())];
        let name = name.to_owned();
        self.call(Ask::CreateTopic { name, partitions, replication_factor, configs })
    }
}

#[test]
fn a_topic_is_created_described_and_deleted() {
    let mut lab = Lab::new();
    let Ok(AdminReply::Created(topic)) = lab.create("a", -1, -1) else {
        panic!("created");
    };
    assert_eq!(topic.partitions.len(), 3);
    assert!(topic.partitions.iter().all(|found| found.leader.is_some()));
    assert!(topic.partitions.iter().all(|found| found.replicas.len() == 3));
    let ask = Ask::Describe { topic: Some("a".to_owned()) };
    let Ok(AdminReply::Cluster(described)) = lab.call(ask.clone()) else {
        panic!("described");
    };
    assert_eq!(described.topic.as_ref(), Some(&topic));
    let ids: Vec<BrokerId> = described.brokers.iter().map(|broker| broker.id).collect();
    assert_eq!(ids, [BrokerId(1), BrokerId(2), BrokerId(3)]);
    assert!(described.cluster_id.is_some());
    let deleted = lab.call(Ask::DeleteTopic { name: "a".to_owned() });
    assert_eq!(deleted, Ok(AdminReply::Deleted));
    let Ok(AdminReply::Cluster(described)) = lab.call(ask) else {
        panic!("described");
    };
    assert_eq!(described.topic, None, "asking never creates it");
}

#[test]
fn settings_say_whose_they_are() {
    let mut lab = Lab::new();
    lab.create("a", 1, 3).unwrap();
    let Ok(AdminReply::Configs(entries)) = lab.call(Ask::DescribeConfigs { topic: "a".to_owned() })
    else {
        panic!("settings");
    };
    let entry = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap();
    assert_eq!(entry("min.insync.replicas").value.as_deref(), Some("2"));
    assert!(entry("min.insync.replicas").is_topics_own);
    assert!(!entry("max.message.bytes").is_topics_own);
}

#[test]
fn offsets_come_from_every_leader() {
    let mut lab = Lab::new();
    lab.create("a", 5, 3).unwrap();
    for spec in [OffsetSpec::Earliest, OffsetSpec::Latest] {
        let offsets = lab.call(Ask::ListOffsets { topic: "a".to_owned(), spec });
        assert_eq!(offsets, Ok(AdminReply::Offsets(vec![0; 5])));
    }
}

#[test]
fn a_replication_factor_above_the_brokers_is_refused_in_words() {
    let mut lab = Lab::new();
    let error = lab.create("a", 1, 5).unwrap_err();
    let AdminCause::Refused { api, code, .. } = &error.cause else {
        panic!("{error:?}");
    };
    assert_eq!((*api, *code), (ApiKey::CreateTopics, ErrorCode::INVALID_REPLICATION_FACTOR));
    let said = error.to_string();
    assert!(said.starts_with("cannot create topic \"a\": broker "), "{said}");
    assert!(said.contains("INVALID_REPLICATION_FACTOR (38)"), "{said}");
    assert!(said.ends_with("5 was asked for and 3 brokers are registered: ask for 3 or fewer"));
}

#[test]
fn what_exists_or_is_missing_is_told_well_before_the_deadline() {
    let mut lab = Lab::new();
    lab.create("a", 1, 1).unwrap();
    let code = |report: Report| match report.unwrap_err().cause {
        AdminCause::Refused { code, .. } => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(code(lab.create("a", 1, 1)), ErrorCode::TOPIC_ALREADY_EXISTS);
    let name = "missing".to_owned();
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let started = lab.now;
    assert_eq!(code(lab.call(Ask::DeleteTopic { name: name.clone() })), unknown);
    let ask = Ask::ListOffsets { topic: name.clone(), spec: OffsetSpec::Latest };
    assert_eq!(code(lab.call(ask)), unknown);
    assert_eq!(code(lab.call(Ask::DescribeConfigs { topic: name })), unknown);
    assert!(lab.now.since(started) < Duration::from_secs(5));
}

#[test]
fn an_unreachable_cluster_ends_a_call_early_and_names_each_address() {
    let mut lab = Lab::new();
    lab.up = false;
    let error = lab.call(Ask::Describe { topic: None }).unwrap_err();
    assert!((at(3_000)..at(5_000)).contains(&lab.now), "{}", lab.now);
    assert_eq!(
        error.to_string(),
        "cannot describe the cluster: no broker could be reached within 3 s; 127.0.0.1:9001: \
         connection refused; expected a Kafka broker that listens there; check host and port, and \
         that the broker runs"
    );
}

#[test]
fn a_cluster_that_comes_back_within_the_time_is_used() {
    let mut lab = Lab::new();
    lab.create("a", 3, 3).unwrap();
    // Every stream breaks, and nothing can be reached for a while.
    lab.up = false;
    for conn in core::mem::take(&mut lab.streams) {
        lab.broker.handle_closed(conn, CloseCause::Reset, lab.now);
        lab.admin.handle_closed(conn, CloseCause::Reset, lab.now);
    }
    let ask = Ask::ListOffsets { topic: "a".to_owned(), spec: OffsetSpec::Latest };
    lab.admin.command(AdminCall::new(ask, Duration::from_secs(30)), lab.now);
    lab.settle();
    let back = lab.now + Duration::from_secs(10);
    while lab.now < back {
        lab.now = lab.now.max(lab.admin.poll_timeout().unwrap());
        lab.admin.handle_timeout(lab.now);
        lab.settle();
    }
    assert!(lab.reports.is_empty());
    lab.up = true;
    assert_eq!(lab.report(Duration::from_secs(20)), Ok(AdminReply::Offsets(vec![0; 3])));
}

#[test]
fn offsets_follow_a_leader_that_moves() {
    let mut lab = Lab::new();
    lab.create("a", 1, 3).unwrap();
    let partition = lab.broker.cluster_mut().partition_mut("a", 0).unwrap();
    let next = *partition.replicas().last().unwrap();
    partition.move_leader(next);
    let offsets = lab.call(Ask::ListOffsets { topic: "a".to_owned(), spec: OffsetSpec::Latest });
    assert_eq!(offsets, Ok(AdminReply::Offsets(vec![0])));
}

/// One batch of one record, as a producer without identity sends it.
fn append(lab: &mut Lab, topic: &str, partition: i32, value: &[u8]) -> i64 {
    let record = RecordView {
        partition: None,
        key: None,
        value: Some(value),
        headers: &[],
        timestamp_ms: 5,
    };
    let mut body = Vec::new();
    append_record(&mut body, 0, 0, &record);
    let header = BatchHeader {
        base_offset: 0,
        partition_leader_epoch: -1,
        attributes: 0,
        last_offset_delta: 0,
        base_timestamp: 5,
        max_timestamp: 5,
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
        record_count: 1,
    };
    let bytes = [&header.write(&body)[..], &body].concat();
    let partition = lab.broker.cluster_mut().partition_mut(topic, partition).unwrap();
    partition.append_for_test(&bytes)
}

fn fetch(lab: &mut Lab, from: &[(i32, i64)]) -> Vec<Fetched> {
    let ask = Ask::Fetch { topic: "a".to_owned(), from: from.to_vec(), max_bytes: 1 << 20 };
    match lab.call(ask) {
        Ok(AdminReply::Fetched(mut fetched)) => {
            fetched.sort_by_key(|one| one.partition);
            fetched
        }
        other => panic!("{other:?}"),
    }
}

fn values(fetched: &Fetched) -> Vec<Vec<u8>> {
    let mut bytes = &fetched.records.as_ref().unwrap()[..];
    let mut values = Vec::new();
    while let Ok((batch, rest)) = Batch::parse(bytes) {
        values.extend(batch.records().map(|record| record.unwrap().value.unwrap().to_vec()));
        bytes = rest;
    }
    values
}

#[test]
fn batches_come_from_every_leader() {
    let mut lab = Lab::new();
    lab.create("a", 3, 3).unwrap();
    for (partition, value) in [(0, b"one"), (2, b"two"), (2, b"six")] {
        append(&mut lab, "a", partition, value);
    }
    let found = fetch(&mut lab, &[(0, 0), (2, 1)]);
    assert_eq!(found.iter().map(|one| one.partition).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(values(&found[0]), [b"one"]);
    assert_eq!(values(&found[1]), [b"six"]);
}

#[test]
fn an_offset_that_the_log_does_not_hold_is_told() {
    let mut lab = Lab::new();
    lab.create("a", 1, 3).unwrap();
    append(&mut lab, "a", 0, b"one");
    let gone = fetch(&mut lab, &[(0, 7)]);
    assert!(matches!(gone[..], [Fetched { partition: 0, records: None, .. }]), "{gone:?}");
    // At its end there is nothing yet.
    assert_eq!(values(&fetch(&mut lab, &[(0, 1)])[0]), Vec::<Vec<u8>>::new());
}

#[test]
fn batches_follow_a_leader_that_moves() {
    let mut lab = Lab::new();
    lab.create("a", 1, 3).unwrap();
    append(&mut lab, "a", 0, b"one");
    let partition = lab.broker.cluster_mut().partition_mut("a", 0).unwrap();
    let next = *partition.replicas().last().unwrap();
    partition.move_leader(next);
    assert_eq!(values(&fetch(&mut lab, &[(0, 0)])[0]), [b"one"]);
}

#[test]
fn calls_are_answered_in_order_and_closing_comes_last() {
    let mut lab = Lab::new();
    let timeout = Duration::from_secs(30);
    let name = "a".to_owned();
    for ask in [
        Ask::CreateTopic { name, partitions: 2, replication_factor: 1, configs: Vec::new() },
        Ask::ListOffsets { topic: "a".to_owned(), spec: OffsetSpec::Latest },
    ] {
        lab.admin.command(AdminCall::new(ask, timeout), lab.now);
    }
    lab.admin.command(AdminCall::close(), lab.now);
    assert!(matches!(lab.report(timeout), Ok(AdminReply::Created(_))));
    assert_eq!(lab.report(timeout), Ok(AdminReply::Offsets(vec![0; 2])));
    lab.settle();
    assert!(lab.admin.is_done());
    assert!(lab.streams.is_empty());
}

#[test]
fn a_call_past_its_time_says_what_stood_in_the_way() {
    let mut lab = Lab::new();
    lab.create("a", 1, 1).unwrap();
    lab.up = false;
    for conn in core::mem::take(&mut lab.streams) {
        lab.admin.handle_closed(conn, CloseCause::Reset, lab.now);
    }
    let timeout = Duration::from_secs(10);
    let started = lab.now;
    lab.admin.command(AdminCall::new(Ask::Describe { topic: None }, timeout), lab.now);
    let error = lab.report(timeout).unwrap_err();
    assert_eq!(lab.now.since(started), timeout);
    let said = error.to_string();
    assert!(said.contains("not done within 10 s; the last obstacle was: "), "{said}");
    assert!(said.contains("connection refused"), "{said}");
}
