//! When the built-in partitioner leaves a partition.

use super::world::World;
use crate::base::{PartitionSlot, RecordView};
use crate::kafka::accumulator::Stamp;
use crate::kafka::producer::Sent;

/// A world whose leaders answer nothing, with batches of 1,000 bytes.
fn world() -> World {
    let mut world = World::new(50, |config| {
        config.batch_size = 1_000;
        config.linger = core::time::Duration::from_secs(9);
    });
    world.stuck.extend([1, 2]);
    world
}

/// Where records without a key go that have values of these sizes.
fn send(world: &mut World, sizes: impl Iterator<Item = usize>) -> Vec<PartitionSlot> {
    let value = [7; 2_000];
    let now = world.now;
    let went = sizes.map(|size| {
        let record = RecordView {
            partition: None,
            key: None,
            value: Some(&value[..size]),
            headers: &[],
            timestamp_ms: 1_000,
        };
        match world.producer.send(world.topic, &record, &Stamp::at(now), now) {
            Sent::Appended { slot, .. } => slot,
            other => panic!("{other:?}"),
        }
    });
    went.collect()
}

/// Goal: no partition is left with a batch of one record. Method: under a rate that fills batches,
/// all but the last must be full. Java looks again after a batch found no room; asked before alone,
/// the partitioner stayed for the record that closed the second batch, which then waited alone for
/// linger.ms, and the median latency was twice Java's.
#[test]
fn a_partition_is_left_with_full_batches_only() {
    let mut world = world();
    let went = send(&mut world, core::iter::repeat_n(100, 2_000));
    let mut open = 0;
    for slot in world.producer.cluster().topic(world.topic).partitions().to_vec() {
        for batch in world.producer.accumulator.queued_mut(slot) {
            if batch.count() < 8 {
                open += 1;
            }
        }
    }
    assert!(open <= 1, "{open} batches of fewer records than fit");
    // Two batches of 8 records each are the first that reach 1,000 bytes.
    let switches = went.chunks(16).filter(|stay| stay.iter().any(|slot| *slot != stay[0]));
    assert_eq!(switches.count(), 0);
}

/// Twice `batch.size` is the most that goes to one partition, full or not.
#[test]
fn a_partition_is_left_after_twice_the_batch_size_at_the_latest() {
    let mut world = world();
    // Each fills more than half of a batch, so that no batch holds two.
    let went = send(&mut world, core::iter::repeat_n(560, 400));
    let stays: Vec<usize> = went.chunk_by(|one, next| one == next).map(<[_]>::len).collect();
    let longest = stays.iter().max().copied();
    assert!(longest <= Some(6), "{stays:?}");
    assert!(stays.iter().filter(|stay| **stay == 2).count() > 150, "{stays:?}");
}
