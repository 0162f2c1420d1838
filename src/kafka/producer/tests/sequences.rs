//! Sequences over refusals, losses and expiry, as brokers see them (`SenderTest`,
//! `TransactionManagerTest`). Every world here is idempotent, with five requests in flight.

use core::time::Duration;

use super::world::{World, acked, refused};
use crate::kafka::producer::ProducerEvent;
use crate::kafka::wire::ErrorCode;
use crate::kafka::wire::produce::PartitionProduceResponse;

/// A world whose leader has proven itself: one record of partition 0 is acked, at offset 0.
fn proven(partitions: usize) -> World {
    let mut world = World::new(partitions, |config| {
        config.request_timeout = Duration::from_millis(1_000);
        config.delivery_timeout = Duration::from_millis(1_500);
    });
    for partition in 0..partitions {
        world.send_batches(u32::try_from(partition).unwrap(), b"0");
        world.answer(&[acked(i32::try_from(partition).unwrap(), 0)]);
    }
    world.deliveries.clear();
    world.events.clear();
    world
}

/// A proven world of one partition with these batches, each of one record, in flight.
fn in_flight(marks: &[u8]) -> World {
    let mut world = proven(1);
    world.send_batches(0, marks);
    assert_eq!(world.asked.len(), marks.len());
    world
}

fn out_of_order() -> PartitionProduceResponse {
    refused(0, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER)
}

/// Acks what comes, one request after the other, until nothing is left; returns the marks in the
/// order of their arrival.
fn ack_the_rest(world: &mut World, mut offset: i64) -> Vec<u8> {
    let mut marks = Vec::new();
    for _ in 0..20 {
        while let Some(asked) = world.asked.first() {
            let batches = asked.batches.clone();
            marks.extend(batches.iter().flat_map(|batch| &batch.marks));
            let answers: Vec<_> = batches
                .iter()
                .map(|batch| {
                    offset += i64::from(batch.header.record_count);
                    acked(batch.partition, offset)
                })
                .collect();
            world.answer(&answers);
        }
        world.pass(50);
    }
    marks
}

fn epochs(world: &World) -> Vec<i16> {
    let bump = |event: &ProducerEvent| match event {
        ProducerEvent::EpochBumped { epoch, .. } => Some(*epoch),
        _ => None,
    };
    world.events.iter().filter_map(bump).collect()
}

/// `testIdempotenceWithMultipleInflightsRetriedInOrder`.
#[test]
fn refused_batches_are_retried_one_at_a_time_in_order_and_new_ones_wait() {
    let mut world = in_flight(b"abc");
    assert_eq!(world.numbers(), [(0, 1, 1), (0, 2, 1), (0, 3, 1)]);
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.answer(&[out_of_order()]);
    world.answer(&[out_of_order()]);
    world.send_batches(0, b"d");
    world.pass(150);
    assert_eq!(world.numbers(), [(0, 1, 1)]);
    world.pass(200);
    assert_eq!(world.marks(), b"a", "nothing overtakes it");
    world.answer(&[acked(0, 1)]);
    assert_eq!(world.marks(), b"b");
    world.answer(&[acked(0, 2)]);
    assert_eq!(world.numbers(), [(0, 3, 1), (0, 4, 1)], "the last retry and the first new one");
    world.answer(&[acked(0, 3)]);
    assert_eq!(world.numbers(), [(0, 4, 1)]);
    world.answer(&[acked(0, 4)]);
    assert_eq!(world.outcomes(), ["acked 1", "acked 2", "acked 3", "acked 4"]);
    assert!(world.deliveries.iter().all(|delivery| !delivery.reordered));
    world.assert_empty();
}

