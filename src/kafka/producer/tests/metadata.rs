//! Topics that are missing, refused, deleted, made anew and grown, and the words for it
//! (`KafkaProducerTest`, `SenderTest`).

use core::time::Duration;

use super::world::{World, acked, refused};
use crate::base::{PartitionSlot, RecordView};
use crate::kafka::accumulator::Stamp;
use crate::kafka::cluster::scripted::brokers;
use crate::kafka::compression::{Codec, Compression};
use crate::kafka::partitioner::PartitionerKind;
use crate::kafka::producer::{Failure, Sent};
use crate::kafka::wire::metadata::MetadataResponseTopic;
use crate::kafka::wire::{ApiKey, ErrorCode, Uuid};

const MINUTE: Duration = Duration::from_secs(60);

/// Has metadata answer with an error for topic `t` from now on, and asks for it.
fn fail_topic(world: &mut World, error_code: ErrorCode) {
    let name = Some("t".to_owned());
    world.metadata.topics =
        vec![MetadataResponseTopic { error_code, name, ..MetadataResponseTopic::default() }];
    refresh(world);
}

fn refresh(world: &mut World) {
    world.producer.cluster.request_update(world.now);
    world.pass(200);
}

fn refusal(sent: Sent) -> Failure {
    match sent {
        Sent::Refused(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn small() -> RecordView<'static> {
    RecordView { partition: None, key: None, value: Some(b"a"), headers: &[], timestamp_ms: 0 }
}

/// `testMetadataTimeoutWithMissingTopic`, `testTopicRefreshInMetadata`: the cause is named.
#[test]
fn a_missing_topic_is_waited_for_and_its_error_is_told_at_the_end() {
    let mut world = World::new(1, |_| {});
    fail_topic(&mut world, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(world.send(0, b'a'), Sent::NoMetadata);
    let said = world.producer.absence(world.topic, None, MINUTE);
    assert_eq!(said.code, ErrorCode::REQUEST_TIMED_OUT);
    assert_eq!(
        said.message,
        "Topic t not present in metadata after 60000 ms. The cluster says \
         UNKNOWN_TOPIC_OR_PARTITION (3): The broker doesn't host this topic or partition, or the \
         client may not see it."
    );
}

#[test]
fn an_answer_without_brokers_is_the_cause_that_is_told() {
    let mut world = World::unsettled(1, |_| {});
    world.metadata.brokers.clear();
    world.pass(1_000);
    assert_eq!(world.send(0, b'a'), Sent::NoMetadata);
    assert_eq!(
        world.producer.absence(world.topic, None, MINUTE).message,
        "Topic t not present in metadata after 60000 ms. boot:101 answers Metadata without naming \
         any broker; expected one at least; check that it has joined its cluster"
    );
    world.metadata.brokers = brokers(&[1]).brokers;
    world.pass(2_000);
    assert_eq!(world.producer.metadata_trouble(world.topic), None);
    assert!(matches!(world.send(0, b'a'), Sent::Appended { .. }));
}

#[test]
fn brokers_that_can_t_be_reached_are_the_cause_that_is_told() {
    let mut world = World::unsettled(1, |_| {});
    world.down.insert(101);
    world.pass(1_000);
    let said = world.producer.absence(world.topic, None, MINUTE).message;
    assert!(
        said.contains("after 60000 ms. boot:101 (127.0.0.1:101): connection refused"),
        "{said}"
    );
}

/// `testMetadataTimeoutWithPartitionOutOfRange`, and what makes it end: the partition appears.
#[test]
fn a_partition_out_of_range_is_asked_for_until_it_is_there() {
    let mut world = World::new(1, |_| {});
    assert_eq!(world.send(1, b'a'), Sent::NoMetadata);
    assert_eq!(
        world.producer.absence(world.topic, Some(1), MINUTE).message,
        "Partition 1 of topic t with partition count 1 is not present in metadata after 60000 ms."
    );
    world.set_topic(1, &[(1, 5), (2, 0)]);
    world.pass(200);
    world.send_batches(1, b"a");
    world.pass(100);
    assert_eq!((world.asked[0].node, world.asked[0].batches[0].partition), (2, 1));
}

/// `testSendToInvalidTopic`: a topic that is refused for good fails the record, once an answer.
#[test]
fn a_refused_topic_fails_one_record_an_answer() {
    for code in [ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorCode::TOPIC_AUTHORIZATION_FAILED] {
        let mut world = World::new(1, |_| {});
        fail_topic(&mut world, code);
        let asked = world.metadata_asked.len();
        let failure = refusal(world.send(0, b'a'));
        assert_eq!(failure.code, code);
        assert_eq!(failure.message, format!("topic t: {}", code.meaning()));
        assert_eq!(world.send(0, b'a'), Sent::NoMetadata, "it may have changed: asked again");
        world.pass(1_200);
        assert!(world.metadata_asked.len() > asked);
        assert_eq!(refusal(world.send(0, b'a')).code, code);
        world.set_topic(1, &[(1, 6)]);
        world.pass(2_500);
        world.send_batches(0, b"a");
        assert_eq!(world.marks(), b"a");
    }
}

/// Deleted while running: what is queued waits, records wait for metadata; made anew it goes on
/// under the new id.
#[test]
fn a_deleted_topic_is_waited_for_and_goes_on_under_its_new_id() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"a");
    world.answer(&[acked(0, 900)]);
    fail_topic(&mut world, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(world.send(0, b'b'), Sent::NoMetadata);
    world.set_topic(2, &[(1, 0)]);
    world.pass(2_000);
    world.send_batches(0, b"b");
    assert_eq!((world.marks(), world.asked[0].topic_id), (b"b".to_vec(), Uuid([2; 16])));
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.outcomes(), ["acked 900", "acked 0"]);
}

/// Made anew before anyone noticed: UNKNOWN_TOPIC_ID brings metadata, an older epoch counts, and
/// until the new log has taken a batch only one is under way.
#[test]
fn a_topic_made_anew_unnoticed_is_retried_by_its_new_id_one_batch_at_a_time() {
    let mut world = World::new(1, |_| {});
    world.send_batches(0, b"0");
    world.answer(&[acked(0, 900)]);
    world.send_batches(0, b"ab");
    world.set_topic(2, &[(1, 0)]);
    world.answer(&[refused(0, ErrorCode::UNKNOWN_TOPIC_ID)]);
    world.answer(&[refused(0, ErrorCode::UNKNOWN_TOPIC_ID)]);
    world.send_batches(0, b"c");
    world.pass(500);
    assert_eq!((world.marks(), world.asked[0].topic_id), (b"a".to_vec(), Uuid([2; 16])));
    assert_eq!(world.producer.cluster.partition(PartitionSlot(0)).leader_epoch, 0);
    world.answer(&[acked(0, 0)]);
    assert_eq!(world.marks(), b"bc", "the log has proven itself");
    world.answer(&[acked(0, 1)]);
    world.answer(&[acked(0, 2)]);
    assert_eq!(world.outcomes(), ["acked 900", "acked 0", "acked 1", "acked 2"]);
    world.assert_empty();
}

/// Records without a partition see the new count as soon as metadata has it.
#[test]
fn partitions_that_are_added_take_keyed_records_at_once() {
    let mut world = World::new(1, |_| {});
    world.set_topic(1, &[(1, 5), (1, 0), (1, 0), (1, 0)]);
    refresh(&mut world);
    for key in 0..32u8 {
        let record = RecordView { key: Some(&[key]), ..small() };
        let stamp = Stamp::at(world.now);
        let sent = world.producer.send(world.topic, &record, &stamp, world.now);
        assert!(matches!(sent, Sent::Appended { .. }));
    }
    world.settle();
    let mut partitions: Vec<i32> =
        world.asked.iter().flat_map(|asked| &asked.batches).map(|batch| batch.partition).collect();
    partitions.sort_unstable();
    partitions.dedup();
    assert_eq!(partitions, [0, 1, 2, 3]);
}

/// `testCantAllocateMoreMemoryThanWeHave`.
#[test]
fn a_record_larger_than_all_memory_is_refused_at_once() {
    let mut world = World::new(1, |config| config.buffer_memory = 20_000);
    let failure = refusal(world.send_sized(0, b'a', 20_000));
    assert_eq!(failure.code, ErrorCode::MESSAGE_TOO_LARGE);
    assert_eq!(
        failure.message,
        "a record of 20087 bytes when serialized is larger than buffer.memory = 20000"
    );
    let failure = refusal(world.send_sized(0, b'a', 2_000_000));
    assert!(failure.message.ends_with("larger than max.request.size = 1048576"), "{failure}");
    assert!(matches!(world.send_sized(0, b'a', 18_000), Sent::Appended { .. }));
}

/// `testBufferExhaustedExceptionIsThrown`: the words name size, bound, total and what is left.
#[test]
fn exhausted_memory_is_told_in_numbers() {
    let mut world = World::new(2, |config| config.buffer_memory = 20_000);
    world.stuck.insert(1);
    world.send_batches(0, b"a");
    assert_eq!(world.send(1, b'b'), Sent::Full);
    assert_eq!(
        world.producer.exhaustion(&small(), MINUTE).message,
        "no room for a batch of 16384 bytes in buffer.memory within max.block.ms = 60000 ms: 20000 \
         bytes in total, 3616 available"
    );
}

/// A draw is its record's alone: `RoundRobinPartitioner` is asked once for a record, and the next
/// one has the next turn, whether or not the first found room within `max.block.ms`.
#[test]
fn the_turn_of_a_record_that_is_given_up_is_not_the_next_ones() {
    let mut world = World::new(3, |config| {
        config.buffer_memory = 20_000;
        config.partitioner = PartitionerKind::RoundRobin;
    });
    let anywhere = |world: &mut World, mark: u8| {
        let value = [mark; 10];
        let record = RecordView { value: Some(&value), ..small() };
        world.producer.send(world.topic, &record, &Stamp::at(world.now), world.now)
    };
    assert!(matches!(anywhere(&mut world, b'a'), Sent::Appended { .. }));
    world.settle();
    // The second one's turn is partition 1; it waits, asks again, and is given up.
    for _ in 0..3 {
        assert_eq!(anywhere(&mut world, b'b'), Sent::Full);
    }
    world.producer.forgo(world.topic);
    world.answer(&[acked(0, 0)]);
    assert!(matches!(anywhere(&mut world, b'c'), Sent::Appended { .. }));
    world.settle();
    assert_eq!(world.asked[0].batches[0].partition, 2);
    // One that is tried again keeps its turn, partition 0.
    assert_eq!(anywhere(&mut world, b'd'), Sent::Full);
    assert_eq!(anywhere(&mut world, b'd'), Sent::Full);
    world.answer(&[acked(2, 0)]);
    assert!(matches!(anywhere(&mut world, b'd'), Sent::Appended { .. }));
    world.settle();
    assert_eq!(world.asked[0].batches[0].partition, 0);
}

/// KIP-110: a broker that can't know the codec isn't asked.
#[test]
fn zstd_fails_by_name_at_a_broker_that_is_too_old_for_it() {
    let mut world = World::unsettled(2, |config| {
        config.compression = Compression { codec: Codec::Zstd, level: 3 };
    });
    world.offers.insert(ApiKey::Produce, Some(6));
    world.pass(500);
    for partition in 0..2 {
        assert!(matches!(world.send(partition, b'a'), Sent::Appended { .. }));
    }
    world.pass(500);
    assert_eq!(world.outcomes(), ["failed UNSUPPORTED_COMPRESSION_TYPE"; 2]);
    assert!(world.asked.is_empty());
    world.assert_empty();
}
