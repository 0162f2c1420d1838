//! Which partition records go to, in whole runs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::PartitionSlot;
use crate::kafka::config::PartitionerKind;
use crate::kafka::partitioner::{Among, KeyHash, KeyRules, NoKey, Over, Pin, Rules};
use crate::kafka::wire::ErrorCode;

use super::*;

/// Pangyo to 0, the others by murmur2, none without a key.
fn pangyo() -> Rules {
    Rules {
        pins: vec![(b"Pangyo".to_vec(), Pin::To(0))],
        hash: KeyHash::Murmur2,
        over: Over::Key,
        among: Among::All,
        no_key: NoKey::Refuse,
        message: "Need message key".to_owned(),
    }
}

/// A connected world with these keys, each place as likely, and these rules.
fn ready_with_rules(keys: &[Option<&str>], rules: Rules) -> World {
    let keys = keys.iter().map(|key| key.map(|key| key.as_bytes().to_vec())).collect();
    let mut world = World::new(|bootstrap| {
        let mut plan = plan(bootstrap, None, |_| {});
        plan.producer.key_rules = Some(Arc::new(KeyRules::new(rules)));
        plan.source.key = KeyPlan::List(keys);
        plan
    });
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    world
}

/// The different keys of each partition's log.
fn keys(world: &World) -> Vec<BTreeSet<Option<String>>> {
    (0..12)
        .map(|partition| {
            let mut found = BTreeSet::new();
            for bytes in world.broker.log(TOPIC, partition) {
                let (batch, _) = record_batch::Batch::parse(bytes).unwrap();
                for record in Records::new(batch.body(), batch.header.record_count) {
                    let key = record.unwrap().key.map(|key| String::from_utf8_lossy(key).into());
                    found.insert(key);
                }
            }
            found
        })
        .collect()
}

#[test]
fn key_rules_decide_and_a_record_without_a_key_fails_with_their_message() {
    let listed = [Some("Pangyo"), Some("foobar"), Some("kafka"), Some("abc"), None];
    let mut world = ready_with_rules(&listed, pangyo());
    begin(&mut world, records(2_000));
    let tally = world.phase_end().tally;
    assert_eq!(tally.ledger.acked + tally.ledger.failed, 2_000);
    assert!((300..500).contains(&tally.ledger.failed), "{:?}", tally.ledger);
    let (code, count) = tally.errors.iter().next().unwrap();
    assert_eq!((code, count.records), (ErrorCode::INVALID_RECORD, tally.ledger.failed));
    assert_eq!(tally.errors.words(code, count.source), Some("Need message key"));
    let keys = keys(&world);
    let mut expected = vec![BTreeSet::new(); 12];
    for (key, partition) in [("Pangyo", 0), ("foobar", 6), ("kafka", 4), ("abc", 3)] {
        expected[partition].insert(Some(key.to_owned()));
    }
    assert_eq!(keys, expected);
}

#[test]
fn records_without_a_key_are_spread_where_the_rules_say_so() {
    // Sticky stays with a partition for a batch, and 6,000 records make forty.
    let expected =
        [(NoKey::Random, 12..=12), (NoKey::Sticky, 6..=12), (NoKey::To(Pin::Last), 1..=1)];
    for (no_key, used) in expected {
        let mut world = ready_with_rules(&[None], Rules { no_key, ..pangyo() });
        begin(&mut world, records(6_000));
        assert_eq!(world.phase_end().tally.ledger.acked, 6_000);
        let filled = keys(&world).iter().filter(|keys| !keys.is_empty()).count();
        assert!(used.contains(&filled), "{no_key:?}: {filled}");
    }
}

/// Nothing but refusals: the run ends, and nothing waits.
#[test]
fn a_run_whose_every_record_is_refused_ends() {
    let mut world = ready_with_rules(&[None], pangyo());
    begin(&mut world, records(10_000));
    let ledger = world.phase_end().tally.ledger;
    assert_eq!((ledger.failed, ledger.generated), (10_000, 10_000));
}

/// A connected world whose records name `partition`.
fn ready_for(partition: Option<u32>, tune: impl FnOnce(&mut ProducerConfig)) -> World {
    let mut world = World::new(|bootstrap| {
        let mut plan = plan(bootstrap, None, tune);
        plan.source.partition = partition;
        plan
    });
    world.until(|report| matches!(report, EngineReport::Ready { .. }));
    world
}

const fn records(count: u64) -> Stop {
    Stop { after: None, records: Some(count) }
}

/// First and last number of every batch in the logs with its partition, in the order of numbers.
fn batches(world: &World) -> Vec<(u64, u64, u32)> {
    let mut found = Vec::new();
    for partition in 0..12 {
        for bytes in world.broker.log(TOPIC, i32::try_from(partition).unwrap()) {
            let (batch, _) = record_batch::Batch::parse(bytes).unwrap();
            let numbers: Vec<_> = Records::new(batch.body(), batch.header.record_count)
                .map(|record| parse_sequence(record.unwrap().value.unwrap()).unwrap().1)
                .collect();
            found.push((numbers[0], *numbers.last().unwrap(), partition));
        }
    }
    found.sort_unstable();
    found
}