/// `testIdempotenceWithMultipleInflightsWhereFirstFailsFatallyAndSequenceOfFutureBatchesIsAdjusted`.
#[test]
fn when_the_first_fails_for_good_the_others_start_again_under_a_new_epoch() {
    let mut world = in_flight(b"abc");
    world.answer(&[refused(0, ErrorCode::MESSAGE_TOO_LARGE)]);
    assert_eq!(
        (world.outcomes(), epochs(&world)),
        (vec!["failed MESSAGE_TOO_LARGE".into()], vec![1])
    );
    world.answer(&[out_of_order()]);
    world.answer(&[out_of_order()]);
    world.pass(150);
    assert_eq!(world.numbers(), [(1, 0, 1)]);
    world.answer(&[acked(0, 1)]);
    assert_eq!(world.numbers(), [(1, 1, 1)]);
    world.answer(&[acked(0, 2)]);
    world.send_batches(0, b"d");
    assert_eq!(world.numbers(), [(1, 2, 1)]);
    assert_eq!(epochs(&world), [1], "one refusal, one epoch");
}

/// `testEpochBumpOnOutOfOrderSequenceForNextBatch`: nothing older can resolve it.
#[test]
fn out_of_order_for_the_next_expected_batch_bumps_the_epoch() {
    let mut world = in_flight(b"ab");
    world.answer(&[acked(0, 1)]);
    assert!(epochs(&world).is_empty());
    world.answer(&[out_of_order()]);
    assert_eq!(epochs(&world), [1]);
    world.pass(150);
    assert_eq!(world.numbers(), [(1, 0, 1)]);
    world.answer(&[acked(0, 2)]);
    assert_eq!(world.outcomes(), ["acked 1", "acked 2"]);
}

/// `…WhenThereIsNoBatchInFlight`: the partition moved, and the new leader knows less.
#[test]
fn out_of_order_at_a_new_leader_with_nothing_in_flight_bumps_the_epoch() {
    let mut world = proven(1);
    world.set_topic(1, &[(2, 6)]);
    world.producer.cluster.request_update(world.now);
    world.pass(200);
    world.send_batches(0, b"a");
    assert_eq!((world.asked[0].node, world.numbers()), (2, vec![(0, 1, 1)]));
    world.answer(&[out_of_order()]);
    assert_eq!(epochs(&world), [1]);
    world.pass(150);
    assert_eq!(world.numbers(), [(1, 0, 1)]);
}

/// `…WhenBatchInFlightFails`: the batch before it expired, so it waits for nothing.
#[test]
fn out_of_order_right_after_an_unresolved_batch_bumps_the_epoch() {
    let mut world = in_flight(b"a");
    world.pass(750);
    world.send_batches(0, b"bc");
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.pass(750);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"]);
    assert!(epochs(&world).is_empty(), "two later ones may still be acked");
    assert_eq!(world.marks(), b"bca");
    world.answer(&[out_of_order()]);
    assert_eq!(epochs(&world), [1]);
    world.answer(&[out_of_order()]);
    world.answer(&[out_of_order()]);
    world.pass(150);
    assert_eq!(world.numbers(), [(1, 0, 1)]);
    assert_eq!(ack_the_rest(&mut world, 4), b"bc");
    assert_eq!(epochs(&world), [1]);
}

/// `testCorrectHandlingOfOutOfOrderResponsesWhenSecondSucceeds`.
#[test]
fn the_first_is_sent_again_with_its_own_number_after_the_second_succeeded() {
    let mut world = in_flight(b"ab");
    world.answer(&[refused(0, ErrorCode::REQUEST_TIMED_OUT)]);
    world.answer(&[acked(0, 2)]);
    world.pass(150);
    assert_eq!(world.numbers(), [(0, 1, 1)]);
    world.answer(&[refused(0, ErrorCode::DUPLICATE_SEQUENCE_NUMBER)]);
    assert_eq!(world.outcomes(), ["acked 2", "duplicate"]);
    world.send_batches(0, b"c");
    assert_eq!(world.numbers(), [(0, 3, 1)], "the last ack is still the second's");
    world.answer(&[acked(0, 3)]);
    world.assert_empty();
}

/// `testExpiryOfUnsentBatchesShouldNotCauseUnresolvedSequences`.
#[test]
fn a_batch_that_was_never_sent_leaves_no_hole() {
    let mut world = proven(1);
    world.set_topic(1, &[(-1, 6)]);
    world.producer.cluster.request_update(world.now);
    world.pass(200);
    world.send_batches(0, b"a");
    world.pass(1_500);
    assert_eq!(world.outcomes(), ["failed REQUEST_TIMED_OUT"]);
    world.set_topic(1, &[(1, 7)]);
    world.pass(2_000);
    world.send_batches(0, b"b");
    assert_eq!(world.numbers(), [(0, 1, 1)]);
    assert!(epochs(&world).is_empty());
}

