//! What the producer does about one thing that goes wrong, written down by hand.
//!
//! Every scenario holds all invariants of the simulator besides what it asserts itself.

use core::time::Duration;

use kprod_bench::base::BrokerId;
use kprod_bench::host::sim::{Fate, Fault, Scenario};
use kprod_bench::kafka::config::Acks;
use kprod_bench::kafka::wire::{ApiKey, ErrorCode};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn in_order(records: u64) -> Vec<u64> {
    (0..records).collect()
}

#[test]
fn on_a_calm_day_every_record_is_acked_in_its_place() {
    let end = Scenario::new().run();
    assert_eq!(end.ledger.acked, 100);
    assert_eq!(end.log(0), in_order(100));
    assert_eq!(end.fate(7), Some(Fate::Acked(7)));
    assert!(end.faults.is_empty());
}

/// Goal: a lost answer costs no second copy. Method: the first request is appended and then its
/// connection breaks; the retry carries the same numbers, and the broker knows them.
#[test]
fn a_batch_whose_answer_is_lost_is_recognised() {
    let end = Scenario::new().records(20).script(ApiKey::Produce, [Fault::ResetAfter]).run();
    assert_eq!((end.ledger.acked, end.log(0)), (20, in_order(20)));
    let [first, again] = end.produced()[..] else { panic!("two requests") };
    assert_eq!(first.batches, again.batches);
}

#[test]
fn without_idempotence_a_lost_answer_leaves_two_copies_and_one_ack() {
    let end = Scenario::new()
        .producer(|config| config.enable_idempotence = false)
        .records(20)
        .script(ApiKey::Produce, [Fault::ResetAfter])
        .run();
    assert_eq!(end.ledger.acked, 20);
    assert_eq!(end.log(0), [in_order(20), in_order(20)].concat());
    assert_eq!(end.fate(0), Some(Fate::Acked(20)));
}

/// Goal: batches in flight behind one that is refused come after it all the same. Method: one
/// record a batch; the first proves the leader, the second is refused while others are behind it.
#[test]
fn batches_behind_a_refused_one_wait_for_it() {
    let refused = Fault::Error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let end = Scenario::new()
        .producer(|config| config.batch_size = 1)
        .records(8)
        .script(ApiKey::Produce, [Fault::Pass, refused])
        .run();
    assert_eq!(end.log(0), in_order(8));
    let epochs: Vec<i16> = end.produced().iter().map(|seen| seen.batches[0].epoch).collect();
    assert!(epochs.iter().all(|epoch| *epoch == 0), "no batch was lost, so no epoch was raised");
}

#[test]
fn without_idempotence_batches_behind_a_refused_one_overtake_it() {
    let refused = Fault::Error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let end = Scenario::new()
        .producer(|config| {
            config.batch_size = 1;
            config.enable_idempotence = false;
        })
        .records(5)
        .script(ApiKey::Produce, [refused])
        .run();
    assert_eq!(end.log(0), [1, 2, 3, 4, 0]);
    assert_eq!(end.ledger.acked, 5);
}

#[test]
fn with_one_request_in_flight_a_refused_batch_is_not_overtaken() {
    let refused = Fault::Error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let end = Scenario::new()
        .producer(|config| {
            config.batch_size = 1;
            config.enable_idempotence = false;
            config.max_in_flight = 1;
        })
        .records(5)
        .script(ApiKey::Produce, [refused])
        .run();
    assert_eq!(end.log(0), in_order(5));
}

#[test]
fn a_request_without_an_answer_is_sent_again_after_its_time_out() {
    let end = Scenario::new()
        .producer(|config| config.request_timeout = ms(700))
        .records(20)
        .script(ApiKey::Produce, [Fault::SwallowAnswer])
        .run();
    assert_eq!((end.ledger.acked, end.log(0)), (20, in_order(20)));
    let [first, again] = end.produced()[..] else { panic!("two requests") };
    assert!(again.at.since(first.at) >= ms(700));
}

/// Goal: a batch that may have been written isn't called failed. Method: it is appended, no answer
/// ever comes, and its time runs out.
#[test]
fn a_batch_that_is_never_answered_ends_indeterminate() {
    let end = Scenario::new()
        .producer(|config| {
            config.request_timeout = ms(500);
            config.delivery_timeout = ms(1_200);
        })
        .records(20)
        .script(ApiKey::Produce, vec![Fault::SwallowAnswer; 10])
        .run();
    assert_eq!(end.ledger.indeterminate, 20);
    assert_eq!(end.log(0), in_order(20));
}

