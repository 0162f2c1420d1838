//! What Produce takes, refuses and remembers.

use super::*;
use crate::kafka::wire::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};

#[test]
fn every_version_and_every_acks_appends() {
    for version in 3..=13 {
        let mut lab = Lab::with_topic();
        let conn = lab.connect(0);
        for (offset, acks) in [(0, -1), (2, 1)] {
            let (one, _) = lab.produce(conn, (version, acks), 0, &batch(&["a", "b"])).unwrap();
            assert_eq!((one.error_code, one.base_offset), (ErrorCode::NONE, offset), "{version}");
        }
        assert!(lab.produce(conn, (version, 0), 0, &batch(&["c"])).is_none());
        assert_eq!(lab.broker.cluster().partition("t", 0).unwrap().log().end_offset(), 5);
        assert_eq!(lab.broker.log("t", 0).count(), 3);
        assert!(lab.closed.is_empty());
        let counters = lab.broker.counters();
        assert_eq!((counters.batches, counters.records, counters.refused), (3, 5, 0));
    }
}

#[test]
fn refusals_have_kafkas_codes() {
    let good = batch(&["a", "b"]);
    let mut broken = good.clone();
    *broken.last_mut().unwrap() ^= 1;
    let mut old = good.clone();
    old[16] = 1;
    let mut negative = good.clone();
    negative[8..12].copy_from_slice(&(-5i32).to_be_bytes());
    let changed = |change: fn(&mut BatchHeader)| batch_with(&["a", "b"], change);
    let large = "x".repeat(1_048_588);
    let table: [(&str, Vec<u8>, ErrorCode); 16] = [
        ("no batch", Vec::new(), ErrorCode::INVALID_RECORD),
        ("two batches", [good.clone(), good.clone()].concat(), ErrorCode::INVALID_RECORD),
        ("part of a batch", good[..good.len() - 1].to_vec(), ErrorCode::INVALID_RECORD),
        ("a few bytes", good[..9].to_vec(), ErrorCode::INVALID_RECORD),
        ("a negative length", negative, ErrorCode::CORRUPT_MESSAGE),
        ("a wrong CRC", broken, ErrorCode::CORRUPT_MESSAGE),
        ("format 1", old, ErrorCode::INVALID_RECORD),
        ("too large", batch(&[&large]), ErrorCode::MESSAGE_TOO_LARGE),
        ("a base offset", changed(|h| h.base_offset = 1), ErrorCode::INVALID_RECORD),
        ("a control batch", changed(|h| h.attributes = 0x20), ErrorCode::INVALID_RECORD),
        ("a transaction", changed(|h| h.attributes = 0x10), ErrorCode::INVALID_TXN_STATE),
        ("codec 5", changed(|h| h.attributes = 5), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
        ("counts that differ", changed(|h| h.record_count = 3), ErrorCode::INVALID_RECORD),
        (
            "more records than bytes",
            changed(|h| (h.record_count, h.last_offset_delta) = (1_000, 999)),
            ErrorCode::INVALID_RECORD,
        ),
        (
            "from the far future",
            changed(|h| h.max_timestamp = UNIX_MS + 3_600_001),
            ErrorCode::INVALID_TIMESTAMP,
        ),
        ("an id without sequence", changed(|h| h.producer_id = 9), ErrorCode::INVALID_RECORD),
    ];
    for (what, bytes, code) in table {
        let mut lab = Lab::with_topic();
        let conn = lab.connect(0);
        assert_eq!(lab.append(conn, 0, &bytes), (code, -1), "{what}");
        assert_eq!(lab.broker.log("t", 0).count(), 0, "{what}");
        assert_eq!(lab.append(conn, 0, &good), (ErrorCode::NONE, 0), "after {what}");
    }
}

#[test]
fn zstd_needs_version_7() {
    let zstd = batch_with(&["a"], |header| header.attributes = 4);
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let code =
        |lab: &mut Lab, version| lab.produce(conn, (version, 1), 0, &zstd).unwrap().0.error_code;
    assert_eq!(code(&mut lab, 6), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    assert_eq!(code(&mut lab, 7), ErrorCode::NONE);
}

#[test]
fn who_asks_the_wrong_node_is_told_the_leader() {
    let mut lab = Lab::with_topic();
    lab.broker.cluster_mut().advertise(1, "second", 9_093);
    let conn = lab.connect(0);
    let (one, whole) = lab.produce(conn, (10, -1), 1, &batch(&["a"])).unwrap();
    assert_eq!(one.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    let leader = one.current_leader.unwrap();
    assert_eq!((leader.leader_id, leader.leader_epoch), (BrokerId(2), 0));
    let endpoints = whole.node_endpoints.unwrap();
    assert_eq!(endpoints.len(), 1);
    let found = (endpoints[0].node_id, endpoints[0].host.as_str(), endpoints[0].port);
    assert_eq!(found, (BrokerId(2), "second", 9_093));

    lab.broker.cluster_mut().partition_mut("t", 1).unwrap().move_leader(BrokerId(1));
    assert_eq!(lab.append(conn, 1, &batch(&["a"])), (ErrorCode::NONE, 0));
    let stored = lab.broker.log("t", 1).next().unwrap();
    assert_eq!(BatchHeader::read(stored).unwrap().0.partition_leader_epoch, 1);
}

#[test]
fn what_is_not_there_is_unknown_by_name_and_by_id() {
    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let code = |lab: &mut Lab, version, index| {
        lab.produce(conn, (version, -1), index, &batch(&["a"])).unwrap().0.error_code
    };
    assert_eq!(code(&mut lab, 12, 0), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(code(&mut lab, 13, 0), ErrorCode::UNKNOWN_TOPIC_ID);
    lab.create(conn, CreatableTopic { name: "t".to_owned(), ..Default::default() });
    for index in [-1, 3, i32::MAX] {
        assert_eq!(code(&mut lab, 13, index), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    }
}

#[test]
fn too_few_replicas_in_sync_stop_only_acks_all() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let config = crate::kafka::wire::create_topics::CreatableTopicConfig {
        name: "min.insync.replicas".to_owned(),
        value: Some("2".to_owned()),
    };
    lab.broker.cluster_mut().partition_mut("t", 0).unwrap().set_isr(vec![BrokerId(1)]);
    assert_eq!(lab.append(conn, 0, &batch(&["one is enough"])), (ErrorCode::NONE, 0));

    let mut lab = Lab::new();
    let conn = lab.connect(0);
    let topic =
        CreatableTopic { name: "t".to_owned(), configs: vec![config], ..Default::default() };
    assert_eq!(lab.create(conn, topic), ErrorCode::NONE);
    lab.broker.cluster_mut().partition_mut("t", 0).unwrap().set_isr(vec![BrokerId(1)]);
    assert_eq!(lab.append(conn, 0, &batch(&["a"])), (ErrorCode::NOT_ENOUGH_REPLICAS, -1));
    let (one, _) = lab.produce(conn, (13, 1), 0, &batch(&["a"])).unwrap();
    assert_eq!((one.error_code, one.base_offset), (ErrorCode::NONE, 0));
}

#[test]
fn acks_that_do_not_exist_are_refused() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    for acks in [2, -2, i16::MAX] {
        let (one, _) = lab.produce(conn, (13, acks), 0, &batch(&["a"])).unwrap();
        assert_eq!(one.error_code, ErrorCode::INVALID_REQUIRED_ACKS);
    }
}

/// With acks=0 there is no answer to put an error in, so Kafka closes, after what was asked before
/// is answered.
#[test]
fn an_error_with_acks_0_closes_after_earlier_answers() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let mut bytes = lab.produce_frame(13, 1, 0, &batch(&["a"]));
    bytes.extend(lab.produce_frame(13, 0, 1, &batch(&["not the leader"])));
    bytes.extend(lab.produce_frame(13, 1, 0, &batch(&["never read"])));
    lab.receive(conn, &bytes);
    let answered: ProduceResponse = lab.response(conn, 13).unwrap();
    assert_eq!(answered.topics[0].partitions[0].error_code, ErrorCode::NONE);
    assert_eq!(lab.closed, [conn]);
    assert_eq!(lab.broker.log("t", 0).count(), 1);
    assert_eq!(lab.broker.counters().offences, 0);
}

#[test]
fn a_batch_sent_again_gets_the_same_offset() {
    let mut lab = Lab::with_topic();
    let conn = lab.connect(0);
    let fresh: InitProducerIdResponse = lab.call(conn, 5, &InitProducerIdRequest::default());
    assert_eq!((fresh.error_code, fresh.producer_epoch), (ErrorCode::NONE, 0));
    let id = fresh.producer_id;
    for n in 0..6 {
        let sent = sequenced(id, n * 2, &["a", "b"]);
        assert_eq!(lab.append(conn, 0, &sent), (ErrorCode::NONE, i64::from(n) * 2));
    }
    for n in 1..6 {
        let again = sequenced(id, n * 2, &["a", "b"]);
        assert_eq!(lab.append(conn, 0, &again), (ErrorCode::NONE, i64::from(n) * 2));
    }
    let out_of_order = (ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, -1);
    assert_eq!(lab.append(conn, 0, &sequenced(id, 0, &["a", "b"])), out_of_order);
    assert_eq!(lab.append(conn, 0, &sequenced(id, 13, &["gap"])), out_of_order);
    assert_eq!(lab.append(conn, 0, &sequenced(id, 12, &["next"])), (ErrorCode::NONE, 12));
    assert_eq!(lab.broker.log("t", 0).count(), 7);
    assert_eq!(lab.broker.counters().duplicates, 5);

    let bumped = |sequence| {
        batch_with(&["a"], |header| {
            (header.producer_id, header.producer_epoch, header.base_sequence) = (id, 1, sequence);
        })
    };
    assert_eq!(lab.append(conn, 0, &bumped(5)), out_of_order);
    assert_eq!(lab.append(conn, 0, &bumped(0)), (ErrorCode::NONE, 13));
    let stale = (ErrorCode::INVALID_PRODUCER_EPOCH, -1);
    assert_eq!(lab.append(conn, 0, &sequenced(id, 13, &["old epoch"])), stale);
}

#[test]
fn producer_ids_are_never_given_twice() {
    let mut lab = Lab::new();
    let conn = lab.connect(2);
    let mut seen = Vec::new();
    for version in 0..=5 {
        let request = InitProducerIdRequest { producer_id: 7, ..Default::default() };
        let given: InitProducerIdResponse = lab.call(conn, version, &request);
        assert!(!seen.contains(&given.producer_id));
        seen.push(given.producer_id);
    }
    let request =
        InitProducerIdRequest { transactional_id: Some("x".to_owned()), ..Default::default() };
    let refused: InitProducerIdResponse = lab.call(conn, 5, &request);
    assert_eq!(refused.error_code, ErrorCode::NOT_COORDINATOR);
}
