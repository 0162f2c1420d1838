//! Answers, retries, order and leaders (`SenderTest`, KIP-951, KIP-219).

use core::time::Duration;

use super::world::{World, acked, at, refused};
use crate::base::BrokerId;
use crate::kafka::cluster::scripted::brokers;
use crate::kafka::config::{Acks, ProducerConfig};
use crate::kafka::producer::{Outcome, ProducerEvent};
use crate::kafka::wire::produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
};
use crate::kafka::wire::{ApiKey, ErrorCode};

fn plain(config: &mut ProducerConfig) {
    config.enable_idempotence = false;
}

/// `testSimple`.
#[test]
fn an_answer_gives_the_offset() {
    let mut world = World::new(1, |_| {});
    world.send_one_batch(0, b"ab");
    assert_eq!((world.asked[0].acks, world.marks()), (-1, b"ab".to_vec()));
    world.answer(&[acked(0, 1_000)]);
    assert_eq!(world.outcomes(), ["acked 1000"]);
    assert_eq!((world.deliveries[0].records(), world.deliveries[0].retries), (2, 0));
    world.assert_empty();
}

/// `testRetries`: the attempt after a broken connection succeeds; a second break is the last.
#[test]
fn one_retry_is_one_retry() {
    let mut world = World::new(1, |config| {
        plain(config);
        config.retries = 1;
    });
    world.send_batches(0, b"a");
    world.break_node(1);
    world.pass(2_000);
    world.answer(&[acked(0, 5)]);
    assert_eq!((world.outcomes(), world.deliveries[0].retries), (vec!["acked 5".into()], 1));
    world.send_batches(0, b"b");
    world.break_node(1);
    world.pass(2_000);
    world.break_node(1);
    assert_eq!(world.outcomes()[1..], ["indeterminate NETWORK_EXCEPTION"]);
    world.assert_empty();
}

/// `testSendInOrder`: with one request in flight the second batch waits, wherever the leader is.
#[test]
fn with_one_request_in_flight_a_new_leader_gets_nothing_before_the_old_one_answered() {
    let mut world = World::new(1, |config| {
        plain(config);
        config.max_in_flight = 1;
    });
    world.send_batches(0, b"a");
    world.set_topic(1, &[(2, 6)]);
    world.producer.cluster.request_update(world.now);
    world.pass(200);
    assert_eq!(world.producer.cluster.in_flight(BrokerId(1)), 1);
    world.send_batches(0, b"b");
    world.pass(200);
    assert_eq!(world.marks(), b"a");
    world.answer(&[acked(0, 0)]);
    assert_eq!((world.asked[0].node, world.marks()), (2, b"b".to_vec()));
}

/// The muted partition goes on after a retry with the batch itself.
#[test]
fn with_one_request_in_flight_a_retry_goes_before_what_waits() {
    let mut world = World::new(1, |config| {
        plain(config);
        config.max_in_flight = 1;
    });
    world.send_batches(0, b"ab");
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.pass(79);
    assert!(world.asked.is_empty(), "nothing overtakes the batch that backs off");
    world.pass(50);
    assert_eq!(world.marks(), b"a");
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.marks(), b"b");
    world.answer(&[acked(0, 1)]);
    assert!(world.deliveries.iter().all(|delivery| !delivery.reordered));
}

/// Goal: what a producer without idempotence may do is noticed when it happens.
#[test]
fn without_idempotence_a_batch_that_comes_after_a_younger_one_is_told_as_reordered() {
    let mut world = World::new(1, plain);
    world.send_batches(0, b"abc");
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.answer(&[acked(0, 10)]);
    world.answer(&[acked(0, 11)]);
    world.pass(150);
    world.answer(&[acked(0, 12)]);
    let told: Vec<_> = world.deliveries.iter().map(|told| told.reordered).collect();
    assert_eq!(told, [false, false, true]);
    world.assert_empty();
}

/// `testAppendInExpiryCallback`: what is sent while deliveries are read is sent.
#[test]
fn records_sent_at_the_sight_of_an_expiry_leave() {
    let mut world = World::new(1, |config| {
        config.request_timeout = Duration::from_millis(5_000);
        config.delivery_timeout = Duration::from_millis(1_500);
    });
    world.send_batches(0, b"a");
    world.pass(1_500);
    assert_eq!(world.outcomes().len(), 1);
    world.send_batches(0, b"b");
    assert_eq!(world.marks(), b"ab");
    world.answer(&[acked(0, 0)]);
    world.answer(&[acked(0, 1)]);
    assert_eq!(world.outcomes()[1..], ["acked 1"]);
}