#[test]
fn a_batch_that_no_broker_ever_got_ends_failed() {
    let end = Scenario::new()
        .producer(|config| {
            config.request_timeout = ms(500);
            config.delivery_timeout = ms(1_200);
        })
        .rate(1_000.0)
        .at(ms(10), Fault::RestartAll { span: Duration::from_secs(5) })
        .run();
    assert!(end.ledger.failed > 50, "{:?}", end.ledger);
    assert_eq!(end.ledger.acked + end.ledger.failed + end.ledger.indeterminate, 100);
    assert!(end.codes().iter().all(|code| *code == ErrorCode::REQUEST_TIMED_OUT));
}

#[test]
fn a_batch_above_max_message_bytes_goes_on_in_pieces() {
    let lower = Fault::LowerMaxMessage { bytes: 3_000, span: Duration::from_secs(20) };
    let end = Scenario::new().records(400).at(ms(0), lower).run();
    assert_eq!((end.ledger.acked, end.log(0)), (400, in_order(400)));
    assert!(end.was_traced("Split"));
}

#[test]
fn too_few_replicas_in_sync_are_waited_for() {
    let end = Scenario::new()
        .topic(|settings| settings.min_insync_replicas = 2)
        .at(ms(0), Fault::ShrinkIsr { span: Duration::from_secs(2) })
        .run();
    assert_eq!((end.ledger.acked, end.log(0)), (100, in_order(100)));
    assert!(end.was_traced("ErrorCode(19)"), "NOT_ENOUGH_REPLICAS");
    assert!(end.lasted > Duration::from_secs(2));
}

#[test]
fn written_to_too_few_replicas_means_written_once() {
    let after = Fault::ErrorAfterAppend(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND);
    let end = Scenario::new().records(20).script(ApiKey::Produce, [after.clone(), after]).run();
    assert_eq!((end.ledger.acked, end.log(0)), (20, in_order(20)));
    assert_eq!(end.produced().len(), 3);
}

/// Goal: an answer that belongs to nothing is believed by nobody. Method: the request isn't
/// carried out, and another correlation id says that all is well.
#[test]
fn an_answer_with_another_correlation_id_ends_the_connection() {
    let end = Scenario::new().records(20).script(ApiKey::Produce, [Fault::WrongCorrelation]).run();
    assert_eq!((end.ledger.acked, end.log(0)), (20, in_order(20)));
    assert!(end.was_traced("closes connection"));
}

#[test]
fn an_impossible_length_or_half_an_answer_loses_nothing() {
    for fault in [Fault::OversizedFrame, Fault::CorruptFrame] {
        let end = Scenario::new().records(20).script(ApiKey::Produce, [fault]).run();
        assert_eq!((end.ledger.acked, end.log(0)), (20, in_order(20)));
    }
}

#[test]
fn a_moved_leader_is_followed_without_waiting_for_metadata() {
    let end = Scenario::new()
        .rate(1_000.0)
        .producer(|config| config.retry_backoff.initial = ms(1_000))
        .at(ms(50), Fault::MoveLeader { partition: 0, nth: 0 })
        .run();
    assert_eq!((end.ledger.acked, end.log(0)), (100, in_order(100)));
    assert!(end.was_traced(&format!("to: Some({:?})", BrokerId(2))));
    assert!(end.lasted < ms(500), "the backoff was waited out: {:?}", end.lasted);
}

#[test]
fn a_deleted_topic_comes_back_and_goes_on() {
    let end = Scenario::new()
        .rate(1_000.0)
        .records(300)
        .at(ms(100), Fault::DeleteTopic)
        .afterwards(20)
        .run();
    assert_eq!(end.ledger.delivered(), 320);
    assert!(end.log(0).len() < 320, "the first records went with the old topic");
}

#[test]
fn a_throttled_producer_holds_back_for_as_long() {
    let end = Scenario::new()
        .producer(|config| config.batch_size = 1)
        .records(3)
        .script(ApiKey::Produce, [Fault::Throttle(ms(400))])
        .run();
    let produced = end.produced();
    assert!(produced[1].at.since(produced[0].at) >= ms(400));
    assert_eq!(end.log(0), in_order(3));
}

#[test]
fn what_a_broker_forgot_of_a_producer_is_no_reason_to_fail() {
    let end =
        Scenario::new().rate(1_000.0).at(ms(50), Fault::ForgetProducers { partition: 0 }).run();
    assert_eq!(end.ledger.acked, 100);
    assert_eq!(end.log(0), in_order(100));
}

#[test]
fn names_and_connections_that_fail_at_first_are_tried_again() {
    let end = Scenario::new()
        .lookups([Fault::NameNotFound, Fault::NameNotFound])
        .connects([Fault::Refuse, Fault::ConnectSilence, Fault::Refuse])
        .producer(|config| config.acks = Acks::All)
        .run();
    assert_eq!(end.ledger.acked, 100);
    assert_eq!(end.faults["connection refused"], 2);
}