/// `testExpiryOfFirstBatchShouldNotCauseUnresolvedSequencesIfFutureBatchesSucceed`.
#[test]
fn an_expired_batch_is_resolved_by_the_ack_of_a_later_one() {
    let mut world = in_flight(b"a");
    world.pass(750);
    world.send_batches(0, b"b");
    world.answer(&[refused(0, ErrorCode::REQUEST_TIMED_OUT)]);
    world.pass(750);
    assert_eq!(world.outcomes(), ["indeterminate REQUEST_TIMED_OUT"]);
    world.send_batches(0, b"c");
    assert_eq!(world.marks(), b"ba", "the hole may still be filled");
    world.answer(&[acked(0, 2)]);
    assert_eq!(world.numbers(), [(0, 1, 1), (0, 3, 1)], "it was: the numbers go on");
    assert!(epochs(&world).is_empty());
}

/// `testExpiryOfFirstBatchShouldCauseEpochBumpIfFutureBatchesFail`.
#[test]
fn an_expired_batch_and_a_failed_later_one_bump_the_epoch() {
    let mut world = in_flight(b"a");
    world.pass(750);
    world.send_batches(0, b"b");
    world.answer(&[refused(0, ErrorCode::REQUEST_TIMED_OUT)]);
    world.pass(750);
    world.answer(&[refused(0, ErrorCode::INVALID_RECORD)]);
    assert_eq!(epochs(&world), [1]);
    world.send_batches(0, b"c");
    assert_eq!(world.numbers(), [(0, 1, 1), (1, 0, 1)]);
}

/// `testExpiryOfAllSentBatchesShouldCauseEpochBump`, by batches that are in flight.
#[test]
fn when_all_that_was_sent_expires_the_epoch_is_bumped_at_once() {
    let mut world = in_flight(b"a");
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.pass(1_500);
    assert_eq!((world.outcomes().len(), epochs(&world)), (1, vec![1]));
    world.asked.clear();
    world.send_batches(0, b"b");
    assert_eq!(world.numbers(), [(1, 0, 1)]);
}