#[test]
fn replicas_that_are_missing_are_retried_by_name_and_fail_by_name() {
    for (code, fate) in [
        (ErrorCode::NOT_ENOUGH_REPLICAS, "failed NOT_ENOUGH_REPLICAS"),
        // Written, so that nobody can say that it failed.
        (
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            "indeterminate NOT_ENOUGH_REPLICAS_AFTER_APPEND",
        ),
    ] {
        let mut world = World::new(1, |config| {
            plain(config);
            config.retries = 1;
        });
        world.send_batches(0, b"a");
        world.answer(&[refused(0, code)]);
        let retried = world.events.iter().find_map(|event| match event {
            ProducerEvent::Retried { code, .. } => Some(*code),
            _ => None,
        });
        assert_eq!(retried, Some(code));
        world.pass(150);
        world.answer(&[refused(0, code)]);
        assert_eq!(world.outcomes(), [fate]);
    }
}

/// `testRecordErrorPropagatedToApplication`: the batch fails as one; its message names the records.
#[test]
fn records_that_the_broker_found_invalid_are_named() {
    let mut world = World::new(1, |_| {});
    world.send_one_batch(0, b"abc");
    let why = |index, text: &str| BatchIndexAndErrorMessage {
        batch_index: index,
        batch_index_error_message: Some(text.to_owned()),
    };
    let answer = PartitionProduceResponse {
        record_errors: vec![why(0, "no key"), why(2, "too old")],
        error_message: Some("One or more records have been rejected".to_owned()),
        ..refused(0, ErrorCode::INVALID_RECORD)
    };
    world.answer(&[answer]);
    let Outcome::Failed(failure) = &world.deliveries[0].outcome else { panic!() };
    assert_eq!(
        failure.message,
        "One or more records have been rejected; record 0: no key; record 2: too old"
    );
}

/// `testBatchRetriesWhenPartitionLeaderChanges`: no backoff towards a newer leader, once.
#[test]
fn a_newer_leader_in_the_answer_is_asked_at_once_and_waited_for_the_next_time() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"a");
    let hint = |leader, epoch| PartitionProduceResponse {
        current_leader: Some(LeaderIdAndEpoch { leader_id: BrokerId(leader), leader_epoch: epoch }),
        ..refused(0, ErrorCode::NOT_LEADER_OR_FOLLOWER)
    };
    let sent = world.now;
    world.set_topic(1, &[(2, 6)]);
    world.answer(&[hint(2, 6)]);
    assert_eq!((world.asked[0].node, world.asked[0].at), (2, sent), "without a backoff");
    assert!(world.producer.cluster.poll_timeout().is_some(), "a refresh is asked for all the same");
    // The same leader again is no news: now it backs off, and the exponent has gone on.
    world.answer(&[hint(2, 6)]);
    assert!(world.asked.is_empty());
    world.pass(159);
    assert!(world.asked.is_empty());
    world.pass(82);
    assert_eq!(world.asked[0].node, 2);
}

/// `testWhenProduceResponseReturnsWithALeaderShipChangeErrorAndNewLeaderInformation`: the leader
/// may be a broker that metadata has never named.
#[test]
fn a_leader_that_only_the_answer_knows_is_connected_to() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"a");
    let moved = PartitionProduceResponse {
        current_leader: Some(LeaderIdAndEpoch { leader_id: BrokerId(3), leader_epoch: 6 }),
        ..refused(0, ErrorCode::FENCED_LEADER_EPOCH)
    };
    world.set_topic(1, &[(3, 6)]);
    world.metadata.brokers = brokers(&[1, 2, 3]).brokers;
    world.answer_at(0, &[moved], |response| {
        let (host, rack) = ("127.0.0.1".to_owned(), None);
        let endpoint = NodeEndpoint { node_id: BrokerId(3), host, port: 103, rack };
        response.node_endpoints = Some(vec![endpoint]);
    });
    assert_eq!(world.producer.leader(crate::base::PartitionSlot(0)), Some(BrokerId(3)));
    world.pass(500);
    assert_eq!(world.asked[0].node, 3);
}

/// `…AndNoNewLeaderInformation`, and an old epoch: both wait for metadata and backoff.
#[test]
fn without_news_of_a_leader_the_retry_backs_off() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"a");
    world.answer(&[refused(0, ErrorCode::NOT_LEADER_OR_FOLLOWER)]);
    assert!(world.asked.is_empty());
    world.pass(79);
    assert!(world.asked.is_empty());
    world.pass(42);
    assert_eq!(world.asked[0].node, 1);
}