/// Four batches of memory for twelve partitions: a record that waits for room asks again and again,
/// and with a turn taken each time partitions would be left out (`RoundRobinPartitioner` is asked
/// once a record, before the wait).
#[test]
fn round_robin_leaves_no_partition_out_however_often_a_record_waits_for_room() {
    let mut world = ready_for(None, |config| {
        config.partitioner = PartitionerKind::RoundRobin;
        config.buffer_memory = 4 * 16_384;
    });
    begin(&mut world, records(2_400));
    assert_eq!(world.phase_end().tally.ledger.acked, 2_400);
    for (partition, log) in (0u64..).zip(logged(&world, Codec::None)) {
        assert!(log.iter().copied().eq((partition..2_400).step_by(12)), "{partition}: {log:?}");
    }
}

/// KIP-480: a batch holds records that follow one another, and the next batch is elsewhere.
#[test]
fn uniform_sticky_goes_elsewhere_with_every_batch() {
    let mut world = ready_for(None, |config| {
        config.partitioner = PartitionerKind::UniformSticky;
        config.batch_size = 1_000;
        config.linger = Duration::from_secs(1);
    });
    begin(&mut world, records(3_000));
    let tally = world.phase_end().tally;
    // A batch that is left behind is full, and doesn't wait for linger.
    assert_eq!((tally.ledger.acked, tally.batches.linger), (3_000, 0));
    let batches = batches(&world);
    assert!(batches.len() > 300, "{} batches", batches.len());
    let mut used = [false; 12];
    for pair in batches.windows(2) {
        let [(first, last, partition), (next, _, other)] = [pair[0], pair[1]];
        assert!(last > first, "one record in a batch that had room for more");
        assert_eq!((last + 1, partition == other), (next, false), "{pair:?}");
        used[partition as usize] = true;
    }
    assert_eq!(used, [true; 12]);
}

#[test]
fn records_that_name_their_partition_go_there_whatever_the_partitioner() {
    for kind in [PartitionerKind::BuiltIn, PartitionerKind::RoundRobin] {
        let mut world = ready_for(Some(7), |config| config.partitioner = kind);
        begin(&mut world, records(500));
        assert_eq!(world.phase_end().tally.ledger.acked, 500);
        let counts: Vec<_> = logged(&world, Codec::None).iter().map(Vec::len).collect();
        assert_eq!(counts[7], 500, "{counts:?}");
    }
}

/// `testMetadataTimeoutWithPartitionOutOfRange`: a record for a partition that isn't there waits
/// for metadata that has it, `max.block.ms` long, and fails.
#[test]
fn a_partition_that_does_not_exist_is_waited_for_and_then_given_up() {
    let mut world = ready_for(Some(12), |config| config.max_block = Duration::from_secs(2));
    let start = world.now;
    begin(&mut world, records(2));
    let end = world.phase_end();
    assert_eq!((end.tally.ledger.failed, end.tally.ledger.acked), (2, 0));
    assert!(end.drained.since(start) >= Duration::from_secs(4));
    let told =
        world.engine.producer().absence(world.engine.topic, Some(12), Duration::from_secs(2));
    assert_eq!(
        told.message,
        "Partition 12 of topic t with partition count 12 is not present in metadata after 2000 ms."
    );
}

/// Batches that wait for node 1 some time after its death, and two seconds later.
fn queued_for_the_dead(availability_timeout: Duration) -> [u32; 2] {
    let mut world = ready(Some(20_000.0), |config| {
        config.availability_timeout = availability_timeout;
        config.batch_size = 1_000;
    });
    begin(&mut world, for_seconds(6));
    let start = world.now;
    world.run_to(start + Duration::from_millis(500));
    world.kill_node(1);
    let queued = |world: &World| -> u32 {
        let producer = world.engine.producer();
        let led = |slot| producer.cluster().partition(slot).leader == Some(BrokerId(2));
        let slots = (0..12).map(PartitionSlot).filter(|slot| led(*slot));
        slots.map(|slot| producer.accumulator().queued(slot).unwrap_or(0)).sum()
    };
    [1_500, 3_500].map(|millis| {
        world.run_to(start + Duration::from_millis(millis));
        queued(&world)
    })
}

/// `partitioner.availability.timeout.ms`: partitions of a broker that takes nothing get no more
/// records without a key, once it has taken nothing for that long.
#[test]
fn partitions_of_a_broker_that_takes_nothing_are_left_out() {
    let [early, late] = queued_for_the_dead(Duration::from_millis(200));
    assert!(early > 0);
    assert_eq!(early, late);
    let [early, late] = queued_for_the_dead(Duration::ZERO);
    assert!(late > early, "{early} {late}");
}
