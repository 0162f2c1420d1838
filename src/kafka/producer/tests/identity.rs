//! InitProducerId: asked for, throttled, refused (`SenderTest`).

use core::time::Duration;

use super::world::{World, acked, identity, no_identity, refused};
use crate::kafka::cluster::scripted::brokers;
use crate::kafka::producer::Sent;
use crate::kafka::wire::ErrorCode;

#[test]
fn no_record_leaves_before_there_is_a_producer_id() {
    let mut world = World::unsettled(1, |_| {});
    for _ in 0..3 {
        world.identities.push_back(no_identity(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS));
    }
    world.pass(50);
    assert!(matches!(world.send(0, b'a'), Sent::Appended { .. }));
    world.pass(200);
    assert!(world.asked.is_empty());
    world.pass(2_000);
    assert_eq!(world.marks(), b"a");
    assert_eq!(world.identity_asked.len(), 4);
}

/// `testSenderShouldRetryWithBackoffOnRetriableError`.
#[test]
fn a_producer_id_is_asked_for_again_after_a_growing_backoff() {
    let mut world = World::unsettled(1, |_| {});
    for _ in 0..4 {
        world.identities.push_back(no_identity(ErrorCode::COORDINATOR_NOT_AVAILABLE));
    }
    world.pass(5_000);
    let waits: Vec<u128> =
        world.identity_asked.windows(2).map(|pair| pair[1].since(pair[0]).as_millis()).collect();
    let bounds = [(80, 120), (160, 240), (320, 480), (640, 960)];
    assert_eq!(waits.len(), bounds.len());
    for (wait, (low, high)) in waits.iter().zip(bounds) {
        assert!((low..=high).contains(wait), "{waits:?}");
    }
}

/// `testInitProducerIdWithMaxInFlightOne`: one slot, and a pause after the answer.
#[test]
fn with_one_slot_the_id_comes_first_and_its_pause_is_kept() {
    let mut world = World::unsettled(1, |config| config.max_in_flight = 1);
    world.metadata.brokers = brokers(&[1]).brokers;
    let mut slow = identity(7);
    slow.throttle_time_ms = 400;
    world.identities.push_back(no_identity(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS));
    world.identities.push_back(slow);
    world.settle();
    assert!(matches!(world.send(0, b'a'), Sent::Appended { .. }));
    world.pass(1_000);
    let asked = *world.identity_asked.last().unwrap();
    assert_eq!(world.marks(), b"a");
    assert!(world.asked[0].at.since(asked) >= Duration::from_millis(400));
}

/// `testClusterAuthorizationExceptionInInitProducerIdRequest`.
#[test]
fn a_missing_right_fails_what_is_queued_until_it_is_granted() {
    let mut world = World::unsettled(1, |_| {});
    for _ in 0..2 {
        world.identities.push_back(no_identity(ErrorCode::CLUSTER_AUTHORIZATION_FAILED));
    }
    world.settle();
    world.pass(20);
    assert!(matches!(world.send(0, b'a'), Sent::Appended { .. }));
    world.pass(3_000);
    assert_eq!(world.outcomes(), ["failed CLUSTER_AUTHORIZATION_FAILED"]);
    assert!(world.producer.fatal().is_none());
    let asked = world.identity_asked.len();
    assert_eq!(asked, 2);
    assert!(world.producer.identity_refusal().is_some());
    world.pass(10_000);
    assert_eq!(world.identity_asked.len(), asked, "without a record nobody asks");
    assert!(matches!(world.send(0, b'b'), Sent::Appended { .. }));
    world.pass(1_000);
    assert_eq!(world.marks(), b"b");
    assert!(world.producer.identity_refusal().is_none());
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.outcomes()[1..], ["acked 0"]);
    world.assert_empty();
}

#[test]
fn another_refusal_of_the_producer_id_is_final() {
    let mut world = World::unsettled(1, |_| {});
    world.identities.push_back(no_identity(ErrorCode::INVALID_REQUEST));
    world.pass(500);
    let fatal = world.producer.fatal().unwrap().to_string();
    assert!(fatal.starts_with("INVALID_REQUEST (42): InitProducerId was refused: "), "{fatal}");
    assert!(matches!(world.send(0, b'a'), Sent::Refused(_)));
}

/// `testClusterAuthorizationExceptionInProduceRequest`, `testCancelInFlightRequestAfterFatalError`:
/// what is queued fails at once; what is in flight has its own answer, which counts.
#[test]
fn a_fatal_error_fails_what_is_queued_and_late_answers_are_harmless() {
    let mut world = World::new(2, |_| {});
    world.send_batches(0, b"a");
    world.send_batches(1, b"x");
    world.send_batches(0, b"bc");
    assert_eq!(world.marks(), b"ax", "the others wait until the leader has proven itself");
    world.answer(&[refused(0, ErrorCode::CLUSTER_AUTHORIZATION_FAILED)]);
    assert_eq!(world.outcomes(), ["failed CLUSTER_AUTHORIZATION_FAILED"; 2]);
    assert!(world.producer.fatal().is_some());
    assert!(matches!(world.send(0, b'd'), Sent::Refused(_)));
    world.answer(&[acked(1, 0)]);
    assert_eq!(world.outcomes().last().unwrap(), "acked 0");
    world.pass(5_000);
    assert!(world.asked.is_empty());
    world.assert_empty();
}

#[test]
fn after_a_fatal_error_a_retriable_answer_ends_its_batch() {
    let mut world = World::new(2, |_| {});
    world.send_batches(0, b"a");
    world.send_one_batch(1, b"xy");
    world.answer(&[refused(0, ErrorCode::CLUSTER_AUTHORIZATION_FAILED)]);
    world.answer(&[refused(1, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(world.outcomes().last().unwrap(), "failed MESSAGE_TOO_LARGE");
    world.assert_empty();
}

/// `testUnsupportedVersionInProduceRequest` and `testUnsupportedForMessageFormatInProduceRequest`.
#[test]
fn an_unsupported_version_is_final_and_an_unsupported_format_fails_its_batch() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"a");
    world.answer(&[refused(0, ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT)]);
    assert_eq!(world.outcomes(), ["failed UNSUPPORTED_FOR_MESSAGE_FORMAT"]);
    assert!(world.producer.fatal().is_none());
    world.send_batches(0, b"b");
    world.answer(&[refused(0, ErrorCode::UNSUPPORTED_VERSION)]);
    assert_eq!(world.outcomes()[1..], ["failed UNSUPPORTED_VERSION"]);
    assert!(world.producer.fatal().is_some());
}