/// Goal: a batch whose linger is over and that has to wait all the same keeps no loop awake.
/// Method: the first request gets no answer for five seconds, and nothing is proven of the leader,
/// so that the batch behind it waits. (It was named and let go over and over.)
#[test]
fn a_ripe_batch_behind_one_without_an_answer_waits_quietly() {
    let end = Scenario::new()
        .rate(1_000.0)
        .producer(|config| config.request_timeout = Duration::from_secs(5))
        .script(ApiKey::Produce, [Fault::Swallow])
        .run();
    assert_eq!((end.ledger.acked, end.log(0)), (100, in_order(100)));
    assert!(end.events < 3_000, "{} events", end.events);
}

/// Goal: what stands behind a batch that fails for good goes on, under numbers and checksums of its
/// own. Method: one record a batch; the second is refused as invalid while others are behind it.
#[test]
fn batches_behind_a_failed_one_go_on_under_a_new_epoch() {
    let refused = Fault::Error(ErrorCode::INVALID_RECORD);
    let end = Scenario::new()
        .producer(|config| config.batch_size = 1)
        .records(8)
        .script(ApiKey::Produce, [Fault::Pass, refused])
        .run();
    assert_eq!(end.log(0), [0, 2, 3, 4, 5, 6, 7]);
    assert_eq!((end.ledger.acked, end.fate(1)), (7, Some(Fate::Failed)));
    let again: Vec<_> = end.produced().iter().map(|seen| seen.batches[0]).collect();
    let again: Vec<_> = again.iter().filter(|batch| batch.epoch == 1).collect();
    let numbers: Vec<i32> = again.iter().map(|batch| batch.base_sequence).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    assert!(again.iter().all(|batch| batch.crc_ok));
}

/// Goal: records without a key fill a batch before another partition gets one
/// (`RecordAccumulatorTest.testStickyBatches`). Method: linger is long, so that only full batches
/// leave; of three partitions at most one has a batch that isn't full.
#[test]
fn records_without_a_key_fill_one_batch_before_the_next_partition_gets_any() {
    let end = Scenario::new()
        .partitions(3)
        .producer(|config| {
            config.batch_size = 1_000;
            config.linger = Duration::from_secs(5);
        })
        .rate(5_000.0)
        .records(1_000)
        .run();
    let sent = end.produced().into_iter().flat_map(|seen| seen.batches.iter());
    let mut sizes: Vec<i32> = sent.map(|batch| batch.records).collect();
    let full = *sizes.iter().max().expect("records were sent");
    sizes.retain(|records| *records < full);
    assert!(sizes.len() <= 3, "at the end of each partition: {sizes:?}");
    assert!((0..3).all(|partition| !end.log(partition).is_empty()), "no partition is left out");
}

/// Goal: linger breaks no batch up (`testBuiltInPartitionerFractionalBatches`). Method: a linger's
/// worth of records is two thirds of a batch, so that every change of partition falls into the
/// middle of one; each batch is more than half full all the same.
#[test]
fn a_change_of_partition_leaves_no_small_batch_behind() {
    let end = Scenario::new()
        .partitions(3)
        .producer(|config| {
            config.batch_size = 1_500;
            config.linger = ms(10);
        })
        .rate(800.0)
        .records(800)
        .run();
    let sent = end.produced().into_iter().flat_map(|seen| seen.batches.iter());
    let sizes: Vec<i32> = sent.map(|batch| batch.records).collect();
    let (last, all) = sizes.split_last().expect("records were sent");
    assert!(all.iter().all(|records| (7..=10).contains(records)), "{sizes:?}, {last}");
    assert!((0..3).all(|partition| !end.log(partition).is_empty()), "no partition is left out");
}

/// Goal: stopping ends a record that waits for metadata
/// (`KafkaProducerTest.testCloseWhenWaitingForMetadataUpdate`). Method: the topic is deleted and
/// nobody says anything of it any more; a minute would be waited for it.
#[test]
fn a_stop_ends_what_waits_for_metadata() {
    let silent = vec![Fault::Error(ErrorCode::LEADER_NOT_AVAILABLE); 100];
    let end = Scenario::new()
        .rate(1_000.0)
        .records(10_000)
        .script(ApiKey::Metadata, [vec![Fault::Pass], silent].concat())
        .at(ms(100), Fault::DeleteTopic)
        .stop_at(ms(500), ms(300))
        .run();
    assert!((90..=100).contains(&end.ledger.acked), "{:?}", end.ledger);
    assert!(end.ledger.unsent > 300, "{:?}", end.ledger);
    assert!(end.lasted < Duration::from_secs(2), "{:?}", end.lasted);
}