/// `testResetOfProducerStateShouldAllowQueuedBatchesToDrain` and
/// `testBatchesDrainedWithOldProducerIdShouldSucceedOnSubsequentRetry`.
#[test]
fn the_other_partitions_keep_their_epoch_until_nothing_of_it_is_in_flight() {
    let mut world = World::new(2, |_| {});
    world.set_topic(1, &[(1, 5), (2, 6)]);
    world.producer.cluster.request_update(world.now);
    world.pass(200);
    for partition in 0..2u8 {
        world.send_batches(partition.into(), b"0");
        world.answer(&[acked(partition.into(), 0)]);
    }
    world.send_batches(1, b"x");
    world.send_batches(0, b"a");
    world.answer_at(1, &[out_of_order()], |_| {});
    assert_eq!(epochs(&world), [1]);
    world.send_batches(1, b"y");
    assert_eq!(world.marks(), b"x", "two epochs of a partition are never in flight together");
    world.answer(&[refused(1, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.pass(150);
    let numbers: Vec<_> = world
        .asked
        .iter()
        .flat_map(|asked| &asked.batches)
        .map(|batch| (batch.partition, batch.numbers()))
        .collect();
    assert!(numbers.contains(&(0, (1, 0, 1))), "{numbers:?}");
    assert!(numbers.contains(&(1, (0, 1, 1))), "a retry keeps its number: {numbers:?}");
    assert_eq!(numbers.len(), 2);
    assert_eq!(ack_the_rest(&mut world, 5).len(), 3);
    world.send_batches(1, b"z");
    assert_eq!(world.numbers(), [(1, 1, 1)]);
}

/// `testUnknownProducerErrorShouldBeRetriedWhenLogStartOffsetIsUnknown`.
#[test]
fn unknown_producer_without_a_log_start_is_a_plain_retry() {
    let mut world = in_flight(b"a");
    world.answer(&[refused(0, ErrorCode::UNKNOWN_PRODUCER_ID)]);
    world.pass(150);
    assert_eq!(world.numbers(), [(0, 1, 1)]);
    assert!(epochs(&world).is_empty());
}

/// `testIdempotentUnknownProducerHandlingWhenRetentionLimitReached`.
#[test]
fn unknown_producer_after_the_log_s_head_has_gone_bumps_the_epoch() {
    let mut world = in_flight(b"a");
    let gone = PartitionProduceResponse { log_start_offset: 500, ..refused(0, ErrorCode(59)) };
    world.answer(&[gone]);
    assert_eq!(epochs(&world), [1]);
    world.pass(150);
    assert_eq!(world.numbers(), [(1, 0, 1)]);
    world.answer(&[acked(0, 500)]);
    assert_eq!(world.outcomes(), ["acked 500"]);
}

/// `testUnknownProducerErrorShouldBeRetriedForFutureBatchesWhenFirstFails`.
#[test]
fn the_batches_behind_an_unknown_producer_are_retried_without_another_bump() {
    let mut world = in_flight(b"ab");
    let gone = PartitionProduceResponse { log_start_offset: 500, ..refused(0, ErrorCode(59)) };
    world.answer(core::slice::from_ref(&gone));
    world.answer(&[gone]);
    assert_eq!(epochs(&world), [1]);
    assert_eq!(ack_the_rest(&mut world, 500), b"ab");
    assert_eq!(epochs(&world), [1]);
}

/// Two answers of a batch whose fate is unknown: what follows isn't renumbered before the broker
/// has told, or it could be written twice under two epochs.
#[test]
fn a_batch_given_up_in_doubt_makes_the_others_wait_for_the_broker_s_word() {
    let mut world = in_flight(b"ab");
    world.answer(&[refused(0, ErrorCode::UNKNOWN_SERVER_ERROR)]);
    assert_eq!(world.outcomes(), ["indeterminate UNKNOWN_SERVER_ERROR"]);
    assert!(epochs(&world).is_empty());
    world.send_batches(0, b"c");
    world.answer(&[acked(0, 2)]);
    assert_eq!(world.numbers(), [(0, 3, 1)], "the first was written after all");
    assert!(epochs(&world).is_empty());
}

/// Goal: with `retries` used up nothing stands still. (Java leaves a hole there on which every
/// later batch of the partition fails.)
#[test]
fn after_the_last_retry_the_partition_goes_on() {
    let mut world = World::new(1, |config| config.retries = 1);
    world.send_batches(0, b"0");
    world.answer(&[acked(0, 0)]);
    world.send_batches(0, b"a");
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    world.pass(150);
    world.answer(&[refused(0, ErrorCode::NOT_ENOUGH_REPLICAS)]);
    assert_eq!(world.outcomes().last().unwrap(), "failed NOT_ENOUGH_REPLICAS");
    world.send_batches(0, b"b");
    assert_eq!(world.numbers(), [(1, 0, 1)]);
}

/// KIP-360 ends at epoch 32,767: the producer id is thrown away and a new one asked for.
#[test]
fn at_the_last_epoch_a_new_producer_id_is_asked_for_and_used() {
    let mut last = super::world::identity(7);
    last.producer_epoch = i16::MAX;
    let mut world = World::unsettled(1, |_| {});
    world.identities.push_back(last);
    world.identities.push_back(super::world::identity(8));
    world.pass(500);
    world.send_batches(0, b"a");
    world.pass(100);
    assert_eq!(world.numbers(), [(i16::MAX, 0, 1)]);
    world.answer(&[refused(0, ErrorCode::INVALID_RECORD)]);
    world.pass(100);
    assert_eq!(world.identity_asked.len(), 2);
    world.send_batches(0, b"b");
    assert_eq!(world.asked[0].batches[0].header.producer_id, 8);
    assert_eq!(world.numbers(), [(0, 0, 1)]);
}