/// KIP-951: the exemption goes by epoch, so that a leader elected again counts as newer.
#[test]
fn the_same_broker_in_a_newer_epoch_ends_the_backoff() {
    let mut world = World::new(1, |config| {
        config.retry_backoff = crate::kafka::config::Backoff::from_millis(1_000, 1_000);
    });
    world.pass(1_500);
    world.send_batches(0, b"a");
    world.set_topic(1, &[(1, 6)]);
    let refused_at = world.now;
    world.answer(&[refused(0, ErrorCode::NOT_LEADER_OR_FOLLOWER)]);
    assert!(world.asked.first().is_some_and(|asked| asked.at == refused_at));
}

/// `testQuotaMetrics`: the throttle times of all APIs are told, the handshake's as well.
#[test]
fn every_throttle_time_is_told_and_holds_back_the_next_request() {
    let mut world = World::new(1, plain);
    for (offset, span) in [(0, 100), (1, 200), (2, 300)] {
        world.send_batches(0, b"a");
        let asked = world.now;
        world.answer_at(0, &[acked(0, offset)], |response| response.throttle_time_ms = span);
        world.send_batches(0, b"b");
        assert!(world.asked.is_empty(), "the broker asked for a pause");
        world.until_instant(asked + Duration::from_millis(u64::try_from(span).unwrap()));
        assert_eq!(world.marks(), b"b");
        world.answer(&[acked(0, 9)]);
    }
    let spans: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            ProducerEvent::Throttled { span, .. } => Some(span.as_millis()),
            _ => None,
        })
        .collect();
    assert_eq!(spans, [100, 200, 300]);
}

/// KIP-219: before Produce version 6 the broker itself has waited.
#[test]
fn an_old_broker_s_throttle_time_holds_nothing_back() {
    let mut world = World::unsettled(1, plain);
    world.offers.insert(ApiKey::Produce, Some(5));
    world.pass(500);
    world.send_batches(0, b"a");
    world.pass(100);
    world.answer_at(0, &[acked(0, 0)], |response| response.throttle_time_ms = 400);
    world.send_batches(0, b"b");
    assert_eq!(world.marks(), b"b");
}

/// acks=0: complete when it is in the socket; a connection lost before that brings a retry.
#[test]
fn with_acks_0_a_request_is_complete_when_it_is_written() {
    let mut world = World::new(1, |config| {
        plain(config);
        config.acks = Acks::None;
    });
    world.stuck.insert(1);
    world.send_batches(0, b"a");
    assert!(world.outcomes().is_empty());
    world.break_node(1);
    assert!(world.outcomes().is_empty(), "it goes back into its queue");
    world.stuck.clear();
    world.pass(2_000);
    assert_eq!(world.outcomes(), ["written"]);
    assert_eq!((world.marks(), world.asked[0].acks), (b"a".to_vec(), 0));
    world.assert_empty();
}

/// `testMetadataTopicExpiry`: a topic out of use isn't asked for; data brings it back.
#[test]
fn an_idle_topic_is_left_out_of_refreshes_and_comes_back_with_data() {
    let mut world = World::new(1, |config| {
        config.metadata_max_age = Duration::from_secs(10);
        config.metadata_max_idle = Duration::from_secs(15);
    });
    world.send_batches(0, b"a");
    world.answer(&[acked(0, 0)]);
    world.until(60_000);
    assert_eq!(world.metadata_asked.last().unwrap().1, 0, "{:?}", world.metadata_asked);
    world.set_topic(1, &[(2, 9)]);
    world.send_batches(0, b"b");
    assert_eq!(world.metadata_asked.last().unwrap(), &(at(60_000), 1));
    assert_eq!(world.producer.leader(crate::base::PartitionSlot(0)), Some(BrokerId(2)));
}

/// A batch that outlives `metadata.max.idle.ms` in its queue brings its topic back when it is
/// refused for metadata.
#[test]
fn a_refused_batch_brings_its_idle_topic_back() {
    let mut world = World::new(1, |config| {
        config.metadata_max_age = Duration::from_secs(5);
        config.metadata_max_idle = Duration::from_secs(6);
        config.request_timeout = Duration::from_secs(60);
    });
    world.send_batches(0, b"a");
    world.until(40_000);
    assert_eq!(world.metadata_asked.last().unwrap().1, 0);
    world.set_topic(1, &[(2, 9)]);
    world.answer(&[refused(0, ErrorCode::NOT_LEADER_OR_FOLLOWER)]);
    world.pass(1_000);
    assert_eq!(world.asked[0].node, 2);
}
