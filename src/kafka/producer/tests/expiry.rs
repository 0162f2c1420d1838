//! `delivery.timeout.ms` to the nanosecond, in flight and in the queue (`SenderTest`, KIP-91).

use core::time::Duration;

use super::world::{World, acked, refused};
use crate::base::{BrokerId, Machine};
use crate::kafka::producer::{Outcome, Sent};
use crate::kafka::wire::ErrorCode;

fn short(config: &mut crate::kafka::config::ProducerConfig) {
    config.request_timeout = Duration::from_millis(1_000);
    config.delivery_timeout = Duration::from_millis(1_500);
}

/// A request time-out longer than the delivery time-out needs linger 0 and the rules' leave; here
/// it keeps the request in flight past the end of its batch.
fn long_request(config: &mut crate::kafka::config::ProducerConfig) {
    config.request_timeout = Duration::from_millis(5_000);
    config.delivery_timeout = Duration::from_millis(1_500);
}

#[test]
fn a_batch_in_flight_ends_at_its_delivery_timeout_and_not_later() {
    let mut world = World::new(1, long_request);
    world.send_batches(0, b"a");
    let created = world.now;
    let end = created + Duration::from_millis(1_500);
    world.until_instant(end - Duration::from_nanos(1));
    assert!(world.deliveries.is_empty());
    assert_eq!(world.producer.poll_timeout(), Some(end));
    world.until_instant(end);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"]);
    let delivery = &world.deliveries[0];
    assert_eq!((delivery.times.ended, delivery.broker), (end, Some(BrokerId(1))));
    let Outcome::Indeterminate(failure) = &delivery.outcome else { panic!("{delivery:?}") };
    assert_eq!(
        failure.message,
        "Expiring 1 record(s) for t-0:1500 ms has passed since batch creation"
    );
}

/// KAFKA-19012: the socket may still read from the batch.
#[test]
fn the_memory_of_an_expired_batch_is_held_until_its_request_ends() {
    let mut world = World::new(1, long_request);
    world.stuck.insert(1);
    world.send_batches(0, b"a");
    world.pass(1_500);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"]);
    assert_eq!(world.producer.incomplete(), 0, "every record has its outcome");
    assert_eq!(world.producer.accumulator().memory().used(), 16_384);
    world.unstick(1);
    assert_eq!(world.marks(), b"a", "the bytes that leave are the batch's own");
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.outcomes().len(), 1, "the late answer changes nothing");
    world.assert_empty();
}

#[test]
fn a_late_refusal_of_an_expired_batch_brings_no_retry() {
    let mut world = World::new(1, long_request);
    world.send_batches(0, b"a");
    world.pass(1_500);
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.pass(3_000);
    assert!(world.asked.is_empty());
    assert_eq!(world.outcomes().len(), 1);
    world.assert_empty();
}

#[test]
fn a_lost_connection_after_the_expiry_is_harmless() {
    let mut world = World::new(1, long_request);
    world.send_batches(0, b"a");
    world.pass(1_500);
    world.break_node(1);
    world.pass(3_000);
    assert_eq!(world.outcomes().len(), 1);
    world.assert_empty();
}

#[test]
fn batches_of_several_partitions_expire_together_and_younger_ones_stay() {
    let mut world = World::new(3, long_request);
    for partition in 0..2 {
        assert!(matches!(world.send(partition, b'a'), Sent::Appended { .. }));
    }
    world.settle();
    world.pass(700);
    world.send_batches(2, b"b");
    world.pass(800);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"; 2]);
    world.pass(699);
    assert_eq!(world.deliveries.len(), 2, "the next look is at the younger one's end");
    world.pass(1);
    assert_eq!(world.deliveries.len(), 3);
}

/// `SenderTest.testResetNextBatchExpiry`: an expiry that passed doesn't make the next one be asked
/// for again and again.
#[test]
fn after_an_expiry_the_next_deadline_lies_ahead() {
    let mut world = World::new(1, long_request);
    world.send_batches(0, b"a");
    world.pass(1_500);
    assert!(world.producer.poll_timeout().is_some_and(|next| next > world.now));
}

#[test]
fn a_batch_that_was_never_sent_fails_without_doubt() {
    let mut world = World::new(1, short);
    world.set_topic(1, &[(-1, 6)]);
    world.pass(400_000);
    world.deliveries.clear();
    world.send_batches(0, b"a");
    world.pass(1_500);
    assert_eq!(world.outcomes(), ["failed REQUEST_TIMED_OUT"]);
    assert!(world.deliveries[0].times.first_drained.is_none());
    world.assert_empty();
}

/// `SenderTest.testExpiredBatchDoesNotRetry`: the answer comes when the time is over.
#[test]
fn a_refusal_in_the_last_moment_brings_no_retry() {
    let mut world = World::new(1, short);
    world.send_batches(0, b"a");
    world.now += Duration::from_millis(1_500);
    world.answer(&[refused(0, ErrorCode::NOT_LEADER_OR_FOLLOWER)]);
    assert_eq!(world.outcomes(), ["failed NOT_LEADER_OR_FOLLOWER"]);
    world.assert_empty();
}

/// `SenderTest.testExpiredBatchDoesNotSplitOnMessageTooLargeError`.
#[test]
fn an_expired_batch_is_not_split() {
    let mut world = World::new(1, short);
    world.send_one_batch(0, b"abc");
    assert_eq!(world.marks(), b"abc");
    world.now += Duration::from_millis(1_500);
    world.answer(&[refused(0, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(world.outcomes(), ["failed MESSAGE_TOO_LARGE"]);
    assert_eq!(world.producer.accumulator().splits(), 0);
    world.assert_empty();
}

/// `SenderTest.testWhenFirstBatchExpireNoSendSecondBatchIfGuaranteeOrder`.
#[test]
fn with_one_request_in_flight_an_expired_batch_holds_back_the_next_until_its_request_ends() {
    let mut world = World::new(1, |config| {
        long_request(config);
        config.max_in_flight = 1;
        config.enable_idempotence = false;
    });
    world.send_batches(0, b"a");
    world.pass(700);
    world.send_batches(0, b"b");
    assert_eq!(world.marks(), b"a");
    world.pass(800);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"]);
    assert_eq!(world.marks(), b"a");
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.marks(), b"b");
}

/// `testAbortIncompleteBatches`, `testAbortUnsentBatches`: giving up ends each batch once, and says
/// which never left.
#[test]
fn giving_up_ends_every_batch_once() {
    let mut world = World::new(2, long_request);
    world.send_batches(0, b"a");
    world.pass(1_500);
    world.send_batches(1, b"b");
    world.set_topic(1, &[(-1, 6), (-1, 6)]);
    world.producer.cluster.request_update(world.now);
    world.pass(200);
    world.send_one_batch(0, b"cd");
    let unsent = world.producer.abandon(world.now);
    world.settle();
    assert_eq!(unsent.iter().map(crate::kafka::accumulator::Stamps::count).sum::<u32>(), 2);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"; 2]);
    world.assert_empty();
}
